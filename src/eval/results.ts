import { z } from "zod";
import { modalities, splitNames } from "../data/dataset.ts";
import { evalOptions } from "./options.ts";
import { classCalibrationSchema } from "./predictions/several/results.ts";
import { levels } from "./scores.ts";
import { figureFields } from "./tables/estimate.ts";

const count = z.int().min(0);
const value = z.number().nullable();

/** One figure with its interval. `null` is "does not exist", and `reason` says why. */
export const metricSchema = z.strictObject({
  metric: z.enum(["auroc", "aurocWithin", "averagePrecision", "sensitivity", "specificity", "ppv", "npv", "dice", "diceAll", "diceSmoothed", "diceSmoothedAll", "map50", "map", "frocScore", "pointing", "pointingChance", "attention", "attentionChance"]), // biome-ignore format: one line
  /** What is counted; `pooled` is all voxels of the split at once, `box` all boxes around patches of lesion in slices, `lesion` all lesions in stacks, `region` all boxes of regions that are cut out. */
  per: z.enum([...levels, "pooled", "box", "lesion", "region"]),
  /** `all`, the name of a region, `grade I` … `grade IV`, or `axial`, `coronal`, `sagittal`. */
  subset: z.string(),
  estimate: value,
  low: value,
  high: value,
  /** Confidence level, in (0, 1). */
  level: z.number(),
  method: z.string(),
  /** Units that the figure is of: positives for sensitivity and dice, negatives for specificity, calls for ppv. */
  n: count,
  /** Distinct subjects among them: what is resampled. */
  nPatients: count,
  /** Of AUROC and average precision: subjects with a unit of the class that fewest have; absent in results of earlier versions. */
  fewestOfClass: count.optional(),
  undefinedResamples: count,
  reason: z.string().nullable(),
  /** For shares: counts, and Wilson's interval, which takes every unit as independent. */
  wilson: z.strictObject({ hits: count, of: count, low: value, high: value }).nullable(),
});
export type Metric = z.output<typeof metricSchema>;

/** The operating point of one level. Calling is `score >= threshold`. */
export const operatingPointSchema = z.strictObject({
  /** Logit; null where none could be chosen. */
  threshold: value,
  /** The rule, and where it was applied. */
  rule: z.string(),
  /** Reached on the validation split, by the choice itself; the evaluated split shows what is left of it. */
  validation: z.strictObject({ units: count, positives: count, sensitivity: value, specificity: value }).nullable(),
});
export type OperatingPoint = z.output<typeof operatingPointSchema>;

/** What a rule's threshold reached on the validation split, and what is left of it; of several folds the counts of all. */
export const transferSchema = z.strictObject({
  rule: z.string(),
  per: z.enum(["stack", "subject"]),
  /** null where no threshold could be chosen. */
  validation: operatingPointSchema.shape.validation,
  sensitivity: metricSchema,
  specificity: metricSchema,
});
export type Transfer = z.output<typeof transferSchema>;

/** What a split holds. */
export const splitCountSchema = z.strictObject({
  split: z.enum(splitNames),
  subjects: count,
  examinations: count,
  stacks: count,
  slices: count,
  positiveExaminations: count,
  positiveStacks: count,
  positiveSlices: count,
  /** Weeks; null where unknown. */
  youngest: value,
  oldest: value,
});
export type SplitCount = z.output<typeof splitCountSchema>;

const operatingPoints = z.strictObject({
  slice: operatingPointSchema,
  stack: operatingPointSchema,
  subject: operatingPointSchema,
});

const mask = z.strictObject({
  /** Probability from which a voxel is lesion; null where none could be chosen, or each fold has its own. */
  probability: value,
  rule: z.string(),
  /** Mean Dice over the validation slices with a lesion, at that probability. */
  validationDice: value,
});

const figureName = metricSchema.pick({ metric: true, per: true }).shape;

/** One fold of a cross-validation. */
export const foldSchema = z.strictObject({
  fold: count,
  /** Who was tested in it. */
  subjects: z.array(z.string()),
  /** What was tested in it. */
  counts: splitCountSchema,
  operatingPoints,
  mask,
  /** The figures of this fold alone; intervals are in its own results.json. */
  figures: z.array(z.strictObject({ ...figureName, estimate: value })),
});
export type Fold = z.output<typeof foldSchema>;

/** How a figure differs from fold to fold: no interval, and no standard error. */
export const spreadSchema = z.strictObject({
  ...figureName,
  /** Folds in which the figure is defined. */
  folds: count,
  mean: value,
  /** Standard deviation over them (n - 1); null for fewer than two. */
  sd: value,
});
export type Spread = z.output<typeof spreadSchema>;

/** Whose images: `painted`: normal ones with lesions that software painted; `simulated`: software made all of them; `given`: neither. */
export const origins = ["given", "painted", "simulated"] as const;
export type Origin = (typeof origins)[number];
/** Those of which no figure is one of patients. */
export const madeOrigins = ["painted", "simulated"] as const satisfies readonly Origin[];
export type MadeOrigin = (typeof madeOrigins)[number];

/** The content of `results.json`, written last. */
export const resultsSchema = z.strictObject({
  schemaVersion: z.literal(1),
  dataset: z.string(),
  split: z.enum(splitNames),
  seed: z.int(),
  /** True if software made the images, or the lesions in them: then no figure is clinical performance. */
  pseudoLesions: z.boolean(),
  /** What the images are; absent in results of earlier versions. */
  data: z.strictObject({ origin: z.enum(origins), modality: z.enum(modalities) }).optional(),
  options: evalOptions,
  splits: z.array(splitCountSchema),
  operatingPoints,
  mask,
  /** Of a cross-validation: of all subjects together, each as the network saw it that was not trained on it. */
  metrics: z.array(metricSchema),
  /** Where the network tells classes apart: the one whose cases are not called; absent in results of earlier versions. */
  negativeClass: z.string().optional(),
  /** Where the network tells classes apart: their names in the order of the matrices, and the figures at each level. */
  classes: z
    .strictObject({
      names: z.array(z.string()),
      levels: z.array(
        z.strictObject({
          per: z.string(),
          /** Rows by truth and call. */
          confusion: z.array(z.array(count)),
          calibration: classCalibrationSchema.default([]), // older files have none
          figures: z.array(z.strictObject({ metric: z.string(), ...figureFields })),
        }),
      ),
    })
    .optional(),
  /** Where there are several rules for thresholds, or folds. */
  transfers: z.array(transferSchema).optional(),
  /** Of a cross-validation, in order. */
  folds: z.array(foldSchema).optional(),
  spread: z.array(spreadSchema).optional(),
  /** What a reader must know before quoting a figure. */
  notes: z.array(z.string()),
});
export type Results = z.output<typeof resultsSchema>;
