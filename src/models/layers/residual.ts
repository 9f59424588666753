import { relu } from "../../backend/ops.ts";
import { type Tensor4D, tf } from "../../backend/tf.ts";
import type { WeightSpec } from "../weights.ts";
import { conv2dWeights } from "./conv.ts";
import { batchNormWeights, convNorm } from "./norm.ts";
import type { Scope } from "./scope.ts";

/** One residual block: its name, its widths, and its stride, which is that of its first 3 x 3 convolution or, in a bottleneck with `strideIn: 1x1`, of its first. */
export interface ResidualBlock {
  readonly name: string;
  readonly inside: number;
  /** Of the 3 x 3 convolutions. */
  readonly width: number;
  readonly outside: number;
  readonly stride: number;
  readonly bottleneck: boolean;
  readonly strideIn: "3x3" | "1x1";
}

/** Stages of residual blocks. */
export interface ResidualStages {
  /** Channels that come in. */
  readonly inside: number;
  /** Feature maps of each stage; each stage after the first halves the resolution. */
  readonly widths: readonly number[];
  /** Blocks in each stage. */
  readonly counts: readonly number[];
  /** Blocks of 1 x 1, 3 x 3 and 1 x 1 convolutions, four times as wide outside; else of two 3 x 3 ones. */
  readonly bottleneck: boolean;
  /** Convolution of a bottleneck that has the stride. */
  readonly strideIn: "3x3" | "1x1";
}

/** All blocks in the order of the forward pass, named as torchvision's: `layer1.0`. */
export function residualBlocks({ inside: first, widths, counts, bottleneck, strideIn }: ResidualStages): ResidualBlock[] {
  let inside = first;
  return widths.flatMap((width, stage) =>
    Array.from({ length: counts[stage]! }, (_, i) => {
      const name = `layer${stage + 1}.${i}`;
      const stride = stage > 0 && i === 0 ? 2 : 1;
      const block = { name, inside, width, outside: bottleneck ? 4 * width : width, stride, bottleneck, strideIn };
      inside = block.outside;
      return block;
    }),
  );
}

/** What the convolutions of a block add to its input (or to a 1 x 1 convolution of that, where the shape changes), and ReLU. */
export function residual(scope: Scope, block: ResidualBlock, x: Tensor4D): Tensor4D {
  const inner = block.bottleneck ? bottleneckBlock : basicBlock;
  return relu(tf.add(inner(scope, block, x), shortcut(scope, block, x)));
}

function basicBlock(scope: Scope, { name, stride }: ResidualBlock, x: Tensor4D): Tensor4D {
  const y = relu(convNorm(scope, `${name}.conv1`, `${name}.bn1`, x, stride));
  return convNorm(scope, `${name}.conv2`, `${name}.bn2`, y);
}

function bottleneckBlock(scope: Scope, { name, stride, strideIn }: ResidualBlock, x: Tensor4D): Tensor4D {
  const [first, second] = strideIn === "1x1" ? [stride, 1] : [1, stride];
  const narrow = relu(convNorm(scope, `${name}.conv1`, `${name}.bn1`, x, first));
  const y = relu(convNorm(scope, `${name}.conv2`, `${name}.bn2`, narrow, second));
  return convNorm(scope, `${name}.conv3`, `${name}.bn3`, y);
}

function shortcut(scope: Scope, block: ResidualBlock, x: Tensor4D): Tensor4D {
  if (!isReshaping(block)) return x;
  const { name, stride } = block;
  return convNorm(scope, `${name}.downsample.0`, `${name}.downsample.1`, x, stride);
}

/** Whether the shortcut of a block needs a convolution of its own. */
function isReshaping({ inside, outside, stride }: ResidualBlock): boolean {
  return stride !== 1 || inside !== outside;
}

/** The weights of {@link residual}. */
export function residualWeights(block: ResidualBlock): WeightSpec[] {
  const { name, inside, width, outside } = block;
  const convs = block.bottleneck
    ? ([[inside, width, 1], [width, width, 3], [width, outside, 1]] as const) // biome-ignore format: one line
    : ([[inside, width, 3], [width, outside, 3]] as const); // biome-ignore format: one line
  return [
    ...convs.flatMap(([from, to, kernel], i) => convNormWeights(`${name}.conv${i + 1}`, `${name}.bn${i + 1}`, from, to, kernel)),
    ...(isReshaping(block) ? convNormWeights(`${name}.downsample.0`, `${name}.downsample.1`, inside, outside, 1) : []),
  ];
}

/** The weights of the convolution before the first block, `conv1` and `bn1`. */
export function stemWeights(inChannels: number, width: number, kernel: number): WeightSpec[] {
  return convNormWeights("conv1", "bn1", inChannels, width, kernel);
}

/** A convolution without bias and the normalisation after it. The kernel starts He-normal by its fan-out, as torchvision's. */
function convNormWeights(conv: string, norm: string, inside: number, outside: number, kernel: number): WeightSpec[] {
  const initial = { heNormal: { fan: kernel * kernel * outside } };
  const kernels = conv2dWeights(conv, inside, outside, kernel, false).map((spec) => ({ ...spec, initial }));
  return [...kernels, ...batchNormWeights(norm, outside)];
}
