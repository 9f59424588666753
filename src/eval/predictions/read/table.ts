import { type CsvRow, type CsvTable, plainCell, readCsv } from "../../../data/csv.ts";
import { dataFault, oneLine } from "../../../data/faults.ts";
import { cellOf, filledCell, finiteCell, keepRows } from "../../tables/cells.ts";
import { plainName } from "../../tables/columns.ts";
import type { ColumnOptions } from "../options.ts";
import { type CommonColumns, findCommonColumns } from "./columns.ts";
import { refuseSplitPatients, splitColumn } from "./leaks.ts";

/** What every line of a table of predictions has, whatever is predicted. */
export interface TableRow {
  /** Unique; the line's number where no column tells rows apart. */
  readonly id: string;
  /** The outermost cluster, the patient; the id where there is no such column. */
  readonly cluster: string;
  /** The clusters from the outermost to the innermost, which is resampled as a whole. */
  readonly path: readonly string[];
  /** Value of the column that resamples are stratified by; empty where there is none. */
  readonly stratum: string;
  /** null where no subgroups are asked for. */
  readonly subgroup: string | null;
  /** Line in the file. */
  readonly line: number;
}

/** A table as it was read: the rows that `where` keeps, with access to their cells. */
export interface ReadTable {
  /** The file's name, as it was given. */
  readonly file: string;
  readonly names: readonly string[];
  readonly columns: CommonColumns;
  readonly rows: readonly TableRow[];
  /** Text of a cell, for the row of that place in `rows`. @throws {UserError} (data) If it is empty and `need` is set. */
  readonly cell: (row: number, name: string, need?: boolean) => string;
  /** What a reader must know of how it was read. */
  readonly remarks: readonly string[];
}

/**
 * Reads what all tables of predictions share.
 *
 * @param file - Its name, for messages.
 * @throws {UserError} (data) Naming file and row: it is no CSV, a column is missing or ambiguous, an id or cluster is empty, an id comes twice, a patient is in two splits, there is no row.
 */
export function readTable(text: string, file: string, options: ColumnOptions): ReadTable {
  const table = readCsv(text, file, "Save it again as CSV, one row a prediction");
  if (table.rows.length === 0) throw dataFault(file, "must have a head and at least one row", "none", "Check the file");
  const columns = findCommonColumns(table.columns, options, file);
  refuseSplitPatients(table, columns, options, file);
  const kept = keepRows(table, options.where, file);
  const textOf = cellOf(table);
  const cell = (row: number, name: string, need = false): string => {
    const text = textOf(kept[row]!, name);
    return need ? filledCell(text, `${file}, row ${kept[row]!.line}, ${name}`) : plainCell(text);
  };
  const rows = kept.map(({ line }, i): TableRow => {
    const need = (name: string) => cell(i, name, true);
    const [only, ...more] = columns.id;
    const id = only === undefined ? String(line) : more.length === 0 ? need(only) : JSON.stringify(columns.id.map(need));
    const path = columns.cluster.length === 0 ? [id] : columns.cluster.map(need);
    const stratum = columns.stratify === null ? "" : cell(i, columns.stratify);
    const subgroup = columns.subgroup === null ? null : cell(i, columns.subgroup);
    return { id, cluster: path[0]!, path, stratum, subgroup, line };
  });
  refuseTwice(rows, columns, file);
  return { file, names: table.columns, columns, rows, cell, remarks: splitRemarks(table, kept) };
}

/** That rows of several splits are together, where a column called split says so. */
function splitRemarks(table: CsvTable, rows: readonly CsvRow[]): string[] {
  const name = splitColumn(table.columns);
  if (name === null) return [];
  const cell = cellOf(table);
  const splits = [...new Set(rows.map((row) => oneLine(plainCell(cell(row, name)))))].sort();
  if (splits.length < 2) return [];
  const one = splits.find((split) => split === "test") ?? splits[0]!;
  return [
    `Rows of several splits are counted together (${splits.slice(0, 5).join(", ")}): name one, such as --where ${name}=${one}.`,
  ];
}

function refuseTwice(rows: readonly TableRow[], { id }: CommonColumns, file: string): void {
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

/**
 * A score as a number.
 * @param name - Its column; one called a probability must hold numbers in [0, 1].
 * @throws {UserError} (data) If it is not a finite number, or no probability where the column says so.
 */
export function scoreOf(text: string, name: string, place: string): number {
  const value = finiteCell(text, `${place}, ${name}`);
  if (saysProbability(name) && !(value >= 0 && value <= 1))
    throw dataFault(
      `${place}, ${name}`,
      "a probability must be in [0, 1]",
      text,
      "Mend or drop the row, or call the column score or logit",
    );
  return value;
}

/** Whether a column says by its name that it holds probabilities. */
const saysProbability = (name: string): boolean => /prob|^p$/.test(plainName(name));
