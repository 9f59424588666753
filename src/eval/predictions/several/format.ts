import { many } from "../../../core/words.ts";
import { oneLine } from "../../../data/faults.ts";
import type { TableDocument, TextTable } from "../../tables/document.ts";
import { figureRows, figuresCsv, figureTable } from "../../tables/figures.ts";
import { comparisonTable, differenceRows, figuresOf, interactionRows, interactionTables } from "../compare/format.ts";
import { mcnemarWords } from "../format.ts";
import { type ClassFigure, figureKeys, nameOf, type OverallFigure } from "./figures.ts";
import type { ClassMetricsResults } from "./results.ts";

const overall: Readonly<Record<OverallFigure, string>> = {
  roc_auc_macro: "AUROC, macro (one against the rest)",
  roc_auc_micro: "AUROC, micro",
  average_precision_macro: "Average precision, macro",
  average_precision_micro: "Average precision, micro",
  accuracy: "Accuracy",
  balanced_accuracy: "Balanced accuracy",
  f1_macro: "F1, macro",
  cohen_kappa: "Cohen's kappa",
  matthews_corrcoef: "Matthews correlation",
  brier_score_loss: "Brier score (sum over classes)",
  expected_calibration_error: "Calibration error of the calls (ECE)",
  classwise_calibration_error: "Calibration error, mean over classes",
};

const ofClass: Readonly<Record<ClassFigure, string>> = {
  roc_auc: "AUROC",
  average_precision: "Average precision",
  recall: "Sensitivity (recall)",
  specificity: "Specificity",
  precision: "PPV (precision)",
  f1: "F1",
};

/** What each figure is called in print, by its name in files. */
export function printNames(classes: readonly string[]): Record<string, string> {
  const words = figureKeys(classes.length).map((key) => [
    nameOf(key, classes),
    key.of === null ? overall[key.figure] : `${oneLine(classes[key.of]!)}: ${ofClass[key.figure]}`,
  ]);
  return Object.fromEntries(words) as Record<string, string>;
}

function confusionTable({ classes, confusion }: Pick<ClassMetricsResults, "classes" | "confusion">): TextTable {
  const names = classes.map(oneLine);
  const head = ["truth, down; call, across", ...names, ""];
  return { title: "Calls", cells: [head, ...confusion.map((row, c) => [names[c]!, ...row.map(String), ""])] };
}

/** The tables for a reader; {@link classesCsv} holds all digits. */
export function classesDocument(results: ClassMetricsResults): TableDocument {
  const { comparisons, predictions, notes, method, options, columns, classes } = results;
  const names = printNames(classes);
  const print = (metric: string) => names[metric]!;
  const compared = comparisons.flatMap((one) => [
    figuresOf(one.file, figureTable(one.figures, names, options.resamples)),
    comparisonTable({ ...one, first: predictions.file, tests: { accuracy: mcnemarWords(one.mcnemar) } }, print, options),
  ]);
  const lines = [
    `${oneLine(predictions.file)}: ${many(predictions.rows, "row")} of ${many(classes.length, "class", "classes")}, ${many(predictions.clusters, "cluster")}`,
    `columns: ${columns}`,
    "calls: the class with the highest score, of several the first",
    `intervals: ${method}`,
  ];
  return { title: "Metrics", lines, tables: [...classTables(results), ...compared], notes, method };
}

/** The tables of one table of predictions by itself. */
export function classTables(
  results: Pick<ClassMetricsResults, "figures" | "confusion" | "interactions" | "classes" | "options">,
): TextTable[] {
  const { figures, interactions, options, classes } = results;
  const names = printNames(classes);
  return [
    figureTable(figures, names, options.resamples),
    confusionTable(results),
    ...interactionTables(interactions, options.columns.subgroup, (metric) => names[metric]!),
  ];
}

/** One line for each figure, interval and test. */
export function classesCsv({ figures, interactions, comparisons, predictions, method, options }: ClassMetricsResults): string {
  const { file } = predictions;
  const compared = comparisons.flatMap(({ mcnemar, ...one }) => [
    ...figureRows(one.file, one.figures, method),
    ...differenceRows({ ...one, first: file }, method),
    {
      table: `${file} minus ${one.file}`,
      subset: "all",
      metric: "accuracy",
      method: "McNemar",
      p: mcnemar.p,
      p_holm: mcnemar.pHolm,
    },
  ]);
  const tested = interactionRows(file, interactions, options.columns.subgroup);
  return figuresCsv([...figureRows(file, figures, method), ...tested, ...compared]);
}
