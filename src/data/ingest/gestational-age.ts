import { posix } from "node:path";
import { parse } from "csv-parse/sync";
import { dataFault } from "../faults.ts";

/** A table: one object a row, by column name. `path` is relative to the folder ingested. */
export interface Table {
  readonly path: string;
  readonly columns: readonly string[];
  readonly rows: readonly ReadonlyMap<string, string>[];
}

/** Which image is asked about. `path` is relative to the folder ingested. */
export interface ScanKey {
  readonly path: string;
  readonly subject: string;
  readonly session: string | null;
}

/** A cell with a gestational age: `weeks` is null when the text is no age. */
export interface AgeCell {
  readonly weeks: number | null;
  readonly text: string;
  readonly table: string;
}

/** Names of columns with the gestational age, letters and digits only, lower case; the last group is the unit. */
const usualName = /^(?:ga|gestage|gestationalage)(?:at(?:scan|mri|imaging)|scan|mri)?(?:in)?(weeks?|wks?|w|days?|d)?$/;

/** Whether a file is a table that ingest reads: of BIDS, or one of slices. */
export function isTable(path: string): boolean {
  return /(?:^|[/_])(?:participants|sessions|scans)\.tsv$/.test(path) || isSlicesTable(path);
}

/** Whether a file is a table of slices saved as pictures, such as `hemosynth export --format png` writes. */
export function isSlicesTable(path: string): boolean {
  return /(?:^|[/_])slices\.[ct]sv$/.test(path);
}

/**
 * Text as a table: tab-separated, or of a `.csv` comma- or semicolon-separated. Quotes mean nothing in BIDS tables; a row that is too short has empty cells.
 * @throws {UserError} (data) If a CSV file has quotes that do not close.
 */
export function parseTable(path: string, text: string): Table {
  const [columns = [], ...rows] = (path.endsWith(".csv") ? csvCells(path, text) : tsvCells(text)).map((row) =>
    row.map((cell) => cell.trim()),
  );
  return { path, columns, rows: rows.map((row) => new Map(columns.map((name, i) => [name, row[i] ?? ""]))) };
}

function tsvCells(text: string): string[][] {
  const lines = text.replace(/^\ufeff/, "").split(/\r?\n/);
  return lines.filter((line) => line.trim() !== "").map((line) => line.split("\t"));
}

function csvCells(path: string, text: string): string[][] {
  const delimiter = /^[^\r\n]*;/.test(text) ? ";" : ","; // spreadsheets write ; where the comma is decimal
  try {
    return parse(text, { bom: true, delimiter, relax_column_count: true, skip_empty_lines: true });
  } catch (error) {
    throw dataFault(path, "must be a CSV table", (error as Error).message, "Save it again as CSV");
  }
}

/**
 * What the tables say of an image's gestational age: its row in a scans table, else its session's, else its subject's.
 *
 * @param column - Name of the column; null looks for the usual ones, and for `age` where the cell says "gestational".
 * @returns Null when no table says anything (an empty cell and `n/a` say nothing).
 */
export function gestationalAgeOf(tables: readonly Table[], key: ScanKey, column: string | null): AgeCell | null {
  for (const kind of ["scans", "sessions", "participants"]) {
    for (const table of tables.filter(({ path }) => path.endsWith(`${kind}.tsv`))) {
      const row = table.rows.find((r) => isAbout(table.path, r, key));
      const cell = row && ageCell(row, column);
      if (cell) return { ...cell, table: table.path };
    }
  }
  return null;
}

function isAbout(path: string, row: ReadonlyMap<string, string>, key: ScanKey): boolean {
  const bare = (name: string | null | undefined, prefix: string) => (name ?? "").replace(new RegExp(`^${prefix}-`), "");
  const subject = row.get("participant_id") ?? row.get("subject");
  if (path.endsWith("scans.tsv")) return posix.join(posix.dirname(path), row.get("filename") ?? "") === key.path;
  if (path.endsWith("participants.tsv")) return bare(subject, "sub") === bare(key.subject, "sub");
  const owner = subject ?? posix.basename(path).replace(/_?sessions\.tsv$/, "");
  return bare(owner, "sub") === bare(key.subject, "sub") && bare(row.get("session_id"), "ses") === bare(key.session, "ses");
}

/** The gestational age in a row of a table, by the names of {@link gestationalAgeOf}; null where it says none. */
export function ageCell(row: ReadonlyMap<string, string>, column: string | null): { weeks: number | null; text: string } | null {
  for (const [name, text] of row) {
    if (text === "" || text.toLowerCase() === "n/a") continue;
    const plain = name.toLowerCase().replace(/[^a-z0-9]/g, "");
    const usual = usualName.exec(plain);
    const wanted = column === null ? usual !== null || (plain === "age" && /gestation/i.test(text)) : name === column;
    if (!wanted) continue;
    const inDays = (usual?.[1] ?? "").startsWith("d");
    const number = Number(text);
    return { weeks: inDays && Number.isFinite(number) ? number / 7 : parseAge(text), text };
  }
  return null;
}

/**
 * Weeks of a written gestational age: `24.4`, `24,4`, `24+3`, `24w3d`, `24 weeks 3 days`, `30 gestational_weeks`.
 * Null for anything else, and for more than 6 days.
 */
export function parseAge(text: string): number | null {
  const plain = text.trim().toLowerCase();
  const split = /^(\d+)\s*(?:\+|w(?:ee)?ks?\s*\+?|w\s*\+?)\s*([0-6])\s*(?:d|days?)?$/.exec(plain);
  if (split) return Number(split[1]) + Number(split[2]) / 7;
  const whole = /^(\d+(?:[.,]\d+)?)\s*(?:w|wks?|weeks?|gw|gestational[ _]weeks?)?$/.exec(plain);
  return whole ? Number(whole[1]!.replace(",", ".")) : null;
}
