import { z } from "zod";
import { relu } from "../backend/ops.ts";
import { buildClassifier, classifierWeights, type Encoder } from "./classifier.ts";
import { convNorm } from "./layers/norm.ts";
import { residual, residualBlocks, residualWeights, stemWeights } from "./layers/residual.ts";
import type { Classifier, ModelShape } from "./model.ts";
import type { WeightSpec } from "./weights.ts";

/** Options of {@link buildMiniResNet}. */
export const miniresnetOptions = z
  .strictObject({
    kind: z.literal("miniresnet").describe("architecture"),
    widths: z
      .array(z.int().min(1).max(1024))
      .min(1)
      .max(6)
      .default([16, 32, 64])
      .describe("feature maps of each stage; each after the first halves the resolution"),
    blocks: z.int().min(1).max(16).default(1).describe("residual blocks in each stage, of two 3 x 3 convolutions"),
  })
  .meta({ id: "miniresnet" });
export type MiniResNetOptions = z.output<typeof miniresnetOptions>;

/**
 * A small residual classifier for crops: a 3 x 3 convolution, stages of basic blocks, the mean over the image, one linear layer. By its defaults the
 * network of 8 layers that He et al. build for CIFAR (6 n + 2, n = 1), with 1 x 1 convolutions as shortcuts where the shape changes.
 *
 * Our choice: the "Mini-ResNet" of HexaNet (Radiology: AI 2026, doi:10.1148/ryai.250737) is not public, and this is not claimed to be it.
 *
 * Source: He et al. 2016, doi:10.1109/CVPR.2016.90, section 4.2; names as torchvision's.
 *
 * @param shape - `outChannels` is the number of classes.
 * @returns A model from N x H x W x inChannels, any H and W, to N x classes logits.
 */
export function buildMiniResNet(options: MiniResNetOptions, shape: ModelShape): Classifier {
  return buildClassifier(options.kind, miniresnetEncoder(options, shape.inChannels), shape);
}

/** All of {@link buildMiniResNet} before the mean over the image; its maps have a 2^(stages - 1)-th of the image's side. */
export function miniresnetEncoder({ widths, blocks: count }: MiniResNetOptions, inChannels: number): Encoder {
  const inside = widths[0]!;
  const blocks = residualBlocks({ inside, widths, counts: widths.map(() => count), bottleneck: false, strideIn: "3x3" });
  return {
    specs: [...stemWeights(inChannels, inside, 3), ...blocks.flatMap(residualWeights)],
    features: widths.at(-1)!,
    stride: 2 ** (widths.length - 1),
    encode: (scope, image) => {
      const stem = relu(convNorm(scope, "conv1", "bn1", image));
      return blocks.reduce((x, block) => residual(scope, block, x), stem);
    },
  };
}

/** Every weight of {@link buildMiniResNet} in the order of the forward pass. */
export function miniresnetWeights(
  options: MiniResNetOptions,
  { inChannels, outChannels }: Omit<ModelShape, "seed">,
): WeightSpec[] {
  return classifierWeights(miniresnetEncoder(options, inChannels), outChannels);
}
