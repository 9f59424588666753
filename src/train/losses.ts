import { type Scalar, type Tensor, type Tensor1D, type Tensor4D, tf } from "../backend/tf.ts";
import { focalLoss, sigmoidCrossEntropy, softmaxFocalLoss, tverskyLoss, weightedCrossEntropy } from "./losses/pixels.ts";
import type { LossOptions } from "./options.ts";

/**
 * Soft Dice loss of each channel, 1 - (2 Σpt + s) / (Σp^k + Σt + s) with s = `smoothing` and k = `dicePower`: in [0, 1], 0 is perfect.
 *
 * With `diceOver: batch` the sums run over all pixels of the batch, so that empty slices need no rule; with `slice` over each slice,
 * and in the mean over slices the loss of one with an empty mask is multiplied with `emptySliceWeight`.
 *
 * @param probability - NHWC, in [0, 1].
 * @param target - The same shape, 0 or 1.
 * @returns One value a channel.
 *
 * Source: Milletari et al. 2016, doi:10.1109/3DV.2016.79, who have k = 2; the weight: Spahr et al. 2023, doi:10.3389/fnimg.2023.1157565, and
 * their code, github.com/antoine-spahr/Label-Efficient-Volumetric-Deep-Semantic-Segmentation-of-ICH, whose mean is over all slices, too.
 */
export function softDice(
  probability: Tensor4D,
  target: Tensor4D,
  options: Pick<LossOptions, "diceOver" | "smoothing" | "dicePower" | "emptySliceWeight">,
): Tensor1D {
  return tf.tidy(() => {
    const axes = options.diceOver === "batch" ? [0, 1, 2] : [1, 2];
    const truth = tf.sum(target, axes);
    const both = tf.sum(tf.mul(probability, target), axes);
    const called = options.dicePower === 1 ? probability : tf.square(probability);
    const either = tf.add(tf.sum(called, axes), truth);
    const score = tf.div(tf.add(tf.mul(both, 2), options.smoothing), tf.add(either, options.smoothing));
    const loss = tf.sub(1, score) as Tensor;
    if (options.diceOver === "batch") return loss as Tensor1D;
    const weight = tf.add(
      tf.mul(tf.cast(tf.greater(truth, 0), "float32"), 1 - options.emptySliceWeight),
      options.emptySliceWeight,
    );
    return tf.mean(tf.mul(loss, weight), 0) as Tensor1D;
  });
}

/**
 * Binary cross-entropy of each channel, mean over its pixels, at least 0. From logits, so that it stays finite for any of them.
 * @param logits - NHWC.
 * @param target - The same shape, in [0, 1].
 * @param trueWeights - What a pixel that is 1 counts in each channel, where it is not 1 in all; PyTorch's `pos_weight`.
 */
export function binaryCrossEntropy(logits: Tensor4D, target: Tensor4D, trueWeights?: readonly number[]): Tensor1D {
  return tf.tidy(() => {
    const plain = sigmoidCrossEntropy(logits, target);
    if (trueWeights === undefined) return tf.mean(plain, [0, 1, 2]) as Tensor1D;
    const more = tf.mul(tf.softplus(tf.neg(logits)), tf.mul(target, tf.sub(tf.tensor1d([...trueWeights]), 1)));
    return tf.mean(tf.add(plain, more), [0, 1, 2]) as Tensor1D;
  });
}

/** Added to the share of pixels that a tissue has in a batch, so that one pixel alone does not outweigh the rest. Our choice. */
const leastShare = 1e-3;

/**
 * What training of `task: tissue` minimises: `dice` x the mean soft Dice of all channels but the first (the background) plus
 * `crossEntropy` x the cross-entropy of a softmax over the channels, mean over pixels, each weighted by how rare its tissue is in the batch;
 * and focal and Tversky loss in the same ways, where they have a weight.
 * NaN where a logit or target is.
 *
 * @param logits - NHWC, one channel a tissue.
 * @param target - The same shape, one 1 a pixel.
 */
export function tissueLoss(logits: Tensor4D, target: Tensor4D, options: LossOptions): Scalar {
  return tf.tidy(() => {
    const { focal, tversky, smoothing } = options;
    const probability = tf.softmax(logits);
    const ofTissues = (loss: Tensor1D) => tf.mean(tf.slice(loss, 1));
    const dice = ofTissues(softDice(probability, target, options));
    const share = tf.add(tf.mean(target, [0, 1, 2]), leastShare);
    const weights = tf.pow(share, -options.classBalance) as Tensor1D;
    const balanced = weightedCrossEntropy(logits, target, weights);
    let loss: Tensor = tf.add(tf.mul(dice, options.dice), tf.mul(balanced, options.crossEntropy));
    if (focal.weight > 0) loss = tf.add(loss, tf.mul(softmaxFocalLoss(logits, target, focal.gamma, weights), focal.weight));
    if (tversky.weight > 0)
      loss = tf.add(loss, tf.mul(ofTissues(tverskyLoss(probability, target, { ...tversky, smoothing })), tversky.weight));
    return loss as Scalar;
  });
}

/**
 * What training of `task: lesion` minimises: `dice` x soft Dice + `crossEntropy` x cross-entropy of the lesion, and focal and Tversky loss where
 * they have a weight, plus `brainLossWeight` times the same of the brain.
 * NaN where a logit or target is.
 *
 * @param logits - N x H x W x 2: lesion, brain.
 * @param target - The same shape, 0 or 1.
 */
export function segmentationLoss(logits: Tensor4D, target: Tensor4D, options: LossOptions): Scalar {
  return tf.tidy(() => {
    const { focal, tversky, smoothing, lesionPixelWeight } = options;
    const probability = tf.sigmoid(logits);
    const dice = softDice(probability, target, options);
    const entropy = binaryCrossEntropy(logits, target, lesionPixelWeight === 1 ? undefined : [lesionPixelWeight, 1]);
    let channels: Tensor = tf.add(tf.mul(dice, options.dice), tf.mul(entropy, options.crossEntropy));
    if (focal.weight > 0) channels = tf.add(channels, tf.mul(focalOfChannels(logits, target, focal), focal.weight));
    if (tversky.weight > 0)
      channels = tf.add(channels, tf.mul(tverskyLoss(probability, target, { ...tversky, smoothing }), tversky.weight));
    return tf.sum(tf.mul(channels, tf.tensor1d([1, options.brainLossWeight]))) as Scalar;
  });
}

function focalOfChannels(logits: Tensor4D, target: Tensor4D, { gamma, alpha }: LossOptions["focal"]): Tensor1D {
  const [ofLogits, ofTarget] = [logits, target].map((x) => tf.split(x, x.shape[3], 3));
  return tf.stack(ofLogits!.map((channel, c) => focalLoss(channel, ofTarget![c]!, gamma, alpha))) as Tensor1D;
}

/**
 * What training of `task: classify` minimises: `crossEntropy` x the binary cross-entropy of the slices, one with blood counting `lesionPixelWeight`,
 * and focal loss where it has a weight. Overlaps (Dice, Tversky) are of pixels and have no part in it. NaN where a logit or target is.
 *
 * @param logits - N x 1 x 1 x 1.
 * @param target - The same shape, 0 or 1.
 */
export function bleedLoss(logits: Tensor4D, target: Tensor4D, options: LossOptions): Scalar {
  return tf.tidy(() => {
    const { focal, crossEntropy, lesionPixelWeight } = options;
    const entropy = tf.mul(tf.sum(binaryCrossEntropy(logits, target, [lesionPixelWeight])), crossEntropy);
    if (focal.weight === 0) return entropy as Scalar;
    return tf.add(entropy, tf.mul(focalLoss(logits, target, focal.gamma, focal.alpha), focal.weight)) as Scalar;
  });
}
