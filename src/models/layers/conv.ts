import { type Tensor1D, type Tensor4D, tf } from "../../backend/tf.ts";
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
      initial: { heNormal: { fanIn } },
      trainable: true,
    },
  ];
  if (bias) specs.push({ name: `${name}.bias`, shape: [outChannels], initial: "zeros", trainable: true });
  return specs;
}

/** Convolution, stride 1, zero padding that keeps the size. As PyTorch's `Conv2d(padding=kernel // 2)` with kernel OIHW → HWIO. */
export function conv2d(scope: Scope, name: string, x: Tensor4D): Tensor4D {
  const y = tf.conv2d(x, weight<Tensor4D>(scope, `${name}.weight`), 1, "same");
  return scope.weights.has(`${name}.bias`) ? tf.add(y, weight<Tensor1D>(scope, `${name}.bias`)) : y;
}

/** The weights of {@link doubleSize}: 2 x 2 x out x in, and a bias. */
export function doubleSizeWeights(name: string, inChannels: number, outChannels: number): WeightSpec[] {
  // Each output pixel is reached by one tap of the kernel, so the fan-in is that of a 1 x 1 convolution.
  const initial = { heNormal: { fanIn: inChannels } };
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
  return tf.add(y, weight<Tensor1D>(scope, `${name}.bias`));
}
