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
  z.strictObject({
    kind: z
      .literal("persistence")
      .describe("the run of neighbouring images with the highest mean logit; wants train.bags.inOrder"),
    images: z.int().min(1).max(1024).default(2).describe("images of a run; all of a bag that has fewer"),
  }),
]);
type PoolingOptions = z.output<typeof poolingOptions>;

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
 * the weighted mean of the images' own logits: `mean` is the mean logit, `max` the highest, `topk` the mean of the k highest, `persistence` that of the run of
 * neighbours where it is highest (images or runs that tie share); `attention` learns the weights. The order of the images matters to `persistence` alone.
 *
 * Sources: Ilse et al. 2018, arXiv:1802.04712; which pooling a published neonatal ultrasound system has is not public. `persistence`, our choice: what is
 * there is seen in neighbouring frames, speckle and artefacts in single ones.
 *
 * @param shape - `outChannels` is the number of classes; `max`, `topk` and `persistence` take 1.
 * @returns A model from bags x images x H x W x inChannels, and 1 for a real image or 0 for what fills a bag up, to {@link BagOutput}. A bag needs one real image at least.
 * @throws {RangeError} If a pooling that ranks images is asked for more classes than one.
 */
export function buildMil(options: MilOptions, shape: ModelShape): ImageSetNetwork<BagOutput> {
  const { kind, pooling } = options;
  if (ranksOf(pooling) !== null && shape.outChannels !== 1)
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
    case "topk":
    case "persistence": {
      const [bags, images, features] = x.shape;
      const logits = linear(scope, "fc", tf.reshape(x, [bags * images, features]) as Tensor2D);
      return weightedMean(x, sharesOf(ranksOf(pooling)!, tf.reshape(logits, [bags, images]) as Tensor2D, real));
    }
    default:
      return pooling satisfies never;
  }
}

/** Which images of a bag share by their logits: the `k` highest, or the best run of `run` neighbours. */
type Ranks = { readonly k: number } | { readonly run: number };

/** Null for a pooling that does not rank images. */
function ranksOf(pooling: PoolingOptions): Ranks | null {
  switch (pooling.kind) {
    case "attention":
    case "mean":
      return null;
    case "max":
      return { k: 1 };
    case "topk":
      return { k: pooling.k };
    case "persistence":
      return { run: pooling.images };
    default:
      return pooling satisfies never;
  }
}

/** Equal shares for the images that are chosen by their logits, bags x images. No gradient flows through the choice. */
function sharesOf(ranks: Ranks, logits: Tensor2D, real: Tensor2D): Tensor2D {
  const shares = withoutGradient(
    (score, there) => {
      const ranked = tf.add(score!, tf.mul(tf.sub(there!, 1), 1e9)) as Tensor2D; // what fills a bag up comes last
      const chosen = tf.mul("k" in ranks ? topImages(ranked, ranks.k) : bestRun(ranked, ranks.run), there!);
      return tf.div(chosen, tf.sum(chosen, 1, true));
    },
    [logits, real],
  );
  return shares as Tensor2D;
}

/** 1 for the `k` highest of each row and what ties with them, else 0. */
function topImages(ranked: Tensor2D, k: number): Tensor2D {
  const bar = tf.min(tf.topk(ranked, Math.min(k, ranked.shape[1])).values, 1, true);
  return tf.cast(tf.greaterEqual(ranked, bar), "float32");
}

/** Of each row, in how many of the runs of `length` neighbours with the highest sum a place is: 1 or 0 unless runs tie. */
function bestRun(ranked: Tensor2D, length: number): Tensor2D {
  const [bags, images] = ranked.shape;
  const run = Math.min(length, images);
  const places = Array.from({ length: run }, (_, i) => i);
  const sums = tf.addN(places.map((from) => tf.slice(ranked, [0, from], [bags, images - run + 1])));
  const best = tf.cast(tf.greaterEqual(sums, tf.max(sums, 1, true)), "float32") as Tensor2D;
  return tf.addN(places.map((from) => tf.pad(best, [[0, 0], [from, run - 1 - from]]))); // biome-ignore format: one line
}

/**
 * {@link buildMil} with one class, image by image: a bag may then have any number of images, and memory is that of a batch of them.
 *
 * @param shape - `outChannels` has no part in it.
 * @returns A model from N x H x W x inChannels to N x 1 x 1 x 2: the logit of each image by itself, and the score that decides its share of a bag:
 *   that of the attention, or 0 for `mean`, or the logit where images are ranked. Its `pool` gives what {@link buildMil} gives, rounding apart.
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
    case "persistence":
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
    const ranks = ranksOf(pooling);
    const attention = ranks === null ? (tf.softmax(scores) as Tensor2D) : sharesOf(ranks, scores, tf.ones(shape));
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
