import { z } from "zod";
import { resampledIntervalKinds } from "../metrics/bootstrap-interval.ts";
import { resamplingFields } from "../tables/options.ts";

/** Options of `hemosynth metrics` for boxes. */
export const boxesOptions = z.strictObject({
  /** Null: the one with the highest F1, chosen anew in each resample. */
  confidence: z
    .number()
    .nullable()
    .default(null)
    .describe("boxes scoring at least this are called, in the unit of the scores; null: the confidence with the highest F1"),
  /** Null is looked for by its usual names. */
  id: z.string().min(1).nullable().default(null).describe("column of the cases with the image, by its id, file name or stem"),
  /** Which key of an image, or column of the cases, holds the patient. */
  cluster: z.string().min(1).nullable().default(null).describe("key of an image or column of the cases with the patient"),
  interval: z.enum(resampledIntervalKinds).default("percentile").describe("way from resamples to an interval"),
  ...resamplingFields,
  resamples: resamplingFields.resamples.describe("resamples of patients, shared by all figures"),
});
export type BoxesOptions = z.output<typeof boxesOptions>;
