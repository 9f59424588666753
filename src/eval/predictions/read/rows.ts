import { dataFault, oneLine } from "../../../data/faults.ts";
import type { LabelledScore } from "../../metrics/auroc.ts";
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
  const truth = readTruth(table, columns, options);
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
      `${rows.length} rows, all ${rows[0]!.label === 1 ? "positive" : "negative"}`,
      "Nothing can be told apart: check the truth, --positive and --where",
    );
  const outside = rows.find(({ score }) => score < 0 || score > 1);
  const order = [...rows].sort((a, b) => a.score - b.score || (a.id < b.id ? -1 : 1));
  return { ...predictions, rows: order, noProbability: outside?.line ?? null };
}

const usualTruth: ReadonlyMap<string, 0 | 1> = new Map([["true", 1], ["false", 0], ["positive", 1], ["negative", 0]]); // biome-ignore format: short

/** 0 or 1 where a text says so by itself; undefined else. */
export function usualLabel(text: string): 0 | 1 | undefined {
  return usualTruth.get(text.toLowerCase()) ?? ([0, 1] as const).find((v) => text !== "" && v === Number(text));
}

function readTruth(
  { file, rows, cell }: ReadTable,
  { truth }: Columns,
  { positive }: ColumnOptions,
): { labels: readonly (0 | 1)[]; classes: Predictions["classes"] } {
  const texts = rows.map((_, i) => cell(i, truth, true));
  const labels = texts.map((text, i): 0 | 1 => {
    if (positive !== null) return text === positive ? 1 : 0;
    const label = usualLabel(text);
    if (label !== undefined) return label;
    const wayOut = `Say which value is positive: --positive ${oneLine(text)}; or give a score for each: --score-columns`;
    throw dataFault(`${file}, row ${rows[i]!.line}, ${truth}`, "must be 0 or 1, true or false", text, wayOut);
  });
  if (positive !== null && !labels.includes(1))
    throw dataFault(
      file,
      `${truth} must hold ${oneLine(positive)} somewhere`,
      [...new Set(texts)].slice(0, 5).join(", "),
      "Mend --positive",
    );
  const written = (label: 0 | 1) => [...new Set(texts.filter((_, i) => labels[i] === label))].sort();
  return { labels, classes: { negative: written(0), positive: positive ?? written(1)[0] ?? "1" } };
}
