import { join } from "node:path";
import { readCsv } from "../csv.ts";
import { dataFault } from "../faults.ts";
import { readText } from "../files.ts";
import type { SetFolder } from "./plan.ts";

/**
 * Reads a table of a set: a function from row and column to a cell, spaces around it taken off.
 *
 * @param columns - Names that it must have, whatever else is there.
 * @throws {UserError} (data) If the file is not there or lacks a column.
 */
export async function readTable<Column extends string>(
  { path }: SetFolder,
  file: string,
  columns: readonly Column[],
): Promise<readonly Readonly<Record<Column, string>>[]> {
  const where = join(path, file);
  const table = readCsv(await readText(where, "download it with the images"), where, "Download it again");
  const missing = columns.filter((column) => !table.columns.includes(column));
  if (missing.length > 0) {
    const got = table.columns.length === 0 ? "none" : table.columns.slice(0, 12).join(", ");
    throw dataFault(
      where,
      `must have the column ${missing.join(" and ")}`,
      got,
      "Download it again: it is not the table of this set",
    );
  }
  const at = columns.map((column) => [column, table.columns.indexOf(column)] as const);
  return table.rows.map(
    ({ cells }) => Object.fromEntries(at.map(([column, i]) => [column, cells[i]!.trim()])) as Record<Column, string>,
  );
}

/** The files that a pattern matches, with its groups. @throws {UserError} (data) If there is none: the tree is not that of the set. */
export function filesLike({ path, files }: SetFolder, pattern: RegExp, tree: string): readonly RegExpExecArray[] {
  const found = files.map((file) => pattern.exec(file)).filter((match) => match !== null);
  if (found.length === 0)
    throw dataFault(
      path,
      `must hold ${tree}`,
      `none among ${files.length} files`,
      "Correct data.path, or data.layout; docs/datasets.md shows the tree",
    );
  return found;
}

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
