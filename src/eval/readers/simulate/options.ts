import { z } from "zod";
import { splitNames } from "../../../data/dataset.ts";

/** Strictly between 0 and 1. */
const share = z.number().gt(0).lt(1);
const range = (value: z.ZodNumber) => z.tuple([value, value]).refine(([low, high]) => low <= high, "low end first");

/** What simulated readers read: a level of the scores of a run. */
export const readUnits = ["subject", "stack"] as const;

/** Options of `hemosynth simulate-readers`. */
export const simulateOptions = z.strictObject({
  unit: z.enum(readUnits).default("subject").describe("what is read: subjects, by the score of all their stacks, or stacks"),
  readers: z.int().min(2).max(50).default(4).describe("simulated readers"),
  sensitivity: share.default(0.882).describe("mean sensitivity without assistance; FreeHemoSeg's readers: .882"),
  specificity: share.default(0.9).describe("mean specificity without assistance; our guess"),
  trust: range(z.number().min(0).max(2))
    .default([0.3, 1])
    .describe(
      "range over readers of the weight of what the network says beside their own evidence; 0: it is not listened to; our guess",
    ),
  split: z.enum(splitNames).default("test").describe("split whose cases are read"),
  seconds: z.number().gt(0).max(1e5).default(60).describe("median time of a reading without assistance, s; our guess"),
  saving: range(z.number().min(0).lt(1))
    .default([0.16, 0.527])
    .describe(
      "range over readers of the share of time that assistance saves: put in, not found; FreeHemoSeg's readers: .16 to .527",
    ),
  seed: z
    .int()
    .min(0)
    .lt(2 ** 31)
    .default(0)
    .describe("seed of the readers"),
});
export type SimulateOptions = z.output<typeof simulateOptions>;
