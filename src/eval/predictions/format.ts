import { many } from "../../core/words.ts";
import { oneLine } from "../../data/faults.ts";
import { fixed } from "../report/format.ts";
import type { TableDocument } from "../tables/document.ts";
import { figureRows, figuresCsv, figureTable, range } from "../tables/figures.ts";
import { comparisonTable, differenceRows, figuresOf, interactionRows, interactionTables, pWords } from "./compare/format.ts";
import type { Comparison, FigureName, MetricsResults } from "./results.ts";

/** What each figure is called in print. */
export const figureWords: Readonly<Record<FigureName, string>> = {
  roc_auc: "AUROC",
  average_precision: "Average precision",
  recall: "Sensitivity (recall)",
  specificity: "Specificity",
  precision: "PPV (precision)",
  npv: "NPV",
  positive_likelihood_ratio: "Likelihood ratio +",
  negative_likelihood_ratio: "Likelihood ratio -",
  accuracy: "Accuracy",
  balanced_accuracy: "Balanced accuracy",
  f1: "F1",
  matthews_corrcoef: "Matthews correlation",
  brier_score_loss: "Brier score",
  expected_calibration_error: "Calibration error (ECE)",
};

function testsOf({ delong, mcnemar }: Comparison): Partial<Record<FigureName, string>> {
  return {
    roc_auc:
      delong.p === null
        ? `${delong.method} none: ${delong.reason}`
        : `${delong.method} ${range(delong)}, z ${fixed(delong.z, 2)}, p ${pWords(delong.p, delong.pHolm)}`,
    accuracy: mcnemarWords(mcnemar),
  };
}

/** McNemar's test in words; empty where there is none. */
export function mcnemarWords({ p, pHolm, onlyFirstRight, onlyOtherRight }: Comparison["mcnemar"]): string {
  return p === null ? "" : `McNemar ${onlyFirstRight} to ${onlyOtherRight}, p ${pWords(p, pHolm)}`;
}

/** What stands above the tables: what was read, how the columns were taken, threshold, method. */
function headLines({ predictions, columns, classes, threshold, method, validation }: MetricsResults): string[] {
  const { file, rows, positives, clusters } = predictions;
  const c = threshold.confusion;
  const reached = threshold.reached;
  const where =
    threshold.chosenOn === "given"
      ? ""
      : `, chosen on ${threshold.chosenOn === "validation" ? oneLine(validation!.file) : threshold.chosenOn}`;
  const there =
    reached === null ? "" : ` (there recall ${fixed(reached.recall, 3)}, specificity ${fixed(reached.specificity, 3)})`;
  return [
    `${oneLine(file)}: ${many(rows, "row")}, ${positives} positive, ${many(clusters, "cluster")}`,
    `columns: ${columns}`,
    `positive is ${oneLine(classes.positive)}, negative ${oneLine(classes.negative.slice(0, 5).join(", "))}${classes.negative.length > 5 ? ", ..." : ""}`,
    `threshold: ${threshold.value === null ? "none" : `score >= ${Number(threshold.value.toPrecision(6))}`} (${threshold.rule}${where})${there}`,
    ...(c === null
      ? []
      : [`calls: ${c.tp} true positive, ${c.fn} false negative, ${c.fp} false positive, ${c.tn} true negative`]),
    `intervals: ${method}`,
  ];
}

/** The tables for a reader; {@link formatCsv} holds all digits. */
export function metricsDocument(results: MetricsResults): TableDocument {
  const { figures, interactions, comparisons, predictions, notes, method, options } = results;
  const nameOf = (metric: string) => figureWords[metric as FigureName];
  const compared = comparisons.flatMap((one) => [
    figuresOf(one.file, figureTable(one.figures, figureWords, options.resamples)),
    comparisonTable({ ...one, first: predictions.file, tests: testsOf(one) }, nameOf, options),
  ]);
  const tables = [
    figureTable(figures, figureWords, options.resamples),
    ...interactionTables(interactions, options.columns.subgroup, nameOf),
    ...compared,
  ];
  return { title: "Metrics", lines: headLines(results), tables, notes, method };
}

/** One line for each figure, interval and test. */
export function formatCsv({ figures, interactions, comparisons, predictions, method, options }: MetricsResults): string {
  const { file } = predictions;
  const compared = comparisons.flatMap(({ delong, mcnemar, ...one }) => {
    const common = { table: `${file} minus ${one.file}`, subset: "all" };
    const { estimate } = one.differences[0]!; // of the AUROC
    const { method: test, pHolm, ...auroc } = delong;
    return [
      ...figureRows(one.file, one.figures, method),
      ...differenceRows({ ...one, first: file }, method),
      { ...common, metric: "roc_auc", estimate, ...auroc, method: test, p_holm: pHolm },
      { ...common, metric: "accuracy", method: "McNemar", p: mcnemar.p, p_holm: mcnemar.pHolm, reason: mcnemar.reason },
    ];
  });
  const tested = interactionRows(file, interactions, options.columns.subgroup);
  return figuresCsv([...figureRows(file, figures, method), ...tested, ...compared]);
}
