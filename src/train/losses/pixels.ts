import { type Scalar, type Tensor, type Tensor1D, type Tensor4D, tf } from "../../backend/tf.ts";

/** Cross-entropy of each yes-or-no value, of the logits' shape, at least 0; finite for any finite logit. @param target - The same shape, in [0, 1]. */
export function sigmoidCrossEntropy(logits: Tensor, target: Tensor): Tensor {
  return tf.sub(tf.softplus(logits), tf.mul(logits, target));
}

/** Cross-entropy of a softmax over the last axis at each place, at least 0. @param target - The logits' shape, one 1 a place. */
function softmaxCrossEntropy(logits: Tensor, target: Tensor): Tensor {
  const last = logits.rank - 1;
  return tf.sub(tf.logSumExp(logits, last), tf.sum(tf.mul(logits, target), last));
}

/**
 * Focal loss for unrelated yes-or-no channels, mean over all values, at least 0: cross-entropy times `(1 - p)^gamma`, p being the probability of what is true,
 * so that what is right already counts little. Finite for any finite logit.
 *
 * @param target - The logits' shape, 0 or 1.
 * @param gamma - At least 0; 0 leaves the cross-entropy. The paper found 2 best.
 * @param alpha - Weight of what is 1, that of 0 being `1 - alpha`, in [0, 1]; null for none. The paper's is 0.25.
 *
 * Source: Lin et al. 2017, arXiv:1708.02002; the same as torchvision.ops.sigmoid_focal_loss with reduction "mean".
 */
export function focalLoss(logits: Tensor, target: Tensor, gamma: number, alpha: number | null): Scalar {
  return tf.tidy(() => {
    const margin = tf.mul(logits, tf.sub(tf.mul(target, 2), 1)); // towards what is true
    const entropy = tf.softplus(tf.neg(margin));
    const loss = tf.mul(tf.exp(tf.mul(tf.softplus(margin), -gamma)), entropy);
    if (alpha === null) return tf.mean(loss) as Scalar;
    return tf.mean(tf.mul(loss, tf.add(tf.mul(target, 2 * alpha - 1), 1 - alpha))) as Scalar;
  });
}

/** How {@link tverskyLoss} weighs mistakes. */
export interface TverskyWeights {
  /** Of what is called and not true; with 0.5 for both it is soft Dice of twice the smoothing. */
  readonly falsePositive: number;
  /** Of what is true and not called. The paper found 0.7, with 0.3 for the other, best for small lesions. */
  readonly falseNegative: number;
  /** Added above and below the fraction line, so that an empty channel called empty costs nothing. */
  readonly smoothing: number;
}

/**
 * Tversky loss of each channel over the whole batch: 1 - (TP + s) / (TP + a FP + b FN + s). In [0, 1], 0 is perfect.
 *
 * @param probability - NHWC, in [0, 1].
 * @param target - The same shape, 0 or 1.
 * @returns One value a channel; NaN where nothing is called or true and the smoothing is 0.
 *
 * Source: Salehi et al. 2017, arXiv:1706.05721.
 */
export function tverskyLoss(probability: Tensor4D, target: Tensor4D, weights: TverskyWeights): Tensor1D {
  return tf.tidy(() => {
    const over = (x: Tensor) => tf.sum(x, [0, 1, 2]);
    const both = over(tf.mul(probability, target));
    const wrong = tf.mul(over(tf.mul(probability, tf.sub(1, target))), weights.falsePositive);
    const missed = tf.mul(over(tf.mul(tf.sub(1, probability), target)), weights.falseNegative);
    const hit = tf.add(both, weights.smoothing);
    return tf.sub(1, tf.div(hit, tf.add(hit, tf.add(wrong, missed)))) as Tensor1D;
  });
}

/**
 * Cross-entropy of a softmax over the last axis, each place weighted by its class: the weighted sum over the sum of the weights. At least 0.
 * The same as PyTorch's `cross_entropy(weight=weights)`.
 *
 * @param logits - Any shape, classes last.
 * @param target - The same shape, one 1 a place.
 * @param weights - One a class, at least 0; NaN if all classes that occur weigh 0.
 */
export function weightedCrossEntropy(logits: Tensor, target: Tensor, weights: Tensor1D): Scalar {
  return tf.tidy(() => {
    const entropy = softmaxCrossEntropy(logits, target);
    const weight = tf.sum(tf.mul(target, weights), logits.rank - 1);
    return tf.div(tf.sum(tf.mul(entropy, weight)), tf.sum(weight)) as Scalar;
  });
}

/**
 * Focal loss of a softmax over the last axis: cross-entropy times `(1 - p)^gamma`, p being the probability of the true class; weighted by class as
 * {@link weightedCrossEntropy}, which it is for `gamma` 0. At least 0.
 *
 * @param logits - Any shape, classes last.
 * @param target - The same shape, one 1 a place.
 * @param gamma - At least 0.
 * @param weights - One a class, at least 0; NaN if all classes that occur weigh 0.
 *
 * Source: Lin et al. 2017, arXiv:1708.02002, over a softmax.
 */
export function softmaxFocalLoss(logits: Tensor, target: Tensor, gamma: number, weights: Tensor1D): Scalar {
  return tf.tidy(() => {
    const entropy = softmaxCrossEntropy(logits, target);
    const wrong = tf.maximum(tf.sub(1, tf.exp(tf.neg(entropy))), 1e-12); // a power of 0 has no gradient
    const weight = tf.sum(tf.mul(target, weights), logits.rank - 1);
    return tf.div(tf.sum(tf.mul(tf.mul(tf.pow(wrong, gamma), entropy), weight)), tf.sum(weight)) as Scalar;
  });
}

/** Mean of the squared differences of two tensors of one shape. */
export function meanSquaredError(a: Tensor, b: Tensor): Scalar {
  return tf.tidy(() => tf.mean(tf.square(tf.sub(a, b))) as Scalar);
}
