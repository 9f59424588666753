import { z } from "zod";
import { resampledIntervalKinds } from "../metrics/bootstrap-interval.ts";
import { emptyMaskRules } from "../metrics/dice.ts";
import { permutationsField, resamplingFields } from "../tables/options.ts";

const mm = z.number().positive().max(1000);

/** Options of `hemosynth metrics` for masks. */
export const masksOptions = z.strictObject({
  /** Empty: every voxel that is not 0 is lesion. */
  labels: z
    .array(z.int().min(1).max(65535))
    .refine((ids) => new Set(ids).size === ids.length, "each label may come once")
    .default([])
    .describe("labels that get figures of their own; none: whatever is not 0 is one"),
  /** Null: the predictions are masks. */
  threshold: z
    .number()
    .gt(0)
    .max(1)
    .nullable()
    .default(null)
    .describe("the predictions are probability maps, and voxels from this probability on are lesion; null: they are masks"),
  empty: z
    .enum(emptyMaskRules)
    .default("skip")
    .describe("Dice, IoU and surface Dice where both masks are empty: left out, 1, 0, or one voxel added everywhere"),
  penalty: mm
    .nullable()
    .default(null)
    .describe("mm that stand for the distances where one mask of the two is empty; null: there are none"),
  tolerances: z.array(mm).min(1).max(10).default([1, 2]).describe("mm that surfaces may be apart for surface Dice"),
  match: z
    .discriminatedUnion("rule", [
      z.strictObject({ rule: z.literal("any").describe("lesions that share a voxel") }),
      z.strictObject({
        rule: z.enum(["iou", "dice"]).describe("pairs, one to one, that overlap enough"),
        atLeast: z.number().gt(0).max(1).describe("overlap of a pair, in (0, 1]"),
      }),
    ])
    .default({ rule: "any" })
    .describe("when a lesion is found"),
  connectivity: z
    .union([z.literal(6), z.literal(18), z.literal(26)])
    .default(26)
    .describe("neighbours of a voxel that are of the same lesion; in a lone slice 4, 8 and 8"),
  sizes: z
    .array(z.number().positive())
    .refine((all) => all.every((v, i) => i === 0 || v > all[i - 1]!), "must ascend")
    .default([0.1, 1])
    .describe("ml that part lesions by size (our guess)"),
  spacing: z
    .union([z.tuple([mm, mm]), z.tuple([mm, mm, mm])])
    .nullable()
    .default(null)
    .describe("of pictures: mm from column to column, from row to row, and, for volumes, the thickness of the slice"),
  /** Columns of the file of cases; null is looked for by its usual names. */
  columns: z
    .strictObject({
      id: z.string().min(1).nullable().default(null).describe("column with the name of a case"),
      cluster: z.string().min(1).nullable().default(null).describe("column with the patient"),
      subgroup: z.string().min(1).nullable().default(null).describe("column whose values get figures of their own"),
    })
    .prefault({})
    .describe("what the file of cases holds where"),
  interval: z.enum(resampledIntervalKinds).default("percentile").describe("way from resamples to an interval"),
  ...resamplingFields,
  resamples: resamplingFields.resamples.describe("resamples of patients, shared by all figures"),
  permutations: permutationsField.describe("exchanges of two predictions that are looked at, at most; 0: none"),
});
export type MasksOptions = z.output<typeof masksOptions>;
