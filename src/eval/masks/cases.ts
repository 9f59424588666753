import { plainCell, readCsv } from "../../data/csv.ts";
import { dataFault, oneLine } from "../../data/faults.ts";
import type { MasksOptions } from "./options.ts";
import { type CasePaths, caseName, patientOf } from "./pair.ts";

/** Whose a case is. */
export interface Membership {
  readonly patient: string;
  /** Null where no subgroups are asked for. */
  readonly subgroup: string | null;
}

/** The cases of a study, by the name or path that their files must have. */
export type CaseTable = ReadonlyMap<string, { readonly patient: string | null; readonly subgroup: string | null }>;

/**
 * Reads the table of cases: a row for each, which names the file of its mask, with or without suffix, and its patient.
 *
 * @param file - Its name, for messages.
 * @throws {UserError} (data) If a column is missing, a cell is empty, or a case comes twice.
 */
export function parseCases(text: string, file: string, { id, patient, subgroup }: MasksOptions["columns"]): CaseTable {
  const table = readCsv(text, file, "Save it again as CSV, one row a case");
  const usual = patient ?? (table.columns.includes("patient") ? "patient" : null);
  for (const name of [id, usual, subgroup]) {
    if (name !== null && !table.columns.includes(name))
      throw dataFault(file, `must have a column ${oneLine(name)}`, oneLine(table.columns.join(", ")) || "none", "Name another by --id, --cluster or --subgroup"); // biome-ignore format: one line
  }
  const out = new Map<string, { patient: string | null; subgroup: string | null }>();
  for (const { cells, line } of table.rows) {
    const cell = (name: string | null) => (name === null ? null : plainCell(cells[table.columns.indexOf(name)]!.trim()));
    const need = (name: string | null) => {
      if (cell(name) === "")
        throw dataFault(`${file}, row ${line}, ${name}`, "must not be empty", "nothing", "Fill the cell or drop the row");
      return cell(name);
    };
    const key = caseKey(need(id)!);
    if (out.has(key)) throw dataFault(`${file}, row ${line}, ${id}`, "each case may come once", key, "Drop one of the rows");
    out.set(key, { patient: need(usual), subgroup: cell(subgroup) });
  }
  if (out.size === 0) throw dataFault(file, "must have a head and at least one row", "none", "Check the file");
  return out;
}

/** The part of a path before its name stays, so that names that come twice can be told apart. */
function caseKey(path: string): string {
  const folder = path.slice(0, path.lastIndexOf("/") + 1).replace(/^\.\//, "");
  return folder + caseName(path);
}

/** Whether a table names the case of a file. */
export function isListed(table: CaseTable, path: string): boolean {
  return table.has(caseName(path)) || table.has(caseKey(path));
}

/**
 * Patient and subgroup of each case: by the table, else `sub-…` in the path of its reference, else the case itself.
 *
 * @throws {UserError} (data) If the table has a case without files.
 */
export function membersOf(
  cases: readonly CasePaths[],
  table: CaseTable | null,
  file: string | null,
): { readonly members: readonly Membership[]; readonly by: "table" | "sub" | "none" } {
  const names = new Set(cases.flatMap(({ reference }) => [caseName(reference), caseKey(reference)]));
  const missing = [...(table?.keys() ?? [])].filter((key) => !names.has(key));
  if (missing.length > 0) {
    const got = `none for ${missing.slice(0, 3).join(", ")}${missing.length > 3 ? ` and ${missing.length - 3} more` : ""}`;
    throw dataFault(file!, "each row must have a reference and a prediction", got, "Add the files, or drop the rows");
  }
  const rows = cases.map(({ reference }) => table?.get(caseKey(reference)) ?? table?.get(caseName(reference)) ?? null);
  const named = rows.some((row) => row !== null && row.patient !== null);
  const subs = cases.map(({ reference }) => patientOf(reference));
  const by = named ? "table" : subs.some((sub) => sub !== null) ? "sub" : "none";
  const members = cases.map(({ id }, i) => ({ patient: rows[i]?.patient ?? subs[i] ?? id, subgroup: rows[i]?.subgroup ?? null }));
  return { members, by };
}
