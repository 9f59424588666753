import { csvLine } from "../../data/csv.ts";
import type { Estimate } from "../tables/estimate.ts";
import type { ReaderFigure, ReaderResults } from "./results.ts";

const csvColumns = [
  "metric", "kind", "about", "reader", "arm", "minus", "estimate", "low", "high", "method", "n", "clusters", "undefined_resamples", "se", "statistic", "df1", "df2", "p", "reason",
] as const; // biome-ignore format: a list

type CsvRow = Partial<Record<(typeof csvColumns)[number], string | number | null>>;

/** One line for each figure, difference, test, interval and component, all digits; with simulated readers each says so in a last column. Text that a spreadsheet would run as a formula is inert. */
export function readerCsv({ figures, simulated, method }: ReaderResults): string {
  const rows = figures.flatMap((figure) => [
    ...readerRows(figure, method),
    ...differenceRows(figure, method),
    ...analysisRows(figure),
    ...componentRows(figure),
  ]);
  const head = simulated ? [...csvColumns, "simulated"] : csvColumns;
  const lines = rows.map((row) => csvLine([...csvColumns.map((name) => row[name] ?? null), ...(simulated ? ["yes"] : [])]));
  return [head.join(","), ...lines, ""].join("\n");
}

const kindOf = ({ scale }: ReaderFigure): string => (scale === "log" ? "ratio" : "difference");

/** What an estimate from the resamples fills in. */
function resampled({ estimate, low, high, undefinedResamples, reason }: Estimate, method: string): CsvRow {
  return { estimate, low, high, method, undefined_resamples: undefinedResamples, reason };
}

function readerRows({ metric, n, clusters, readers }: ReaderFigure, method: string): CsvRow[] {
  return readers.flatMap(({ arm, reader, beside, ...one }) => {
    const common = { metric, kind: "value", about: "reader", reader, arm, estimate: one.estimate, n, clusters };
    const others = beside.map(({ takesRowsAsIndependent: _, ...other }) => ({ ...common, ...other }));
    return [{ ...common, ...resampled(one, method) }, ...others];
  });
}

function differenceRows(figure: ReaderFigure, method: string): CsvRow[] {
  const { metric, n, clusters, differences, meanDifferences } = figure;
  const common = { metric, kind: kindOf(figure), n, clusters };
  const ofReaders = differences.flatMap(({ reader, arm, minus, analytic: { df, ...test }, ...one }) => {
    const own = { ...common, about: "reader", reader, arm, minus };
    const analytic = { ...own, estimate: one.estimate, ...test, df2: df, method: "Obuchowski-Rockette" };
    return [{ ...own, ...resampled(one, method) }, analytic];
  });
  const ofMeans = meanDifferences.map(({ arm, minus, ...one }) => {
    return { ...common, about: "mean of these readers", arm, minus, ...resampled(one, method) };
  });
  return [...ofReaders, ...ofMeans];
}

function analysisRows(figure: ReaderFigure): CsvRow[] {
  const { metric, n, clusters, analyses, dbm } = figure;
  const common = { metric, n, clusters, method: "Obuchowski-Rockette" };
  const ours = analyses.flatMap(({ name, test, differences, arms }) => [
    { ...common, kind: "test", about: name, ...test },
    ...differences.map(({ df, ...one }) => ({ ...common, kind: kindOf(figure), about: name, ...one, df2: df })),
    ...arms.map(({ df, ...one }) => ({ ...common, kind: "value", about: name, ...one, df2: df })),
  ]);
  const theirs = Object.entries(dbm?.tests ?? {}).map(([about, { f, ...test }]) => {
    return { ...common, kind: "test", about, method: "Dorfman-Berbaum-Metz", statistic: f, ...test };
  });
  return [...ours, ...theirs];
}

function componentRows({ metric, components, dbm }: ReaderFigure): CsvRow[] {
  const rows = (method: string, values: Readonly<Record<string, number | null>>) =>
    Object.entries(values).map(([about, estimate]) => ({ metric, kind: "component", about, estimate, method }));
  return [...rows("Obuchowski-Rockette", components), ...rows("Dorfman-Berbaum-Metz", dbm?.components ?? {})];
}
