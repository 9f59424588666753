import { z } from "zod";
import { estimateFields, figureFields } from "../tables/estimate.ts";
import { headFields } from "../tables/head.ts";
import { boxesOptions } from "./options.ts";

/** COCO's twelve numbers, as pycocotools prints them. */
export const cocoFigures = [
  "AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl",
] as const; // biome-ignore format: a list

/** AP at overlap .5 by other rules than COCO's. */
export const otherAreas = ["AP50_voc11", "AP50_voc", "AP50_yolov5", "AP50_ultralytics"] as const;

/** What holds at one confidence, at overlap .5. */
export const operatingFigures = ["recall", "precision", "f1", "false_positives_per_image"] as const;

/** Sensitivity at so many wrong boxes a picture, and the mean of them, at overlap .5. */
export const frocFigures = [
  "froc_0.125", "froc_0.25", "froc_0.5", "froc_1", "froc_2", "froc_4", "froc_8", "froc_mean",
] as const; // biome-ignore format: a list

/** Figures over all classes. */
export const wholeFigures = [...cocoFigures, ...otherAreas, ...operatingFigures, ...frocFigures] as const;
/** Figures of one class. */
export const classFigures = ["AP", "AP50", ...otherAreas, "AR100", ...operatingFigures] as const;
export type BoxFigureName = (typeof wholeFigures)[number];

const count = z.int().min(0);
const value = z.number().nullable();

const figureSchema = z.strictObject({ metric: z.enum(wholeFigures), ...figureFields });
export type BoxFigure = z.output<typeof figureSchema>;

const bestSchema = z.strictObject({ confidence: z.number(), f1: z.number() }).nullable();

/** Figures against the confidence, a place for each of `confidences`; precision is null where nothing is called. */
const curveSchema = z.strictObject({
  /** `all`, or `class=name`. */
  subset: z.string(),
  /** Highest F1 of any confidence, and the confidence; null where no box is right. */
  best: bestSchema,
  recall: z.array(value),
  precision: z.array(value),
  f1: z.array(value),
  falsePositivesPerImage: z.array(z.number()),
});
export type ConfidenceCurve = z.output<typeof curveSchema>;

/** Detections of the same pictures by another model. */
const comparisonSchema = z.strictObject({
  file: z.string(),
  sha256: z.string(),
  confidence: value,
  /** Figure of the first detections minus that of these, in the same resamples. */
  differences: z.array(
    z.strictObject({
      metric: z.enum(wholeFigures),
      subset: z.string(),
      ...estimateFields,
      /** Two-sided, from the resamples; null where the difference is not defined. */
      p: value,
      /** Adjusted by Holm over all files compared. */
      pHolm: value,
    }),
  ),
});
export type BoxComparison = z.output<typeof comparisonSchema>;

/** The content of `metrics.json` for boxes. */
export const boxesSchema = z.strictObject({
  ...headFields("boxes", boxesOptions),
  detections: z.strictObject({ file: z.string(), sha256: z.string(), boxes: count }),
  reference: z.strictObject({
    file: z.string(),
    sha256: z.string(),
    images: count,
    /** That count; crowds do not. */
    objects: count,
    crowds: count,
    clusters: count,
  }),
  /** Table that names the patients; null where the reference does, or nothing. */
  cases: z.strictObject({ file: z.string(), sha256: z.string() }).nullable(),
  /** Key or column with the patient; null: every picture is taken as independent. */
  cluster: z.string().nullable(),
  /** Which column of the table of cases holds what, and which of that was guessed; null without a table. */
  columns: z.string().nullable(),
  classes: z.array(z.strictObject({ id: z.union([z.number(), z.string()]), name: z.string(), objects: count, boxes: count })),
  /** Boxes scoring at least `value` are called; null where no confidence makes any sense. */
  confidence: z.strictObject({ value, rule: z.string() }),
  figures: z.array(figureSchema),
  confidences: z.array(z.number()),
  curves: z.array(curveSchema),
  /** `counts[class found][class there]` at the confidence, in the order of `classes`, background last in both. */
  confusion: z.strictObject({ counts: z.array(z.array(count)) }),
  comparisons: z.array(comparisonSchema),
});
export type BoxesResults = z.output<typeof boxesSchema>;

/** JSON Schema (draft 2020-12) of `metrics.json` for boxes. */
export function boxesJsonSchema(): Readonly<Record<string, unknown>> {
  return { ...z.toJSONSchema(boxesSchema, { target: "draft-2020-12", reused: "ref" }), title: "hemosynth metrics of boxes" };
}
