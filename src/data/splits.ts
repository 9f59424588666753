import { z } from "zod";
import { UserError } from "../core/errors.ts";
import { type Rng, shuffled } from "../core/rng.ts";
import { type Case, type SplitName, type Splits, splitNames } from "./dataset.ts";

const share = (what: string, fraction: number) =>
  z
    .union([z.number().min(0).max(1), z.array(z.string().min(1))])
    .default(fraction)
    .describe(`Subjects for ${what}: a fraction from 0 to 1 of all, or a list of their names; all three the same way`);

/** How subjects are divided; the `split` section of a config. Fractions add up to 1; lists name every subject at most once. */
export const splitOptions = z
  .strictObject({
    /** Subjects to train on: a fraction in [0, 1], or a list of names. */
    train: share("training", 0.6),
    /** Subjects to choose thresholds and checkpoints on: a fraction in [0, 1], or a list of names. */
    val: share("validation", 0.2),
    /** Subjects to report results on: a fraction in [0, 1], or a list of names. */
    test: share("testing", 0.2),
  })
  .superRefine((options, context) => {
    const problem = splitProblem(options);
    if (problem) context.addIssue({ code: "custom", message: problem });
  });
export type SplitOptions = z.output<typeof splitOptions>;

type Shares = Readonly<Record<SplitName, number | readonly string[]>>;

function splitProblem(shares: Shares): string | null {
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

/** A subject to be put into a split. Gestational age in weeks, null when not known. */
export interface SplitSubject {
  readonly id: string;
  readonly gestationalAge: number | null;
}

/** The subjects of a dataset, in order of first appearance, each with the mean of its cases' known gestational ages. */
export function subjectsOf(cases: readonly Pick<Case, "subject" | "gestationalAge">[]): SplitSubject[] {
  const ages = new Map<string, number[]>();
  for (const { subject, gestationalAge } of cases) {
    const known = ages.get(subject) ?? [];
    ages.set(subject, known);
    if (gestationalAge !== null) known.push(gestationalAge);
  }
  return [...ages].map(([id, known]) => {
    const mean = known.reduce((a, b) => a + b, 0) / known.length;
    return { id, gestationalAge: known.length > 0 ? mean : null };
  });
}

/**
 * Divides subjects into train, val and test.
 *
 * Fractions give counts by largest remainder, at least one subject to each fraction above 0 while there are enough (else in
 * the order train, val, test). Every split then gets young and old alike: subjects in order of gestational age are dealt out
 * in short blocks that each hold the splits in proportion, in random order within the block.
 *
 * @returns Each split in the order of `subjects`. Subjects that explicit lists leave out are in none.
 * @throws {UserError} (usage) If a list names a subject that is not there.
 */
export function splitSubjects(rng: Rng, subjects: readonly SplitSubject[], options: SplitOptions): Splits {
  const problem = splitProblem(options);
  if (problem) throw new RangeError(`splitSubjects: ${problem}`);
  const chosen = typeof options.train === "number" ? dealt(rng, subjects, options) : listed(subjects, options);
  const of = (name: SplitName) => subjects.filter(({ id }) => chosen.get(id) === name).map(({ id }) => id);
  return { schemaVersion: 1, train: of("train"), val: of("val"), test: of("test") };
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
  const age = (s: SplitSubject) => s.gestationalAge ?? Number.POSITIVE_INFINITY;
  const byAge = shuffled(rng.fork("ties"), subjects).sort((a, b) => (age(a) === age(b) ? 0 : age(a) - age(b)));
  const chosen = new Map<string, SplitName>();
  for (let start = 0; start < byAge.length; start += block) {
    const names = shuffled(rng.fork("block").fork(start), sequence.slice(start, start + block));
    for (const [i, split] of names.entries()) chosen.set(byAge[start + i]!.id, splitNames[split]!);
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
