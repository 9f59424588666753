import { UserError } from "../../core/errors.ts";
import { dataFault, oneLine } from "../../data/faults.ts";

/** Names that columns of any table mostly have: lower case, letters and digits alone. */
export const usualNames = {
  truth: new Set(["truth", "label", "labels", "target", "ytrue", "y", "gt", "groundtruth", "class", "outcome", "diagnosis"]),
  case: new Set(["id", "image", "imageid", "imagename", "file", "filename", "path", "sliceid", "uid", "sopinstanceuid", "case", "caseid", "studyid", "examid"]), // biome-ignore format: a list
  cluster: new Set(["patient", "patientid", "subject", "subjectid", "participantid", "participant", "cluster", "mother", "motherid", "woman", "fetus"]), // biome-ignore format: a list
} as const satisfies Record<string, ReadonlySet<string>>;

/** A column's name without case and marks. */
export const plainName = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, "");

/** Which column has which role. Made by {@link searchColumns}. */
export interface ColumnSearch<R extends string> {
  /** The column that is named, or found by its usual names; null where there is none. */
  find(role: R): string | null;
  /** The same. @throws {UserError} (data) If there is none. */
  need(role: R): string;
}

/**
 * Finds columns: those that are named, the others by their usual names.
 *
 * @param names - The head of the table. @param wanted - Those that are named. @param others - More that must be there, and that no role is guessed to be.
 * @param where - File name, for messages.
 * @throws {UserError} (data) If a named column is not there; from its functions, if several columns have usual names of a role.
 */
export function searchColumns<R extends string>(
  names: readonly string[],
  usual: Readonly<Record<R, ReadonlySet<string>>>,
  wanted: Readonly<Record<R, string | null>>,
  others: readonly string[],
  where: string,
): ColumnSearch<R> {
  const asked = [...(Object.keys(usual) as R[]).map((role) => wanted[role]), ...others];
  requireColumns(names, asked.flatMap((name) => name ?? []), where); // biome-ignore format: short
  const list = oneLine(names.join(", ")) || "none";
  const find = (role: R): string | null => {
    if (wanted[role] !== null) return wanted[role];
    const found = names.filter((name) => usual[role].has(plainName(name)) && !asked.includes(name));
    if (found.length < 2) return found[0] ?? null;
    throw dataFault(
      where,
      `which column is the ${role} must be clear`,
      found.join(", "),
      `Name one: --${role} ${oneLine(found[0]!)}`,
    );
  };
  return {
    find,
    need(role) {
      const name = find(role);
      if (name === null) throw dataFault(where, `must have a column with the ${role}`, list, `Name it: --${role} COLUMN`);
      return name;
    },
  };
}

/** @throws {UserError} (data) If a column is not there. */
export function requireColumns(names: readonly string[], asked: readonly string[], where: string): void {
  const missing = asked.find((name) => !names.includes(name));
  if (missing === undefined) return;
  const list = oneLine(names.join(", ")) || "none";
  throw dataFault(where, `must have a column ${oneLine(missing)}`, list, "Name another column, or mend the head of the file");
}

/** Reads `column=value`. @throws {UserError} (usage) If there is no `=`. */
export function parseWhere(text: string): { column: string; value: string } {
  const at = text.indexOf("=");
  if (at < 1)
    throw new UserError(
      "usage",
      `--where: must be written column=value; got ${JSON.stringify(text)}. Example: --where level=slice`,
    );
  return { column: text.slice(0, at), value: text.slice(at + 1) };
}
