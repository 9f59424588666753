import { z } from "zod";
import { type Tensor2D, type Tensor4D, type Tensor5D, tf } from "../backend/tf.ts";
import { type Encoder, imageFeatures } from "./classifier.ts";
import { encoderOf, encoderOptions } from "./encoder.ts";
import { linear, linearWeights } from "./layers/linear.ts";
import { type Scope, within } from "./layers/scope.ts";
import type { ImageSetNetwork, Model, ModelShape } from "./model.ts";
import { createWeights, disposeWeights, inside, trainableNames, type WeightSpec } from "./weights.ts";

/** Options of {@link buildHexaNet}. */
export const hexanetOptions = z.strictObject({
  kind: z.literal("hexanet").describe("architecture"),
  encoder: encoderOptions.default({ kind: "miniresnet", widths: [16, 32, 64], blocks: 1 }).describe("what sees one region"),
  regions: z.int().min(1).max(32).default(6).describe("regions of a case, in a fixed order"),
  shared: z.boolean().default(false).describe("whether all regions are seen by one encoder, and not each by its own"),
  presence: z
    .boolean()
    .default(true)
    .describe("whether the classifier is told which regions are there; a missing one's features are 0 either way"),
});
export type HexaNetOptions = z.output<typeof hexanetOptions>;

/**
 * Six crops of a case, one for each brain region, each through an encoder; their features side by side, and one linear layer. A region that is missing gives
 * zeros, and with `presence` one more number a region says which are there: 0 for missing, 1 for there.
 *
 * What the paper makes public is crops, a "Mini-ResNet" extractor and two classes; the branches side by side are our reading, whether they share weights and what
 * becomes of a missing region our choice. Missing crops still count in the statistics of a batch normalisation in training: fill them with black.
 * The control on whole images is the plain classifier of the same encoder (`buildMiniResNet`, `buildResNet`).
 *
 * Source: Radiology: Artificial Intelligence 2026, doi:10.1148/ryai.250737 (abstract).
 *
 * @param shape - `inChannels` of each crop; `outChannels` is the number of classes.
 * @returns A model from N x regions x H x W x inChannels to N x classes logits.
 */
export function buildHexaNet(options: HexaNetOptions, shape: ModelShape): ImageSetNetwork<Tensor2D> {
  const specs = hexanetWeights(options, shape);
  const weights = createWeights(specs, shape.seed);
  const encoder = encoderOf(options.encoder, shape.inChannels);
  return {
    kind: options.kind,
    weights,
    trainable: trainableNames(specs),
    sizeMultiple: 1,
    apply: (crops, present, mode) =>
      tf.tidy(() => hexanet({ weights: mode.weights ?? weights, mode }, options, encoder, crops, present)),
    dispose: () => disposeWeights(weights),
  };
}

/**
 * {@link buildHexaNet} as a model that training and prediction know: the regions of some cases, one case after the other, each in its fixed order; a crop that is all
 * black is a region that is missing.
 *
 * @returns A model from cases * regions x H x W x inChannels to cases x 1 x 1 x classes logits.
 */
export function buildRegionModel(options: HexaNetOptions, shape: ModelShape): Model {
  const network = buildHexaNet(options, shape);
  return {
    ...network,
    apply: (images, mode) =>
      tf.tidy(() => {
        const [count, height, width, channels] = images.shape;
        const cases = count / options.regions;
        const crops = tf.reshape(images, [cases, options.regions, height, width, channels]) as Tensor5D;
        const present = tf.cast(tf.greater(tf.max(images, [1, 2, 3]), 0), "float32");
        const logits = network.apply(crops, tf.reshape(present, [cases, options.regions]) as Tensor2D, mode);
        return tf.reshape(logits, [cases, 1, 1, logits.shape[1]]) as Tensor4D;
      }),
  };
}

function hexanet(scope: Scope, options: HexaNetOptions, encoder: Encoder, crops: Tensor5D, present: Tensor2D): Tensor2D {
  const [cases, regions, height, width, channels] = crops.shape;
  if (regions !== options.regions) throw new RangeError(`hexanet: takes ${options.regions} regions a case; got ${regions}`);
  const features = options.shared
    ? imageFeatures(encoder, within(scope, "branch"), tf.reshape(crops, [cases * regions, height, width, channels]))
    : tf.concat(regionsOf(crops).map((crop, i) => imageFeatures(encoder, within(scope, `branch${i}`), crop)), 1); // biome-ignore format: one line
  const seen = tf.mul(tf.reshape(features, [cases, regions, encoder.features]), tf.reshape(present, [cases, regions, 1]));
  const flat = tf.reshape(seen, [cases, regions * encoder.features]) as Tensor2D;
  return linear(scope, "fc", options.presence ? tf.concat([flat, present], 1) : flat);
}

/** The crops of each region. */
function regionsOf(crops: Tensor5D): Tensor4D[] {
  const [cases, regions, height, width, channels] = crops.shape;
  const rows = tf.reshape(crops, [cases, regions, height * width * channels]);
  return Array.from({ length: regions }, (_, i) =>
    tf.reshape(tf.slice(rows, [0, i, 0], [-1, 1, -1]), [cases, height, width, channels]),
  );
}

/** Every weight of {@link buildHexaNet} in the order of the forward pass: `branch.…` where all regions share them, else `branch0.…` and so on, and `fc`. */
export function hexanetWeights(options: HexaNetOptions, { inChannels, outChannels }: Omit<ModelShape, "seed">): WeightSpec[] {
  const { specs, features } = encoderOf(options.encoder, inChannels);
  const names = options.shared ? ["branch"] : Array.from({ length: options.regions }, (_, i) => `branch${i}`);
  const inputs = options.regions * (features + (options.presence ? 1 : 0));
  return [...names.flatMap((name) => inside(name, specs)), ...linearWeights("fc", inputs, outChannels)];
}
