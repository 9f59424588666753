import { executeNative, isNative } from "./execute.ts";
import { type Tensor, type Tensor1D, type Tensor2D, type Tensor4D, tf } from "./tf.ts";

// The ops that need care: on native TensorFlow its own fused ops, which TensorFlow.js takes apart, and elsewhere the same
// numbers from portable ops. All else (conv2d, conv2dTranspose, maxPool, concat, sums …) is called on `tf` directly.

/** The kernels of TensorFlow.js take and save tensors of any rank; `tf.customGrad` is typed for tensors alone. */
type Save = (tensors: Tensor[]) => void;

/**
 * `max(x, 0)`. Keeps its result for the gradient and not `x`, which is then free to go.
 * The gradient at 0 is 0.
 */
export function relu<T extends Tensor>(x: T): T {
  if (!isNative()) return tf.relu(x);
  const op = tf.customGrad((input: Tensor | Save, save: Tensor | Save) => {
    const y = tf.relu(input as Tensor);
    (save as Save)([y]);
    const gradFunc = (dy: Tensor, saved: Tensor[]) => executeNative("ReluGrad", { T: "float32" }, [dy, saved[0]!], 1)[0]!;
    return { value: y, gradFunc };
  });
  return op(x) as T;
}

/**
 * `x` where it is above 0, else `slope * x`. Keeps its result for the gradient and not `x`. The gradient at 0 is `slope`.
 * @param slope - Above 0, so that the result has the sign of `x`.
 *
 * Source: Maas et al. 2013, "Rectifier nonlinearities improve neural network acoustic models".
 */
export function leakyRelu<T extends Tensor>(x: T, slope: number): T {
  const op = tf.customGrad((input: Tensor | Save, save: Tensor | Save) => {
    const y = tf.leakyRelu(input as Tensor, slope);
    (save as Save)([y]);
    const gradFunc = (dy: Tensor, [result]: Tensor[]) =>
      isNative()
        ? executeNative("LeakyReluGrad", { T: "float32", alpha: { float: slope } }, [dy, result!], 1)[0]!
        : tf.mul(dy, tf.step(result!, slope));
    return { value: y, gradFunc };
  });
  return op(x) as T;
}

/**
 * `x * sigmoid(x)`, also called swish. Keeps `x` alone for the gradient.
 * Source: Elfwing et al. 2018, doi:10.1016/j.neunet.2017.12.012.
 */
export function silu<T extends Tensor>(x: T): T {
  const op = tf.customGrad((input: Tensor | Save, save: Tensor | Save) => {
    (save as Save)([input as Tensor]);
    const gradFunc = (dy: Tensor, [value]: Tensor[]) => {
      const open = tf.sigmoid(value!);
      return tf.mul(dy, tf.mul(open, tf.add(tf.mul(value!, tf.sub(1, open)), 1)));
    };
    return { value: tf.mul(input as Tensor, tf.sigmoid(input as Tensor)), gradFunc };
  });
  return op(x) as T;
}

/**
 * A number added to each channel: `x + bias` along the last axis. In a traced function TensorFlow makes one op of this, the convolution before it and
 * a ReLU after it; with a plain addition it does not.
 */
export function addBias(x: Tensor4D, bias: Tensor1D): Tensor4D {
  if (!isNative()) return tf.add(x, bias);
  const layout = { T: "float32", data_format: "NHWC" } as const;
  const op = tf.customGrad((...args: (Tensor | Save)[]) => {
    const [value, add] = args as [Tensor, Tensor];
    const gradFunc = (dy: Tensor) => [dy, executeNative("BiasAddGrad", layout, [dy], 1)[0]!];
    return { value: executeNative("BiasAdd", layout, [value, add], 1)[0]!, gradFunc };
  });
  return op(x, bias) as Tensor4D;
}

/** The same values, through which no gradient flows. */
export function stopGradient<T extends Tensor>(x: T): T {
  const op = tf.customGrad((input: Tensor | Save) => {
    return { value: tf.clone(input as Tensor), gradFunc: (dy: Tensor) => tf.zerosLike(dy) };
  });
  return op(x) as T;
}

/** What `compute` makes of the inputs, through which no gradient flows; its ops need have none. */
export function withoutGradient(compute: (...inputs: Tensor[]) => Tensor, inputs: readonly Tensor[]): Tensor {
  const op = tf.customGrad((...args: (Tensor | Save)[]) => {
    const given = args.slice(0, inputs.length) as Tensor[];
    (args.at(-1) as Save)(given);
    const gradFunc = (_: Tensor, saved: Tensor[]) => saved.map((input) => tf.zerosLike(input));
    return { value: compute(...given), gradFunc };
  });
  return op(...inputs);
}

/**
 * Each image's groups of neighbouring channels brought to mean 0 and variance 1: `(x - mean) / sqrt(variance + epsilon)`, the variance biased.
 * Keeps its result for the gradient and not `x`.
 *
 * @param x - NHWC. A NaN makes all of its group NaN.
 * @param groups - Divides the number of channels; with as many groups as channels each channel is brought there alone.
 *
 * Source: Wu & He 2018, arXiv:1803.08494; the gradient is that of batch normalisation over other axes.
 */
export function standardise(x: Tensor4D, groups: number, epsilon: number): Tensor4D {
  const [batch, height, width, channels] = x.shape;
  const axes = [1, 3];
  const op = tf.customGrad((input: Tensor | Save, save: Tensor | Save) => {
    const { mean, variance } = tf.moments(input as Tensor, axes, true);
    const inverse = tf.rsqrt(tf.add(variance, epsilon));
    const y = tf.mul(tf.sub(input as Tensor, mean), inverse);
    (save as Save)([y, inverse]);
    const gradFunc = (dy: Tensor, saved: Tensor[]) => {
      const [normal, scale] = saved as [Tensor, Tensor];
      const along = tf.mul(normal, tf.mean(tf.mul(dy, normal), axes, true));
      return tf.mul(scale, tf.sub(dy, tf.add(tf.mean(dy, axes, true), along)));
    };
    return { value: y, gradFunc };
  });
  return tf.reshape(op(tf.reshape(x, [batch, height * width, groups, channels / groups])), x.shape);
}

/**
 * The rows of a matrix at the positions given. By GatherNd, and ScatterNd for the gradient, which adds up what comes to one row: `tf.gather` reads its
 * positions on native TensorFlow, so that they could not be an input of a traced function, and its gradient asks for a sum over segments, which wasm has not.
 *
 * @param x - Rows x numbers.
 * @param at - int32, each in [0, rows).
 */
export function gatherRows(x: Tensor2D, at: Tensor1D): Tensor2D {
  const op = tf.customGrad((input: Tensor | Save, save: Tensor | Save) => {
    (save as Save)([at]);
    const gradFunc = (dy: Tensor, [rows]: Tensor[]) => tf.scatterND(tf.reshape(rows!, [-1, 1]), dy, x.shape);
    return { value: tf.gatherND(input as Tensor, tf.reshape(at, [-1, 1]) as Tensor2D), gradFunc };
  });
  return op(x) as Tensor2D;
}

/**
 * A vector with the values at the positions given and 0 elsewhere; those that meet are added up. No gradient flows through it.
 *
 * @param values - One for each position.
 * @param at - int32, each in [0, length).
 */
export function scatterFixed(values: Tensor1D, at: Tensor1D, length: number): Tensor1D {
  const op = tf.customGrad((input: Tensor | Save) => {
    const value = tf.scatterND(tf.reshape(at, [-1, 1]), input as Tensor, [length]);
    return { value, gradFunc: (_: Tensor) => tf.zeros(values.shape) };
  });
  return op(values) as Tensor1D;
}

/** What {@link batchNormTrain} gives. */
export interface TrainedNorm {
  readonly y: Tensor4D;
  /** Over all axes but the last. No gradient flows through it. */
  readonly mean: Tensor1D;
  /** Biased: divided by the number of values. No gradient flows through it. */
  readonly variance: Tensor1D;
}

/**
 * Batch normalisation with the statistics of the batch itself, as in training:
 * `y = (x - mean) / sqrt(variance + epsilon) * gamma + beta`. Differentiable in `x`, `gamma` and `beta`.
 *
 * @param x - NHWC, at least one value a channel. A NaN in a channel makes all of that channel NaN.
 * @param gamma - Scale, length C.
 * @param beta - Shift, length C.
 * @param epsilon - At least 0.
 *
 * Source: Ioffe & Szegedy 2015, arXiv:1502.03167, algorithm 1 and the gradients after it.
 */
export function batchNormTrain(x: Tensor4D, gamma: Tensor1D, beta: Tensor1D, epsilon: number): TrainedNorm {
  return isNative() ? fusedNorm(x, gamma, beta, epsilon) : portableNorm(x, gamma, beta, epsilon);
}

function fusedNorm(x: Tensor4D, gamma: Tensor1D, beta: Tensor1D, epsilon: number): TrainedNorm {
  const types = { T: "float32", U: "float32", epsilon: { float: epsilon }, data_format: "NHWC", is_training: true } as const;
  const none = tf.tensor1d([]); // in training the running statistics are not read
  const outputs = executeNative("FusedBatchNormV3", types, [x, gamma, beta, none, none], 6);
  const [y, mean, unbiased, ...reserved] = outputs as [Tensor4D, Tensor1D, Tensor1D, Tensor, Tensor, Tensor];
  const op = tf.customGrad((...args: (Tensor | Save)[]) => {
    const [input, scale, , save] = args as [Tensor, Tensor, Tensor, Save];
    save([input, scale, ...reserved]);
    const gradFunc = (dy: Tensor, saved: Tensor[]) => {
      const gradients = executeNative("FusedBatchNormGradV3", types, [dy, ...saved], 5);
      tf.dispose(gradients.slice(3));
      return gradients.slice(0, 3);
    };
    return { value: y, gradFunc };
  });
  const traced = op(x, gamma, beta) as Tensor4D;
  const count = x.size / x.shape[3];
  const variance = tf.mul(unbiased, Math.max(count - 1, 1) / count) as Tensor1D; // TensorFlow gives Bessel's
  tf.dispose([none, unbiased, ...reserved]);
  return { y: traced, mean, variance };
}

function portableNorm(x: Tensor4D, gamma: Tensor1D, beta: Tensor1D, epsilon: number): TrainedNorm {
  const axes = [0, 1, 2];
  const { mean, variance } = tf.moments(x, axes) as { mean: Tensor1D; variance: Tensor1D };
  const op = tf.customGrad((...args: (Tensor | Save)[]) => {
    const [input, scale, shift, save] = args as [Tensor4D, Tensor1D, Tensor1D, Save];
    save([input, scale, mean, variance]);
    const gradFunc = (dy: Tensor, saved: Tensor[]) => {
      const [value, factor, centre, spread] = saved as [Tensor, Tensor, Tensor, Tensor];
      const inverse = tf.rsqrt(tf.add(spread, epsilon));
      const normal = tf.mul(tf.sub(value, centre), inverse);
      const dShift = tf.sum(dy, axes);
      const dScale = tf.sum(tf.mul(dy, normal), axes);
      const through = tf.div(tf.add(dShift, tf.mul(normal, dScale)), value.size / factor.size);
      return [tf.mul(tf.mul(factor, inverse), tf.sub(dy, through)), dScale, dShift];
    };
    return { value: tf.batchNorm(input, mean, variance, shift, scale, epsilon), gradFunc };
  });
  return { y: op(x, gamma, beta) as Tensor4D, mean, variance };
}
