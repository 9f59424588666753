import { type Scalar, type Tensor, type Tensor1D, type Tensor4D, tf } from "../backend/tf.ts";
import type { LossOptions } from "./options.ts";

/**
 * Soft Dice loss of each channel, 1 - (2 Σpt + s) / (Σp + Σt + s) with s = `smoothing`: in [0, 1], 0 is perfect.
 *
 * With `diceOver: batch` the sums run over all pixels of the batch, so that empty slices need no rule; with `slice` over each slice,
 * and the mean over slices gives one with an empty mask the weight `emptySliceWeight` (NaN if all weights are 0).
 *
 * @param probability - NHWC, in [0, 1].
 * @param target - The same shape, 0 or 1.
 * @returns One value a channel.
 *
 * Source: Milletari et al. 2016, doi:10.1109/3DV.2016.79, without the squares; the weight: Spahr et al. 2023, doi:10.3389/fnimg.2023.1157565.
 */
export function softDice(
  probability: Tensor4D,
  target: Tensor4D,
  options: Pick<LossOptions, "diceOver" | "smoothing" | "emptySliceWeight">,
): Tensor1D {
  return tf.tidy(() => {
    const axes = options.diceOver === "batch" ? [0, 1, 2] : [1, 2];
    const truth = tf.sum(target, axes);
    const both = tf.sum(tf.mul(probability, target), axes);
    const either = tf.add(tf.sum(probability, axes), truth);
    const score = tf.div(tf.add(tf.mul(both, 2), options.smoothing), tf.add(either, options.smoothing));
    const loss = tf.sub(1, score) as Tensor;
    if (options.diceOver === "batch") return loss as Tensor1D;
    const weight = tf.add(
      tf.mul(tf.cast(tf.greater(truth, 0), "float32"), 1 - options.emptySliceWeight),
      options.emptySliceWeight,
    );
    return tf.div(tf.sum(tf.mul(loss, weight), 0), tf.sum(weight, 0)) as Tensor1D;
  });
}

/**
 * Binary cross-entropy of each channel, mean over its pixels, at least 0. From logits, so that it stays finite for any of them.
 * @param logits - NHWC.
 * @param target - The same shape, in [0, 1].
 */
export function binaryCrossEntropy(logits: Tensor4D, target: Tensor4D): Tensor1D {
  return tf.tidy(() => tf.mean(tf.sub(tf.softplus(logits), tf.mul(logits, target)), [0, 1, 2]) as Tensor1D);
}

/** Added to the share of pixels that a tissue has in a batch, so that one pixel alone does not outweigh the rest. Our choice. */
const leastShare = 1e-3;

/**
 * What training of `task: tissue` minimises: `dice` x the mean soft Dice of all channels but the first (the background) plus
 * `crossEntropy` x the cross-entropy of a softmax over the channels, mean over pixels, each weighted by how rare its tissue is in the batch.
 * NaN where a logit or target is.
 *
 * @param logits - NHWC, one channel a tissue.
 * @param target - The same shape, one 1 a pixel.
 */
export function tissueLoss(logits: Tensor4D, target: Tensor4D, options: LossOptions): Scalar {
  return tf.tidy(() => {
    const dice = tf.mean(tf.slice(softDice(tf.softmax(logits), target, options), 1));
    const entropy = tf.sub(tf.logSumExp(logits, 3), tf.sum(tf.mul(logits, target), 3));
    const share = tf.add(tf.mean(target, [0, 1, 2]), leastShare);
    const weight = tf.sum(tf.mul(target, tf.pow(share, -options.classBalance)), 3);
    const balanced = tf.div(tf.sum(tf.mul(entropy, weight)), tf.sum(weight));
    return tf.add(tf.mul(dice, options.dice), tf.mul(balanced, options.crossEntropy)) as Scalar;
  });
}

/**
 * What training of `task: lesion` minimises: `dice` x soft Dice + `crossEntropy` x cross-entropy of the lesion, plus `brainLossWeight` times the same of the brain.
 * NaN where a logit or target is.
 *
 * @param logits - N x H x W x 2: lesion, brain.
 * @param target - The same shape, 0 or 1.
 */
export function segmentationLoss(logits: Tensor4D, target: Tensor4D, options: LossOptions): Scalar {
  return tf.tidy(() => {
    const dice = softDice(tf.sigmoid(logits), target, options);
    const entropy = binaryCrossEntropy(logits, target);
    const channels = tf.add(tf.mul(dice, options.dice), tf.mul(entropy, options.crossEntropy));
    return tf.sum(tf.mul(channels, tf.tensor1d([1, options.brainLossWeight]))) as Scalar;
  });
}
