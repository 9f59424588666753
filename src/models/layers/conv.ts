import { addBias } from "../../backend/ops.ts";
import { type Tensor4D, tf } from "../../backend/tf.ts";
import type { WeightSpec } from "../weights.ts";
import { type Scope, weight } from "./scope.ts";

/** The weights of {@link conv2d}: a square kernel, height x width x in x out, and a bias where there is no normalisation after it. */
export function conv2dWeights(
  name: string,
  inChannels: number,
  outChannels: number,
  kernel: number,
  bias: boolean,
): WeightSpec[] {
  const fanIn = kernel * kernel * inChannels;
  const specs: WeightSpec[] = [
    {
      name: `${name}.weight`,
      shape: [kernel, kernel, inChannels, outChannels],
      initial: { heNormal: { fan: fanIn } },
      trainable: true,
    },
  ];
  if (bias) specs.push({ name: `${name}.bias`, shape: [outChannels], initial: "zeros", trainable: true });
  return specs;
}

/** {@link convolve} by the kernel called `name`, and its bias where it has one. */
export function conv2d(scope: Scope, name: string, x: Tensor4D, stride = 1): Tensor4D {
  const y = convolve(x, weight(scope, `${name}.weight`), stride);
  return scope.weights.has(`${name}.bias`) ? addBias(y, weight(scope, `${name}.bias`)) : y;
}

/**
 * Convolution with zeros padded on both sides alike, so that stride 1 keeps the size of an odd kernel's input.
 * As PyTorch's `Conv2d(stride=stride, padding=kernel // 2)` with kernel OIHW → HWIO; TensorFlow's own "same" pads unevenly at stride 2.
 *
 * @param kernel - Odd; or even at stride 2 over an even size, where both sides get `kernel / 2 - 1` zeros.
 */
export function convolve(x: Tensor4D, kernel: Tensor4D, stride: number): Tensor4D {
  const side = kernel.shape[0];
  if (side === 1 && stride === 2 && x.shape[3] < leastStridedChannels) return tf.conv2d(everyOther(x), kernel, 1, "same");
  if (stride === 1 || side % 2 === 0) return tf.conv2d(x, kernel, stride, "same");
  return tf.conv2d(padded(x, side >> 1), kernel, stride, "valid");
}

/**
 * With fewer channels than one of its blocks (8 on AVX2, 16 on AVX-512), oneDNN's gradient of a 1 x 1 convolution with stride 2 writes beyond its
 * workspace: now and then, more often when the machine is busy, part of the gradient is lost, or the process hangs or dies
 * (github.com/uxlfoundation/oneDNN/issues/6035). Such a convolution sees every other pixel alone, so those are taken first.
 */
const leastStridedChannels = 16;

/** Every other row and column from the first on: the largest of one pixel, an op of any size whose gradient all backends have. */
export function everyOther(x: Tensor4D): Tensor4D {
  return tf.maxPool(x, 1, 2, "valid");
}

/** Max pooling as PyTorch's `MaxPool2d(kernel, stride, padding)`: the padding never wins. */
export function maxPool(x: Tensor4D, kernel: number, stride: number, padding: number): Tensor4D {
  return tf.maxPool(padded(x, padding, Number.NEGATIVE_INFINITY), kernel, stride, "valid");
}

/** `x` with `margin` rows and columns of `value` on each side. */
function padded(x: Tensor4D, margin: number, value = 0): Tensor4D {
  if (margin === 0) return x;
  return tf.pad(x, [[0, 0], [margin, margin], [margin, margin], [0, 0]], value); // biome-ignore format: one row an axis
}

/** The weights of {@link doubleSize}: 2 x 2 x out x in, and a bias. */
export function doubleSizeWeights(name: string, inChannels: number, outChannels: number): WeightSpec[] {
  // Each output pixel is reached by one tap of the kernel, so the fan-in is that of a 1 x 1 convolution.
  const initial = { heNormal: { fan: inChannels } };
  return [
    { name: `${name}.weight`, shape: [2, 2, outChannels, inChannels], initial, trainable: true },
    { name: `${name}.bias`, shape: [outChannels], initial: "zeros", trainable: true },
  ];
}

/** Doubles height and width by a learned 2 x 2 transposed convolution, stride 2. As PyTorch's `ConvTranspose2d(2, stride=2)`, kernel IOHW → HWOI. */
export function doubleSize(scope: Scope, name: string, x: Tensor4D): Tensor4D {
  const kernel = weight<Tensor4D>(scope, `${name}.weight`);
  const [batch, height, width] = x.shape;
  const y = tf.conv2dTranspose(x, kernel, [batch, 2 * height, 2 * width, kernel.shape[2]], 2, "same");
  return addBias(y, weight(scope, `${name}.bias`));
}
