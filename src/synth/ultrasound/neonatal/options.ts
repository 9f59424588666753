import { z } from "zod";
import { gradeMix } from "../../bleed/options.ts";

const week = z.number().min(24).max(37);

/** Options of the embedded cranial ultrasound of neonates; also the `data` section of a config with `kind: "cranial-ultrasound"`. */
export const cranialUltrasoundOptions = z.strictObject({
  kind: z
    .literal("cranial-ultrasound")
    .describe("Procedural cranial ultrasound exams of neonates, made on the spot; no files needed."),
  /** Number of neonates, one exam each. */
  subjects: z.int().min(2).max(9999).default(120).describe("Number of neonates, 2 to 9999, one exam each."),
  /** Share of exams with a bleed; unless it is 0, at least one has one. Default: 124 of 2127 neonates. */
  prevalence: z
    .number()
    .min(0)
    .max(1)
    .default(0.058)
    .describe("Share of exams with a bleed, 0 to 1; unless 0, at least one has."),
  /** Weights of the four Papile grades among bleeds. Our guess: half are of the germinal matrix alone. */
  grades: gradeMix
    .prefault({ kind: "free", I: 0.45, II: 0.25, III: 0.17, IV: 0.13 })
    .describe("How often each Papile grade is drawn."),
  /** Postmenstrual ages, weeks: spread evenly over the range, then moved by at most half a step. */
  age: z
    .tuple([week, week])
    .refine(([low, high]) => low <= high, { message: "must be [low, high] with low <= high" })
    .default([24, 34])
    .describe("Postmenstrual ages in weeks, [low, high] within 24 to 37; subjects are spread evenly over it."),
  /** Share of exams without blood in the ventricles in which these are wide. Our guess. */
  wideVentricles: z
    .number()
    .min(0)
    .max(1)
    .default(0.12)
    .describe("Share of exams without blood in the ventricles in which they are wide."),
  /** Coronal frames, from front to back. */
  coronal: z.int().min(1).max(40).default(9).describe("Coronal frames of an exam, front to back, 1 to 40."),
  /** Sagittal frames, from right to left. */
  sagittal: z.int().min(1).max(40).default(7).describe("Sagittal frames of an exam, right to left, 1 to 40."),
  /** Width and height of a frame. */
  pixels: z.int().min(96).max(512).default(224).describe("Width and height of a frame, 96 to 512 pixels."),
  /** Voxels that brains are built of. At 2 mm a brain takes less than half of the time, and the narrowest sulci close. */
  voxelMm: z
    .number()
    .min(1)
    .max(2)
    .default(1.5)
    .describe("Voxels that brains are built of, 1 to 2 mm; frames are smooth between them. Coarser ones are quicker."),
  /** Scanner text, scales and blanked corners on some of the frames, whatever they show. */
  marks: z.boolean().default(true).describe("Scanner text, scales and blanked corners on some frames, whatever they show."),
});
export type CranialUltrasoundOptions = z.output<typeof cranialUltrasoundOptions>;
