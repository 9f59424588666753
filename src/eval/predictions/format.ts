import { oneLine } from "../../data/faults.ts";
import { fixed } from "../report/format.ts";
import type { TableDocument, TextTable } from "../tables/document.ts";
import { figureRows, figuresCsv, figureTable, pValue, range } from "../tables/figures.ts";
import type { Comparison, FigureName, MetricsResults } from "./results.ts";

const names: Readonly<Record<FigureName, string>> = {
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

function comparisonTable({ file, differences, delong, mcnemar }: Comparison, first: string): TextTable {
  const head = ["figure", "difference", "interval", "test, or why there is none"];
  const p = (value: number | null, adjusted: number | null) =>
    `p ${pValue(value)}${adjusted === value ? "" : `, Holm ${pValue(adjusted)}`}`;
  const tests: Partial<Record<FigureName, string>> = {
    roc_auc:
      delong.p === null
        ? `${delong.method} none: ${delong.reason}`
        : `${delong.method} ${range(delong)}, z ${fixed(delong.z, 2)}, ${p(delong.p, delong.pHolm)}`,
    accuracy:
      mcnemar.p === null ? "" : `McNemar ${mcnemar.onlyFirstRight} to ${mcnemar.onlyOtherRight}, ${p(mcnemar.p, mcnemar.pHolm)}`,
  };
  const cells = differences.map((one) => {
    const words = [one.reason ?? "", tests[one.metric] ?? ""].filter((text) => text !== "").join("; ");
    return [names[one.metric], fixed(one.estimate, 3), range(one), words];
  });
  return { title: `${oneLine(first)} minus ${oneLine(file)}`, cells: [head, ...cells] };
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
    `${oneLine(file)}: ${rows} rows, ${positives} positive, ${clusters} clusters`,
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
  const { figures, comparisons, predictions, notes, method } = results;
  const tables = [figureTable(figures, names), ...comparisons.map((one) => comparisonTable(one, predictions.file))];
  return { title: "Metrics", lines: headLines(results), tables, notes, method };
}

/** One line for each figure and interval. */
export function formatCsv({ figures, comparisons, predictions, method }: MetricsResults): string {
  const compared = comparisons.flatMap(({ file, differences, delong, mcnemar }) => {
    const common = { table: `${predictions.file} minus ${file}`, subset: "all" };
    const { estimate } = differences[0]!; // of the AUROC
    const { method: test, pHolm, ...auroc } = delong;
    return [
      ...differences.map(({ undefinedResamples, ...d }) => ({
        ...common,
        ...d,
        method,
        undefined_resamples: undefinedResamples,
      })),
      { ...common, metric: "roc_auc", estimate, ...auroc, method: test, p_holm: pHolm },
      { ...common, metric: "accuracy", method: "McNemar", p: mcnemar.p, p_holm: mcnemar.pHolm, reason: mcnemar.reason },
    ];
  });
  return figuresCsv([...figureRows(predictions.file, figures, method), ...compared]);
}
