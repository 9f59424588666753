import { many } from "../../../core/words.ts";
import { oneLine } from "../../../data/faults.ts";
import { rankScores } from "../../metrics/auroc.ts";
import { precisionRecallCurve } from "../../metrics/precision-recall.ts";
import { rocCurve } from "../../metrics/roc.ts";
import { calibrationSvg, classCalibrationWords } from "../../report/calibration.ts";
import { short } from "../../report/chart.ts";
import { type Curve, curvesSvg, precisionAxes, precisionSteps, rocAxes, rocPoint } from "../../report/curves.ts";
import { withInterval } from "../../report/format.ts";
import { aboutIntervals, readDifference, readInterval } from "../../report/intervals.ts";
import { plots, type Section } from "../../report/layout.ts";
import { fewestClusters } from "../../tables/few.ts";
import { documentPage, intervalMethods } from "../../tables/page.ts";
import { type DrawnFigure, differenceForest, subgroupForests } from "../../tables/plots.ts";
import { type ClassPredictions, rowsByClass } from "../read/classes.ts";
import { classesDocument, printNames } from "./format.ts";
import type { ClassMetricsResults } from "./results.ts";

/** Figures of all classes that are read, drawn by subgroup and compared. */
const main = ["roc_auc_macro", "average_precision_macro", "balanced_accuracy", "accuracy", "f1_macro"] as const;
/** … and those that are read alone: of errors, 0 is perfect. */
const errors = ["brier_score_loss", "expected_calibration_error"] as const;

/** Predictions of several classes as one HTML page. @param predictions - What was evaluated. */
export function classesPage(results: ClassMetricsResults, predictions: ClassPredictions): string {
  const names = printNames(results.classes);
  const drawn = main.map((metric): DrawnFigure => ({ metric, name: names[metric]!, range: [0, 1] }));
  const forests = subgroupForests(results.figures, drawn);
  const differences = results.comparisons.flatMap(({ file, differences }) => {
    const rows = main.map((metric) => ({ name: names[metric]!, ...differences.find((one) => one.metric === metric)! }));
    return differenceForest(`${results.predictions.file} minus ${file}`, rows);
  });
  const section = (title: string, svgs: readonly string[], caption: string): Section[] =>
    svgs.length === 0 ? [] : [{ title, body: plots(svgs, caption) }];
  return documentPage(classesDocument(results), {
    reading: readingOf(results, predictions, names),
    pictures: [
      rankingSection(results, predictions),
      ...calibrationSection(results),
      ...section("Subgroups", forests, "In brackets: rows that the figure is of. Orange and dashed: all together."),
      ...section("Differences", differences, "Both models on the same rows, in the same resamples; right of the dashed line the first is higher."), // biome-ignore format: one line
    ],
    methods: methodsOf(results),
  });
}

function readingOf(
  { figures, comparisons, predictions, options, classes }: ClassMetricsResults,
  { rows }: ClassPredictions,
  names: Record<string, string>,
): string[] {
  const fewest = { count: fewestClusters(rowsByClass(rows, classes)), of: "patients of one class" };
  const read = [...main, ...errors].map((metric) => {
    const one = figures.find((f) => f.metric === metric && f.subset === "all")!;
    const landmark = one.chance === null ? null : { value: one.chance, words: "what guessing reaches", fewest };
    return readInterval(names[metric]!, one, options.level, landmark);
  });
  const differences = comparisons.flatMap(({ file, differences }) => {
    const of = `${oneLine(predictions.file)} minus ${oneLine(file)}`;
    const shown = differences.filter(({ metric }) => metric === "roc_auc_macro" || metric === "balanced_accuracy");
    return shown.map((one) => readDifference(names[one.metric]!, of, one, options.level));
  });
  return [aboutIntervals(options.level, "patients"), ...read, ...differences];
}

function rankingSection({ classes, figures }: ClassMetricsResults, { rows }: ClassPredictions): Section {
  const ranked = classes.map((_, c) => rankScores(rows.map(({ truth, scores }) => ({ label: truth === c ? 1 : 0, score: scores[c]! })))); // biome-ignore format: one line
  const named = (metric: string, c: number) => {
    const one = figures.find((f) => f.metric === `${metric}:${classes[c]}` && f.subset === "all")!;
    return `${short(oneLine(classes[c]!), 20)} ${withInterval(one)}`; // of the legend's line the interval needs the rest
  };
  const curves = (metric: string, points: (c: number) => Curve["points"]) =>
    classes.map((_, c): Curve => ({ name: named(metric, c), points: points(c) }));
  const roc = curves("roc_auc", (c) => rocCurve(ranked[c]!).map(rocPoint));
  const precision = curves("average_precision", (c) => precisionSteps(precisionRecallCurve(ranked[c]!)));
  return {
    title: "Ranking, each class against the rest",
    body: plots(
      [curvesSvg("ROC", rocAxes, roc), curvesSvg("Precision and recall", precisionAxes(null), precision)],
      "Dashed: guessing; of precision it is the share of each class, in the table of figures under chance. Beside the names: area and interval.",
    ),
  };
}

function calibrationSection({ calibration }: ClassMetricsResults): Section[] {
  const svgs = calibration.map(({ class: name, bins }) => calibrationSvg(name === null ? "Calls" : oneLine(name), bins));
  const caption = `${classCalibrationWords("rows")} Below, how many rows there are of each.`;
  return svgs.length === 0 ? [] : [{ title: "Calibration", body: plots(svgs, caption) }];
}

function methodsOf({ predictions, classes, comparisons, method, hemosynth, options }: ClassMetricsResults): string[] {
  const tests = comparisons.length === 0 ? "" : ` Models were compared on the same rows: paired differences with intervals from the same resamples${options.permutations === 0 ? "" : ", permutation tests that exchange the models within whole patients"} and McNemar's exact test of right calls${comparisons.length > 1 ? ", p values adjusted by Holm for each figure" : ""}.`; // biome-ignore format: one line
  return [
    `${predictions.rows} predictions of ${classes.length} classes, of ${many(predictions.clusters, "cluster")}, were evaluated with hemosynth ${hemosynth}. The call is the class with the highest score, so no threshold was chosen. Macro averages are means over classes of each against the rest; micro averages take all scores as one table. ${intervalMethods(method, "rows")}${tests}`,
    "Masks played no part, so there is no rule for empty ones. Whether these are scores of patients, of phantoms or of painted lesions is known to whoever made the file: say so beside every figure.",
  ];
}
