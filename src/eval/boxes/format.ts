import { many } from "../../core/words.ts";
import { oneLine } from "../../data/faults.ts";
import { fixed } from "../report/format.ts";
import type { TableDocument, TextTable } from "../tables/document.ts";
import { type FigureRow, figureRows, figuresCsv, figureTable, pValue, range } from "../tables/figures.ts";
import type { BoxComparison, BoxesResults, BoxFigureName } from "./results.ts";

/** What each figure is called in print. */
export const boxFigureWords: Readonly<Record<BoxFigureName, string>> = {
  AP: "AP@[.5:.95] (COCO)",
  AP50: "AP@.5 (COCO)",
  AP75: "AP@.75 (COCO)",
  APs: "AP@[.5:.95], small",
  APm: "AP@[.5:.95], medium",
  APl: "AP@[.5:.95], large",
  AR1: "AR@[.5:.95], 1 box",
  AR10: "AR@[.5:.95], 10 boxes",
  AR100: "AR@[.5:.95], 100 boxes",
  ARs: "AR@[.5:.95], small",
  ARm: "AR@[.5:.95], medium",
  ARl: "AR@[.5:.95], large",
  AP50_voc11: "AP@.5 (VOC, 11 recalls)",
  AP50_voc: "AP@.5 (VOC, all points)",
  AP50_yolov5: "AP@.5 (YOLOv5)",
  AP50_ultralytics: "AP@.5 (Ultralytics 8.4)",
  recall: "Sensitivity (recall)",
  precision: "Precision (PPV)",
  f1: "F1",
  false_positives_per_image: "Wrong boxes an image",
  "froc_0.125": "Sensitivity at 1/8 wrong an image",
  "froc_0.25": "Sensitivity at 1/4",
  "froc_0.5": "Sensitivity at 1/2",
  froc_1: "Sensitivity at 1",
  froc_2: "Sensitivity at 2",
  froc_4: "Sensitivity at 4",
  froc_8: "Sensitivity at 8",
  froc_mean: "Mean of these seven (FROC)",
};

const inClassTable = ["AP50", "AP", "recall", "precision", "f1", "false_positives_per_image"] as const satisfies BoxFigureName[];

/** A row for each class of which there is an object; all its figures are in the CSV file. */
function classTable({ classes, figures, curves }: BoxesResults): TextTable {
  const head = [
    "class",
    "objects",
    ...inClassTable.map((metric) => boxFigureWords[metric]),
    "highest F1, or why there is no figure",
  ];
  const withInterval = (value: number | null, interval: string) => `${fixed(value, 3)}${interval === "" ? "" : ` ${interval}`}`;
  const cells = classes
    .filter(({ objects }) => objects > 0)
    .map(({ name, objects }) => {
      const own = figures.filter(({ subset }) => subset === `class=${name}`);
      const shown = inClassTable.map((metric) => own.find((one) => one.metric === metric)!);
      const best = curves.find(({ subset }) => subset === `class=${name}`)!.best;
      const words = best === null ? "no box is right" : `${fixed(best.f1, 3)} at ${confidenceText(best.confidence)}`;
      const reasons = [...new Set(shown.flatMap(({ reason }) => reason ?? []))];
      return [oneLine(name), String(objects), ...shown.map((one) => withInterval(one.estimate, range(one))), [words, ...reasons].join("; ")]; // biome-ignore format: one line
    });
  return { title: "Classes", cells: [head, ...cells] };
}

/** More classes than these make no table that can be read. */
const mostInConfusion = 12;

function confusionTable({ classes, confusion, confidence }: BoxesResults): TextTable {
  const all = [...classes.map(({ name }) => oneLine(name)), "background"];
  const cells = confusion.counts.map((row, i) => [all[i]!, ...row.map(String), i === classes.length ? "missed" : ""]);
  return {
    title: `Found (rows) where there is (columns), at ${confidenceText(confidence.value)}`,
    cells: [["found", ...all, ""], ...cells],
  };
}

function comparisonTable({ file, differences }: BoxComparison, first: string): TextTable {
  const head = ["figure", "difference", "interval", "p", "p, Holm", "why there is none"];
  const cells = differences
    .filter(({ subset }) => subset === "all")
    .map((one) => [
      boxFigureWords[one.metric],
      fixed(one.estimate, 3),
      range(one),
      pValue(one.p),
      pValue(one.pHolm),
      one.reason ?? "",
    ]);
  return { title: `${oneLine(first)} minus ${oneLine(file)}`, cells: [head, ...cells] };
}

const confidenceText = (value: number | null) => (value === null ? "no confidence" : String(Number(value.toPrecision(6))));

/** What stands above the tables: what was read, whose pictures they are, confidence, method. */
function headLines({ detections, reference, cluster, columns, classes, confidence, curves, method }: BoxesResults): string[] {
  const best = curves[0]!.best;
  return [
    `${oneLine(detections.file)}: ${many(detections.boxes, "box", "boxes")}`,
    `${oneLine(reference.file)}: ${many(reference.images, "image")}, ${many(reference.objects, "object")} and ${many(reference.crowds, "crowd")} of ${many(classes.length, "class", "classes")}, ${many(reference.clusters, "cluster")}`,
    cluster === null ? "no patient: every picture is taken as independent" : `patient: ${oneLine(cluster)}`,
    ...(columns === null ? [] : [`table of cases: ${columns}`]),
    `confidence: ${confidence.value === null ? "none: no box is right" : `score >= ${confidenceText(confidence.value)}`} (${confidence.rule})`,
    ...(best === null ? [] : [`highest F1 of all classes together: ${fixed(best.f1, 3)} at ${confidenceText(best.confidence)}`]),
    `intervals: ${method}`,
  ];
}

/** The tables for a reader; {@link boxesCsv} holds all digits. */
export function boxesDocument(results: BoxesResults): TableDocument {
  const { figures, classes, comparisons, detections, notes, method } = results;
  const whole = figures.filter(({ subset }) => subset === "all");
  const tables = [
    figureTable(whole, boxFigureWords, results.options.resamples),
    ...(classes.length > 1 ? [classTable(results)] : []),
    ...(classes.length <= mostInConfusion ? [confusionTable(results)] : []),
    ...comparisons.map((one) => comparisonTable(one, detections.file)),
  ];
  return { title: "Metrics of boxes", lines: headLines(results), tables, notes, method };
}

/** One line for each figure, interval and difference. */
export function boxesCsv({ figures, comparisons, detections, method }: BoxesResults): string {
  const compared = comparisons.flatMap(({ file, differences }) =>
    differences.map(({ undefinedResamples, pHolm, ...one }): FigureRow => {
      const table = `${detections.file} minus ${file}`;
      return { ...one, table, method, undefined_resamples: undefinedResamples, p_holm: pHolm };
    }),
  );
  return figuresCsv([...figureRows(detections.file, figures, method), ...compared]);
}
