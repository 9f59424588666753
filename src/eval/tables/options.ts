import { z } from "zod";

/** How resamples are drawn, and how wide intervals are: of every table of figures. */
export const resamplingFields = {
  resamples: z.int().min(100).max(100_000).default(2000).describe("resamples of clusters, shared by all figures"),
  level: z.number().min(0.5).lt(1).default(0.95).describe("confidence level of every interval, in [0.5, 1)"),
  seed: z
    .int()
    .min(0)
    .lt(2 ** 31)
    .default(0)
    .describe("seed of the resamples"),
};

export const permutationsField = z
  .int()
  .min(0)
  .max(100_000)
  .default(2000)
  .describe("permutations of a test, all there are where they are fewer; 0: none");
