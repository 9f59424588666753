import { canonicalJson } from "../../core/hash.ts";
import { csvLine } from "../../data/csv.ts";
import type { Column } from "../../data/parquet.ts";
import type { SweepResults, SweptPoint } from "./results.ts";

/** A value of a factor as it is printed. */
export const valueText = (value: unknown): string =>
  value === undefined ? "–" : typeof value === "string" ? value : JSON.stringify(value);

type Cell = string | number | boolean | null;

/** The runs of a sweep as columns: what each is, its values, each figure with its interval, and figures on the validation split. */
export function sweepColumns({ points, factors }: Pick<SweepResults, "points" | "factors">): Column[] {
  const names = namesOf(points, ({ metrics }) => metrics);
  const validations = namesOf(points, ({ validation }) => validation);
  const column = (name: string, cell: (point: SweptPoint) => Cell) => ({ name, values: ofOneType(points.map(cell)) });
  const number = (name: string, cell: (point: SweptPoint) => number | null): Column => ({
    name,
    values: points.map(cell),
    type: "DOUBLE",
  });
  const figure = (name: string, part: "estimate" | "low" | "high") => (point: SweptPoint) =>
    point.metrics.find((one) => nameOf(one) === name)?.[part] ?? null;
  return [
    column("run", ({ name }) => name),
    column("setting", ({ setting }) => setting),
    column("state", ({ state }) => state),
    column("optimistic", ({ optimistic }) => optimistic),
    ...factors.map(({ path }) => column(path, ({ values }) => plainValue(values[path]))),
    ...names.flatMap((name) => [
      number(name, figure(name, "estimate")),
      number(`${name}_low`, figure(name, "low")),
      number(`${name}_high`, figure(name, "high")),
    ]),
    ...validations.map((name) =>
      number(`val_${name}`, ({ validation }) => validation.find((one) => nameOf(one) === name)?.estimate ?? null),
    ),
    column("failure", ({ failure }) => failure?.message ?? null),
  ];
}

/** The same columns as CSV, a row a run. */
export function sweepCsv(columns: readonly Column[]): string {
  const rows = columns[0]!.values.map((_, i) => csvLine(columns.map(({ values }) => csvCell(values[i]!))));
  return [csvLine(columns.map(({ name }) => name)), ...rows, ""].join("\n");
}

const csvCell = (cell: Cell): string | number | null => (typeof cell === "boolean" ? String(cell) : cell);

const nameOf = ({ metric, per }: { readonly metric: string; readonly per: string }): string => `${metric}_${per}`;

function namesOf(points: readonly SweptPoint[], of: (point: SweptPoint) => readonly { metric: string; per: string }[]): string[] {
  return [...new Set(points.flatMap((point) => of(point).map(nameOf)))];
}

/** A value of a factor as a cell: what is neither number, text nor truth as JSON; null where the point does not set it. */
function plainValue(value: unknown): Cell {
  if (value === undefined || value === null) return null;
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? value : canonicalJson(value);
}

/** Cells of several types as text. */
function ofOneType(cells: readonly Cell[]): Column["values"] {
  const types = new Set(cells.filter((cell) => cell !== null).map((cell) => typeof cell));
  return (types.size < 2 ? cells : cells.map((cell) => (cell === null ? null : String(cell)))) as Column["values"];
}
