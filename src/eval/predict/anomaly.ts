import { tf } from "../../backend/tf.ts";
import { anomalyMap, type Model } from "../../models/index.ts";
import type { Segmenter } from "./volume.ts";

/** Differences of less count as this much: they are below the step in which training keeps intensities, and their logits would drown all others in a mean. */
const leastDifference = 1 / 4000;

/**
 * A denoising autoencoder as a segmenter: what it cannot give back is lesion. The absolute difference of a pixel and what the network makes of it, in units of white,
 * stands for a probability, and its logit is given. It is no calibrated one: the threshold is the validation split's.
 */
export function anomalyLogits(model: Model): Segmenter["model"] {
  return {
    sizeMultiple: model.sizeMultiple,
    apply: (x) =>
      tf.tidy(() => {
        const p = tf.clipByValue(anomalyMap(model, x), leastDifference, 1 - leastDifference);
        return tf.log(tf.div(p, tf.sub(1, p)));
      }),
  };
}
