import { dataFault, oneLine } from "../../../data/faults.ts";
import { binaryOf } from "../../tables/cells.ts";
import type { ColumnOptions } from "../options.ts";
import { type ClassColumns, findClassScores } from "./columns.ts";
import { type ReadTable, scoreOf, type TableRow } from "./table.ts";

/** One line of a table of predictions of several classes. */
export interface ClassRow extends TableRow {
  /** Place of its truth in the classes. */
  readonly truth: number;
  /** Of each class. */
  readonly scores: readonly number[];
}

/** A table of predictions of several classes, read and checked. */
export interface ClassPredictions extends Pick<ReadTable, "file" | "remarks"> {
  readonly columns: ClassColumns;
  /** Two or more, ascending. */
  readonly classes: readonly string[];
  /** By id, so that the order of the file does not matter. */
  readonly rows: readonly ClassRow[];
  /** Null where the scores of every row are probabilities that sum to 1; else the first line where they are not. */
  readonly noProbability: number | null;
}

/** How far the probabilities of a row may sum from 1: files have few digits. */
const sumTolerance = 0.01;

/**
 * The predictions of several classes in a table; null where it has those of two: a score for each class is neither asked for, nor found for a truth that
 * needs one.
 *
 * @throws {UserError} (data) If score columns and classes do not go together, a score is no number or no probability where its column says so, or
 *   all rows are of one class.
 */
export function asClassPredictions(table: ReadTable, options: ColumnOptions): ClassPredictions | null {
  const { file, names, columns: common, cell, remarks } = table;
  const { scoreColumns: wanted, score, positive } = options;
  if (wanted === null && (score !== null || positive !== null)) return null;
  const texts = table.rows.map((_, i) => cell(i, common.truth, true));
  const values = [...new Set(texts)].sort();
  if (wanted === null && values.every((text) => binaryOf(text) !== undefined)) return null;
  const scores = findClassScores(names, values, wanted, file);
  if (scores === null) return null;
  if (values.length === 1)
    throw dataFault(
      file,
      `${common.truth} must hold several classes`,
      `${oneLine(values[0]!)} alone`,
      "Nothing can be told apart",
    );
  const guessed = wanted === null ? [...common.guessed, "score" as const] : common.guessed;
  const rows = table.rows.map((row, i): ClassRow => {
    const read = ({ column }: { column: string }) => scoreOf(cell(i, column), column, `${file}, row ${row.line}`);
    return { ...row, truth: scores.findIndex(({ name }) => name === texts[i]), scores: scores.map(read) };
  });
  return orderedClasses({
    file,
    columns: { ...common, scores, guessed },
    classes: scores.map(({ name }) => name),
    rows,
    remarks,
  });
}

/** Predictions with their rows in order, and what is known of all scores. */
export function orderedClasses(predictions: Omit<ClassPredictions, "noProbability">): ClassPredictions {
  const rows = [...predictions.rows].sort((a, b) => (a.id < b.id ? -1 : 1));
  const none = rows.find(({ scores }) => {
    const sum = scores.reduce((a, b) => a + b, 0);
    return scores.some((p) => p < 0 || p > 1) || Math.abs(sum - 1) > sumTolerance;
  });
  return { ...predictions, rows, noProbability: none?.line ?? null };
}

/** Rows of each class. */
export const rowsByClass = (rows: ClassPredictions["rows"], classes: ClassPredictions["classes"]): ClassPredictions["rows"][] =>
  classes.map((_, c) => rows.filter(({ truth }) => truth === c));
