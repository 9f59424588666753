import { batchNormTrain, relu } from "../../src/backend/ops.ts";
import { type Tensor1D, type Tensor4D, tf, type Variable } from "../../src/backend/tf.ts";
import { seededRng } from "../../src/core/rng.ts";

/** A small network with every op of a U-Net, and its weights. */
export interface SmallNet {
  readonly weights: readonly Variable[];
  /** One gradient step on a fixed batch; returns the loss before it. */
  step(): number;
}

function normal(shape: number[], label: string, scale: number) {
  const rng = seededRng(3).fork(label);
  const size = shape.reduce((a, b) => a * b, 1);
  return tf.tensor(
    Float32Array.from({ length: size }, () => scale * rng.normal()),
    shape,
  );
}

/** Convolution, normalisation, ReLU, pooling, transposed convolution, skip, cross-entropy, Adam. Call `tf.dispose(net.weights)` after. */
export function smallNet(size = 64, channels = 16): SmallNet {
  const shapes = [
    [3, 3, 1, channels],
    [channels],
    [channels],
    [3, 3, channels, channels],
    [2, 2, channels, channels],
    [1, 1, 2 * channels, 1],
  ];
  const weights = shapes.map((shape, i) => tf.variable(normal(shape, `weight${i}`, 0.3)));
  const [first, gamma, beta, second, up, last] = weights as [Variable, Variable, Variable, Variable, Variable, Variable];
  const x = normal([4, size, size, 1], "image", 1) as Tensor4D;
  const truth = tf.cast(tf.greater(x, 1), "float32") as Tensor4D;
  const optimizer = tf.train.adam(0.01);
  const loss = () => {
    const norm = batchNormTrain(
      tf.conv2d(x, first as never, 1, "same"),
      gamma as unknown as Tensor1D,
      beta as unknown as Tensor1D,
      1e-5,
    );
    const fine = relu(norm.y);
    const coarse = relu(tf.conv2d(tf.maxPool(fine, 2, 2, "valid"), second as never, 1, "same"));
    const back = tf.conv2dTranspose(coarse, up as never, [4, size, size, channels], 2, "same");
    const logits = tf.conv2d(tf.concat([fine, back], 3), last as never, 1, "same") as Tensor4D;
    return tf.mean(tf.sub(tf.softplus(logits), tf.mul(logits, truth))) as ReturnType<typeof tf.scalar>;
  };
  return {
    weights,
    step: () =>
      tf.tidy(() => {
        const { value, grads } = tf.variableGrads(loss, [...weights]);
        optimizer.applyGradients(grads as Parameters<typeof optimizer.applyGradients>[0]);
        return value.dataSync()[0]!;
      }),
  };
}
