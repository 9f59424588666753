import { z } from "zod";
import { relu } from "../backend/ops.ts";
import { buildClassifier, classifierWeights, type Encoder } from "./classifier.ts";
import { maxPool } from "./layers/conv.ts";
import { convNorm } from "./layers/norm.ts";
import { residual, residualBlocks, residualWeights, stemWeights } from "./layers/residual.ts";
import type { Classifier, ModelShape } from "./model.ts";
import type { WeightSpec } from "./weights.ts";

export const resnetKinds = ["resnet18", "resnet34", "resnet50"] as const;
export type ResNetKind = (typeof resnetKinds)[number];

/** Options of {@link buildResNet}. */
export const resnetOptions = z
  .strictObject({
    kind: z.enum(resnetKinds).describe("architecture"),
    /** Feature maps after the first convolution; the four stages have 1, 2, 4 and 8 times as many, or four times that in resnet50. */
    width: z.int().min(1).max(1024).default(64).describe("feature maps after the first convolution; the reference has 64"),
    /** Of resnet50: the convolution that halves the resolution of a stage's first block. 3x3 as torchvision's "v1.5", or the first 1x1 as the paper's and Keras'. */
    strideIn: z
      .enum(["3x3", "1x1"])
      .default("3x3")
      .describe("of resnet50, the convolution with the stride: 3x3 as torchvision's, or 1x1 as the paper's and Keras'"),
  })
  .meta({ id: "resnet" });
export type ResNetOptions = z.output<typeof resnetOptions>;

/** Blocks in each stage, and whether they are bottlenecks. */
const designs = {
  resnet18: { blocks: [2, 2, 2, 2], bottleneck: false },
  resnet34: { blocks: [3, 4, 6, 3], bottleneck: false },
  resnet50: { blocks: [3, 4, 6, 3], bottleneck: true },
} as const satisfies Record<ResNetKind, { blocks: readonly number[]; bottleneck: boolean }>;

/**
 * ResNet as torchvision's "v1.5", under its names: the stride of a bottleneck is in its 3 x 3 convolution, unless `strideIn` says otherwise.
 *
 * Sources: He et al. 2016, doi:10.1109/CVPR.2016.90; torchvision.models.resnet18, resnet34, resnet50 (github.com/pytorch/vision).
 *
 * @param shape - `outChannels` is the number of classes.
 * @returns A model from N x H x W x inChannels, any H and W, to N x classes logits.
 */
export function buildResNet(options: ResNetOptions, shape: ModelShape): Classifier {
  return buildClassifier(options.kind, resnetEncoder(options, shape.inChannels), shape);
}

/** All of {@link buildResNet} before the mean over the image; its maps have a 32nd of the image's side. */
export function resnetEncoder({ kind, width, strideIn }: ResNetOptions, inChannels: number): Encoder {
  const { blocks: counts, bottleneck } = designs[kind];
  const widths = counts.map((_, stage) => width * 2 ** stage);
  const blocks = residualBlocks({ inside: width, widths, counts, bottleneck, strideIn });
  return {
    specs: [...stemWeights(inChannels, width, 7), ...blocks.flatMap(residualWeights)],
    features: blocks.at(-1)!.outside,
    stride: 32,
    encode: (scope, image) => {
      const stem = relu(convNorm(scope, "conv1", "bn1", image, 2));
      return blocks.reduce((x, block) => residual(scope, block, x), maxPool(stem, 3, 2, 1));
    },
  };
}

/** Every weight of {@link buildResNet} in the order of the forward pass. */
export function resnetWeights(options: ResNetOptions, { inChannels, outChannels }: Omit<ModelShape, "seed">): WeightSpec[] {
  return classifierWeights(resnetEncoder(options, inChannels), outChannels);
}
