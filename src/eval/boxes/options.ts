import { z } from "zod";
import { resampledIntervalKinds } from "../metrics/bootstrap-interval.ts";

/** Options of `hemosynth metrics` for boxes. */
export const boxesOptions = z.strictObject({
  /** Null: the one with the highest F1, chosen anew in each resample. */
  confidence: z
    .number()
    .nullable()
    .default(null)
    .describe("boxes scoring at least this are called, in the unit of the scores; null: the confidence with the highest F1"),
  /** Which key of an image, or column of the cases, holds the patient. */
  cluster: z.string().min(1).nullable().default(null).describe("key of an image or column of the cases with the patient"),
  interval: z.enum(resampledIntervalKinds).default("percentile").describe("way from resamples to an interval"),
  resamples: z.int().min(100).max(100_000).default(2000).describe("resamples of patients, shared by all figures"),
  level: z.number().min(0.5).lt(1).default(0.95).describe("confidence level of every interval, in [0.5, 1)"),
  seed: z.int().min(0).max(2_147_483_647).default(0).describe("seed of the resamples"),
});
export type BoxesOptions = z.output<typeof boxesOptions>;
