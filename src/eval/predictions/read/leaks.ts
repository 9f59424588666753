import { type CsvTable, plainCell } from "../../../data/csv.ts";
import { dataFault, oneLine } from "../../../data/faults.ts";
import { cellOf, keepRows } from "../../tables/cells.ts";
import type { ColumnOptions } from "../options.ts";
import type { CommonColumns } from "./columns.ts";

/** The column that says which split a row is of; null where there is none. */
export const splitColumn = (names: readonly string[]): string | null =>
  names.find((name) => name.toLowerCase() === "split") ?? null;

/**
 * Refuses a table in which a patient has rows in several splits, among the rows that `where` keeps and those that it leaves out by their split alone.
 *
 * @param file - Its name, for messages.
 * @throws {UserError} (data) Naming the patient and the splits.
 */
export function refuseSplitPatients(
  table: CsvTable,
  { cluster: [patient] }: CommonColumns,
  { where }: ColumnOptions,
  file: string,
): void {
  const split = splitColumn(table.columns);
  if (split === null || patient === undefined || patient === split) return;
  const others = where.filter(({ column }) => column !== split);
  const textOf = cellOf(table);
  const seen = new Map<string, string>();
  for (const row of keepRows(table, others, file)) {
    const [who, place] = [plainCell(textOf(row, patient)), plainCell(textOf(row, split))];
    const before = seen.get(who) ?? place;
    if (before !== place)
      throw dataFault(
        `${file}, row ${row.line}`,
        `a patient (${oneLine(patient)}) must be in one split`,
        `${who} in ${before} and in ${place}`,
        "Mend the splits, or take the rows of one model or fold by --where",
      );
    seen.set(who, place);
  }
}

/** What of a table says whose its rows are. */
interface Owned {
  readonly file: string;
  readonly columns: Pick<CommonColumns, "cluster">;
  readonly rows: readonly { readonly cluster: string }[];
}

/**
 * Refuses rows to choose a threshold on that are of patients who are evaluated. Where no column names the patients, nothing can be said.
 *
 * @throws {UserError} (data) Naming patients.
 */
export function refuseSharedPatients(evaluated: Owned, validation: Owned): void {
  if (evaluated.columns.cluster.length === 0 || validation.columns.cluster.length === 0) return;
  const theirs = new Set(evaluated.rows.map(({ cluster }) => cluster));
  const shared = [...new Set(validation.rows.map(({ cluster }) => cluster))].filter((cluster) => theirs.has(cluster));
  if (shared.length === 0) return;
  throw dataFault(
    validation.file,
    `must not hold a patient (${oneLine(validation.columns.cluster[0]!)}) of ${evaluated.file}`,
    `${shared.length}, such as ${shared.slice(0, 3).join(", ")}`,
    "A threshold is chosen on other patients; where these only have the same numbers, name them apart",
  );
}
