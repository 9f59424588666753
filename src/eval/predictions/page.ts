import { many } from "../../core/words.ts";
import { oneLine } from "../../data/faults.ts";
import { rankScores } from "../metrics/auroc.ts";
import { confusionAt, sensitivity, specificity } from "../metrics/confusion.ts";
import { precisionRecallCurve } from "../metrics/precision-recall.ts";
import { rocCurve } from "../metrics/roc.ts";
import { calibrationSvg } from "../report/calibration.ts";
import { type Curve, curvesSvg, precisionAxes, precisionSteps, rocAxes, rocPoint } from "../report/curves.ts";
import { fixed, withInterval } from "../report/format.ts";
import { aboutIntervals, readDifference, readInterval } from "../report/intervals.ts";
import { plots, type Section } from "../report/layout.ts";
import { fewestClusters } from "../tables/few.ts";
import { documentPage, intervalMethods } from "../tables/page.ts";
import { type DrawnFigure, differenceForest, subgroupForests } from "../tables/plots.ts";
import { figureWords, metricsDocument } from "./format.ts";
import { type Predictions, rowsByLabel } from "./read/rows.ts";
import type { Figure, FigureName, MetricsResults } from "./results.ts";

/** What a figure means, as the beginning of a sentence. */
const meanings = {
  roc_auc: "AUROC, the chance that a positive scores above a negative,",
  average_precision: "Average precision, the mean precision over all sensitivities,",
  recall: "Sensitivity, the share of positives that are called,",
  specificity: "Specificity, the share of negatives that are not called,",
  precision: "PPV, the share of calls that are right where positives are as common as here,",
  brier_score_loss: "The Brier score, the mean squared error of the probabilities (0 is perfect),",
  expected_calibration_error: "The calibration error, how far probabilities lie from the shares observed (0 is perfect),",
} as const satisfies Partial<Record<FigureName, string>>;

/** Figures of which subgroups are drawn. */
const inForests: readonly DrawnFigure[] = (["roc_auc", "average_precision", "recall", "specificity"] as const).map((metric) => ({
  metric,
  name: figureWords[metric],
  range: [0, 1],
}));

/** Figures in [0, 1], whose differences share one axis. */
const compared = [
  "roc_auc",
  "average_precision",
  "recall",
  "specificity",
  "precision",
  "accuracy",
  "f1",
  "brier_score_loss",
] as const;

/**
 * Predictions of two classes as one HTML page: what the figures mean, curves, subgroups, differences, tables.
 * @param tables - The predictions and those compared with them, in the order of the results.
 */
export function twoClassesPage(results: MetricsResults, tables: readonly Predictions[]): string {
  return documentPage(metricsDocument(results), {
    reading: readingOf(results, tables[0]!),
    pictures: [
      rankingSection(results, tables),
      ...calibrationSection(results),
      ...subgroupSection(results),
      ...differenceSection(results),
    ],
    methods: methodsOf(results),
  });
}

const ofAll = ({ figures }: MetricsResults, metric: FigureName): Figure =>
  figures.find((one) => one.metric === metric && one.subset === "all")!;

function readingOf(results: MetricsResults, { rows }: Predictions): string[] {
  const { options, comparisons, predictions } = results;
  const fewest = { count: fewestClusters(rowsByLabel(rows)), of: "patients of one class" };
  const read = (Object.keys(meanings) as (keyof typeof meanings)[]).map((metric) => {
    const one = ofAll(results, metric);
    const landmark = one.chance === null ? null : { value: one.chance, words: "what guessing reaches", fewest };
    return readInterval(meanings[metric], one, options.level, landmark);
  });
  const differences = comparisons.flatMap(({ file, differences }) => {
    const of = `${oneLine(predictions.file)} minus ${oneLine(file)}`;
    const shown = differences.filter(({ metric }) => metric === "roc_auc" || metric === "recall" || metric === "specificity");
    return shown.map((one) => readDifference(figureWords[one.metric], of, one, options.level));
  });
  return [aboutIntervals(options.level, "patients"), ...read, ...differences];
}

function rankingSection(results: MetricsResults, tables: readonly Predictions[]): Section {
  const { comparisons, predictions } = results;
  const ranked = tables.map(({ rows }) => rankScores(rows));
  const cuts = [results.threshold.value, ...comparisons.map(({ threshold }) => threshold)];
  const names = [predictions.file, ...comparisons.map(({ file }) => file)].map(oneLine);
  const named = (i: number, metric: FigureName) =>
    i > 0 ? names[i]! : tables.length > 1 ? `${names[0]} ${withInterval(ofAll(results, metric))}` : `${figureWords[metric]} ${withInterval(ofAll(results, metric))}`; // biome-ignore format: one line
  const roc = ranked.map((one, i): Curve => {
    const at = cuts[i] === null ? null : confusionAt(one, cuts[i]!);
    const point = at && rocPoint({ falsePositiveRate: 1 - specificity(at), sensitivity: sensitivity(at) });
    return { name: named(i, "roc_auc"), points: rocCurve(one).map(rocPoint), at: point };
  });
  const precision = ranked.map(
    (one, i): Curve => ({
      name: named(i, "average_precision"),
      points: precisionSteps(precisionRecallCurve(one)),
    }),
  );
  const share = predictions.positives / predictions.rows;
  return {
    title: "Ranking",
    body: plots(
      [curvesSvg("ROC", rocAxes, roc), curvesSvg("Precision and recall", precisionAxes(share), precision)],
      `Dashed: guessing, which for precision is the share of positives here, ${fixed(share, 3)}. Dots: the thresholds. Steps of the right curve enclose average precision.`,
    ),
  };
}

function calibrationSection({ calibration }: MetricsResults): Section[] {
  if (calibration.length === 0) return [];
  const caption =
    "Dots: share of positives among rows of about the same probability; bars: Wilson's intervals, which take rows as independent. Dashed: perfect. Below, how many rows there are of each.";
  return [{ title: "Calibration", body: plots([calibrationSvg("Calibration", calibration)], caption) }];
}

function subgroupSection({ figures }: Pick<MetricsResults, "figures">): Section[] {
  const forests = subgroupForests(figures, inForests);
  const caption = "In brackets: rows that the figure is of. Orange and dashed: all together. Thresholds are those of all.";
  return forests.length === 0 ? [] : [{ title: "Subgroups", body: plots(forests, caption) }];
}

function differenceSection({ comparisons, predictions }: MetricsResults): Section[] {
  const forests = comparisons.flatMap(({ file, differences }) => {
    const rows = compared.map((metric) => ({ name: figureWords[metric], ...differences.find((one) => one.metric === metric)! }));
    return differenceForest(`${predictions.file} minus ${file}`, rows);
  });
  const caption =
    "Both models on the same rows, in the same resamples; right of the dashed line the first is higher (of the Brier score: worse).";
  return forests.length === 0 ? [] : [{ title: "Differences", body: plots(forests, caption) }];
}

/** The evaluation as a paper's methods tell it. */
function methodsOf(results: MetricsResults): string[] {
  const { predictions, validation, threshold, options, comparisons, method, hemosynth } = results;
  const cut = threshold.value === null ? "No threshold was set, so there are no calls." : `Rows scoring at least ${Number(threshold.value.toPrecision(4))} were called positive (${threshold.rule}${chosenWhere(results)}).`; // biome-ignore format: one line
  const pooled = options.per === null ? "" : ` Rows of one ${oneLine(options.per)} were pooled into one score (${options.pool.kind}) beforehand.`; // biome-ignore format: one line
  const tests = comparisons.length === 0 ? "" : ` Models were compared on the same rows: paired differences with intervals from the same resamples, ${options.permutations === 0 ? "" : "permutation tests that exchange the models within whole patients, "}DeLong's test of the AUROC (Obuchowski's covariance where patients have several rows) and McNemar's exact test of the calls${comparisons.length > 1 ? ", p values adjusted by Holm for each figure" : ""}.${options.margin === null ? "" : ` The margin of non-inferiority was ${options.margin}.`}`; // biome-ignore format: one line
  return [
    `${predictions.rows} predictions (${predictions.positives} positive) of ${many(predictions.clusters, "cluster")} were evaluated with hemosynth ${hemosynth}.${pooled} ${cut}${validation === null ? "" : ` The validation table held ${validation.rows} rows of ${validation.clusters} clusters.`} Area under the ROC curve counts ties half; average precision is the area under the precision-recall curve as steps. ${intervalMethods(method, "rows")}${tests}`,
    "Masks played no part, so there is no rule for empty ones. Whether these are scores of patients, of phantoms or of painted lesions is known to whoever made the file: say so beside every figure.",
  ];
}

function chosenWhere({ threshold, validation }: MetricsResults): string {
  if (threshold.chosenOn === "given") return "";
  return threshold.chosenOn === "validation"
    ? `; chosen on ${oneLine(validation!.file)}, anew in each resample of its patients`
    : "; chosen on the very rows that are evaluated, anew in each resample";
}
