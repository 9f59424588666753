import { type Scalar, type Tensor4D, tf } from "../../backend/tf.ts";
import type { LossOptions } from "../options.ts";
import { sigmoidCrossEntropy } from "./pixels.ts";

/**
 * Cross-entropy of a softmax over the classes, each image counting as its target says: the weighted mean that PyTorch's `CrossEntropyLoss(weight)` takes.
 * NaN where a logit is, or no image counts.
 *
 * @param logits - N x 1 x 1 x classes.
 * @param target - The same shape: of each image its weight at its class, 0 at the others.
 */
export function classLoss(logits: Tensor4D, target: Tensor4D): Scalar {
  return tf.tidy(() => tf.div(tf.neg(tf.sum(tf.mul(target, tf.logSoftmax(logits)))), tf.sum(target)) as Scalar);
}

/**
 * Binary cross-entropy of things that are there or not, mean over all of them, one that is there counting `lesionPixelWeight`. NaN where a logit or target is.
 *
 * @param logits - N x rows x columns x things.
 * @param target - The same shape, 0 or 1.
 */
export function presenceLoss(logits: Tensor4D, target: Tensor4D, { lesionPixelWeight }: LossOptions): Scalar {
  return tf.tidy(() => {
    const more = tf.mul(tf.softplus(tf.neg(logits)), tf.mul(target, lesionPixelWeight - 1));
    return tf.mean(tf.add(sigmoidCrossEntropy(logits, target), more)) as unknown as Scalar;
  });
}
