import { z } from "zod";
import { withoutGradient } from "../backend/ops.ts";
import { type Tensor2D, type Tensor3D, type Tensor4D, type Tensor5D, tf } from "../backend/tf.ts";
import { type Encoder, imageFeatures } from "./classifier.ts";
import { encoderOf, encoderOptions } from "./encoder.ts";
import { type AttentionPooled, attentionPool, attentionScores, attentionWeights, weightedMean } from "./layers/attention.ts";
import { linear, linearWeights } from "./layers/linear.ts";
import { type Scope, within } from "./layers/scope.ts";
import type { BagOutput, ImageSetNetwork, Model, ModelShape } from "./model.ts";
import { createWeights, disposeWeights, inside, trainableNames, type WeightSpec } from "./weights.ts";

/** How the images of a bag become one. */
const poolingOptions = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("attention").describe("gated attention"),
    hidden: z.int().min(1).max(4096).default(128).describe("features of each of its two branches"),
  }),
  z.strictObject({ kind: z.literal("mean").describe("all images alike") }),
  z.strictObject({ kind: z.literal("max").describe("the image with the highest logit") }),
  z.strictObject({
    kind: z.literal("topk").describe("the mean of the images with the highest logits"),
    k: z.int().min(1).max(1024).default(3).describe("images; all of a bag that has fewer"),
  }),
]);

/** Options of {@link buildMil}. */
export const milOptions = z.strictObject({
  kind: z.literal("mil").describe("architecture"),
  encoder: encoderOptions
    .default({ kind: "miniresnet", widths: [16, 32, 64], blocks: 1 })
    .describe("what sees one image of a bag"),
  pooling: poolingOptions.default({ kind: "attention", hidden: 128 }).describe("how the images of a bag become one"),
});
export type MilOptions = z.output<typeof milOptions>;

/**
 * Multiple-instance learning: each image of a bag through one encoder, a weighted mean of their features, one linear layer. With a linear layer at the end that is also
 * the weighted mean of the images' own logits: `mean` is the mean logit, `max` the highest, `topk` the mean of the k highest (images that tie share);
 * `attention` learns the weights, and the order of the images matters to none.
 *
 * Sources: Ilse et al. 2018, arXiv:1802.04712; which pooling a published neonatal ultrasound system has is not public.
 *
 * @param shape - `outChannels` is the number of classes; `max` and `topk` take 1.
 * @returns A model from bags x images x H x W x inChannels, and 1 for a real image or 0 for what fills a bag up, to {@link BagOutput}. A bag needs one real image at least.
 * @throws {RangeError} If `max` or `topk` is asked for more classes than one.
 */
export function buildMil(options: MilOptions, shape: ModelShape): ImageSetNetwork<BagOutput> {
  const { kind, pooling } = options;
  if ((pooling.kind === "max" || pooling.kind === "topk") && shape.outChannels !== 1)
    throw new RangeError(
      `mil: pooling ${pooling.kind} ranks images by one logit; got ${shape.outChannels} classes. Use attention or mean`,
    );
  const specs = milWeights(options, shape);
  const weights = createWeights(specs, shape.seed);
  const encoder = encoderOf(options.encoder, shape.inChannels);
  return {
    kind,
    weights,
    trainable: trainableNames(specs),
    sizeMultiple: 1,
    apply: (bags, real, mode) =>
      tf.tidy(() => {
        const scope = { weights: mode.weights ?? weights, mode };
        const { pooled, attention } = pool(scope, options, featuresOf(scope, encoder, bags), real);
        return { logits: linear(scope, "fc", pooled), attention };
      }),
    dispose: () => disposeWeights(weights),
  };
}

/** Bags x images x features. */
function featuresOf(scope: Scope, encoder: Encoder, bags: Tensor5D): Tensor3D {
  const [count, images, height, width, channels] = bags.shape;
  const flat = tf.reshape(bags, [count * images, height, width, channels]) as Tensor4D;
  return tf.reshape(imageFeatures(encoder, within(scope, "encoder"), flat), [count, images, encoder.features]);
}

function pool(scope: Scope, { pooling }: MilOptions, x: Tensor3D, real: Tensor2D): AttentionPooled {
  switch (pooling.kind) {
    case "attention":
      return attentionPool(scope, "attention", x, real);
    case "mean":
      return weightedMean(x, tf.div(real, tf.sum(real, 1, true)));
    case "max":
      return weightedMean(x, highest(scope, x, real, 1));
    case "topk":
      return weightedMean(x, highest(scope, x, real, pooling.k));
    default:
      return pooling satisfies never;
  }
}

/** Equal shares for the `k` images of each bag with the highest logits. No gradient flows through the choice. */
function highest(scope: Scope, x: Tensor3D, real: Tensor2D, k: number): Tensor2D {
  const [bags, images, features] = x.shape;
  return topShares(tf.reshape(linear(scope, "fc", tf.reshape(x, [bags * images, features])), [bags, images]), real, k);
}

/** The same of given logits, bags x images. */
function topShares(logits: Tensor2D, real: Tensor2D, k: number): Tensor2D {
  const shares = withoutGradient(
    (score, there) => {
      const ranked = tf.add(score!, tf.mul(tf.sub(there!, 1), 1e9)); // what fills a bag up comes last
      const bar = tf.min(tf.topk(ranked, Math.min(k, ranked.shape[1]!)).values, 1, true);
      const chosen = tf.mul(tf.cast(tf.greaterEqual(ranked, bar), "float32"), there!);
      return tf.div(chosen, tf.sum(chosen, 1, true));
    },
    [logits, real],
  );
  return shares as Tensor2D;
}

/**
 * {@link buildMil} with one class, image by image: a bag may then have any number of images, and memory is that of a batch of them.
 *
 * @param shape - `outChannels` has no part in it.
 * @returns A model from N x H x W x inChannels to N x 1 x 1 x 2: the logit of each image by itself, and the score that decides its share of a bag:
 *   that of the attention, or 0 for `mean`, or the logit for `max` and `topk`. Its `pool` gives what {@link buildMil} gives, rounding apart.
 */
export function buildBagModel(options: MilOptions, shape: Omit<ModelShape, "outChannels">): Model {
  const specs = milWeights(options, { ...shape, outChannels: 1 });
  const weights = createWeights(specs, shape.seed);
  const encoder = encoderOf(options.encoder, shape.inChannels);
  return {
    kind: options.kind,
    weights,
    trainable: trainableNames(specs),
    sizeMultiple: 1,
    apply: (images, mode) =>
      tf.tidy(() => {
        const scope = { weights: mode.weights ?? weights, mode };
        const features = imageFeatures(encoder, within(scope, "encoder"), images);
        const logits = linear(scope, "fc", features);
        return tf.reshape(tf.concat([logits, scoresOf(scope, options, features, logits)], 1), [images.shape[0], 1, 1, 2]);
      }),
    pool: (told, bags) => poolImages(told, bags, options),
    dispose: () => disposeWeights(weights),
  };
}

function scoresOf(scope: Scope, { pooling }: MilOptions, features: Tensor2D, logits: Tensor2D): Tensor2D {
  switch (pooling.kind) {
    case "attention":
      return attentionScores(scope, "attention", features);
    case "mean":
      return tf.zerosLike(logits);
    case "max":
    case "topk":
      return logits;
    default:
      return pooling satisfies never;
  }
}

/** Bags of equally many images, one after the other, from what {@link buildBagModel} tells of each. */
function poolImages(told: Tensor4D, bags: number, { pooling }: MilOptions): BagOutput {
  return tf.tidy(() => {
    const shape: [number, number] = [bags, told.shape[0] / bags];
    const [logits, scores] = tf.split(told, 2, 3).map((channel) => tf.reshape(channel, shape)) as [Tensor2D, Tensor2D];
    const isTop = pooling.kind === "max" || pooling.kind === "topk";
    const k = pooling.kind === "topk" ? pooling.k : 1;
    const attention = isTop ? topShares(scores, tf.ones(shape), k) : (tf.softmax(scores) as Tensor2D);
    return { logits: tf.sum(tf.mul(logits, attention), 1, true) as Tensor2D, attention };
  });
}

/** Every weight of {@link buildMil} in the order of the forward pass: `encoder.…`, `attention.…`, `fc`. */
export function milWeights(
  { encoder, pooling }: MilOptions,
  { inChannels, outChannels }: Omit<ModelShape, "seed">,
): WeightSpec[] {
  const { specs, features } = encoderOf(encoder, inChannels);
  return [
    ...inside("encoder", specs),
    ...(pooling.kind === "attention" ? attentionWeights("attention", features, pooling.hidden) : []),
    ...linearWeights("fc", features, outChannels),
  ];
}
