import { z } from "zod";
import { figureFields } from "../../tables/estimate.ts";
import { headFields } from "../../tables/head.ts";
import { metricsOptions } from "../options.ts";
import { calibrationSchema, differenceSchema, interactionSchema, mcnemarSchema, permutationsSchema } from "../results.ts";

const count = z.int().min(0);
const figureSchema = z.strictObject({ metric: z.string(), ...figureFields });

/** A table with the same rows, scored by another model. */
const comparisonSchema = z.strictObject({
  file: z.string(),
  sha256: z.string(),
  columns: z.string(),
  /** Its own. */
  figures: z.array(figureSchema),
  /** Figure of the first table minus that of this one, in the same resamples. */
  differences: z.array(differenceSchema),
  permutations: permutationsSchema,
  /** Of right calls. */
  mcnemar: mcnemarSchema,
});
export type ClassComparison = z.output<typeof comparisonSchema>;

/**
 * How often the call is right, by the probability of the call (`class` null), and how often each class is there, by its own. Empty where scores are no
 * probabilities.
 */
export const classCalibrationSchema = z.array(z.strictObject({ class: z.string().nullable(), bins: z.array(calibrationSchema) }));
export type ClassCalibration = z.output<typeof classCalibrationSchema>;

/** The content of `metrics.json` for predictions of several classes. */
export const classMetricsSchema = z.strictObject({
  ...headFields("several classes", metricsOptions),
  predictions: z.strictObject({ file: z.string(), sha256: z.string(), rows: count, clusters: count }),
  /** Which column holds what, and which of that was guessed. */
  columns: z.string(),
  /** Ascending. */
  classes: z.array(z.string()),
  /** Rows by truth and call: a list for each truth, in the order of the classes. The call is the class with the highest score, of several the first. */
  confusion: z.array(z.array(count)),
  calibration: classCalibrationSchema,
  /** Of all classes, such as `accuracy`, and of each against the rest, such as `recall:CLASS`. */
  figures: z.array(figureSchema),
  /** Empty without subgroups. */
  interactions: z.array(interactionSchema),
  comparisons: z.array(comparisonSchema),
});
export type ClassMetricsResults = z.output<typeof classMetricsSchema>;
