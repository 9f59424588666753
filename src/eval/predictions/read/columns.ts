import { UserError } from "../../../core/errors.ts";
import { dataFault, oneLine } from "../../../data/faults.ts";
import type { ColumnOptions } from "../options.ts";

/** Which columns of a table hold what, whatever is predicted. */
export interface CommonColumns {
  readonly truth: string;
  /** Together they tell rows apart; none where no column does. */
  readonly id: readonly string[];
  /** The outermost first; none where every row is its own. */
  readonly cluster: readonly string[];
  readonly subgroup: string | null;
  readonly stratify: string | null;
  /** What was found by its usual name, for whoever has to confirm it. */
  readonly guessed: readonly Role[];
}

/** … of predictions of two classes. */
export interface Columns extends CommonColumns {
  readonly score: string;
}

/** … of predictions of several classes. */
export interface ClassColumns extends CommonColumns {
  /** Column with the score of each class, in ascending order of the classes. */
  readonly scores: readonly { readonly name: string; readonly column: string }[];
}

export type Role = "truth" | "score" | "id" | "cluster";

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
const list = (names: readonly string[]) => oneLine(names.join(", ")) || "none";

/**
 * Finds the columns that all tables have: those that are named, the others by their usual names.
 *
 * @param names - The head of the table. @param where - File name, for messages.
 * @throws {UserError} (data) If a named column is not there, the truth is not found, or several columns have a usual name.
 */
export function findCommonColumns(names: readonly string[], wanted: ColumnOptions, where: string): CommonColumns {
  for (const name of askedFor(wanted)) {
    if (!names.includes(name))
      throw dataFault(
        where,
        `must have a column ${oneLine(name)}`,
        list(names),
        "Name another column, or mend the head of the file",
      );
  }
  const truth = need(names, wanted, "truth", where);
  const orNone = (role: Role) => [guess(names, wanted, role, where)].flatMap((name) => name ?? []);
  const found = { truth, id: wanted.id ?? orNone("id"), cluster: wanted.cluster ?? orNone("cluster") };
  const stratify = wanted.stratify === "truth" && !names.includes("truth") ? truth : wanted.stratify;
  if (stratify !== null && !names.includes(stratify))
    throw dataFault(
      where,
      `must have a column ${oneLine(stratify)}`,
      list(names),
      "Name another column, or truth: --stratify truth",
    );
  const guessed = (["truth", "id", "cluster"] as const).filter((role) => wanted[role] === null && found[role].length > 0);
  return { ...found, subgroup: wanted.subgroup, stratify, guessed };
}

/** Adds the column of the score. @throws {UserError} (data) If it is not found, or several have a usual name. */
export function findScore(names: readonly string[], common: CommonColumns, wanted: ColumnOptions, where: string): Columns {
  const score = need(names, wanted, "score", where);
  return { ...common, score, guessed: wanted.score === null ? [...common.guessed, "score"] : common.guessed };
}

/** Every column that is asked for by name, but for strata, which may be called truth. */
function askedFor(wanted: ColumnOptions): string[] {
  const single = [wanted.truth, wanted.score, wanted.subgroup].flatMap((name) => name ?? []);
  return [...single, ...(wanted.cluster ?? []), ...(wanted.id ?? []), ...wanted.where.map((w) => w.column)];
}

function guess(names: readonly string[], wanted: ColumnOptions, role: Role, where: string): string | null {
  const asked = askedFor(wanted);
  const found = names.filter((name) => usual[role].has(plain(name)) && !asked.includes(name));
  if (found.length < 2) return found[0] ?? null;
  throw dataFault(
    where,
    `which column is the ${role} must be clear`,
    found.join(", "),
    `Name one: --${role} ${oneLine(found[0]!)}`,
  );
}

function need(names: readonly string[], wanted: ColumnOptions, role: "truth" | "score", where: string): string {
  const name = wanted[role] ?? guess(names, wanted, role, where);
  if (name === null) throw dataFault(where, `must have a column with the ${role}`, list(names), `Name it: --${role} COLUMN`);
  return name;
}

/** What was found, in one line for a person. */
export function describeColumns(columns: Columns | ClassColumns): string {
  const { truth, id, cluster, subgroup, stratify, guessed } = columns;
  const say = (role: Role, name: string) => `${role} "${oneLine(name)}"${guessed.includes(role) ? " (guessed)" : ""}`;
  const score = "score" in columns ? columns.score : columns.scores.map(({ name, column }) => `${name}=${column}`).join(", ");
  return [
    say("truth", truth),
    say("score", score),
    id.length === 0 ? "no id" : say("id", id.join(" + ")),
    cluster.length === 0 ? "no cluster: every row is taken as independent" : say("cluster", cluster.join(" > ")),
    ...(subgroup === null ? [] : [`subgroup "${oneLine(subgroup)}"`]),
    ...(stratify === null ? [] : [`strata "${oneLine(stratify)}"`]),
  ].join(", ");
}

/**
 * The column with the score of each class.
 *
 * @param classes - Values of the truth. @param wanted - Columns, each called after its class (`prob_x`, `x`) or written `class=column`; null to look for them.
 * @returns In ascending order of the classes, also of classes that have a column and no row; null where none was named and not every class has one.
 * @throws {UserError} (data) If a named column is not there, is of no clear class, or a class has none or two.
 */
export function findClassScores(
  names: readonly string[],
  classes: readonly string[],
  wanted: readonly string[] | null,
  where: string,
): ClassColumns["scores"] | null {
  const asked = wanted ?? classes.flatMap((name) => names.filter((column) => isScoreOf(column, name)));
  const found = asked.map((text) => {
    const [, name, column] = names.includes(text) ? [] : (/^(.+?)=(.+)$/.exec(text) ?? []);
    if (!names.includes(column ?? text))
      throw dataFault(where, `must have a column ${oneLine(column ?? text)}`, list(names), "Mend --score-columns");
    return { name: name ?? classes.find((one) => isScoreOf(text, one)) ?? afterPrefix(text), column: column ?? text };
  });
  const per = (name: string) => found.filter((one) => one.name === name);
  if (wanted === null && classes.some((name) => per(name).length !== 1)) return null;
  for (const name of new Set([...classes, ...found.map((one) => one.name)])) {
    if (per(name).length !== 1)
      throw dataFault(
        where,
        `class ${oneLine(name)} must have one score column`,
        list(per(name).map(({ column }) => column)),
        `Write it --score-columns ${oneLine(name)}=COLUMN, one for each class`,
      );
  }
  return [...found].sort((a, b) => (a.name < b.name ? -1 : 1));
}

const prefix = /^(prob|proba|probability|p|score|logit)[_ .-]/i;
const afterPrefix = (column: string) => column.replace(prefix, "");
const isScoreOf = (column: string, name: string) => prefix.test(column) && plain(afterPrefix(column)) === plain(name);

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
