import { z } from "zod";
import { resampledIntervalKinds } from "../metrics/bootstrap-interval.ts";
import { resamplingFields } from "../tables/options.ts";

/** Which column holds what; null is looked for by its usual names. */
export const readerColumnOptions = z.strictObject({
  reader: z.string().nullable().default(null).describe("column with the reader"),
  case: z.string().nullable().default(null).describe("column with the case that was read"),
  arm: z.string().nullable().default(null).describe("column with the arm, such as with or without assistance"),
  truth: z.string().nullable().default(null).describe("column with the truth"),
  rating: z.string().nullable().default(null).describe("column with the rating, higher for positives"),
  call: z.string().nullable().default(null).describe("column with the call, 0 or 1"),
  time: z.string().nullable().default(null).describe("column with the reading time, in seconds"),
  confidence: z.string().nullable().default(null).describe("column with the confidence, any unit"),
  cluster: z.string().nullable().default(null).describe("column with the patient, or whatever is resampled as a whole"),
  positive: z.string().nullable().default(null).describe("value of the truth that is positive; null: 1 or true"),
  where: z
    .array(z.strictObject({ column: z.string(), value: z.string() }))
    .default([])
    .describe("only rows that hold these values are read"),
});
export type ReaderColumnOptions = z.output<typeof readerColumnOptions>;

/** How covariances of readers' figures are found. */
export const covarianceKinds = ["jackknife", "delong", "bootstrap"] as const;
export type CovarianceKind = (typeof covarianceKinds)[number];

/** Options of `hemosynth reader`. */
export const readerOptions = z.strictObject({
  columns: readerColumnOptions.prefault({}).describe("which column holds what"),
  arms: z
    .array(z.string())
    .min(1)
    .nullable()
    .default(null)
    .describe("the arms, the reference first; null where there is one arm"),
  threshold: z
    .number()
    .nullable()
    .default(null)
    .describe("ratings of at least this are calls, in the unit of the ratings; null: calls are a column, or there are none"),
  covariance: z
    .enum(covarianceKinds)
    .default("jackknife")
    .describe(
      "how the covariances of the analysis of variance are found: by leaving out clusters, by DeLong's components, or from the resamples",
    ),
  interval: z.enum(resampledIntervalKinds).default("percentile").describe("way from resamples to an interval"),
  ...resamplingFields,
});
export type ReaderOptions = z.output<typeof readerOptions>;
