import { csvLine } from "../../data/csv.ts";
import { oneLine } from "../../data/faults.ts";
import { fixed } from "../report/format.ts";
import type { Comparison, Figure, FigureName, MetricsResults } from "./results.ts";

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

type Range = Pick<Figure, "low" | "high">;
const range = ({ low, high }: Range): string => (low === null ? "" : `[${fixed(low, 3)}, ${fixed(high, 3)}]`);

/** A table of text, the head first. */
interface TextTable {
  readonly title: string;
  readonly cells: readonly (readonly string[])[];
}

/** What a reader sees, whatever it is written as. */
function tablesOf(results: MetricsResults): TextTable[] {
  return [figureTable(results.figures), ...results.comparisons.map((one) => comparisonTable(one, results.predictions.file))];
}

function figureTable(figures: readonly Figure[]): TextTable {
  const several = figures.some(({ subset }) => subset !== "all");
  const head = [
    ...(several ? ["rows"] : []),
    "figure",
    "estimate",
    "interval",
    "n",
    "clusters",
    "chance",
    "other intervals, or why there is none",
  ];
  const cells = figures.map((figure) => [
    ...(several ? [oneLine(figure.subset)] : []),
    names[figure.metric],
    fixed(figure.estimate, 3),
    range(figure),
    String(figure.n),
    String(figure.clusters),
    figure.chance === null ? "" : fixed(figure.chance, 3),
    besideWords(figure),
  ]);
  return { title: "Figures", cells: [head, ...cells] };
}

function besideWords({ reason, undefinedResamples, beside }: Figure): string {
  const others = beside.map((one) => `${one.method} ${one.low === null ? `none: ${one.reason}` : range(one)}`);
  const left = undefinedResamples === 0 ? [] : [`undefined in ${undefinedResamples} resamples`];
  return [...(reason === null ? [] : [reason]), ...others, ...left].join("; ");
}

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

const pValue = (p: number | null): string => (p === null ? "–" : p < 0.0001 ? "< .0001" : p.toFixed(4).replace(/^0/, ""));

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

/** For a terminal. */
export function formatText(results: MetricsResults): string {
  const table = ({ title, cells }: TextTable) => {
    const widths = cells[0]!.map((_, i) => Math.max(...cells.map((row) => row[i]!.length)));
    const lines = cells.map((row) => row.map((cell, i) => cell.padEnd(widths[i]!)).join("  ").trimEnd()); // biome-ignore format: short
    return [title, ...lines].join("\n");
  };
  const notes = results.notes.map((note) => `note: ${note}`);
  return [headLines(results).join("\n"), ...tablesOf(results).map(table), ...(notes.length > 0 ? [notes.join("\n")] : [])].join(
    "\n\n",
  );
}

/** As Markdown. No text of the input can open a tag, a link or a cell. */
export function formatMarkdown(results: MetricsResults): string {
  const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };
  const safe = (text: string) => text.replaceAll(/[&<>]/g, (c) => entities[c]!).replaceAll(/[\\`*_|#~]|(?<=\])\(/g, "\\$&"); // and no "](", which makes a link
  const line = (row: readonly string[]) => `| ${row.map(safe).join(" | ")} |`;
  const table = ({ title, cells: [head, ...rows] }: TextTable) =>
    [`## ${safe(title)}`, "", line(head!), `|${head!.map(() => " --- ").join("|")}|`, ...rows.map(line)].join("\n");
  const list = (lines: readonly string[]) => lines.map((text) => `- ${safe(text)}`).join("\n");
  const parts = ["# Metrics", list(headLines(results)), ...tablesOf(results).map(table), list(results.notes)];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

const texEscapes: Readonly<Record<string, string>> = {
  "\\": "\\textbackslash{}", "{": "\\{", "}": "\\}", "&": "\\&", "%": "\\%", $: "\\$", "#": "\\#", _: "\\_",
  "~": "\\textasciitilde{}", "^": "\\textasciicircum{}", "<": "\\textless{}", ">": "\\textgreater{}", "|": "\\textbar{}",
  "–": "--", "\u2212": "$-$",
}; // biome-ignore format: a table

/** As LaTeX: a table for each, of package booktabs, the last column left out; how it was made is a comment. */
export function formatLatex(results: MetricsResults): string {
  const safe = (text: string) => text.replaceAll(/[\\{}&%$#_~^<>|–\u2212]/g, (c) => texEscapes[c]!);
  const line = (row: readonly string[]) => `${row.slice(0, -1).map(safe).join(" & ")} \\\\`;
  const table = ({ title, cells: [head, ...rows] }: TextTable) => [
    "\\begin{table}",
    `\\caption{${safe(title)}; ${safe(results.method)}.}`,
    `\\begin{tabular}{${"l".repeat(head!.length - 1)}}`,
    "\\toprule",
    line(head!),
    "\\midrule",
    ...rows.map((row) => line(row)),
    "\\bottomrule",
    "\\end{tabular}",
    "\\end{table}",
  ];
  const comment = [...headLines(results), ...results.notes].map((text) => `% ${text}`);
  return `${[...comment, ...tablesOf(results).flatMap(table)].join("\n")}\n`;
}

const csvColumns = ["table", "subset", "metric", "estimate", "low", "high", "method", "n", "clusters", "undefined_resamples", "chance", "z", "p", "p_holm", "reason"]; // biome-ignore format: a list

/** As CSV, full digits: one line for each figure and interval. Text that a spreadsheet would run as a formula is inert. */
export function formatCsv({ figures, comparisons, predictions, method }: MetricsResults): string {
  const own = figures.flatMap((f) => {
    const common = [predictions.file, f.subset, f.metric, f.estimate] as const;
    const counts = [f.n, f.clusters] as const;
    return [
      [...common, f.low, f.high, method, ...counts, f.undefinedResamples, f.chance, null, null, null, f.reason],
      ...f.beside.map((b) => [...common, b.low, b.high, b.method, ...counts, null, f.chance, null, null, null, b.reason]),
    ];
  });
  const compared = comparisons.flatMap((c) => {
    const name = `${predictions.file} minus ${c.file}`;
    const line = (d: Comparison["differences"][number]) => [name, "all", d.metric, d.estimate, d.low, d.high, method, null, null, d.undefinedResamples, null, null, null, null, d.reason]; // biome-ignore format: one row
    const auroc = c.differences[0]!;
    const { delong, mcnemar } = c;
    return [
      ...c.differences.map(line),
      [name, "all", "roc_auc", auroc.estimate, delong.low, delong.high, delong.method, null, null, null, null, delong.z, delong.p, delong.pHolm, delong.reason],
      [name, "all", "accuracy", null, null, null, "McNemar", null, null, null, null, null, mcnemar.p, mcnemar.pHolm, mcnemar.reason],
    ]; // biome-ignore format: rows
  });
  return [csvColumns.join(","), ...[...own, ...compared].map(csvLine), ""].join("\n");
}
