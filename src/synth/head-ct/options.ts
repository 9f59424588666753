import { z } from "zod";
import { bleedTypes } from "./materials.ts";

const range = (low: number, high: number) =>
  z
    .tuple([z.number().min(low).max(high), z.number().min(low).max(high)])
    .refine(([a, b]) => a <= b, { message: "must be [low, high] with low <= high" });

const share = z.number().min(0).max(1);

/** How often each kind of bleeding is the leading one, relative to the others; 0 is never. Our choice: about the mix of emergency scans. */
const typeWeights = z
  .strictObject({
    epidural: z.number().min(0).default(1).describe("Weight of epidural bleeds"),
    subdural: z.number().min(0).default(2).describe("Weight of subdural bleeds"),
    subarachnoid: z.number().min(0).default(2).describe("Weight of subarachnoid bleeds"),
    intraparenchymal: z.number().min(0).default(3).describe("Weight of bleeds in the brain itself"),
    intraventricular: z.number().min(0).default(2).describe("Weight of bleeds in the ventricles"),
  })
  .refine((weights) => bleedTypes.some((type) => weights[type] > 0), { message: "must have a weight above 0" });

const ml = (low: number, high: number, what: string) =>
  range(0.2, 150)
    .default([low, high])
    .describe(`Volume of ${what}, ml, [low, high] within 0.2 to 150; drawn evenly on a logarithmic scale`);

/** Sizes: our choice, from barely seen to what fills a side. */
const volumes = z.strictObject({
  epidural: ml(3, 60, "an epidural bleed"),
  subdural: ml(4, 90, "a subdural bleed"),
  subarachnoid: ml(2, 25, "a subarachnoid bleed"),
  intraparenchymal: ml(1, 60, "a bleed in the brain; of cerebellum and pons at most 12"),
  intraventricular: ml(1, 20, "a bleed in the ventricles"),
});

/** Options of the embedded procedural head CT; also the `data` section of a config with `kind: "head-ct"`. */
export const headCtOptions = z.strictObject({
  kind: z.literal("head-ct").describe("Procedural head CT with bleeds of five kinds, made on the spot; no files needed."),
  subjects: z.int().min(1).max(9999).default(30).describe("Number of heads, one subject each, 1 to 9999."),
  bleeding: share.default(0.5).describe("Share of the subjects who bleed, 0 to 1; their number is rounded."),
  types: typeWeights.prefault({}).describe("How often each kind of bleeding leads"),
  together: share.default(0.3).describe("Chance that a bleed is joined by one of another kind, and that one by a third, 0 to 1."),
  volumeMl: volumes.prefault({}).describe("How large bleeds are"),
  bleedHu: range(30, 95)
    .default([50, 80])
    .describe("Attenuation of blood in HU, [low, high] within 30 to 95: low is hours or a week old, high a day."),
  age: range(18, 95)
    .default([20, 90])
    .describe("Ages in years, [low, high] within 18 to 95: the brain shrinks, the ventricles widen."),
  detailMm: z
    .number()
    .min(1)
    .max(2)
    .default(1)
    .describe(
      "Voxels that heads are built of before they are scanned, mm, 1 to 2: at 2 they take half as long to build, and sulci and the tables of the skull blur.",
    ),
  pixelMm: z.number().min(0.4).max(2).default(0.9).describe("Pixel size in mm, 0.4 to 2; the field of view is 230 mm."),
  sliceMm: z.number().min(1).max(10).default(5).describe("Thickness of slices and their distance in mm, 1 to 10."),
  doseMGy: range(5, 120)
    .default([40, 75])
    .describe("Dose (CTDIvol) in mGy, [low, high] within 5 to 120: a quarter of it doubles the noise."),
  kernel: z
    .enum(["soft", "sharp"])
    .default("soft")
    .describe("Reconstruction kernel: soft for brain, sharp for bone, with more noise."),
  hardening: range(0, 1)
    .default([0.1, 0.35])
    .describe("Share of the beam hardening by bone that the scanner leaves uncorrected, [low, high] within 0 to 1."),
  moving: share.default(0.15).describe("Share of the subjects who move during the scan, 0 to 1, by chance."),
  tiltDegrees: z
    .number()
    .min(0)
    .max(30)
    .default(12)
    .describe(
      "Largest turn of the head about each axis in degrees, 0 to 30; about the left-right axis twice as far as about others.",
    ),
  labels: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe(
      "Folder of label pictures, coloured as those of CQ500-segmentation are, to make lone slices of; null: whole heads are drawn.",
    ),
});
export type HeadCtOptions = z.output<typeof headCtOptions>;
