import { z } from "zod";
import { intervalKinds } from "../metrics/bootstrap-interval.ts";
import type { Pool } from "../metrics/pool.ts";
import { permutationsField, resamplingFields } from "../tables/options.ts";

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

/** How the scores of the rows of a patient become one. */
export const poolOptions = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("mean").describe("their mean") }),
  z.strictObject({ kind: z.literal("max").describe("the highest") }),
  z.strictObject({
    kind: z.literal("top-k").describe("mean of the highest"),
    k: z.int().min(1).max(10_000).default(3).describe("how many; all of a patient with fewer"),
  }),
  z.strictObject({ kind: z.literal("noisy-or").describe("of probabilities, 1 minus the product of 1 - p") }),
  z.strictObject({
    kind: z.literal("vote").describe("share of rows that score at least a threshold; of several classes, that are called so"),
    cut: z.number().default(0.5).describe("the threshold, in the unit of the scores"),
  }),
]) satisfies z.ZodType<Pool>;

/** Which column holds what; null is looked for by its usual names. */
export const columnOptions = z.strictObject({
  truth: z.string().nullable().default(null).describe("column with the truth"),
  score: z.string().nullable().default(null).describe("column with the score, higher for positives"),
  id: z.array(z.string()).nullable().default(null).describe("columns that together tell rows apart"),
  cluster: z
    .array(z.string())
    .nullable()
    .default(null)
    .describe("columns with what is resampled as a whole: the patient; or clusters in clusters, the outermost first"),
  stratify: z
    .string()
    .nullable()
    .default(null)
    .describe('column whose values keep their numbers of clusters in every resample; "truth" is the truth'),
  subgroup: z.string().nullable().default(null).describe("column whose values get figures of their own"),
  scoreColumns: z
    .array(z.string())
    .nullable()
    .default(null)
    .describe("of several classes, columns with the score of each, called after it or written class=column"),
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
  per: z.string().nullable().default(null).describe("column whose rows become one: the patient, say"),
  pool: poolOptions.prefault({ kind: "mean" }).describe("how their scores become one"),
  margin: z
    .number()
    .gt(0)
    .lt(1)
    .nullable()
    .default(null)
    .describe("how much worse than another model is as good as, in the unit of the figure"),
  permutations: permutationsField,
  bins: z.int().min(2).max(100).default(10).describe("bins of the calibration curve, of equal width"),
  ...resamplingFields,
});
export type MetricsOptions = z.output<typeof metricsOptions>;
