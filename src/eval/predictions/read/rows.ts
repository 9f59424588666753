import { many } from "../../../core/words.ts";
import { dataFault } from "../../../data/faults.ts";
import type { LabelledScore } from "../../metrics/auroc.ts";
import { readTruth } from "../../tables/cells.ts";
import type { ColumnOptions } from "../options.ts";
import { type Columns, findScore } from "./columns.ts";
import { type ReadTable, readTable, scoreOf, type TableRow } from "./table.ts";

/** One line of a table of predictions of two classes. */
export interface PredictionRow extends LabelledScore, TableRow {}

/** A table of predictions, read and checked. */
export interface Predictions extends Pick<ReadTable, "file" | "remarks"> {
  readonly columns: Columns;
  /** Values of the truth, negative first, as the file writes them; several negatives where `positive` was given. */
  readonly classes: { readonly negative: readonly string[]; readonly positive: string };
  /** By score, then by id, so that the order of the file does not matter. */
  readonly rows: readonly PredictionRow[];
  /** Null where every score is a probability, in [0, 1]; else the first line that is none. */
  readonly noProbability: number | null;
}

/**
 * Reads a CSV table of predictions.
 *
 * @param file - Its name, for messages.
 * @throws {UserError} (data) Naming file and row: a column is missing or ambiguous, a truth, score, id or cluster is not what it must
 *   be, an id comes twice, a column called a probability is not in [0, 1], there is no row, or all are of one class.
 */
export function parsePredictions(text: string, file: string, options: ColumnOptions): Predictions {
  return asPredictions(readTable(text, file, options), options);
}

/** The rest of {@link parsePredictions}, of a table that was read. */
export function asPredictions(table: ReadTable, options: ColumnOptions): Predictions {
  const { file, remarks } = table;
  const columns = findScore(table.names, table.columns, options, file);
  const truth = readTruth(
    table.rows.map((_, i) => table.cell(i, columns.truth, true)),
    table.rows.map(({ line }) => line),
    { column: columns.truth, positive: options.positive, file },
    "; or give a score for each: --score-columns",
  );
  const rows = table.rows.map((row, i): PredictionRow => {
    const score = scoreOf(table.cell(i, columns.score), columns.score, `${file}, row ${row.line}`);
    return { ...row, label: truth.labels[i]!, score };
  });
  return ordered({ file, columns, classes: truth.classes, rows, remarks });
}

/**
 * Predictions with their rows in order, and what is known of all scores.
 * @throws {UserError} (data) If all rows are of one class.
 */
export function ordered(predictions: Omit<Predictions, "noProbability">): Predictions {
  const { file, columns, rows } = predictions;
  if (rows.every(({ label }) => label === rows[0]!.label))
    throw dataFault(
      file,
      `must have positives and negatives in ${columns.truth}`,
      `${many(rows.length, "row")}, all ${rows[0]!.label === 1 ? "positive" : "negative"}`,
      "Nothing can be told apart: check the truth, --positive and --where",
    );
  const outside = rows.find(({ score }) => score < 0 || score > 1);
  const order = [...rows].sort((a, b) => a.score - b.score || (a.id < b.id ? -1 : 1));
  return { ...predictions, rows: order, noProbability: outside?.line ?? null };
}

/** Rows of label 0, and of label 1. */
export const rowsByLabel = (rows: Predictions["rows"]): Predictions["rows"][] =>
  [0, 1].map((label) => rows.filter((row) => row.label === label));
