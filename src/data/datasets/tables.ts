import { join } from "node:path";
import { many } from "../../core/words.ts";
import { readCsv } from "../csv.ts";
import { dataFault } from "../faults.ts";
import { readText } from "../files.ts";
import type { SetFolder } from "./plan.ts";

/**
 * Reads a table of a set: a row as its cells by column, spaces around them taken off.
 *
 * @param columns - Names that it must have, whatever else is there.
 * @param alias - Another name that a copy of the table gives a column.
 * @throws {UserError} (data) If the file is not there or lacks a column.
 */
export async function readTable<Column extends string>(
  { path }: SetFolder,
  file: string,
  columns: readonly Column[],
  alias: Partial<Readonly<Record<Column, string>>> = {},
): Promise<readonly Readonly<Record<Column, string>>[]> {
  const where = join(path, file);
  const table = readCsv(await readText(where, "download it with the images"), where, "Download it again");
  const indexOf = (column: Column) =>
    [column, alias[column] ?? column].map((name) => table.columns.indexOf(name)).find((i) => i >= 0);
  const missing = columns.filter((column) => indexOf(column) === undefined);
  if (missing.length > 0) {
    const got = table.columns.length === 0 ? "none" : table.columns.slice(0, 12).join(", ");
    throw dataFault(
      where,
      `must have the column ${missing.join(" and ")}`,
      got,
      "Download it again: it is not the table of this set",
    );
  }
  const at = columns.map((column) => [column, indexOf(column)!] as const);
  return table.rows.map(
    ({ cells }) => Object.fromEntries(at.map(([column, i]) => [column, cells[i]!.trim()])) as Record<Column, string>,
  );
}

/** Rows by the cell that names each. @throws {UserError} (data) If a name comes twice: which row counts is not told. */
export function rowsBy<Row extends Readonly<Record<string, string>>>(
  { path }: SetFolder,
  file: string,
  rows: readonly Row[],
  column: keyof Row & string,
): ReadonlyMap<string, Row> {
  const found = new Map<string, Row>();
  for (const row of rows) {
    const name = row[column]!;
    if (found.has(name))
      throw dataFault(join(path, file), `each ${column} must have one row`, `two of ${name}`, "Remove one of them");
    found.set(name, row);
  }
  return found;
}

/** The files that a pattern matches, with its groups. @throws {UserError} (data) If there is none: the tree is not that of the set. */
export function filesLike({ path, files }: SetFolder, pattern: RegExp, tree: string): readonly RegExpExecArray[] {
  const found = files.map((file) => pattern.exec(file)).filter((match) => match !== null);
  if (found.length > 0) return found;
  const deeper = files.find((file) => parentsOf(file).some((folder) => pattern.test(file.slice(folder.length + 1))));
  throw dataFault(
    path,
    `must hold ${tree}`,
    `none among ${many(files.length, "file")}${deeper === undefined ? "" : ` but in folders below, as ${deeper}`}`,
    "Correct data.path, or data.layout; docs/datasets.md shows the tree",
  );
}

/** The folders that a file lies in, from the outermost: `a` and `a/b` of `a/b/c`. */
const parentsOf = (file: string): string[] =>
  file
    .split("/")
    .slice(0, -1)
    .map((_, i, names) => names.slice(0, i + 1).join("/"));

/** @throws {UserError} (data) If a file that another asks for is not there. */
export function mustBeThere({ path, files }: SetFolder, file: string, asks: string): string {
  if (files.includes(file)) return file;
  throw dataFault(
    join(path, file),
    `must be there, since ${asks}`,
    "no such file",
    "Download the set again, or what is missing of it",
  );
}

/**
 * What is said of images that are left out, since a table names them and they are not there, or the other way round: a set downloaded in part is no fault.
 * Nothing where there are none.
 */
export function leftOut(where: string, rule: string, absent: readonly string[]): string[] {
  const [first] = absent;
  if (first === undefined) return [];
  return [`${where}: ${rule}; got ${absent.length} that ${absent.length === 1 ? "is" : "are"} not, such as ${first}: left out.`];
}

/** @throws {UserError} (data) If a mask or outline belongs to no image. */
export function refuseOrphan(
  { path, files }: SetFolder,
  masks: RegExp,
  claimed: ReadonlySet<string | null>,
  rule = "a mask must have its image",
): void {
  const orphan = files.find((file) => masks.test(file) && !claimed.has(file));
  if (orphan === undefined) return;
  throw dataFault(join(path, orphan), rule, "none of its name", "Add the image, or remove this file");
}
