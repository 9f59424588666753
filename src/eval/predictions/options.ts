import { z } from "zod";
import { intervalKinds } from "../metrics/bootstrap-interval.ts";

/** How calls are made of scores: `score >= threshold`. */
export const cutOptions = z.discriminatedUnion("rule", [
  z.strictObject({ rule: z.literal("youden").describe("highest sensitivity + specificity") }),
  z.strictObject({
    rule: z.literal("sensitivity").describe("highest specificity among thresholds that reach a sensitivity"),
    target: z.number().gt(0).max(1).describe("sensitivity to reach, in (0, 1]"),
  }),
  z.strictObject({
    rule: z.literal("specificity").describe("highest sensitivity among thresholds that reach a specificity"),
    target: z.number().gt(0).max(1).describe("specificity to reach, in (0, 1]"),
  }),
  z.strictObject({
    rule: z.literal("fixed").describe("given"),
    value: z.number().describe("rows scoring at least this are called positive, in the unit of the scores"),
  }),
]);
export type CutOptions = z.output<typeof cutOptions>;

/** Whether a threshold depends on the rows that it is chosen on, and is no number that was known before. */
export function isChosen(cut: CutOptions | null): boolean {
  return cut !== null && cut.rule !== "fixed";
}

/** Which column holds what; null is looked for by its usual names. */
export const columnOptions = z.strictObject({
  truth: z.string().nullable().default(null).describe("column with the truth"),
  score: z.string().nullable().default(null).describe("column with the score, higher for positives"),
  id: z.array(z.string()).nullable().default(null).describe("columns that together tell rows apart"),
  cluster: z.string().nullable().default(null).describe("column with the patient, or whatever is resampled as a whole"),
  subgroup: z.string().nullable().default(null).describe("column whose values get figures of their own"),
  positive: z.string().nullable().default(null).describe("value of the truth that is positive; null: 1 or true"),
  where: z
    .array(z.strictObject({ column: z.string(), value: z.string() }))
    .default([])
    .describe("only rows that hold these values are read"),
});
export type ColumnOptions = z.output<typeof columnOptions>;

/** Options of `hemosynth metrics`. */
export const metricsOptions = z.strictObject({
  columns: columnOptions.prefault({}).describe("which column holds what"),
  /** Null: 0.5 where all scores are in [0, 1], else there are no calls. */
  threshold: cutOptions
    .nullable()
    .default(null)
    .describe("how calls are made of scores; null: 0.5 of probabilities, else no calls"),
  interval: z.enum(intervalKinds).default("percentile").describe("way from resamples to an interval"),
  resamples: z.int().min(100).max(100_000).default(2000).describe("resamples of clusters, shared by all figures"),
  level: z.number().min(0.5).lt(1).default(0.95).describe("confidence level of every interval, in [0.5, 1)"),
  bins: z.int().min(2).max(100).default(10).describe("bins of the calibration curve, of equal width"),
  seed: z
    .int()
    .min(0)
    .lt(2 ** 31)
    .default(0)
    .describe("seed of the resamples"),
});
export type MetricsOptions = z.output<typeof metricsOptions>;
