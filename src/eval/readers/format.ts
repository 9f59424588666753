import { many } from "../../core/words.ts";
import { oneLine } from "../../data/faults.ts";
import type { AnalysisName } from "../metrics/obuchowski-rockette.ts";
import { fixed } from "../report/format.ts";
import type { MadeOrigin } from "../results.ts";
import type { TableDocument, TextTable } from "../tables/document.ts";
import type { Estimate } from "../tables/estimate.ts";
import { pValue, range } from "../tables/figures.ts";
import type { ReaderAnalysis, ReaderFigure, ReaderFigureName, ReaderResults } from "./results.ts";

export const readerFigureWords: Readonly<Record<ReaderFigureName, string>> = {
  roc_auc: "AUROC",
  recall: "Sensitivity (recall)",
  specificity: "Specificity",
  time_seconds: "Time in seconds (geometric mean)",
  confidence: "Confidence",
};

/** Whom an analysis speaks of. */
export const analysisWords: Readonly<Record<AnalysisName, string>> = {
  randomReadersRandomCases: "readers and cases in general",
  fixedReadersRandomCases: "these readers, cases in general",
  randomReadersFixedCases: "readers in general, these cases",
};

/** `with − without`, of times `with / without`. */
export function versus({ scale }: Pick<ReaderFigure, "scale">, { arm, minus }: { arm: string; minus: string }): string {
  return `${oneLine(arm)} ${scale === "log" ? "/" : "\u2212"} ${oneLine(minus)}`;
}

/** `0.920 [0.862, 0.967]`, or without its interval. */
function withRange({ estimate, low, high }: Pick<Estimate, "estimate" | "low" | "high">, decimals = 3): string {
  const ends = low === null ? "" : ` [${fixed(low, decimals)}, ${fixed(high, decimals)}]`;
  return `${fixed(estimate, decimals)}${ends}`;
}

/** `t(15.3) = −2.11, p .0517`. */
function testWords({ statistic, df, p }: { statistic: number | null; df: number | null; p: number | null }): string {
  if (statistic === null) return "";
  return `${df === null ? "z" : `t(${fixed(df, 1)})`} = ${fixed(statistic, 2)}, p ${pValue(p)}`;
}

/** `F(1, 15.3) = 4.46, p .0517`. */
export function armTestWords({ statistic, df1, df2, p }: ReaderAnalysis["test"]): string {
  if (statistic === null) return "";
  return `${df2 === null ? `chi2(${df1})` : `F(${df1}, ${fixed(df2, 1)})`} = ${fixed(statistic, 2)}, p ${pValue(p)}`;
}

/** Each reader in each arm, with the differences from the reference; those of other pairs of arms are in the CSV. */
function readerTable(figure: ReaderFigure, { readers, arms }: ReaderResults): TextTable {
  const decimals = figure.scale === "log" ? 1 : 3;
  const fromReference = ({ minus }: { minus: string }) => minus === arms[0];
  const pairs = figure.meanDifferences.filter(fromReference);
  const head = [
    "reader",
    ...arms.map(oneLine),
    ...pairs.flatMap((pair) => [versus(figure, pair), "its test"]),
    "other intervals, or why there is none",
  ];
  const rows = readers.map((reader) => {
    const own = figure.readers.filter((one) => one.reader === reader);
    const differences = figure.differences.filter((one) => one.reader === reader && fromReference(one));
    const remarks = [...own.flatMap(cellRemark), ...differences.flatMap((one) => remark(versus(figure, one), one.reason))];
    return [
      oneLine(reader),
      ...own.map((one) => withRange(one, decimals)),
      ...differences.flatMap((one) => [withRange(one), testWords(one.analytic)]),
      remarks.join("; "),
    ];
  });
  const means = figure.analyses[0]!.arms.map(({ estimate }) => fixed(estimate, decimals));
  const differences = pairs.flatMap((pair) => [withRange(pair), ""]);
  const remarks = pairs.flatMap((pair) => remark(versus(figure, pair), pair.reason));
  const last = ["mean of these readers", ...means, ...differences, remarks.join("; ")];
  const cells = [head, ...rows, ...(readers.length > 1 ? [last] : [])];
  return { title: `${readerFigureWords[figure.metric]}, by reader`, cells };
}

const remark = (what: string, said: string | null): string[] => (said === null ? [] : [`${what}: ${said}`]);

/** Why a figure has no interval, and the first of the intervals beside it. */
function cellRemark({ arm, reason, beside: [other] }: ReaderFigure["readers"][number]): string[] {
  const beside = other === undefined || other.low === null ? null : `${other.method} ${range(other)}`;
  return [reason, beside].flatMap((said) => remark(oneLine(arm), said));
}

/** What the means over readers say, and of whom. */
function analysisTable(figure: ReaderFigure): TextTable {
  const head = ["speaks of", "what", "estimate", "interval", "standard error", "test", "why there is none"];
  const decimals = figure.scale === "log" ? 1 : 3;
  const numbers = (
    { estimate, low, high, se }: Pick<Estimate, "estimate" | "low" | "high"> & { se: number | null },
    places: number,
  ) => [fixed(estimate, places), low === null ? "" : `[${fixed(low, places)}, ${fixed(high, places)}]`, fixed(se, 4)];
  const rows = figure.analyses.flatMap(({ name, test, differences, arms }) => {
    const alike = ["all arms alike", "", "", "", armTestWords(test), test.reason ?? ""];
    const own = [
      ...(differences.length > 1 ? [alike] : []),
      ...differences.map((one) => [versus(figure, one), ...numbers(one, 3), testWords(one), one.reason ?? ""]),
      ...arms.map((one) => [oneLine(one.arm), ...numbers(one, decimals), "", one.reason ?? ""]),
    ];
    return own.map((row) => [analysisWords[name], ...row]);
  });
  return { title: `${readerFigureWords[figure.metric]}, mean over readers`, cells: [head, ...rows] };
}

const digits = (value: number | null): string =>
  value === null ? "–" : String(Number(value.toPrecision(4))).replace("-", "\u2212");

function componentTable(figures: readonly ReaderFigure[]): TextTable {
  const head = ["figure", "Var(reader)", "Var(arm x reader)", "Cov1", "Cov2", "Cov3", "Var(error)", "remarks"];
  const cells = figures.map(({ metric, scale, components: c }) => {
    const values = [c.reader, c.armReader, c.cov1, c.cov2, c.cov3, c.variance];
    return [readerFigureWords[metric], ...values.map(digits), scale === "log" ? "of the logarithm" : ""];
  });
  return { title: "Variance components (Obuchowski-Rockette)", cells: [head, ...cells] };
}

function dbmTable(figures: readonly ReaderFigure[]): TextTable[] {
  const head = [
    "figure",
    "Var(R)",
    "Var(C)",
    "Var(TR)",
    "Var(TC)",
    "Var(RC)",
    "Var(TRC)+error",
    "test, readers and cases in general",
    "remarks",
  ];
  const cells = figures.flatMap(({ metric, scale, dbm }) => {
    if (dbm === null) return [];
    const { components: c, tests } = dbm;
    const { f, df1, df2, p } = tests.randomReadersRandomCases;
    const values = [c.reader, c.case, c.armReader, c.armCase, c.readerCase, c.armReaderCase];
    const test = armTestWords({ statistic: f, df1, df2, p, reason: null });
    return [[readerFigureWords[metric], ...values.map(digits), test, scale === "log" ? "of the logarithm" : ""]];
  });
  return cells.length === 0
    ? []
    : [{ title: "Pseudovalues (Dorfman-Berbaum-Metz; T arm, R reader, C case)", cells: [head, ...cells] }];
}

const imageWords: Readonly<Record<MadeOrigin, string>> = {
  painted: "PAINTED lesions: software painted the lesions in the images that were read, so no figure is clinical performance",
  simulated: "SIMULATED images: software made the images that were read and all that they show, so no figure is clinical performance",
}; // biome-ignore format: a table

const warningsOf = ({ simulated, images }: ReaderResults): string[] => [
  ...(simulated
    ? ["SIMULATED readers: a program made these readings, and all figures are of that program; no person has read anything"]
    : []),
  ...(images === null ? [] : [imageWords[images]]),
];

function headLines({ readings, readers, arms, columns, classes, options, method }: ReaderResults): string[] {
  const { file, cases, positives, clusters } = readings;
  const negatives = `${classes.negative.slice(0, 5).join(", ")}${classes.negative.length > 5 ? ", ..." : ""}`;
  return [
    `${oneLine(file)}: ${many(cases, "case")}, ${positives} positive, ${many(clusters, "cluster")}, read by ${readers.length} (${oneLine(readers.join(", "))})`,
    `arms: ${oneLine(arms.join(", "))}${arms.length > 1 ? `; ${oneLine(arms[0]!)} is the reference` : ""}`,
    `columns: ${columns}`,
    `positive is ${oneLine(classes.positive)}, negative ${oneLine(negatives)}`,
    ...(options.threshold === null ? [] : [`calls: rating >= ${options.threshold}`]),
    `intervals: ${method}`,
  ];
}

/** The tables for a reader of papers; reader.csv holds all digits. */
export function readerDocument(results: ReaderResults): TableDocument {
  const { figures, simulated, notes, method, arms, readers } = results;
  const several = readers.length > 1 && arms.length > 1;
  const tables = [
    ...figures.flatMap((figure) => [readerTable(figure, results), analysisTable(figure)]),
    ...(several ? [componentTable(figures), ...dbmTable(figures)] : []),
  ];
  return {
    title: simulated ? "Reader study with SIMULATED readers" : "Reader study",
    warnings: warningsOf(results),
    lines: [...warningsOf(results), ...headLines(results)],
    tables: simulated ? tables.map(({ title, cells }) => ({ title: `SIMULATED readers: ${title}`, cells })) : tables,
    notes,
    method,
  };
}
