import { type Tensor1D, type Tensor4D, tf } from "./tf.ts";

/**
 * Batch normalisation with the statistics of the batch itself, as in training: `y = (x - mean) / sqrt(variance + epsilon) * gamma + beta`,
 * mean and biased variance over all axes but the last. Differentiable in `x`, `gamma` and `beta`; `mean` and `variance` carry no gradient.
 *
 * @param x - NHWC.
 * @param gamma - Scale, length C.
 * @param beta - Shift, length C.
 */
export function batchNormTrain(
  x: Tensor4D,
  gamma: Tensor1D,
  beta: Tensor1D,
  epsilon: number,
): { y: Tensor4D; mean: Tensor1D; variance: Tensor1D } {
  const { mean, variance } = tf.moments(x, [0, 1, 2]);
  const y = tf.batchNorm(x, mean as Tensor1D, variance as Tensor1D, beta, gamma, epsilon) as Tensor4D;
  return { y, mean: mean as Tensor1D, variance: variance as Tensor1D };
}

/** `max(x, 0)`. */
export function relu<T extends import("./tf.ts").Tensor>(x: T): T {
  return tf.relu(x);
}
