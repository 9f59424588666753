import { type Tensor4D, tf } from "../tf.ts";
import type { Kernel } from "./memory.ts";

// The two gradients of a convolution, each as a convolution or a matrix product of its own, which the WebAssembly backend does with SIMD.
// Stock, it lacks the one for the filter and does the one for the input, which is also the transposed convolution, ten times slower.

interface ConvAttributes {
  readonly strides: number | [number, number];
  readonly pad: "same" | "valid" | number;
  readonly dataFormat: "NHWC" | "NCHW";
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
}

type Shape4D = [number, number, number, number];

/** Sizes of the forward convolution whose gradient is wanted. */
function geometry(inputShape: Shape4D, filterShape: Shape4D, { strides, pad, dataFormat, dimRoundingMode }: ConvAttributes) {
  if (dataFormat === "NCHW") throw new RangeError("convolution gradient on wasm: only NHWC is done");
  const info = tf.backend_util.computeConv2DInfo(inputShape, filterShape, strides, 1, pad, dimRoundingMode, false);
  return {
    kernel: [info.filterHeight, info.filterWidth] as const,
    stride: [info.strideHeight, info.strideWidth] as const,
    out: [info.outHeight, info.outWidth] as const,
    input: [info.inHeight, info.inWidth] as const,
    before: [info.padInfo.top, info.padInfo.left] as const,
  };
}
type Geometry = ReturnType<typeof geometry>;

/** Gradient for the filter: batch and channels change places, then the incoming gradient is the filter. */
export const conv2DBackpropFilter: Kernel = {
  kernelName: "Conv2DBackpropFilter",
  backendName: "wasm",
  kernelFunc({ inputs, attrs }) {
    const { x, dy } = inputs as unknown as { x: Tensor4D; dy: Tensor4D };
    const attributes = attrs as unknown as ConvAttributes & { filterShape: Shape4D };
    return tf.tidy(() => {
      const g = geometry(x.shape, attributes.filterShape, attributes);
      const reach = ([0, 1] as const).map((i) => (g.out[i] - 1) * g.stride[i] + g.kernel[i]) as [number, number];
      const window = fitWindow(x, g.before, reach);
      const swapped = tf.transpose(window, [3, 1, 2, 0]);
      const asFilter = tf.transpose(dy, [1, 2, 0, 3]);
      return tf.transpose(tf.conv2d(swapped, asFilter, 1, "valid", "NHWC", [...g.stride]), [1, 2, 0, 3]);
    });
  },
};

/** Gradient for the input, and the transposed convolution. */
export const conv2DBackpropInput: Kernel = {
  kernelName: "Conv2DBackpropInput",
  backendName: "wasm",
  kernelFunc({ inputs, attrs }) {
    const { dy, filter } = inputs as unknown as { dy: Tensor4D; filter: Tensor4D };
    const attributes = attrs as unknown as ConvAttributes & { inputShape: Shape4D };
    const g = geometry(attributes.inputShape, filter.shape, attributes);
    return tf.tidy(() => (tilesExactly(g) ? byTiles(dy, filter, g) : byConvolution(dy, filter, g)));
  },
};

/** Whether the filter's windows lie side by side and cover the input once, as in a 2 x 2 transposed convolution with stride 2. */
function tilesExactly(g: Geometry): boolean {
  return ([0, 1] as const).every(
    (i) => g.kernel[i] === g.stride[i] && g.out[i] * g.stride[i] === g.input[i] && g.before[i] === 0,
  );
}

function byTiles(dy: Tensor4D, filter: Tensor4D, { kernel: [height, width], out, input }: Geometry): Tensor4D {
  const [batch, , , outer] = dy.shape;
  const inner = filter.shape[2];
  const weights = tf.reshape(tf.transpose(filter, [3, 0, 1, 2]), [outer, height * width * inner]);
  const tiles = tf.matMul(tf.reshape(dy, [-1, outer]), weights);
  const apart = tf.reshape(tiles, [batch * out[0], out[1], height, width * inner]);
  return tf.reshape(tf.transpose(apart, [0, 2, 1, 3]), [batch, input[0], input[1], inner]);
}

function byConvolution(dy: Tensor4D, filter: Tensor4D, { kernel, stride, input, before }: Geometry): Tensor4D {
  const turned = tf.transpose(tf.reverse(filter, [0, 1]), [0, 1, 3, 2]) as Tensor4D;
  const offset = ([0, 1] as const).map((i) => kernel[i] - 1 - before[i]) as [number, number];
  const reach = ([0, 1] as const).map((i) => input[i] + kernel[i] - 1) as [number, number];
  return tf.conv2d(fitWindow(spread(dy, stride), offset, reach), turned, 1, "valid");
}

/** Puts `stride - 1` rows and columns of zeros after each row and column. */
function spread(x: Tensor4D, [down, across]: readonly [number, number]): Tensor4D {
  if (down === 1 && across === 1) return x;
  const [batch, height, width, channels] = x.shape;
  const columns = tf.pad(tf.reshape(x, [batch * height * width, 1, channels]), [[0, 0], [0, across - 1], [0, 0]]); // biome-ignore format: one row
  const rows = tf.pad(tf.reshape(columns, [batch * height, 1, width * across * channels]), [[0, 0], [0, down - 1], [0, 0]]); // biome-ignore format: one row
  return tf.reshape(rows, [batch, height * down, width * across, channels]);
}

/** The window of `size` that begins `before` above and left of `x`: zeros where it reaches beyond, cut where it does not. */
function fitWindow(x: Tensor4D, before: readonly [number, number], size: readonly [number, number]): Tensor4D {
  const [, height, width] = x.shape;
  const after = [Math.max(0, size[0] - height - before[0]), Math.max(0, size[1] - width - before[1])] as const;
  const isExact = before[0] === 0 && before[1] === 0 && after[0] === 0 && after[1] === 0;
  const padded = isExact ? x : tf.pad(x, [[0, 0], [before[0], after[0]], [before[1], after[1]], [0, 0]]); // biome-ignore format: one row
  const isCut = padded.shape[1] === size[0] && padded.shape[2] === size[1];
  return isCut ? padded : tf.slice(padded, [0, 0, 0, 0], [-1, size[0], size[1], -1]);
}
