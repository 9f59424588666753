import { z } from "zod";
import { fetalWeeks } from "./biometry.ts";
import { abnormalFindings, anomalies, type FetalPlane, type Finding, fetalPlanes } from "./finding.ts";
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
      "Views of every fetus, whatever it has; null: for binary transventricular and transcerebellar, else also face and spine. Each finding must be seen in one of those that there are pictures of.",
    ),
  /** Pictures of each fetus, dealt over its views in turn; null: one of each. */
  pictures: z
    .int()
    .min(1)
    .max(50)
    .nullable()
    .default(null)
    .describe("Pictures of each fetus, 1 to 50, dealt over its views in turn; null: one of each view."),
  /** Width and height of a picture. */
  pixels: z.int().min(96).max(512).default(224).describe("Width and height of a picture, 96 to 512 pixels."),
  /** Scanner text, scales, calipers and blanked corners on some of the pictures, whatever the fetus has. Calipers lie on views of the head alone, so that they tell the view. */
  marks: z
    .boolean()
    .default(true)
    .describe(
      "Scanner text, scales, calipers and blanked corners on some pictures, whatever the fetus has; calipers lie on views of the head alone.",
    ),
});

/** Options of the embedded fetal ultrasound; also the `data` section of a config with `kind: "fetal-ultrasound"`. */
export const fetalUltrasoundOptions = fields.superRefine((options, context) => {
  const add = (key: "planes" | "pictures", message: string) => context.addIssue({ code: "custom", path: [key], message });
  const { classes, abnormal } = options;
  const planes = planesAsked(options);
  const shown = planes.slice(0, picturesAsked(options));
  if (classes === "planes" && shown.length < planes.length)
    add("pictures", `must be at least ${planes.length}, one of each view, for classes planes; got ${shown.length}`);
  const odd = planes.find((plane) => plane === "face" || plane === "spine");
  if (classes === "binary" && odd !== undefined)
    return add("planes", `must be views of the brain for classes binary, not ${odd}; got ${planes.join(", ")}`);
  if (classes === "planes" || abnormal === 0) return;
  const unseen = findingsOf(options).find((finding) => planesOf(finding, shown).length === 0);
  if (unseen === undefined) return;
  const told = planesOf(unseen, planes);
  if (told.length > 0)
    add(
      "pictures",
      `must be at least ${planes.indexOf(told[0]!) + 1}, so that one shows ${unseen} (${told.join(" or ")}); got ${shown.length}`,
    );
  else
    add(
      "planes",
      `must have a view that shows ${unseen}: ${planesOf(unseen, fetalPlanes).join(" or ")}; got ${planes.join(", ")}`,
    );
});
export type FetalUltrasoundOptions = z.output<typeof fetalUltrasoundOptions>;

/** The planes of the options, or those that the classes are told by. */
export function planesAsked({ planes, classes }: Pick<FetalUltrasoundOptions, "planes" | "classes">): readonly FetalPlane[] {
  return planes ?? (classes === "binary" ? ["transventricular", "transcerebellar"] : fetalPlanes);
}

/** Pictures of each fetus: as many as asked for, or one of each view. */
export function picturesAsked(options: Pick<FetalUltrasoundOptions, "planes" | "classes" | "pictures">): number {
  return options.pictures ?? planesAsked(options).length;
}

/** What a fetus can have beside nothing, in the order of the lesion types. */
export function findingsOf({ classes }: Pick<FetalUltrasoundOptions, "classes">): readonly Finding[] {
  return classes === "binary" ? abnormalFindings : anomalies;
}
