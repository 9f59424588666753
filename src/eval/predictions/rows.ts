import { type CsvRow, type CsvTable, plainCell, readCsv } from "../../data/csv.ts";
import { dataFault, oneLine } from "../../data/faults.ts";
import type { LabelledScore } from "../metrics/auroc.ts";
import { type Columns, findColumns, saysProbability } from "./columns.ts";
import type { ColumnOptions } from "./options.ts";

/** One line of a table of predictions. */
export interface PredictionRow extends LabelledScore {
  /** Unique; the line's number where no column tells rows apart. */
  readonly id: string;
  /** What is resampled as a whole; the id where there is no such column. */
  readonly cluster: string;
  /** null where no subgroups are asked for. */
  readonly subgroup: string | null;
  /** Line in the file. */
  readonly line: number;
}

/** A table of predictions, read and checked. */
export interface Predictions {
  /** The file's name, as it was given. */
  readonly file: string;
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
  const table = readCsv(text, file, "Save it again as CSV, one row a prediction");
  if (table.rows.length === 0) throw dataFault(file, "must have a head and at least one row", "none", "Check the file");
  const columns = findColumns(table.columns, options, file);
  const kept = filterRows(table, options, file);
  const cell = cellOf(table);
  const truth = readTruth(kept, (row) => cell(row, columns.truth), columns, options, file);
  const rows = kept.map((row, i): PredictionRow => {
    const place = `${file}, row ${row.line}`;
    const need = (name: string) => {
      const text = plainCell(cell(row, name));
      if (text === "") throw dataFault(`${place}, ${name}`, "must not be empty", "nothing", "Fill the cell or drop the row");
      return text;
    };
    const id =
      columns.id.length === 0
        ? String(row.line)
        : columns.id.length === 1
          ? need(columns.id[0]!)
          : JSON.stringify(columns.id.map(need));
    const cluster = columns.cluster === null ? id : need(columns.cluster);
    const subgroup = columns.subgroup === null ? null : plainCell(cell(row, columns.subgroup));
    return {
      id,
      cluster,
      subgroup,
      label: truth.labels[i]!,
      score: scoreOf(cell(row, columns.score), columns, place),
      line: row.line,
    };
  });
  refuseTwice(rows, columns, file);
  const outside = rows.find(({ score }) => score < 0 || score > 1);
  if (rows.every(({ label }) => label === rows[0]!.label))
    throw dataFault(
      file,
      `must have positives and negatives in ${columns.truth}`,
      `${rows.length} rows, all ${rows[0]!.label === 1 ? "positive" : "negative"}`,
      "Nothing can be told apart: check the truth, --positive and --where",
    );
  const order = [...rows].sort((a, b) => a.score - b.score || (a.id < b.id ? -1 : 1));
  return { file, columns, classes: truth.classes, rows: order, noProbability: outside?.line ?? null };
}

function cellOf({ columns }: CsvTable): (row: CsvRow, name: string) => string {
  const place = new Map(columns.map((name, i) => [name, i]));
  return (row, name) => row.cells[place.get(name)!]!.trim();
}

function filterRows(table: CsvTable, { where }: ColumnOptions, file: string): readonly CsvRow[] {
  const cell = cellOf(table);
  const kept = table.rows.filter((row) => where.every(({ column, value }) => plainCell(cell(row, column)) === value));
  if (kept.length > 0) return kept;
  const rule = where.map(({ column, value }) => `${column}=${value}`).join(", ");
  throw dataFault(file, `must have rows with ${oneLine(rule)}`, "none", "Mend --where");
}

function scoreOf(text: string, { score }: Columns, place: string): number {
  const value = text === "" ? Number.NaN : Number(text);
  const mend = "Mend or drop the row";
  if (!Number.isFinite(value)) throw dataFault(`${place}, ${score}`, "must be a finite number", text || "nothing", mend);
  if (saysProbability(score) && !(value >= 0 && value <= 1))
    throw dataFault(`${place}, ${score}`, "a probability must be in [0, 1]", text, `${mend}, or call the column score or logit`);
  return value;
}

const usualTruth: ReadonlyMap<string, 0 | 1> = new Map([["true", 1], ["false", 0], ["positive", 1], ["negative", 0]]); // biome-ignore format: short

function readTruth(
  rows: readonly CsvRow[],
  textOf: (row: CsvRow) => string,
  { truth }: Columns,
  { positive }: ColumnOptions,
  file: string,
): { labels: readonly (0 | 1)[]; classes: Predictions["classes"] } {
  const texts = rows.map((row) => plainCell(textOf(row)));
  const labels = texts.map((text, i): 0 | 1 => {
    const place = `${file}, row ${rows[i]!.line}, ${truth}`;
    if (text === "") throw dataFault(place, "must not be empty", "nothing", "Fill the cell or drop the row");
    if (positive !== null) return text === positive ? 1 : 0;
    const label = usualTruth.get(text.toLowerCase()) ?? [0, 1].find((v) => v === Number(text));
    if (label === undefined)
      throw dataFault(place, "must be 0 or 1, true or false", text, `Say which value is positive: --positive ${oneLine(text)}`);
    return label as 0 | 1;
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

function refuseTwice(rows: readonly PredictionRow[], { id }: Columns, file: string): void {
  const seen = new Map<string, number>();
  for (const row of rows) {
    const before = seen.get(row.id);
    if (before !== undefined)
      throw dataFault(
        `${file}, row ${row.line}, ${id.join(" + ")}`,
        "each id may come once",
        `${row.id}, as in row ${before}`,
        "Drop one, or name columns that together tell rows apart: --id COLUMN COLUMN",
      );
    seen.set(row.id, row.line);
  }
}
