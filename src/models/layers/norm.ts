import { whole } from "../../backend/forward.ts";
import { addBias, batchNormTrain, standardise } from "../../backend/ops.ts";
import { type Tensor1D, type Tensor4D, tf } from "../../backend/tf.ts";
import type { WeightSpec } from "../weights.ts";
import { conv2d, convolve } from "./conv.ts";
import { type Scope, weight } from "./scope.ts";

/** Added to a variance before its root is taken; PyTorch's default for each normalisation. */
export const normEpsilon = 1e-5;

/** Share of a new batch in the running statistics; PyTorch's default. */
export const batchNormMomentum = 0.1;

/** The weights of {@link batchNorm}: scale and shift, and the running statistics, which no gradient moves. */
export function batchNormWeights(name: string, channels: number): WeightSpec[] {
  const shape = [channels];
  return [
    { name: `${name}.weight`, shape, initial: "ones", trainable: true },
    { name: `${name}.bias`, shape, initial: "zeros", trainable: true },
    { name: `${name}.running_mean`, shape, initial: "zeros", trainable: false },
    { name: `${name}.running_var`, shape, initial: "ones", trainable: false },
  ];
}

/**
 * Batch normalisation over all axes but the last. In training by the statistics of the batch, which go to `mode.record`;
 * else by the running ones.
 */
export function batchNorm(scope: Scope, name: string, x: Tensor4D, epsilon = normEpsilon): Tensor4D {
  const gamma = weight<Tensor1D>(scope, `${name}.weight`);
  const beta = weight<Tensor1D>(scope, `${name}.bias`);
  if (!scope.mode.training) {
    const mean = weight<Tensor1D>(scope, `${name}.running_mean`);
    const variance = weight<Tensor1D>(scope, `${name}.running_var`);
    return tf.batchNorm(x, mean, variance, beta, gamma, epsilon) as Tensor4D;
  }
  const { y, mean, variance } = batchNormTrain(x, gamma, beta, epsilon);
  if (scope.mode.record) {
    const count = x.shape[0] * x.shape[1] * x.shape[2];
    scope.mode.record({ layer: name, mean: tf.keep(mean), variance: tf.keep(variance), count });
  }
  return y;
}

/**
 * {@link conv2d} without a bias and the {@link batchNorm} after it, by the names of the two. Outside training it is one convolution: the normalisation
 * is multiplied into its kernel, which is small, rather than applied to what comes out of it, which is not. Rounding apart the same.
 */
export function convNorm(scope: Scope, conv: string, norm: string, x: Tensor4D, stride = 1, epsilon = normEpsilon): Tensor4D {
  if (scope.mode.training) return batchNorm(scope, norm, conv2d(scope, conv, x, stride), epsilon);
  const of = (name: string) => weight<Tensor1D>(scope, `${norm}.${name}`);
  const scale = tf.mul(of("weight"), tf.rsqrt(tf.add(of("running_var"), epsilon)));
  const shift = tf.sub(of("bias"), tf.mul(of("running_mean"), scale)) as Tensor1D;
  return addBias(convolve(x, tf.mul(weight<Tensor4D>(scope, `${conv}.weight`), scale), stride), shift);
}

/** The weights of {@link groupNorm} and of an affine {@link instanceNorm}: scale and shift. */
export function affineWeights(name: string, channels: number): WeightSpec[] {
  const shape = [channels];
  return [
    { name: `${name}.weight`, shape, initial: "ones", trainable: true },
    { name: `${name}.bias`, shape, initial: "zeros", trainable: true },
  ];
}

/**
 * Group normalisation, the same in training and outside it: each image's groups of neighbouring channels. As PyTorch's `GroupNorm(groups, channels)`.
 * @throws {RangeError} If the groups do not divide the channels.
 */
export function groupNorm(scope: Scope, name: string, x: Tensor4D, groups: number): Tensor4D {
  const channels = x.shape[3];
  if (!Number.isInteger(groups) || groups < 1 || channels % groups !== 0)
    throw new RangeError(`groupNorm: groups must divide the ${channels} channels; got ${groups}`);
  if (!scope.weights.has(`${name}.weight`)) return standardise(x, groups, normEpsilon);
  const [scale, shift] = [weight<Tensor1D>(scope, `${name}.weight`), weight<Tensor1D>(scope, `${name}.bias`)];
  const run = () => tf.add<Tensor4D>(tf.mul(standardise(x, groups, normEpsilon), scale), shift);
  return whole("GroupNorm", { x, scale, shift }, { groups, epsilon: normEpsilon }, run);
}

/** Instance normalisation: each channel of each image, scaled and shifted where {@link affineWeights} were declared. As PyTorch's `InstanceNorm2d`. */
export function instanceNorm(scope: Scope, name: string, x: Tensor4D): Tensor4D {
  return groupNorm(scope, name, x, x.shape[3]);
}
