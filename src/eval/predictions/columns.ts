import { UserError } from "../../core/errors.ts";
import { dataFault, oneLine } from "../../data/faults.ts";
import type { ColumnOptions } from "./options.ts";

/** Which columns of a table hold what. */
export interface Columns {
  readonly truth: string;
  readonly score: string;
  /** Together they tell rows apart; none where no column does. */
  readonly id: readonly string[];
  readonly cluster: string | null;
  readonly subgroup: string | null;
  /** Those of the above that were found by their usual names, for whoever has to confirm it. */
  readonly guessed: readonly Role[];
}

const roles = ["truth", "score", "id", "cluster"] as const;
export type Role = (typeof roles)[number];

/**
 * Usual names, lower case, letters and digits alone. Names of hard calls (`pred`, `y_pred`) are none of a score: whoever has only
 * those must say so.
 */
const usual: Readonly<Record<Role, ReadonlySet<string>>> = {
  truth: new Set(["truth", "label", "labels", "target", "ytrue", "y", "gt", "groundtruth", "class", "outcome", "diagnosis"]),
  score: new Set(["score", "scores", "yscore", "prob", "yprob", "probability", "proba", "ypredproba", "p", "logit", "logits", "confidence"]), // biome-ignore format: a list
  id: new Set(["id", "image", "imageid", "imagename", "file", "filename", "path", "sliceid", "uid", "sopinstanceuid", "case", "caseid", "studyid", "examid"]), // biome-ignore format: a list
  cluster: new Set(["patient", "patientid", "subject", "subjectid", "participantid", "participant", "cluster", "mother", "motherid", "woman", "fetus"]), // biome-ignore format: a list
};

const plain = (name: string) => name.toLowerCase().replaceAll(/[^a-z0-9]/g, "");

/** Whether a column says by its name that it holds probabilities. */
export const saysProbability = (name: string): boolean => /prob|^p$/.test(plain(name));

/**
 * Finds the columns: those that are named, the others by their usual names.
 *
 * @param names - The head of the table. @param where - File name, for messages.
 * @throws {UserError} (data) If a named column is not there, truth or score is not found, or several columns have a usual name.
 */
export function findColumns(names: readonly string[], wanted: ColumnOptions, where: string): Columns {
  const asked = [
    wanted.truth,
    wanted.score,
    wanted.cluster,
    wanted.subgroup,
    ...(wanted.id ?? []),
    ...wanted.where.map((w) => w.column),
  ];
  const list = oneLine(names.join(", ")) || "none";
  for (const name of asked) {
    if (name !== null && !names.includes(name))
      throw dataFault(where, `must have a column ${oneLine(name)}`, list, "Name another column, or mend the head of the file");
  }
  const guess = (role: Role): string | null => {
    const found = names.filter((name) => usual[role].has(plain(name)) && !asked.includes(name));
    if (found.length < 2) return found[0] ?? null;
    throw dataFault(
      where,
      `which column is the ${role} must be clear`,
      found.join(", "),
      `Name one: --${role} ${oneLine(found[0]!)}`,
    );
  };
  const need = (role: "truth" | "score"): string => {
    const name = wanted[role] ?? guess(role);
    if (name === null) throw dataFault(where, `must have a column with the ${role}`, list, `Name it: --${role} COLUMN`);
    return name;
  };
  const id = wanted.id ?? [guess("id")].flatMap((name) => name ?? []);
  const cluster = wanted.cluster ?? guess("cluster");
  const guessed = roles.filter(
    (role) => wanted[role] === null && (role !== "id" || id.length > 0) && (role !== "cluster" || cluster !== null),
  );
  return { truth: need("truth"), score: need("score"), id, cluster, subgroup: wanted.subgroup, guessed };
}

/** What {@link findColumns} found, in one line for a person. */
export function describeColumns({ truth, score, id, cluster, subgroup, guessed }: Columns): string {
  const say = (role: Role, name: string) => `${role} "${oneLine(name)}"${guessed.includes(role) ? " (guessed)" : ""}`;
  return [
    say("truth", truth),
    say("score", score),
    id.length === 0 ? "no id" : say("id", id.join(" + ")),
    cluster === null ? "no cluster: every row is taken as independent" : say("cluster", cluster),
    ...(subgroup === null ? [] : [`subgroup "${oneLine(subgroup)}"`]),
  ].join(", ");
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
