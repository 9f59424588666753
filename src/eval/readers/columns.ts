import { oneLine } from "../../data/faults.ts";
import { requireColumns, searchColumns, usualNames } from "../tables/columns.ts";
import type { ReaderColumnOptions } from "./options.ts";

const roles = ["reader", "case", "arm", "truth", "rating", "call", "time", "confidence", "cluster"] as const;
type Role = (typeof roles)[number];

/** Usual names, lower case, letters and digits alone. Times in another unit than seconds are not guessed. */
const usual: Readonly<Record<Role, ReadonlySet<string>>> = {
  ...usualNames,
  reader: new Set(["reader", "readerid", "radiologist", "radiologistid", "observer", "observerid", "rater", "raterid"]),
  arm: new Set(["arm", "modality", "modalityid", "treatment", "condition", "assistance", "aid", "mode"]),
  rating: new Set(["rating", "ratings", "score", "scores", "prob", "probability", "likelihood", "suspicion"]),
  call: new Set(["call", "calls", "called", "decision", "answer"]),
  time: new Set(["time", "timeseconds", "times", "timesec", "seconds", "readingtime", "readingtimeseconds", "duration"]),
  confidence: new Set(["confidence", "certainty"]),
};

/** Which columns of a table of readings hold what; null where there is none. */
export interface ReaderColumns extends Readonly<Record<Exclude<Role, "reader" | "case" | "truth">, string | null>> {
  readonly reader: string;
  readonly case: string;
  readonly truth: string;
  /** Those that were found by their usual names, for whoever has to confirm it. */
  readonly guessed: readonly Role[];
}

/**
 * Finds the columns: those that are named, the others by their usual names. With a threshold, calls are of ratings, and no call is guessed.
 *
 * @param names - The head of the table. @param where - File name, for messages.
 * @throws {UserError} (data) If a named column is not there, reader, case or truth is not found, or several columns have a usual name.
 */
export function findReaderColumns(
  names: readonly string[],
  wanted: ReaderColumnOptions,
  threshold: number | null,
  where: string,
): ReaderColumns {
  requireColumns(names, wanted.where.map(({ column }) => column), where); // biome-ignore format: short
  const { find, need } = searchColumns<Role>(names, usual, wanted, [], where);
  const found = {
    reader: need("reader"),
    case: need("case"),
    truth: need("truth"),
    arm: find("arm"),
    rating: threshold === null ? find("rating") : need("rating"),
    call: threshold === null ? find("call") : null,
    time: find("time"),
    confidence: find("confidence"),
    cluster: find("cluster"),
  };
  return { ...found, guessed: roles.filter((role) => wanted[role] === null && found[role] !== null) };
}

/** What {@link findReaderColumns} found, in one line for a person. */
export function describeReaderColumns(columns: ReaderColumns): string {
  const say = (role: Role, name: string) => `${role} "${oneLine(name)}"${columns.guessed.includes(role) ? " (guessed)" : ""}`;
  const missing: Partial<Record<Role, string>> = { arm: "no arm", cluster: "no cluster: every case is taken as independent" };
  return roles.flatMap((role) => (columns[role] === null ? (missing[role] ?? []) : [say(role, columns[role])])).join(", ");
}
