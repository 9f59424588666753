import { dataFault, oneLine } from "../../../data/faults.ts";
import { type ColumnSearch, plainName, searchColumns, usualNames } from "../../tables/columns.ts";
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
  truth: usualNames.truth,
  score: new Set(["score", "scores", "yscore", "prob", "yprob", "probability", "proba", "ypredproba", "p", "logit", "logits", "confidence"]), // biome-ignore format: a list
  id: usualNames.case,
  cluster: usualNames.cluster,
};

const list = (names: readonly string[]) => oneLine(names.join(", ")) || "none";

/**
 * Finds the columns that all tables have: those that are named, the others by their usual names.
 *
 * @param names - The head of the table. @param where - File name, for messages.
 * @throws {UserError} (data) If a named column is not there, the truth is not found, or several columns have a usual name.
 */
export function findCommonColumns(names: readonly string[], wanted: ColumnOptions, where: string): CommonColumns {
  const { find, need } = searchIn(names, wanted, where);
  const truth = need("truth");
  const orNone = (role: Role) => [find(role)].flatMap((name) => name ?? []);
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
  const score = searchIn(names, wanted, where).need("score");
  return { ...common, score, guessed: wanted.score === null ? [...common.guessed, "score"] : common.guessed };
}

/** Every column that is asked for by name must be there, but that of strata, which may be called truth. */
function searchIn(names: readonly string[], wanted: ColumnOptions, where: string): ColumnSearch<Role> {
  const others = [...(wanted.cluster ?? []), ...(wanted.id ?? []), ...wanted.where.map(({ column }) => column)];
  const roles = { truth: wanted.truth, score: wanted.score, id: null, cluster: null };
  return searchColumns(names, usual, roles, wanted.subgroup === null ? others : [wanted.subgroup, ...others], where);
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
const isScoreOf = (column: string, name: string) => prefix.test(column) && plainName(afterPrefix(column)) === plainName(name);
