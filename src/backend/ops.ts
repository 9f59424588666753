import { executeNative, isNative } from "./execute.ts";
import { type Tensor, type Tensor1D, type Tensor4D, tf } from "./tf.ts";

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
