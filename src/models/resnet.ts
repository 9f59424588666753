import { z } from "zod";
import { relu } from "../backend/ops.ts";
import { type Tensor2D, type Tensor4D, tf } from "../backend/tf.ts";
import { conv2dWeights, maxPool } from "./layers/conv.ts";
import { linear, linearWeights } from "./layers/linear.ts";
import { batchNormWeights, convNorm } from "./layers/norm.ts";
import type { Scope } from "./layers/scope.ts";
import type { Classifier, ModelShape } from "./model.ts";
import { createWeights, disposeWeights, type WeightSpec } from "./weights.ts";

export const resnetKinds = ["resnet18", "resnet34", "resnet50"] as const;
export type ResNetKind = (typeof resnetKinds)[number];

/** Options of {@link buildResNet}. */
export const resnetOptions = z.strictObject({
  kind: z.enum(resnetKinds).describe("architecture"),
  /** Feature maps after the first convolution; the four stages have 1, 2, 4 and 8 times as many, or four times that in resnet50. */
  width: z.int().min(1).max(1024).default(64).describe("feature maps after the first convolution; the reference has 64"),
});
export type ResNetOptions = z.output<typeof resnetOptions>;

/** Blocks in each stage, and whether they are bottlenecks. */
const designs = {
  resnet18: { blocks: [2, 2, 2, 2], bottleneck: false },
  resnet34: { blocks: [3, 4, 6, 3], bottleneck: false },
  resnet50: { blocks: [3, 4, 6, 3], bottleneck: true },
} as const satisfies Record<ResNetKind, { blocks: readonly number[]; bottleneck: boolean }>;

/**
 * ResNet as torchvision's "v1.5", under its names: the stride of a bottleneck is in its 3 x 3 convolution.
 *
 * Sources: He et al. 2016, doi:10.1109/CVPR.2016.90; torchvision.models.resnet18, resnet34, resnet50 (github.com/pytorch/vision).
 *
 * @param shape - `outChannels` is the number of classes.
 * @returns A model from N x H x W x inChannels, any H and W, to N x classes logits.
 */
export function buildResNet(options: ResNetOptions, shape: ModelShape): Classifier {
  const specs = resnetWeights(options, shape);
  const weights = createWeights(specs, shape.seed);
  return {
    kind: options.kind,
    weights,
    trainable: specs.filter((spec) => spec.trainable).map((spec) => spec.name),
    sizeMultiple: 1,
    apply: (x, mode) => tf.tidy(() => resnet({ weights: mode.weights ?? weights, mode }, options, x)),
    dispose: () => disposeWeights(weights),
  };
}

/** One residual block: its name, its widths, and the stride of its first 3 x 3 convolution. */
interface Block {
  readonly name: string;
  readonly inside: number;
  /** Of the 3 x 3 convolutions. */
  readonly width: number;
  readonly outside: number;
  readonly stride: number;
}

/** All blocks in the order of the forward pass. */
function blocksOf({ kind, width }: ResNetOptions): Block[] {
  const { blocks, bottleneck } = designs[kind];
  const expansion = bottleneck ? 4 : 1;
  let inside = width;
  return blocks.flatMap((count, stage) =>
    Array.from({ length: count }, (_, i) => {
      const own = width * 2 ** stage;
      const name = `layer${stage + 1}.${i}`;
      const block = { name, inside, width: own, outside: own * expansion, stride: stage > 0 && i === 0 ? 2 : 1 };
      inside = block.outside;
      return block;
    }),
  );
}

/** Whether the shortcut of a block needs a convolution of its own. */
function isReshaping({ inside, outside, stride }: Block): boolean {
  return stride !== 1 || inside !== outside;
}

function resnet(scope: Scope, options: ResNetOptions, image: Tensor4D): Tensor2D {
  const stem = relu(convNorm(scope, "conv1", "bn1", image, 2));
  let x = maxPool(stem, 3, 2, 1);
  const block = designs[options.kind].bottleneck ? bottleneckBlock : basicBlock;
  for (const of of blocksOf(options)) x = relu(tf.add(block(scope, of, x), shortcut(scope, of, x)));
  return linear(scope, "fc", tf.mean(x, [1, 2]) as Tensor2D);
}

function basicBlock(scope: Scope, { name, stride }: Block, x: Tensor4D): Tensor4D {
  const y = relu(convNorm(scope, `${name}.conv1`, `${name}.bn1`, x, stride));
  return convNorm(scope, `${name}.conv2`, `${name}.bn2`, y);
}

function bottleneckBlock(scope: Scope, { name, stride }: Block, x: Tensor4D): Tensor4D {
  const narrow = relu(convNorm(scope, `${name}.conv1`, `${name}.bn1`, x));
  const y = relu(convNorm(scope, `${name}.conv2`, `${name}.bn2`, narrow, stride));
  return convNorm(scope, `${name}.conv3`, `${name}.bn3`, y);
}

function shortcut(scope: Scope, block: Block, x: Tensor4D): Tensor4D {
  if (!isReshaping(block)) return x;
  const { name, stride } = block;
  return convNorm(scope, `${name}.downsample.0`, `${name}.downsample.1`, x, stride);
}

/** Every weight of {@link buildResNet} in the order of the forward pass. */
export function resnetWeights(options: ResNetOptions, { inChannels, outChannels }: Omit<ModelShape, "seed">): WeightSpec[] {
  const blocks = blocksOf(options);
  const { bottleneck } = designs[options.kind];
  return [
    ...convNormWeights("conv1", "bn1", inChannels, options.width, 7),
    ...blocks.flatMap((block) => blockWeights(block, bottleneck)),
    ...linearWeights("fc", blocks.at(-1)!.outside, outChannels),
  ];
}

function blockWeights(block: Block, bottleneck: boolean): WeightSpec[] {
  const { name, inside, width, outside } = block;
  const convs = bottleneck
    ? ([[inside, width, 1], [width, width, 3], [width, outside, 1]] as const) // biome-ignore format: one line
    : ([[inside, width, 3], [width, outside, 3]] as const); // biome-ignore format: one line
  return [
    ...convs.flatMap(([from, to, kernel], i) => convNormWeights(`${name}.conv${i + 1}`, `${name}.bn${i + 1}`, from, to, kernel)),
    ...(isReshaping(block) ? convNormWeights(`${name}.downsample.0`, `${name}.downsample.1`, inside, outside, 1) : []),
  ];
}

/** A convolution without bias and the normalisation after it. The kernel starts He-normal by its fan-out, as torchvision's. */
function convNormWeights(conv: string, norm: string, inside: number, outside: number, kernel: number): WeightSpec[] {
  const initial = { heNormal: { fan: kernel * kernel * outside } };
  const kernels = conv2dWeights(conv, inside, outside, kernel, false).map((spec) => ({ ...spec, initial }));
  return [...kernels, ...batchNormWeights(norm, outside)];
}
