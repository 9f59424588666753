import { plainCell, readCsv } from "../../data/csv.ts";
import { dataFault, oneLine } from "../../data/faults.ts";
import { cellOf, filledCell } from "./cells.ts";
import { searchColumns, usualNames } from "./columns.ts";

/** Which column of a table of cases holds what; null is looked for by its usual names, but for subgroups, of which there are none then. */
export interface CaseColumns {
  readonly id: string | null;
  readonly cluster: string | null;
  readonly subgroup: string | null;
}

/** What a table says of one case. */
export interface CaseRow {
  readonly id: string;
  /** Null where no column has it. */
  readonly cluster: string | null;
  readonly subgroup: string | null;
  /** Line in the file. */
  readonly line: number;
}

/** A table of cases as it was read. */
export interface CaseRows {
  readonly columns: CaseColumns & { readonly id: string };
  /** Which column was taken for what, and which of that was guessed, in one line for a person. */
  readonly said: string;
  readonly rows: readonly CaseRow[];
}

const usual = { id: usualNames.case, cluster: usualNames.cluster } as const;

/**
 * Reads a table that says whose the cases are that are evaluated, one row a case.
 *
 * @param file - Its name, for messages. @param need - Whether there must be a column with the cluster.
 * @throws {UserError} (data) If it is no CSV or has no row, a column is missing or ambiguous, an id or a cluster is empty.
 */
export function readCaseRows(text: string, file: string, wanted: CaseColumns, need: boolean): CaseRows {
  const table = readCsv(text, file, "Save it again as CSV, one row a case");
  if (table.rows.length === 0) throw dataFault(file, "must have a head and at least one row", "none", "Check the file");
  const { id, cluster } = wanted;
  const search = searchColumns(table.columns, usual, { id, cluster }, wanted.subgroup === null ? [] : [wanted.subgroup], file);
  const columns = {
    id: search.need("id"),
    cluster: need ? search.need("cluster") : search.find("cluster"),
    subgroup: wanted.subgroup,
  };
  const textOf = cellOf(table);
  const rows = table.rows.map((row): CaseRow => {
    const filled = (name: string) => filledCell(textOf(row, name), `${file}, row ${row.line}, ${name}`);
    return {
      id: filled(columns.id),
      cluster: columns.cluster === null ? null : filled(columns.cluster),
      subgroup: columns.subgroup === null ? null : plainCell(textOf(row, columns.subgroup)),
      line: row.line,
    };
  });
  return { columns, said: describeCaseColumns(columns, wanted), rows };
}

function describeCaseColumns(columns: CaseColumns, wanted: CaseColumns): string {
  const roles = ["id", "cluster", "subgroup"] as const;
  return roles
    .flatMap((role) => (columns[role] === null ? [] : [`${role} "${oneLine(columns[role])}"${wanted[role] === null ? " (guessed)" : ""}`])) // biome-ignore format: short
    .join(", ");
}
