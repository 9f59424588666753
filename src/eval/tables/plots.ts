import { oneLine } from "../../data/faults.ts";
import { type ForestRow, forestSvg } from "../report/forest.ts";
import { withInterval } from "../report/format.ts";
import type { Interval } from "../report/intervals.ts";
import type { TableFigure } from "./estimate.ts";

/** A figure that is drawn, as it is called in print. */
export interface DrawnFigure {
  readonly metric: string;
  readonly name: string;
  /** Ends of its axis; null: what is drawn. */
  readonly range: readonly [number, number] | null;
}

const rowOf = (name: string, summary: boolean, one: Interval): ForestRow[] =>
  one.estimate === null ? [] : [{ name, summary, estimate: one.estimate, low: one.low, high: one.high }];

/** For each figure its subgroups below that of all; none where no subgroup has it. */
export function subgroupForests(figures: readonly TableFigure[], drawn: readonly DrawnFigure[]): string[] {
  return drawn.flatMap(({ metric, name, range }) => {
    const own = figures.filter((one) => one.metric === metric);
    const all = own.find(({ subset }) => subset === "all");
    const rows = own
      .filter(({ subset }) => subset !== "all")
      .flatMap((one) => rowOf(`${oneLine(one.subset)} (${one.n})`, false, one));
    if (rows.length === 0) return [];
    const axis = { name, scale: "identity", reference: all?.estimate ?? null, range } as const;
    return [forestSvg(`${name} by subgroup`, [...(all ? rowOf(`all (${all.n})`, true, all) : []), ...rows], axis, withInterval)];
  });
}

/** Paired differences of two models, a figure a line. @param of - The two: "a.csv minus b.csv". */
export function differenceForest(of: string, rows: readonly (Interval & { readonly name: string })[]): string[] {
  const known = rows.flatMap((one) => rowOf(one.name, false, one));
  if (known.length === 0) return [];
  return [
    forestSvg(
      oneLine(of),
      known,
      { name: "difference; dashed: none", scale: "identity", reference: 0, range: null },
      withInterval,
    ),
  ];
}
