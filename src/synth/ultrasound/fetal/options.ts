import { z } from "zod";
import { fetalWeeks } from "./biometry.ts";
import { anomalies, type FetalPlane, fetalPlanes } from "./finding.ts";
import { planesOf } from "./truth.ts";

const week = z.number().min(fetalWeeks[0]).max(fetalWeeks[1]);

const fields = z.strictObject({
  kind: z
    .literal("fetal-ultrasound")
    .describe("Procedural ultrasound pictures of fetal heads, made on the spot; no files needed."),
  /** Number of fetuses. */
  subjects: z.int().min(2).max(9999).default(120).describe("Number of fetuses, 2 to 9999."),
  /** Which question the pictures ask. */
  classes: z
    .enum(["binary", "anomalies", "planes"])
    .default("binary")
    .describe(
      "binary: normal or abnormal (ventriculomegaly, absent cavum, Dandy-Walker, mega cisterna magna, small cerebellum); " +
        "anomalies: normal, anencephaly, encephalocele, holoprosencephaly, rachischisis; planes: the view of a picture, whatever of these the fetus has",
    ),
  /** Share of fetuses that are not normal; their findings come in equal numbers. Default: 101 of 319. */
  abnormal: z
    .number()
    .min(0)
    .max(1)
    .default(0.32)
    .describe("Share of fetuses that are not normal, 0 to 1; their findings come in equal numbers."),
  /** Gestational ages, weeks: spread evenly over the range, then moved by at most half a step. */
  gestationalAge: z
    .tuple([week, week])
    .refine(([low, high]) => low <= high, { message: "must be [low, high] with low <= high" })
    .default([18, 24])
    .describe("Gestational ages in weeks, [low, high] within 18 to 24; subjects are spread evenly over it."),
  /** Views; null: those that the classes are told by. */
  planes: z
    .array(z.enum(fetalPlanes))
    .min(1)
    .refine((list) => new Set(list).size === list.length, { message: "must name each once" })
    .nullable()
    .default(null)
    .describe(
      "Views of every fetus, whatever it has; null: for binary transventricular and transcerebellar, else also face and spine. Each of the anomalies must be seen in one of them.",
    ),
  /** Pictures of each fetus, dealt over its planes in turn. */
  pictures: z.int().min(1).max(50).default(2).describe("Pictures of each fetus, 1 to 50, dealt over its views in turn."),
  /** Width and height of a picture. */
  pixels: z.int().min(96).max(512).default(224).describe("Width and height of a picture, 96 to 512 pixels."),
  /** Scanner text, scales, calipers and blanked corners on some of the pictures, whatever they show. */
  marks: z.boolean().default(true).describe("Scanner text, scales and blanked corners on some pictures, whatever they show."),
});

/** Options of the embedded fetal ultrasound; also the `data` section of a config with `kind: "fetal-ultrasound"`. */
export const fetalUltrasoundOptions = fields.superRefine(({ classes, planes, pictures }, context) => {
  const views = planesAsked({ classes, planes }).length;
  if (classes === "planes" && pictures < views)
    context.addIssue({
      code: "custom",
      path: ["pictures"],
      message: `must be at least ${views}, one of each view, for classes planes; got ${pictures}`,
    });
  if (planes === null) return;
  const add = (rule: string) =>
    context.addIssue({ code: "custom", path: ["planes"], message: `${rule}; got ${planes.join(", ")}` });
  const odd = planes.find((plane) => plane === "face" || plane === "spine");
  if (classes === "binary" && odd !== undefined) return add(`must be views of the brain for classes binary, not ${odd}`);
  const unseen = classes === "anomalies" && anomalies.find((anomaly) => planesOf(anomaly, planes).length === 0);
  if (unseen) add(`must have a view that shows ${unseen}: ${planesOf(unseen, fetalPlanes).join(" or ")}`);
});
export type FetalUltrasoundOptions = z.output<typeof fetalUltrasoundOptions>;

/** The planes of the options, or those that the classes are told by. */
export function planesAsked({ planes, classes }: Pick<FetalUltrasoundOptions, "planes" | "classes">): readonly FetalPlane[] {
  return planes ?? (classes === "binary" ? ["transventricular", "transcerebellar"] : fetalPlanes);
}
