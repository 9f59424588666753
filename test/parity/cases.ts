import { addBias, batchNormTrain, gatherRows, relu, scatterFixed } from "../../src/backend/ops.ts";
import { type Tensor, type Tensor1D, type Tensor2D, type Tensor4D, tf } from "../../src/backend/tf.ts";
import { convolve, maxPool } from "../../src/models/layers/conv.ts";
import { doubleNearest } from "../../src/models/yolo/blocks.ts";

type Op = (...inputs: Tensor[]) => Tensor | readonly Tensor[];

/** For ops on images; the fixture decides the shapes. */
function image(op: (x: Tensor4D, w: Tensor4D) => Tensor): Op {
  return (x, w) => op(x as Tensor4D, w as Tensor4D);
}

function norm(x: Tensor, gamma: Tensor, beta: Tensor): readonly Tensor[] {
  const { y, mean, variance } = batchNormTrain(x as Tensor4D, gamma as Tensor1D, beta as Tensor1D, 1e-5);
  return [y, mean, variance];
}

function dice(x: Tensor, truth: Tensor): Tensor {
  const p = tf.sigmoid(x);
  const both = tf.sum(tf.mul(p, truth), [1, 2]);
  const either = tf.add(tf.sum(p, [1, 2]), tf.sum(truth, [1, 2]));
  return tf.sub(1, tf.div(tf.add(tf.mul(both, 2), 1), tf.add(either, 1)));
}

function transposedConv(y: Tensor4D, w: Tensor4D): Tensor {
  const [batch, height, width] = y.shape;
  return tf.conv2dTranspose(y, w, [batch, height * 2, width * 2, w.shape[2]], 2, "same");
}

/**
 * Every op that our models, losses and optimizers use, by the names in test/fixtures/ops-parity.json (made by
 * scripts/fixtures/ops_parity.py). A model that needs another op adds a line here and one there.
 */
export const parityOps: Readonly<Record<string, Op>> = {
  "conv 3x3 same": image((x, w) => tf.conv2d(x, w, 1, "same")),
  "conv 3x3 valid": image((x, w) => tf.conv2d(x, w, 1, "valid")),
  "conv 1x1": image((x, w) => tf.conv2d(x, w, 1, "same")),
  "conv 2x2 same": image((x, w) => tf.conv2d(x, w, 1, "same")),
  "conv 5x5 same, one channel": image((x, w) => tf.conv2d(x, w, 1, "same")),
  "conv 3x3 same, stride 2": image((x, w) => tf.conv2d(x, w, 2, "same")),
  "conv 3x3 same, stride 2, odd size": image((x, w) => tf.conv2d(x, w, 2, "same")),
  "conv 3x3 valid, stride 2": image((x, w) => tf.conv2d(x, w, 2, "valid")),
  "conv 2x2 valid, stride 2": image((x, w) => tf.conv2d(x, w, 2, "valid")),
  "conv 1x1, stride 2": image((x, w) => convolve(x, w, 2)), // of so few channels oneDNN's own gradient is wrong, see there
  "conv 7x7 same, stride 2": image((x, w) => tf.conv2d(x, w, 2, "same")),
  "transposed conv 2x2, stride 2": image(transposedConv),
  "transposed conv 3x3, stride 2": image(transposedConv),
  "max pool 2x2": image((x) => tf.maxPool(x, 2, 2, "valid")),
  "max pool 2x2, ties": image((x) => tf.maxPool(x, 2, 2, "valid")),
  "max pool 3x3 same, stride 2": image((x) => tf.maxPool(x, 3, 2, "same")),
  "batch norm, training": norm,
  "batch norm, training, far from zero": norm,
  "batch norm, fixed": (x, gamma, beta, mean, variance) =>
    tf.batchNorm(x as Tensor4D, mean as Tensor1D, variance as Tensor1D, beta as Tensor1D, gamma as Tensor1D, 1e-5),
  relu: (x) => relu(x),
  concat: (a, b) => tf.concat([a, b], 3),
  pad: (x) => tf.pad(x, [[0, 0], [1, 2], [0, 3], [0, 0]]), // biome-ignore format: one row an axis
  slice: (x) => tf.slice(x, [0, 1, 2, 0], [-1, 3, 3, 1]),
  "strided slice, of what needs no gradient": tf.customGrad((x) => ({
    value: tf.stridedSlice(x as Tensor, [0, 1, 1, 0], (x as Tensor).shape, [1, 2, 2, 1]),
    gradFunc: () => tf.zerosLike(x as Tensor), // tfjs has none
  })),
  stack: (a, b) => tf.stack([a, b]),
  "add bias": (x, bias) => addBias(x as Tensor4D, bias as Tensor1D),
  multiply: (a, b) => tf.mul(a, b),
  subtract: (a, b) => tf.sub(a, b),
  divide: (a, b) => tf.div(a, b),
  square: (x) => tf.square(x),
  "square root": (x) => tf.sqrt(x),
  "reciprocal square root": (x) => tf.rsqrt(x),
  exponential: (x) => tf.exp(x),
  logarithm: (x) => tf.log(x),
  absolute: (x) => tf.abs(x),
  negative: (x) => tf.neg(x),
  sigmoid: (x) => tf.sigmoid(x),
  softplus: (x) => tf.softplus(x),
  "log sigmoid": (x) => tf.logSigmoid(x),
  "cross-entropy from logits": (x, truth) => tf.sub(tf.softplus(x), tf.mul(x, truth)),
  "soft Dice": dice,
  "sum of all": (x) => tf.sum(x),
  "sum by channel": (x) => tf.sum(x, [0, 1, 2]),
  "mean by image": (x) => tf.mean(x, [1, 2]),
  "mean of all": (x) => tf.mean(x),
  "global norm": (a, b) => tf.sqrt(tf.add(tf.sum(tf.square(a)), tf.sum(tf.square(b)))),
  "transpose and reshape": (x) => tf.reshape(tf.transpose(x, [0, 3, 1, 2]), [2, 2, 20]),
  split: (x) => tf.split(x, [1, 2], 3),
  "sum of three": (a, b, c) => tf.addN([a, b, c]),
  reverse: (x) => tf.reverse(x, 2),
  "smaller of two": (a, b) => tf.minimum(a, b),
  "at least the second highest": (x) => tf.cast(tf.greaterEqual(x, tf.min(tf.topk(x, 2).values, 1, true)), "float32"),
  "greater than zero": (x) => tf.cast(tf.greater(x, 0), "float32"),
  "larger of two": (a, b) => tf.maximum(a, b),
  power: (x) => tf.pow(x, 2.5),
  softmax: (x) => tf.softmax(x),
  "log of the sum of exponentials": (x) => tf.logSumExp(x, 3),
  "hyperbolic tangent": (x) => tf.tanh(x),
  arctangent: (x) => tf.atan(x),
  "max pool 3x3 padded by 1, stride 2": image((x) => maxPool(x, 3, 2, 1)),
  "conv 6x6 same, stride 2": image((x, w) => tf.conv2d(x, w, 2, "same")),
  "max pool 5x5 same, stride 1": image((x) => tf.maxPool(x, 5, 1, "same")),
  "pixels doubled": image((x) => doubleNearest(x)),
  "rows gathered": (x, at) => gatherRows(x as Tensor2D, tf.cast(at, "int32") as Tensor1D),
  "values scattered": (x, at) => scatterFixed(x as Tensor1D, tf.cast(at, "int32") as Tensor1D, 4),
  "off the diagonal": (x) => tf.mul(x, tf.sub(1, tf.eye(4))),
  "matrix product": (a, b) => tf.matMul(a as Tensor2D, b as Tensor2D),
  clip: (x) => tf.clipByValue(x, -0.5, 0.5),
  "highest by image": (x) => tf.max(x, [1, 2, 3]),
  "average pool 2x3": image((x) => tf.avgPool(x, [2, 3], [2, 3], "valid")),
  "log softmax": (x) => tf.logSoftmax(x),
};
