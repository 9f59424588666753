import { z } from "zod";
import { UserError } from "../core/errors.ts";
import { type Rng, shuffled } from "../core/rng.ts";
import { many } from "../core/words.ts";
import { type Case, type SplitName, type Splits, splitNames } from "./dataset.ts";

const share = (what: string, fraction: number) =>
  z
    .union([z.number().min(0).max(1), z.array(z.string().min(1))])
    .default(fraction)
    .describe(`Subjects for ${what}: a fraction from 0 to 1 of all, or a list of their names; all three the same way`);

const foldsOption = z
  .union([z.literal("leaveOneOut"), z.int().min(2).max(9999)], {
    error: ({ input }) => `must be a whole number from 2 to 9999, leaveOneOut, or null; got ${JSON.stringify(input)}`,
  })
  .nullable()
  .default(null)
  .describe(
    "Cross-validation: number of folds from 2, or leaveOneOut for one a subject; each fold is the test of one training, and the others are divided among train and val by their fractions. null: one split",
  );

/** How subjects are divided; the `split` section of a config. Fractions add up to 1; lists name every subject at most once. */
export const splitOptions = z
  .strictObject({
    /** Subjects to train on: a fraction in [0, 1], or a list of names. */
    train: share("training", 0.6),
    /** Subjects to choose thresholds and checkpoints on: a fraction in [0, 1], or a list of names. */
    val: share("validation", 0.2),
    /** Subjects to report results on: a fraction in [0, 1], or a list of names. */
    test: share("testing", 0.2),
    /** Cross-validation: how many folds, or one for each subject. null: one split. */
    folds: foldsOption,
    /** What chooses checkpoint and thresholds in a fold. `test` is there to show how much too good it looks. */
    select: z
      .enum(["val", "test"])
      .default("val")
      .describe(
        "With folds, what checkpoint and thresholds are chosen on. val: subjects out of the fold's own training (nested); test: the very subjects that are tested, which makes every figure optimistic",
      ),
  })
  .superRefine((options, context) => {
    const problem = splitProblem(options);
    if (problem) context.addIssue({ code: "custom", message: problem });
  });
export type SplitOptions = z.output<typeof splitOptions>;

type Shares = Readonly<Record<SplitName, number | readonly string[]>>;

function splitProblem(options: Shares & Pick<SplitOptions, "folds" | "select">): string | null {
  return sharesProblem(options) ?? foldsProblem(options);
}

function foldsProblem({ train, val, folds, select }: Shares & Pick<SplitOptions, "folds" | "select">): string | null {
  if (folds === null)
    return select === "val" ? null : "must have folds where select is test; got none. Set folds, or leave select out";
  if (typeof train !== "number") return "must divide by folds or by lists of subjects; got both. Leave one of them out";
  return train > 0 && val !== 0 ? null : "must have train and val above 0 with folds, where they share what is not tested; got 0";
}

function sharesProblem(shares: Shares): string | null {
  const fractions = splitNames.map((name) => shares[name]).filter((share) => typeof share === "number");
  if (fractions.length === 3) {
    const sum = fractions.reduce((a, b) => a + b, 0);
    return Math.abs(sum - 1) < 1e-6 ? null : `train, val and test must add up to 1; got ${Number(sum.toPrecision(6))}`;
  }
  if (fractions.length > 0) return "train, val and test must be three fractions or three lists of subjects (a list can be empty)";
  const all = splitNames.flatMap((name) => shares[name] as readonly string[]);
  const twice = all.find((subject, i) => all.indexOf(subject) !== i);
  return twice === undefined ? null : `a subject may be listed once; got ${JSON.stringify(twice)} twice`;
}

/** A subject to be put into a split. */
export interface SplitSubject {
  readonly id: string;
  /** Weeks, null when not known. */
  readonly gestationalAge: number | null;
  /** What every split gets its share of, such as a class; absent: all are of one kind. */
  readonly stratum?: string;
}

/** The subjects of a dataset, in order of first appearance, each with the mean of its cases' known gestational ages, and as stratum the classes that its cases have. */
export function subjectsOf(cases: readonly Pick<Case, "subject" | "gestationalAge" | "class">[]): SplitSubject[] {
  const of = new Map<string, typeof cases>();
  for (const one of cases) of.set(one.subject, [...(of.get(one.subject) ?? []), one]);
  return [...of].map(([id, own]) => {
    const known = own.map(({ gestationalAge }) => gestationalAge).filter((age) => age !== null);
    const mean = known.reduce((a, b) => a + b, 0) / known.length;
    const classes = [...new Set(own.map((one) => one.class).filter((name) => name !== undefined))].sort();
    const stratum = classes.length === 0 ? {} : { stratum: classes.join() };
    return { id, gestationalAge: known.length > 0 ? mean : null, ...stratum };
  });
}

/**
 * Divides subjects into train, val and test.
 *
 * Fractions give counts by largest remainder, at least one subject to each fraction above 0 while there are enough (else in
 * the order train, val, test). Every split then gets young and old alike: subjects in order of gestational age are dealt out
 * in short blocks that each hold the splits in proportion, in random order within the block. Where subjects have a stratum, they come
 * stratum by stratum, so that each split gets its share of each.
 *
 * With `folds` every subject is tested once, so all are in test; {@link dealFolds} makes the splits of each fold.
 *
 * @returns Each split in the order of `subjects`. Subjects that explicit lists leave out are in none.
 * @throws {UserError} (usage) If a list names a subject that is not there.
 */
export function splitSubjects(rng: Rng, subjects: readonly SplitSubject[], options: SplitOptions): Splits {
  const problem = splitProblem(options);
  if (problem) throw new RangeError(`splitSubjects: ${problem}`);
  if (options.folds !== null) return { schemaVersion: 1, train: [], val: [], test: subjects.map(({ id }) => id) };
  const chosen = typeof options.train === "number" ? dealt(rng, subjects, options) : listed(subjects, options);
  const of = (name: SplitName) => subjects.filter(({ id }) => chosen.get(id) === name).map(({ id }) => id);
  return { schemaVersion: 1, train: of("train"), val: of("val"), test: of("test") };
}

/**
 * The splits of each fold of a cross-validation. Every subject is tested in exactly one fold; there, the others are divided
 * among train and val in the proportion of their fractions. With `select: test` val is the subjects that are tested, test is
 * empty, and all others train.
 *
 * Folds differ by at most one subject, and each gets young and old and every stratum alike, as the splits of {@link splitSubjects} do. They hang
 * on the seed and on names, ages and strata alone: in what order the subjects come changes nothing.
 *
 * @returns One for each fold, subjects in order of their names.
 * @throws {UserError} (usage) If there are more folds than subjects, or too few subjects to train and validate in a fold.
 */
export function dealFolds(rng: Rng, subjects: readonly SplitSubject[], options: SplitOptions): Splits[] {
  const { folds, select } = options;
  if (folds === null) throw new RangeError("dealFolds: options have no folds");
  const problem = splitProblem(options) ?? foldsMisfit(options, subjects.length);
  if (problem !== null) throw new UserError("usage", `split.folds: ${problem}.`);
  const byName = [...subjects].sort((a, b) => (a.id < b.id ? -1 : 1));
  const count = folds === "leaveOneOut" ? byName.length : folds;
  const foldOf = dealtInBlocks(rng.fork("folds"), byName, Array.from(byName, (_, i) => i % count), count); // biome-ignore format: one line
  return Array.from({ length: count }, (_, fold) => {
    const tested = byName.filter(({ id }) => foldOf.get(id) === fold).map(({ id }) => id);
    const others = byName.filter(({ id }) => foldOf.get(id) !== fold);
    if (select === "test") return { schemaVersion: 1, train: others.map(({ id }) => id), val: tested, test: [] };
    const inner = splitSubjects(rng.fork("inner").fork(fold), others, innerShares(options));
    return { ...inner, test: tested };
  });
}

/** What is not tested in a fold, divided among train and val. */
function innerShares({ train, val }: SplitOptions): SplitOptions {
  const [a, b] = [train as number, val as number];
  return { train: a / (a + b), val: b / (a + b), test: 0, folds: null, select: "val" };
}

/** Why so many subjects cannot be cross-validated in these folds, or null. */
export function foldsMisfit({ folds, select }: SplitOptions, subjects: number): string | null {
  if (folds === null || (folds !== "leaveOneOut" && folds < 2)) return null; // nothing to fit, or the schema refuses it
  if (folds !== "leaveOneOut" && folds > subjects)
    return `must be at most the number of subjects, ${subjects}; got ${folds}. Use fewer folds, or leaveOneOut`;
  const tested = folds === "leaveOneOut" ? 1 : Math.ceil(subjects / folds);
  const needed = select === "val" ? 2 : 1;
  if (subjects - tested >= needed) return null;
  const purpose = select === "val" ? "to train and to validate" : "to train";
  const wayOut = `Use more subjects${tested > 1 ? " or more folds" : ""}`;
  return `must leave ${many(needed, "subject")} beside those that a fold tests, ${purpose}; got ${tested} tested of ${subjects}. ${wayOut}`;
}

/**
 * Some of the subjects: of each stratum its share, rounded up. A smaller share of the same stream is part of a larger one.
 * @param share - In (0, 1].
 * @returns Names, in the order of `subjects`.
 */
export function shareOfSubjects(rng: Rng, subjects: readonly SplitSubject[], share: number): string[] {
  const strata = [...new Set(subjects.map(({ stratum = "" }) => stratum))];
  const chosen = strata.flatMap((name) => {
    const own = subjects.filter(({ stratum = "" }) => stratum === name).map(({ id }) => id);
    return shuffled(rng.fork(name), [...own].sort()).slice(0, Math.ceil(share * own.length - 1e-9));
  });
  return subjects.map(({ id }) => id).filter((id) => chosen.includes(id));
}

/** How many subjects each split got, in words. */
export function splitWords(splits: Splits, { folds }: Pick<SplitOptions, "folds">): string {
  return folds === null ? splitNames.map((name) => `${splits[name].length} ${name}`).join(", ") : "each tested in one fold";
}

function listed(subjects: readonly SplitSubject[], shares: Shares): Map<string, SplitName> {
  const known = new Set(subjects.map(({ id }) => id));
  const chosen = new Map<string, SplitName>();
  for (const name of splitNames) {
    for (const id of shares[name] as readonly string[]) {
      if (!known.has(id)) throw unknownSubject(name, id, known);
      chosen.set(id, name);
    }
  }
  return chosen;
}

function unknownSubject(name: SplitName, id: string, known: ReadonlySet<string>): UserError {
  const some = [...known].slice(0, 6).join(", ");
  const wayOut = `Name subjects of the dataset: ${some}${known.size > 6 ? ", …" : ""}.`;
  return new UserError("usage", `split.${name}: must list subjects that the dataset has; got ${JSON.stringify(id)}. ${wayOut}`);
}

function dealt(rng: Rng, subjects: readonly SplitSubject[], shares: Shares): Map<string, SplitName> {
  const fractions = splitNames.map((name) => shares[name] as number);
  const sequence = evenSequence(shareOut(fractions, subjects.length));
  const smallest = Math.min(...fractions.filter((f) => f > 0));
  const block = Math.min(subjects.length, Math.max(2, Math.round(1 / smallest)));
  const places = dealtInBlocks(rng, subjects, sequence, block);
  return new Map([...places].map(([id, split]) => [id, splitNames[split]!]));
}

/** Subjects in order of stratum and age get the places of `sequence`, in random order within each block of it. */
function dealtInBlocks(
  rng: Rng,
  subjects: readonly SplitSubject[],
  sequence: readonly number[],
  block: number,
): Map<string, number> {
  const age = (s: SplitSubject) => s.gestationalAge ?? Number.POSITIVE_INFINITY;
  const byAge = shuffled(rng.fork("ties"), subjects)
    .sort((a, b) => (age(a) === age(b) ? 0 : age(a) - age(b)))
    .sort(({ stratum: a = "" }, { stratum: b = "" }) => (a === b ? 0 : a < b ? -1 : 1));
  const chosen = new Map<string, number>();
  for (let start = 0; start < byAge.length; start += block) {
    const places = shuffled(rng.fork("block").fork(start), sequence.slice(start, start + block));
    for (const [i, place] of places.entries()) chosen.set(byAge[start + i]!.id, place);
  }
  return chosen;
}

/** `total` shared out in whole numbers by largest remainder, then at least 1 for each fraction above 0. */
function shareOut(fractions: readonly number[], total: number): number[] {
  const counts = fractions.map((f) => Math.floor(f * total + 1e-9));
  const byRemainder = [0, 1, 2].sort((a, b) => fractions[b]! * total - counts[b]! - (fractions[a]! * total - counts[a]!));
  const left = total - counts.reduce((a, b) => a + b, 0);
  for (const i of byRemainder.slice(0, left)) counts[i]!++;
  for (const [i, fraction] of fractions.entries()) {
    const largest = counts.indexOf(Math.max(...counts));
    if (fraction <= 0 || counts[i]! > 0 || counts[largest]! < 2) continue;
    counts[largest]!--;
    counts[i]!++;
  }
  return counts;
}

/** Indices of the splits, each as often as its count, spread as evenly as possible: always the one furthest behind. */
function evenSequence(counts: readonly number[]): number[] {
  const total = counts.reduce((a, b) => a + b, 0);
  const given = counts.map(() => 0);
  return Array.from({ length: total }, (_, i) => {
    const behind = counts.map((count, s) =>
      given[s]! < count ? (count * (i + 0.5)) / total - given[s]! : Number.NEGATIVE_INFINITY,
    );
    const next = behind.indexOf(Math.max(...behind));
    given[next]!++;
    return next;
  });
}
