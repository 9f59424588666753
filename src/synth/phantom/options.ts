import { z } from "zod";

/** Range in weeks for which the phantom is modelled. */
export const phantomAge = [20, 38] as const;

const weeks = z.number().min(phantomAge[0]).max(phantomAge[1]);

/** How far individuals differ; the `variability` part of {@link phantomOptions}. */
export const phantomVariability = z
  .number()
  .min(0)
  .max(1)
  .describe(
    "How far individuals differ: 0 = every brain is the average of its week, 1 = as much as real fetuses (sizes within 2 SD).",
  );

/** Options of the embedded procedural data; also the `data` section of a config with `kind: "phantom"`. */
export const phantomOptions = z.strictObject({
  kind: z.literal("phantom").describe("Procedural fetal T2 brains, made on the spot; no files needed."),
  /** Number of brains, one subject each. */
  subjects: z.int().min(1).max(9999).default(30).describe("Number of brains, one subject each, 1 to 9999."),
  /** Gestational ages, weeks: spread evenly over the range, then moved by at most half a step. */
  gestationalAge: z
    .tuple([weeks, weeks])
    .refine(([low, high]) => low <= high, { message: "must be [low, high] with low <= high" })
    .default([20, 38])
    .describe("Gestational ages in weeks, [low, high] within 20 to 38; subjects are spread evenly over it."),
  /** Voxel size, mm, the same along the three axes. The thinnest structures (germinal matrix, cortex) need 1.5 or less. */
  spacingMm: z.number().min(0.5).max(2).default(1).describe("Voxel size in mm, 0.5 to 2, the same along the three axes."),
  variability: phantomVariability.default(1),
});
export type PhantomOptions = z.output<typeof phantomOptions>;
