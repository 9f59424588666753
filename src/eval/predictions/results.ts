import { z } from "zod";
import { estimateFields, figureFields } from "../tables/estimate.ts";
import { headFields } from "../tables/head.ts";
import { metricsOptions } from "./options.ts";

const count = z.int().min(0);
const value = z.number().nullable();

/** Every figure, in scikit-learn's words where it has one; recall is sensitivity, precision the positive predictive value. */
export const figureNames = [
  "roc_auc",
  "average_precision",
  "recall",
  "specificity",
  "precision",
  "npv",
  "positive_likelihood_ratio",
  "negative_likelihood_ratio",
  "accuracy",
  "balanced_accuracy",
  "f1",
  "matthews_corrcoef",
  "brier_score_loss",
  "expected_calibration_error",
] as const;
export type FigureName = (typeof figureNames)[number];

/** Rows that a figure is of: positives for recall, negatives for specificity, calls for precision, the others for npv. */
const figureSchema = z.strictObject({ metric: z.enum(figureNames), ...figureFields });
export type Figure = z.output<typeof figureSchema>;

/** One bin of a calibration curve. */
export const calibrationSchema = z.strictObject({
  from: z.number(),
  to: z.number(),
  n: count,
  positives: count,
  /** Mean probability; null in an empty bin. */
  predicted: value,
  observed: value,
  /** Wilson's interval of `observed`. */
  low: value,
  high: value,
});

/** The threshold, what came of it, and on which rows it was chosen. */
const cutSchema = z.strictObject({
  value,
  rule: z.string(),
  chosenOn: z.enum(["given", "the rows that are evaluated", "validation"]),
  /** What the choice reached where it was made; null where it was given. */
  reached: z.strictObject({ rows: count, recall: value, specificity: value }).nullable(),
  /** Calls at the threshold; null without one. */
  confusion: z.strictObject({ tp: count, fn: count, fp: count, tn: count }).nullable(),
});
export type Cut = z.output<typeof cutSchema>;

const testResult = {
  /** Two-sided. */
  p: value,
  /** Adjusted by Holm over all files compared. */
  pHolm: value,
  reason: z.string().nullable(),
};

/** Exact; takes rows as independent. */
export const mcnemarSchema = z.strictObject({
  onlyFirstRight: count.nullable(),
  onlyOtherRight: count.nullable(),
  ...testResult,
});

/** How many permutations a test looked at; null where there was none. */
export const permutationsSchema = z.strictObject({ count, exact: z.boolean() }).nullable();

/** A difference of two models. */
const differenceFields = {
  ...estimateFields,
  /** Whether the interval leaves out that the first model is worse by the margin; null without margin or interval. */
  nonInferior: z.boolean().nullable(),
  /** Two-sided, of exchanging the models within clusters. */
  pPermutation: value,
  /** Adjusted by Holm over all files compared. */
  pPermutationHolm: value,
};
export const differenceSchema = z.strictObject({ metric: z.string(), ...differenceFields });
export type Difference<M extends string = string> = z.output<typeof differenceSchema> & { metric: M };

/** Whether a figure differs between subgroups. */
export const interactionSchema = z.strictObject({
  metric: z.string(),
  /** In which the figure is defined. */
  subgroups: count,
  /** Of Wald, with its degrees of freedom and p value. */
  chiSquare: value,
  degrees: count,
  p: value,
  reason: z.string().nullable(),
  /** Of dealing subgroups anew to clusters that hold the same truths; null where a cluster is of several. */
  pPermutation: value,
});
export type Interaction = z.output<typeof interactionSchema>;

/** A table with the same rows, scored by another model. */
const comparisonSchema = z.strictObject({
  file: z.string(),
  sha256: z.string(),
  columns: z.string(),
  threshold: value,
  /** Its own. */
  figures: z.array(figureSchema),
  /** Figure of the first table minus that of this one, in the same resamples. */
  differences: z.array(z.strictObject({ metric: z.enum(figureNames), ...differenceFields })),
  permutations: permutationsSchema,
  /** Of the AUROC; Obuchowski's where clusters hold several rows. */
  delong: z.strictObject({ method: z.enum(["DeLong", "Obuchowski"]), z: value, low: value, high: value, ...testResult }),
  mcnemar: mcnemarSchema,
});
export type Comparison = z.output<typeof comparisonSchema>;

const sourceSchema = z.strictObject({ file: z.string(), sha256: z.string(), rows: count, positives: count, clusters: count });

/** The content of `metrics.json` for predictions of two classes. */
export const metricsSchema = z.strictObject({
  ...headFields("two classes", metricsOptions),
  predictions: sourceSchema,
  validation: sourceSchema.nullable(),
  /** Which column holds what, and which of that was guessed. */
  columns: z.string(),
  classes: z.strictObject({ negative: z.array(z.string()), positive: z.string() }),
  threshold: cutSchema,
  figures: z.array(figureSchema),
  /** Empty where the scores are no probabilities. */
  calibration: z.array(calibrationSchema),
  /** Empty without subgroups. */
  interactions: z.array(interactionSchema),
  comparisons: z.array(comparisonSchema),
});
export type MetricsResults = z.output<typeof metricsSchema>;
