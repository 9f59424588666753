import { dataFault, oneLine } from "../../../data/faults.ts";
import { clusterId } from "../../metrics/bootstrap.ts";
import type { CommonColumns } from "../read/columns.ts";
import type { TableRow } from "../read/table.ts";

/** A table whose rows another's are matched with. */
export interface Matched<R extends TableRow> {
  readonly file: string;
  readonly columns: CommonColumns;
  readonly rows: readonly R[];
}

/**
 * The rows of another table in the order of the first's, matched by id.
 * @param truthOf - Truth of a row, in words.
 * @throws {UserError} (data) If a table has no id, an id is in one alone, or truth or cluster of a row differ.
 */
export function matchRows<R extends TableRow>(first: Matched<R>, other: Matched<R>, truthOf: (row: R) => string): R[] {
  for (const { file, columns } of [first, other]) {
    if (columns.id.length === 0)
      throw dataFault(file, "rows are matched by id, so a column must hold one", "none", "Name it: --id COLUMN");
  }
  const theirs = new Map(other.rows.map((row) => [row.id, row]));
  const ours = new Set(first.rows.map(({ id }) => id));
  const missing = first.rows.filter(({ id }) => !theirs.has(id));
  const extra = other.rows.filter(({ id }) => !ours.has(id));
  const mend = "Compare predictions of the same rows";
  const some = (rows: readonly R[], word: string) => `${rows.length} ${word}, such as ${rows[0]!.id}`;
  if (missing.length > 0) throw dataFault(other.file, `must hold every id of ${first.file}`, some(missing, "missing"), mend);
  if (extra.length > 0) throw dataFault(other.file, `must hold no id beyond those of ${first.file}`, some(extra, "more"), mend);
  const bothClustered = first.columns.cluster.length > 0 && other.columns.cluster.length > 0;
  return first.rows.map((row) => {
    const their = theirs.get(row.id)!;
    const refuse = (what: string, got: string) =>
      dataFault(`${other.file}, row ${their.line}`, `${what} of ${oneLine(row.id)} must be as in ${first.file}`, got, mend);
    if (truthOf(their) !== truthOf(row)) throw refuse("the truth", truthOf(their));
    if (bothClustered && clusterId(their.path) !== clusterId(row.path)) throw refuse("the cluster", their.path.join(" > "));
    return their;
  });
}
