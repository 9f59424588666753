import { UserError } from "../../../core/errors.ts";
import { many } from "../../../core/words.ts";
import { dataFault, oneLine } from "../../../data/faults.ts";
import { type Pool, pooledScore } from "../../metrics/pool.ts";
import { type ClassPredictions, type ClassRow, orderedClasses } from "./classes.ts";
import type { CommonColumns } from "./columns.ts";
import { ordered, type PredictionRow, type Predictions } from "./rows.ts";
import type { ReadTable, TableRow } from "./table.ts";

/** What the rows of a table become one for, such as a patient. */
export interface Per {
  readonly column: string;
  /** Its value in each row, by the row's line. */
  readonly of: ReadonlyMap<number, string>;
}

/** @throws {UserError} (data) If the column is not there, or a cell of it is empty. */
export function perOf({ file, names, rows, cell }: ReadTable, column: string): Per {
  if (!names.includes(column))
    throw dataFault(file, `must have a column ${oneLine(column)}`, names.join(", "), "Name another: --per COLUMN");
  return { column, of: new Map(rows.map(({ line }, i) => [line, cell(i, column, true)])) };
}

/**
 * One row for each value of a column, its score pooled of theirs. It is positive where one of its rows is.
 * @throws {UserError} (data) If rows of one value are of different clusters or subgroups, or `noisy-or` meets what is no probability.
 */
export function poolRows(predictions: Predictions, per: Per, pool: Pool): Predictions {
  const { file, columns, noProbability } = predictions;
  if (pool.kind === "noisy-or" && noProbability !== null)
    throw dataFault(`${file}, row ${noProbability}`, "noisy-or needs probabilities", columns.score, "Take mean or max");
  const pooled = groups(predictions.rows, per, predictions);
  const rows = pooled.map(([value, own]): PredictionRow => {
    const label = own.some((row) => row.label === 1) ? 1 : 0;
    return { ...oneOf(value, own, columns.cluster.length > 0), label, score: pooledScore(ascending(own.map((row) => row.score)), pool) }; // biome-ignore format: short
  });
  const both = pooled.filter(([, own]) => own.some((row) => row.label !== own[0]!.label)).length;
  const positive = both === 0 ? "" : `; positive where one row is, which ${both} with both are`;
  const remark = `${remarkOf(predictions.rows.length, rows.length, per, pool)}${positive}.`;
  return ordered({ ...predictions, columns: perColumns(columns, per), rows, remarks: [...predictions.remarks, remark] });
}

/**
 * The same of several classes: `mean` is of the scores of each class, `vote` the share of rows called so.
 * @throws {UserError} (data) If rows of one value differ in truth, or as in {@link poolRows}; (usage) for another pooling.
 */
export function poolClassRows(predictions: ClassPredictions, per: Per, pool: Pool): ClassPredictions {
  const { file, columns, classes } = predictions;
  if (pool.kind !== "mean" && pool.kind !== "vote")
    throw new UserError("usage", `--pool: must be mean or vote with several classes; got ${pool.kind}.`);
  const rows = groups(predictions.rows, per, predictions).map(([value, own]): ClassRow => {
    const other = own.find((row) => row.truth !== own[0]!.truth);
    if (other !== undefined)
      throw dataFault(
        `${file}, row ${other.line}`,
        `rows of ${oneLine(value)} must be of one class`,
        `${classes[other.truth]}, and ${classes[own[0]!.truth]} in row ${own[0]!.line}`,
        "Pool over another column",
      );
    const highest = own.map(({ scores }) => scores.indexOf(Math.max(...scores)));
    const scores = classes.map((_, c) =>
      pool.kind === "mean"
        ? pooledScore(ascending(own.map((row) => row.scores[c]!)), pool) // biome-ignore format: short
        : highest.filter((called) => called === c).length / own.length,
    );
    return { ...oneOf(value, own, columns.cluster.length > 0), truth: own[0]!.truth, scores };
  });
  const remark = `${remarkOf(predictions.rows.length, rows.length, per, pool)}.`;
  return orderedClasses({ ...predictions, columns: perColumns(columns, per), rows, remarks: [...predictions.remarks, remark] });
}

/** In one order, so that the order of the file does not matter to the last digit. */
const ascending = (scores: readonly number[]): number[] => [...scores].sort((a, b) => a - b);

/** In words, without a stop. */
function remarkOf(rows: number, pooled: number, { column }: Per, pool: Pool): string {
  const detail = pool.kind === "top-k" ? ` (k ${pool.k})` : pool.kind === "vote" ? ` (at ${pool.cut})` : "";
  return `${many(rows, "row")} became ${pooled}, one for each ${oneLine(column)}: scores pooled by ${pool.kind}${detail}`;
}

const perColumns = <T extends Predictions["columns"] | ClassPredictions["columns"]>(columns: T, { column }: Per): T => ({
  ...columns,
  id: [column],
  guessed: columns.guessed.filter((role) => role !== "id"),
  cluster: columns.cluster.slice(0, 1),
});

/** Rows of each value, checked to agree in what the pooled row has of them. */
function groups<R extends TableRow>(
  rows: readonly R[],
  per: Per,
  { file, columns }: Pick<Predictions, "file"> & { columns: CommonColumns },
): [string, R[]][] {
  const found = new Map<string, R[]>();
  for (const row of rows) {
    const value = per.of.get(row.line)!;
    const own = found.get(value);
    if (own === undefined) found.set(value, [row]);
    else own.push(row);
  }
  for (const [value, [first, ...rest]] of found) {
    for (const what of columns.cluster.length > 0 ? (["cluster", "subgroup"] as const) : (["subgroup"] as const)) {
      const other = rest.find((row) => row[what] !== first![what]);
      if (other !== undefined)
        throw dataFault(
          `${file}, row ${other.line}`,
          `rows of ${per.column} ${oneLine(value)} must be of one ${what}`,
          `${other[what]}, and ${first![what]} in row ${first!.line}`,
          "Pool over another column",
        );
    }
  }
  return [...found];
}

/** What a pooled row has beside truth and score. */
function oneOf(value: string, rows: readonly TableRow[], clustered: boolean): TableRow {
  const { cluster, subgroup, line } = rows.reduce((first, row) => (row.line < first.line ? row : first));
  const stratum = [...new Set(rows.map((row) => row.stratum))].sort();
  const outermost = clustered ? cluster : value;
  return {
    id: value,
    cluster: outermost,
    path: [outermost],
    stratum: stratum.length === 1 ? stratum[0]! : JSON.stringify(stratum),
    subgroup,
    line,
  };
}
