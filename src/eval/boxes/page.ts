import { many } from "../../core/words.ts";
import { oneLine } from "../../data/faults.ts";
import { type Curve, type CurveAxes, curvesSvg, frocAxes, type Point, precisionAxes } from "../report/curves.ts";
import { fixed } from "../report/format.ts";
import { aboutIntervals, readDifference, readInterval } from "../report/intervals.ts";
import { plots, type Section } from "../report/layout.ts";
import { documentPage, intervalMethods } from "../tables/page.ts";
import { type DrawnFigure, differenceForest, subgroupForests } from "../tables/plots.ts";
import { boxesDocument, boxFigureWords } from "./format.ts";
import type { BoxesResults, BoxFigureName, ConfidenceCurve } from "./results.ts";

/** What a figure means, as the beginning of a sentence. */
const meanings = {
  AP50: "AP@.5, the area under precision over recall where a box is right that overlaps a true one by half,",
  AP: "AP@[.5:.95], its mean over overlaps from .5 to .95,",
  recall: "Sensitivity at the confidence, the share of objects that are found,",
  precision: "Precision at the confidence, the share of boxes that are right,",
  false_positives_per_image: "The number of wrong boxes an image at the confidence",
} as const satisfies Partial<Record<BoxFigureName, string>>;

const inForests: readonly DrawnFigure[] = (["AP50", "AP", "recall", "precision"] as const).map((metric) => ({
  metric,
  name: boxFigureWords[metric],
  range: [0, 1],
}));

const compared = ["AP50", "AP", "AP75", "AR100", "recall", "precision", "f1", "froc_mean"] as const;

/** More curves than these are no plot that can be read. */
const mostCurves = 8;

/** Boxes as one HTML page: what the figures mean, curves, classes, differences, tables. */
export function boxesPage(results: BoxesResults): string {
  return documentPage(boxesDocument(results), {
    reading: readingOf(results),
    pictures: [curveSection(results), ...classSection(results), ...differenceSection(results)],
    methods: methodsOf(results),
  });
}

function readingOf({ figures, options, comparisons, detections }: BoxesResults): string[] {
  const read = (Object.keys(meanings) as (keyof typeof meanings)[]).map((metric) => {
    const one = figures.find((f) => f.metric === metric && f.subset === "all")!;
    return readInterval(meanings[metric], one, options.level, null);
  });
  const differences = comparisons.flatMap(({ file, differences }) => {
    const of = `${oneLine(detections.file)} minus ${oneLine(file)}`;
    const shown = differences.filter(({ metric, subset }) => subset === "all" && (metric === "AP50" || metric === "recall"));
    return shown.map((one) => readDifference(boxFigureWords[one.metric], of, one, options.level));
  });
  return [aboutIntervals(options.level, "patients"), ...read, ...differences];
}

function curveSection({ curves, confidences, classes }: BoxesResults): Section {
  const named = ({ subset }: ConfidenceCurve) =>
    subset === "all" ? "all classes together" : oneLine(subset.replace(/^class=/, ""));
  const shown = classes.length > 1 && curves.length <= mostCurves ? curves : curves.slice(0, 1);
  const draw = (title: string, axes: CurveAxes, points: (one: ConfidenceCurve) => readonly (readonly [number | null, number | null])[]) =>
    curvesSvg(title, axes, shown.map((one): Curve => ({ name: named(one), points: points(one).filter(isKnown) }))); // biome-ignore format: short
  const wrong = shown.flatMap(({ falsePositivesPerImage }) => falsePositivesPerImage);
  const most = Math.min(8, Math.max(0.5, ...wrong));
  const f1Axes: CurveAxes = {
    x: { name: "confidence", range: confidenceRange(confidences) },
    y: { name: "F1", range: [0, 1] },
    chance: null,
  };
  const svgs = [
    draw("Precision and recall", precisionAxes(null), (one) => one.recall.map((r, i) => [r, one.precision[i]!])),
    draw("FROC", frocAxes("image", most), (one) => one.recall.map((r, i) => [one.falsePositivesPerImage[i]! <= most ? one.falsePositivesPerImage[i]! : null, r])),
    draw("F1 and confidence", f1Axes, (one) => one.f1.map((f1, i) => [confidences[i]!, f1])),
  ]; // biome-ignore format: a list
  const caption =
    "At overlap .5, a point a confidence. Boxes have no level of guessing. The curves have no intervals; the figures read off them have.";
  return { title: "Boxes found against wrong ones", body: plots(svgs, caption) };
}

const isKnown = (point: readonly [number | null, number | null]): point is Point => point[0] !== null && point[1] !== null;

function confidenceRange(confidences: readonly number[]): Point {
  const [low, high] = [Math.min(0, ...confidences), Math.max(...confidences)];
  return high > low ? [low, high <= 1 && low === 0 ? 1 : high] : [0, 1];
}

function classSection({ figures, classes }: BoxesResults): Section[] {
  const forests = classes.length > 1 ? subgroupForests(figures, inForests) : [];
  const caption = "In brackets: objects or boxes that the figure is of. Orange and dashed: all classes.";
  return forests.length === 0 ? [] : [{ title: "Classes", body: plots(forests, caption) }];
}

function differenceSection({ comparisons, detections }: BoxesResults): Section[] {
  const forests = comparisons.flatMap(({ file, differences }) => {
    const whole = differences.filter(({ subset }) => subset === "all");
    const rows = compared.map((metric) => ({ name: boxFigureWords[metric], ...whole.find((one) => one.metric === metric)! }));
    return differenceForest(`${detections.file} minus ${file}`, rows);
  });
  const caption = "Both detectors on the same images, in the same resamples; right of the dashed line the first is higher.";
  return forests.length === 0 ? [] : [{ title: "Differences", body: plots(forests, caption) }];
}

/** The evaluation as a paper's methods tell it. */
function methodsOf({ reference, cluster, classes, confidence, options, comparisons, method, hemosynth }: BoxesResults): string[] {
  const whose = cluster === null ? "every image taken as independent" : `of ${many(reference.clusters, "patient")}`;
  const chosen = options.confidence === null ? "chosen for the highest F1 on the very images that are evaluated, anew in each resample" : "given"; // biome-ignore format: one line
  const cut = confidence.value === null ? "No confidence was set, for no box is right." : `Figures at one confidence are of boxes scoring at least ${fixed(confidence.value, 3)} (${chosen}).`; // biome-ignore format: one line
  const tests = comparisons.length === 0 ? "" : ` Detectors were compared on the same images: paired differences with intervals and p values from the same resamples${comparisons.length > 1 ? ", adjusted by Holm for each figure" : ""}.`; // biome-ignore format: one line
  return [
    `Boxes in ${many(reference.images, "image")} (${whose}), ${many(reference.objects, "object")} of ${many(classes.length, "class", "classes")}, were evaluated with hemosynth ${hemosynth}. Average precision is COCO's: 101 recalls, at most 100 boxes an image and class, overlaps of .5 to .95; boxes were matched once, and precision was accumulated anew in each resample. ${cut} ${intervalMethods(method, "images")}${tests}`,
    "Masks played no part, so there is no rule for empty ones; images without objects count by their wrong boxes. Whether these are findings of patients, of phantoms or painted ones is known to whoever made the files: say so beside every figure.",
  ];
}
