import { dataFault } from "../../data/faults.ts";
import { type CaseRow, type CaseRows, readCaseRows } from "../tables/case-table.ts";
import type { MasksOptions } from "./options.ts";
import { type CasePaths, caseName, patientOf } from "./pair.ts";

/** Whose a case is. */
export interface Membership {
  readonly patient: string;
  /** Null where no subgroups are asked for. */
  readonly subgroup: string | null;
}

/** The cases of a study. Made by {@link parseCases}. */
export interface CaseTable extends Pick<CaseRows, "said"> {
  /** By the name or path that their files must have. */
  readonly cases: ReadonlyMap<string, CaseRow>;
}

/**
 * Reads the table of cases: a row for each, which names the file of its mask, with or without suffix, and its patient.
 *
 * @param file - Its name, for messages.
 * @throws {UserError} (data) If {@link readCaseRows} refuses it, or a case comes twice.
 */
export function parseCases(text: string, file: string, wanted: MasksOptions["columns"]): CaseTable {
  const { rows, columns, said } = readCaseRows(text, file, wanted, false);
  const cases = new Map<string, CaseRow>();
  for (const row of rows) {
    const key = caseKey(row.id);
    if (cases.has(key)) throw dataFault(`${file}, row ${row.line}, ${columns.id}`, "each case may come once", key, "Drop one of the rows"); // biome-ignore format: short
    cases.set(key, row);
  }
  return { cases, said };
}

/** The part of a path before its name stays, so that names that come twice can be told apart. */
function caseKey(path: string): string {
  const folder = path.slice(0, path.lastIndexOf("/") + 1).replace(/^\.\//, "");
  return folder + caseName(path);
}

/** Whether a table names the case of a file. */
export function isListed({ cases }: CaseTable, path: string): boolean {
  return cases.has(caseName(path)) || cases.has(caseKey(path));
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
  const missing = [...(table?.cases.keys() ?? [])].filter((key) => !names.has(key));
  if (missing.length > 0) {
    const got = `none for ${missing.slice(0, 3).join(", ")}${missing.length > 3 ? ` and ${missing.length - 3} more` : ""}`;
    throw dataFault(file!, "each row must have a reference and a prediction", got, "Add the files, or drop the rows");
  }
  const rows = cases.map(
    ({ reference }) => table?.cases.get(caseKey(reference)) ?? table?.cases.get(caseName(reference)) ?? null,
  );
  const named = rows.some((row) => row !== null && row.cluster !== null);
  const subs = cases.map(({ reference }) => patientOf(reference));
  const by = named ? "table" : subs.some((sub) => sub !== null) ? "sub" : "none";
  const members = cases.map(({ id }, i) => ({ patient: rows[i]?.cluster ?? subs[i] ?? id, subgroup: rows[i]?.subgroup ?? null }));
  return { members, by };
}
