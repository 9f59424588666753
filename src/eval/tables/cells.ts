import { type CsvRow, type CsvTable, plainCell } from "../../data/csv.ts";
import { dataFault, oneLine } from "../../data/faults.ts";

/** The text of a row in a column, without the spaces around it. */
export type CellOf = (row: CsvRow, column: string) => string;

export function cellOf({ columns }: CsvTable): CellOf {
  const place = new Map(columns.map((name, i) => [name, i]));
  return (row, name) => row.cells[place.get(name)!]!.trim();
}

/** The rows that hold these values. @throws {UserError} (data) If there is none. */
export function keepRows(
  table: CsvTable,
  where: readonly { readonly column: string; readonly value: string }[],
  file: string,
): readonly CsvRow[] {
  const cell = cellOf(table);
  const kept = table.rows.filter((row) => where.every(({ column, value }) => plainCell(cell(row, column)) === value));
  if (kept.length > 0) return kept;
  const rule = where.map(({ column, value }) => `${column}=${value}`).join(", ");
  throw dataFault(file, `must have rows with ${oneLine(rule)}`, "none", "Mend --where");
}

/** The text of a cell that must not be empty. @param place - File, row and column, for messages. */
export function filledCell(text: string, place: string): string {
  const plain = plainCell(text);
  if (plain === "") throw dataFault(place, "must not be empty", "nothing", "Fill the cell or drop the row");
  return plain;
}

/** The number of a cell. @param place - File, row and column, for messages. @throws {UserError} (data) If it is no finite number. */
export function finiteCell(text: string, place: string): number {
  const value = text === "" ? Number.NaN : Number(text);
  if (!Number.isFinite(value)) throw dataFault(place, "must be a finite number", text || "nothing", /^-?\d+,\d+$/.test(text) ? "Write it with a decimal point" : "Mend or drop the row"); // biome-ignore format: one line
  return value;
}

const usualTruth: ReadonlyMap<string, 0 | 1> = new Map([["true", 1], ["false", 0], ["positive", 1], ["negative", 0]]); // biome-ignore format: short

/** 0 or 1 of a text that says it in a usual way; undefined of any other. */
export function binaryOf(text: string): 0 | 1 | undefined {
  const number = text === "" ? Number.NaN : Number(text);
  return usualTruth.get(text.toLowerCase()) ?? (number === 0 || number === 1 ? number : undefined);
}

/** Labels with the texts that stand for them: negatives first; several of them where `positive` was named. */
export interface ReadTruth {
  readonly labels: readonly (0 | 1)[];
  readonly classes: { readonly negative: readonly string[]; readonly positive: string };
}

/**
 * Reads a column of truth: 0 or 1, true or false; with `positive` named, any value, all others being negative.
 *
 * @param texts - Its cells, none empty. @param lines - Their lines in the file. @param otherwise - Ends the way out of a truth of another kind.
 * @throws {UserError} (data) Naming the row: if a cell is none of these, or no cell holds `positive`.
 */
export function readTruth(
  texts: readonly string[],
  lines: readonly number[],
  { column, positive, file }: { readonly column: string; readonly positive: string | null; readonly file: string },
  otherwise = "",
): ReadTruth {
  const labels = texts.map((text, i): 0 | 1 => {
    if (positive !== null) return text === positive ? 1 : 0;
    const label = binaryOf(text);
    if (label !== undefined) return label;
    const wayOut = `Say which value is positive: --positive ${oneLine(text)}${otherwise}`;
    throw dataFault(`${file}, row ${lines[i]!}, ${column}`, "must be 0 or 1, true or false", text, wayOut);
  });
  if (positive !== null && !labels.includes(1)) {
    const some = [...new Set(texts)].slice(0, 5).join(", ");
    throw dataFault(file, `${column} must hold ${oneLine(positive)} somewhere`, some, "Mend --positive");
  }
  const written = (label: 0 | 1) => [...new Set(texts.filter((_, i) => labels[i] === label))].sort();
  return { labels, classes: { negative: written(0), positive: positive ?? written(1)[0] ?? "1" } };
}
