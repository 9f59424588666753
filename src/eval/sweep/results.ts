import { z } from "zod";
import { metricSchema } from "../results.ts";
import { levels } from "../scores.ts";

const value = z.number().nullable();
const count = z.int().min(0);

/** The figures that settings are compared by; the first that exists leads. */
export const comparedFigures = [
  { metric: "auroc", per: "stack" },
  { metric: "auroc", per: "slice" },
  { metric: "auroc", per: "subject" },
  { metric: "dice", per: "slice" },
  { metric: "dice", per: "stack" },
] as const;
export type ComparedFigure = (typeof comparedFigures)[number];

const figureName = { metric: z.enum(["auroc", "dice"]), per: z.enum(levels) };

/** What makes a figure vary, as standard deviations of that of one training; null for fewer than two seeds. See componentsOf. */
const components = z.strictObject({ seed: z.number(), patients: z.number(), both: z.number(), all: z.number() }).nullable();

/** A figure of one setting: mean over its seeds, with the spread over cases and that over seeds apart. */
const settingFigure = z.strictObject({
  ...figureName,
  /** Runs that the mean is of, each of another seed. */
  seeds: count,
  /** Mean over the seeds. */
  mean: value,
  /** Interval of the mean when patients are drawn anew and the networks stay. */
  low: value,
  high: value,
  /** Standard deviation of the mean over the resamples of patients; null with the interval, for the same reason. */
  caseSd: value,
  /** Standard deviation of single seeds (n - 1); null for fewer than two. */
  seedSd: value,
  components,
  reason: z.string().nullable(),
});
export type SettingFigure = z.output<typeof settingFigure>;

/** A setting less the baseline: the same patients, the same resamples, the same seeds. */
const comparisonSchema = z.strictObject({
  setting: z.string(),
  ...figureName,
  /** Seeds that both were trained with. */
  seeds: count,
  /** Distinct patients. */
  patients: count,
  /** Mean over those seeds. */
  difference: value,
  low: value,
  high: value,
  caseSd: value,
  seedSd: value,
  components,
  /** Two-sided: the percentile interval turned round. */
  p: value,
  /** Adjusted by Holm over all settings compared by this figure. */
  pHolm: value,
  /** Level of the interval of this rank in Holm's procedure. */
  levelHolm: value,
  lowHolm: value,
  highHolm: value,
  reason: z.string().nullable(),
});
export type SweepComparison = z.output<typeof comparisonSchema>;

/** One run of a sweep. */
const pointSchema = z.strictObject({
  name: z.string(),
  setting: z.string(),
  seed: z.string(),
  values: z.record(z.string(), z.unknown()),
  state: z.enum(["done", "failed", "missing"]),
  failure: z.strictObject({ fault: z.string(), message: z.string() }).nullable(),
  /** Whether its figures are of subjects that chose its checkpoint or thresholds, or that it was trained on. */
  optimistic: z.boolean().default(false), // older files have none
  /** Figures of all units together, as in the run's results.json. */
  metrics: z.array(metricSchema.pick({ metric: true, per: true, estimate: true, low: true, high: true })),
  /** Figures on the validation split, where it was predicted. */
  validation: z.array(z.strictObject({ ...figureName, estimate: z.number() })),
});
export type SweptPoint = z.output<typeof pointSchema>;

/** The run and the setting of the highest figure on the validation split. */
const bestSchema = z.strictObject({
  ...figureName,
  run: z.strictObject({ name: z.string(), validation: z.number() }),
  /** By the mean over its seeds. */
  setting: z.strictObject({ name: z.string(), seeds: count, validation: z.number() }),
});
export type SweepBest = z.output<typeof bestSchema>;

/** The content of `sweep.json`. */
export const sweepResultsSchema = z.strictObject({
  schemaVersion: z.literal(1),
  name: z.string(),
  /** Threads of TensorFlow in each run. */
  threads: z.int().min(1),
  factors: z.array(z.strictObject({ path: z.string(), label: z.string() })),
  baseline: z.string().nullable(),
  /** The setting whose stacks all were tested on; null: each on its own. */
  testOn: z.string().nullable(),
  /** Of the intervals. */
  level: z.number(),
  resamples: count,
  points: z.array(pointSchema),
  settings: z.array(z.strictObject({ setting: z.string(), figures: z.array(settingFigure) })),
  comparisons: z.array(comparisonSchema),
  /** Null where runs were validated on other cases, or have no figure. */
  best: bestSchema.nullable(),
  notes: z.array(z.string()),
});
export type SweepResults = z.output<typeof sweepResultsSchema>;
