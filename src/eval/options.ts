import { z } from "zod";
import { splitNames } from "../data/dataset.ts";

const target = () => z.number().gt(0).max(1).default(0.9);
const logit = () => z.number().min(-100).max(100).nullable().default(null);

/** How the operating point of the scores is chosen, for each of slice, stack and subject. Never on the split that is evaluated. */
export const thresholdOptions = z.discriminatedUnion("rule", [
  z.strictObject({ rule: z.literal("youden").describe("highest sensitivity + specificity on the validation split") }),
  z.strictObject({
    rule: z
      .literal("sensitivity")
      .describe("highest specificity among thresholds that reach a sensitivity on the validation split"),
    target: target().describe("sensitivity to reach on the validation split, in (0, 1]"),
  }),
  z.strictObject({
    rule: z
      .literal("specificity")
      .describe("highest sensitivity among thresholds that reach a specificity on the validation split"),
    target: target().describe("specificity to reach on the validation split, in (0, 1]"),
  }),
  z.strictObject({
    rule: z.literal("fixed").describe("given here, for instance from another run's results.json"),
    slice: logit().describe("slices scoring at least this are called positive, logit; null: no call"),
    stack: logit().describe("stacks scoring at least this are called positive, logit; null: no call"),
    subject: logit().describe("subjects scoring at least this are called positive, logit; null: no call"),
  }),
]);
export type ThresholdOptions = z.output<typeof thresholdOptions>;

/** How a probability map becomes a mask. */
export const maskOptions = z.discriminatedUnion("rule", [
  z.strictObject({
    rule: z.literal("bestDice").describe("highest mean Dice over the validation slices with a lesion, on a grid of 0.05"),
  }),
  z.strictObject({
    rule: z.literal("fixed").describe("given here"),
    probability: z.number().gt(0).lt(1).default(0.5).describe("a voxel is lesion at this probability or above, in (0, 1)"),
  }),
]);

/** Intervals by resampling whole patients. */
export const bootstrapOptions = z.strictObject({
  /** Resamples, shared by all metrics. */
  resamples: z.int().min(100).max(100_000).default(2000).describe("resamples of patients, shared by all metrics"),
  /** Confidence level of every interval, in (0, 1). */
  level: z.number().min(0.5).lt(1).default(0.95).describe("confidence level of every interval, in [0.5, 1)"),
  /** Resample the validation patients too and choose the threshold anew each time, so that intervals include the choice. */
  includeThreshold: z
    .boolean()
    .default(true)
    .describe("resample the validation patients too and choose thresholds anew, so that intervals include the choice"),
});
export type BootstrapOptions = z.output<typeof bootstrapOptions>;

/** Options of `hemosynth eval`; the `eval` section of a config. */
export const evalOptions = z.strictObject({
  /** The split that is evaluated. */
  split: z.enum(splitNames).default("test").describe("the split that is evaluated"),
  threshold: thresholdOptions.prefault({ rule: "youden" }).describe("how the operating point of the scores is chosen"),
  alsoThresholds: z
    .array(thresholdOptions)
    .max(8)
    .default([])
    .describe("further rules whose thresholds are carried over beside the first's: what each reached on validation and here"),
  mask: maskOptions.prefault({ rule: "bestDice" }).describe("how a probability map becomes a mask"),
  /** Dice where truth and prediction are both empty. Positives never are; the rule matters for the Dice over all slices. */
  emptyMask: z
    .enum(["skip", "one", "zero", "smoothed"])
    .default("skip")
    .describe(
      "Dice where truth and prediction are both empty. skip: left out; one, zero: that value; smoothed: (2 TP + 1) / (2 TP + FP + FN + 1) everywhere",
    ),
  /** Spahr's Dice beside that of `emptyMask`, so that both can be read from one table. */
  smoothedToo: z
    .boolean()
    .default(false)
    .describe("Dice by smoothed beside that by emptyMask, of slices and stacks: over those with a lesion, and over all"),
  /** Cases without a lesion mask and without grade 0. */
  unlabelled: z
    .enum(["refuse", "healthy", "skip"])
    .default("refuse")
    .describe("cases without a lesion mask. refuse: an error; healthy: count as lesion-free; skip: left out"),
  pointingMm: z
    .number()
    .min(0)
    .max(100)
    .default(5)
    .describe("heat maps point at a lesion where their hottest pixel is within this of it, mm"),
  bootstrap: bootstrapOptions.prefault({}).describe("intervals by resampling whole patients"),
});
export type EvalOptions = z.output<typeof evalOptions>;
