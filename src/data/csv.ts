import { parse } from "csv-parse/sync";
import { dataFault } from "./faults.ts";

/** A CSV file: its head and its lines of as many cells. */
export interface CsvTable {
  /** Each name once, without the spaces around it. */
  readonly columns: readonly string[];
  readonly rows: readonly CsvRow[];
}

/** Cells in the order of the columns. `line` is where the row ends in the file, from 1; the head has 1. */
export interface CsvRow {
  readonly cells: readonly string[];
  readonly line: number;
}

/**
 * Reads a CSV file with a head; columns are parted by comma, semicolon or tab, whichever the head has most of. Empty lines are skipped.
 *
 * @param where - File name, for messages. @param wayOut - Ends the message.
 * @throws {UserError} (data) If it is no CSV, a row has another number of cells than the head, or a column comes twice.
 */
export function readCsv(text: string, where: string, wayOut: string): CsvTable {
  if (text.includes("\0")) throw dataFault(where, "must be a CSV file in UTF-8", "bytes 0", wayOut);
  let records: { record: string[]; info: { lines: number } }[];
  try {
    records = parse(text, { bom: true, delimiter: delimiterOf(text), info: true, skip_empty_lines: true }) as never;
  } catch (error) {
    throw dataFault(where, "must be a CSV file", (error as Error).message, wayOut);
  }
  const columns = (records[0]?.record ?? []).map((name) => name.trim());
  const twice = columns.find((name, i) => columns.indexOf(name) !== i);
  if (twice !== undefined) throw dataFault(where, "must have each column once", `${twice} twice`, wayOut);
  return { columns, rows: records.slice(1).map(({ record, info }) => ({ cells: record, line: info.lines })) };
}

function delimiterOf(text: string): string {
  const head = /^[^\r\n]*/.exec(text)![0];
  const count = (delimiter: string) => head.split(delimiter).length;
  return [",", ";", "\t"].reduce((best, one) => (count(one) > count(best) ? one : best));
}

/**
 * One line of a CSV file. Text that a spreadsheet would run as a formula (it starts with = + - @, a tab or a return) gets an
 * apostrophe before it, and so does text that starts with one; {@link plainCell} takes it off again.
 */
export function csvLine(cells: readonly (string | number | null)[]): string {
  return cells
    .map((cell) => {
      if (cell === null) return "";
      if (typeof cell === "number") return String(cell);
      const safe = /^[=+\-@\t\r']/.test(cell) ? `'${cell}` : cell;
      return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
    })
    .join(",");
}

/** The text of a cell that {@link csvLine} wrote. */
export const plainCell = (cell: string): string => (/^'[=+\-@\t\r']/.test(cell) ? cell.slice(1) : cell);
