import { csvLine } from "../../data/csv.ts";
import { oneLine } from "../../data/faults.ts";
import { fixed } from "../report/format.ts";
import { fewResamples } from "../report/intervals.ts";
import type { TextTable } from "./document.ts";
import type { Estimate, TableFigure } from "./estimate.ts";

/** `[0.852, 0.987]`, or nothing. */
export function range({ low, high }: Pick<Estimate, "low" | "high">): string {
  return low === null ? "" : `[${fixed(low, 3)}, ${fixed(high, 3)}]`;
}

/** A p value as papers print it. */
export function pValue(p: number | null): string {
  return p === null ? "–" : p < 0.0001 ? "< .0001" : p.toFixed(4).replace(/^0/, "");
}

/** Figures as a table for a reader. @param names - What each metric is called in print. @param resamples - All that were drawn. */
export function figureTable<M extends string>(
  figures: readonly (TableFigure & { metric: M })[],
  names: Readonly<Record<M, string>>,
  resamples: number,
): TextTable {
  const undefinedSomewhere = figures.some(({ undefinedResamples }) => undefinedResamples > 0);
  const several = figures.some(({ subset }) => subset !== "all");
  const head = [
    ...(several ? ["rows"] : []),
    "figure",
    "estimate",
    "interval",
    "n",
    "clusters",
    "chance",
    ...(undefinedSomewhere ? ["resamples without it"] : []),
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
    ...(undefinedSomewhere ? [figure.undefinedResamples === 0 ? "" : String(figure.undefinedResamples)] : []),
    besideWords(figure, resamples),
  ]);
  return { title: "Figures", cells: [head, ...cells] };
}

function besideWords(figure: TableFigure, resamples: number): string {
  const { reason, beside } = figure;
  const others = beside.map((one) => `${one.method} ${one.low === null ? `none: ${one.reason}` : range(one)}`);
  return [...(reason === null ? [] : [reason]), ...fewResamples(figure, resamples), ...others].join("; ");
}

const csvColumns = [
  "table", "subset", "metric", "estimate", "low", "high", "method", "n", "clusters", "undefined_resamples", "chance", "z", "p", "p_holm", "reason",
] as const; // biome-ignore format: a list

/** One line of a table of figures; what is missing is an empty cell. */
export type FigureRow = Partial<Record<(typeof csvColumns)[number], string | number | null>>;

/** Each figure and each interval beside it as one row. */
export function figureRows(table: string, figures: readonly TableFigure[], method: string): FigureRow[] {
  return figures.flatMap(({ subset, metric, estimate, n, clusters, chance, ...f }) => {
    const common = { table, subset, metric, estimate, n, clusters, chance };
    return [
      { ...common, low: f.low, high: f.high, method, undefined_resamples: f.undefinedResamples, reason: f.reason },
      ...f.beside.map(({ low, high, method, reason }) => ({ ...common, low, high, method, reason })),
    ];
  });
}

/** As CSV, full digits. Text that a spreadsheet would run as a formula is inert. */
export function figuresCsv(rows: readonly FigureRow[]): string {
  return [csvColumns.join(","), ...rows.map((row) => csvLine(csvColumns.map((name) => row[name] ?? null))), ""].join("\n");
}
