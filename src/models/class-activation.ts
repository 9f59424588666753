import { relu } from "../backend/ops.ts";
import { type Tensor2D, type Tensor3D, type Tensor4D, tf } from "../backend/tf.ts";
import type { Classifier } from "./model.ts";

/** How the maps of a classifier's last stage are weighed. */
export type ClassActivation = "grad-cam" | "grad-cam++";

/**
 * Where a classifier sees what speaks for an output: the maps of its last stage, weighed, negative sums cut off.
 *
 * Logits are a linear layer of the maps' means, so the gradients that both methods ask for are that layer's weights w over the maps' size, the
 * same everywhere. Grad-CAM is then Zhou's class activation map, in logits: without the cut its mean is the logit less the bias. Grad-CAM++ weighs
 * a map of mean a by max(w, 0) / (2 + w a), which is its formula with that gradient.
 *
 * @param x - N x H x W x channels. @param output - Which logit, or of each image how much each of them counts: N x classes.
 * @returns N x h x w, at least 0, as coarse as the maps.
 *
 * Sources: Selvaraju et al. 2017, doi:10.1109/ICCV.2017.74; Chattopadhay et al. 2018, doi:10.1109/WACV.2018.00097; Zhou et al. 2016, doi:10.1109/CVPR.2016.319.
 */
export function classActivation(
  { maps, weights }: Pick<Classifier, "maps" | "weights">,
  x: Tensor4D,
  output: number | Tensor2D,
  method: ClassActivation,
): Tensor3D {
  return tf.tidy(() => {
    const seen = maps(x, { training: false });
    const fc = weights.get("fc.weight") as unknown as Tensor2D; // features x classes
    const w = typeof output === "number" ? tf.slice(fc, [0, output], [-1, 1]) : tf.matMul(fc, output, false, true); // features x 1 or N
    const each = tf.reshape(tf.transpose(w), [-1, 1, 1, w.shape[0]]) as Tensor4D;
    const share = method === "grad-cam" ? each : plusPlusWeights(seen, each);
    return relu(tf.sum(tf.mul(seen, share), 3)) as unknown as Tensor3D;
  });
}

/** N x 1 x 1 x features. Undefined where 2 + w a is 0, as in the paper; a map after a ReLU and a weight that speaks for the class are never there. */
function plusPlusWeights(maps: Tensor4D, w: Tensor4D): Tensor4D {
  const speaks = relu(w);
  return tf.div(speaks, tf.add(tf.mul(tf.mean(maps, [1, 2], true), speaks), 2));
}
