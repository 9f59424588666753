import { z } from "zod";
import { estimateFields, figureFields } from "../tables/estimate.ts";
import { headFields } from "../tables/head.ts";
import { units } from "./figures.ts";
import { masksOptions } from "./options.ts";

const count = z.int().min(0);
const value = z.number().nullable();

/** Null where all that is not 0 is one. */
const label = z.int().min(1).nullable();

/** Names are those of docs/masks.md; tolerances and sizes are part of them. */
const figureSchema = z.strictObject({ label, per: z.enum(units), metric: z.string(), ...figureFields });
export type MaskFigure = z.output<typeof figureSchema>;

/** What there is of a label, so that a reader can judge the figures. */
const contentSchema = z.strictObject({
  label,
  cases: count,
  /** Cases without it in the reference, in the prediction, in both. */
  emptyReference: count,
  emptyPrediction: count,
  bothEmpty: count,
  lesions: count,
  predictedLesions: count,
});
export type Content = z.output<typeof contentSchema>;

/** Lesions found at one threshold of the probability. */
const frocSchema = z.strictObject({
  label,
  threshold: z.number(),
  falsePositivesPerCase: value,
  /** Share of all lesions. */
  sensitivity: z.strictObject(estimateFields),
  /** The same by size, smallest first; null where there is no lesion of the size. */
  bySize: z.array(z.strictObject({ size: z.string(), lesions: count, sensitivity: value })),
});
export type FrocRow = z.output<typeof frocSchema>;

const sourceSchema = z.strictObject({
  where: z.string(),
  /** Of the hashes of all files read, in the order of the cases. */
  sha256: z.string(),
});

/** Predictions of the same cases by another program. */
const comparisonSchema = z.strictObject({
  predictions: sourceSchema,
  /** Permutations looked at; all there are where `exact`. */
  permutations: count,
  exact: z.boolean(),
  /** Figure of the first predictions minus that of these, in the same resamples. */
  differences: z.array(
    z.strictObject({
      label,
      per: z.enum(units),
      metric: z.string(),
      ...estimateFields,
      /** Two-sided, by exchanging the two predictions of whole patients. */
      p: value,
      /** Adjusted by Holm over all that are compared, one family for each figure. */
      pHolm: value,
    }),
  ),
});
export type MaskComparison = z.output<typeof comparisonSchema>;

/** The content of `metrics.json` for masks. */
export const masksSchema = z.strictObject({
  ...headFields("masks", masksOptions),
  predictions: sourceSchema,
  reference: sourceSchema,
  /** Whether files are of lone slices, which are measured in 2-D. */
  slices: z.boolean(),
  matchedBy: z.enum(["name", "path"]),
  cases: count,
  patients: count,
  /** Where the patients stand: the table of cases, `sub-` in paths, or nowhere: each case is one. */
  patientsBy: z.enum(["table", "sub", "none"]),
  /** Which column of the table of cases holds what, and which of that was guessed; null without a table. */
  columns: z.string().nullable(),
  content: z.array(contentSchema),
  figures: z.array(figureSchema),
  froc: z.array(frocSchema),
  comparisons: z.array(comparisonSchema),
});
export type MasksResults = z.output<typeof masksSchema>;

/** JSON Schema (draft 2020-12) of `metrics.json` for masks. */
export function masksJsonSchema(): Readonly<Record<string, unknown>> {
  return { ...z.toJSONSchema(masksSchema, { target: "draft-2020-12", reused: "ref" }), title: "hemosynth metrics of masks" };
}
