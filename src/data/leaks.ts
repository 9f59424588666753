import { UserError } from "../core/errors.ts";
import { type Case, type Dataset, type SplitName, type Splits, splitNames } from "./dataset.ts";
import { oneLine } from "./faults.ts";
import { type Fingerprint, likeness, sameScan } from "./fingerprint.ts";

/** What is checked for a patient who is on two sides of a split. */
export interface LeakCheck {
  readonly dataset: Dataset;
  readonly splits: Splits;
  /** The test split will be dealt into folds, so that any two subjects of it may come to be on two sides. */
  readonly folds?: boolean;
  /** Where the splits come from, for messages. */
  readonly where: string;
  /** The normal cases that `dataset` was synthesised from, if it was: a synthetic case must have its source's subject. */
  readonly originals?: readonly Case[];
  /** Fingerprints by case id, to find copies of one scan under two names. */
  readonly fingerprints?: ReadonlyMap<string, Fingerprint>;
  /** Pictures of several patients may be the same, as black crops of regions that were not found are: contents are not compared. */
  readonly alike?: boolean;
}

/**
 * Refuses a dataset where one patient could be on both sides of a split: scores would be too good.
 * @throws {UserError} (data) Naming the first leak.
 */
export function assertNoLeak(check: LeakCheck): void {
  const leak = leaks(check)[0];
  if (leak) throw new UserError("data", oneLine(`${check.where}: ${leak}`));
}

/** Every leak, a sentence each with the way out; empty when there is none. */
export function leaks(check: LeakCheck): string[] {
  return [...subjectLeaks(check), ...parentLeaks(check), ...(check.alike ? [] : contentLeaks(check))];
}

function subjectLeaks({ dataset, splits }: LeakCheck): string[] {
  const all = splitNames.flatMap((name) => splits[name]);
  const twice = new Set(all.filter((subject, i) => all.indexOf(subject) !== i));
  const known = new Set(dataset.cases.map((c) => c.subject));
  return [
    ...[...twice].map((s) => `a subject may be in one split only; got ${s} twice. Remove it from one of them.`),
    ...all.filter((s) => !known.has(s)).map((s) => `splits must name subjects of the dataset; got ${s}. Make the splits again.`),
  ];
}

/** A synthetic case must have the subject of every case it was made from, and so must its siblings. */
function parentLeaks({ dataset, originals = [] }: LeakCheck): string[] {
  const subjectOfSource = new Map([...dataset.cases, ...originals].map((c) => [c.id, c.subject]));
  const found: string[] = [];
  for (const { id, subject, sources } of dataset.cases) {
    for (const source of sources) {
      const expected = subjectOfSource.get(source);
      if (expected === undefined) subjectOfSource.set(source, subject);
      else if (expected !== subject) {
        const rule = `a synthetic case must have the subject of its source ${source}, ${expected}`;
        found.push(`${rule}; got ${subject} for ${id}. Make the synthetic cases again.`);
      }
    }
  }
  return found;
}

/** Copies of one scan in two splits: the same bytes, or nearly the same picture. */
function contentLeaks({ dataset, splits, folds = false, fingerprints = new Map() }: LeakCheck): string[] {
  const splitOf = new Map<string, SplitName>(splitNames.flatMap((name) => splits[name].map((s) => [s, name] as const)));
  const cases = dataset.cases.filter((c) => splitOf.has(c.subject));
  const found: string[] = [];
  for (const [i, a] of cases.entries()) {
    for (const b of cases.slice(0, i)) {
      const [inA, inB] = [splitOf.get(a.subject)!, splitOf.get(b.subject)!];
      if (folds ? a.subject === b.subject : inA === inB) continue;
      const how = sameContent(a, b, fingerprints);
      if (how) {
        const wayOut = "Give both the same subject, or remove one";
        const [rule, sideB, sideA] = folds ? ["of two subjects", b.subject, a.subject] : ["in two splits", inB, inA];
        found.push(`no scan may be ${rule}; got ${b.id} (${sideB}) and ${a.id} (${sideA}), which ${how}. ${wayOut}.`);
      }
    }
  }
  return found;
}

function sameContent(a: Case, b: Case, fingerprints: ReadonlyMap<string, Fingerprint>): string | null {
  if (a.image.sha256 === b.image.sha256) return "are the same file";
  const [printA, printB] = [fingerprints.get(a.id), fingerprints.get(b.id)];
  const alike = printA && printB ? likeness(printA, printB) : 0;
  return alike >= sameScan ? `show the same scan (likeness ${alike.toFixed(3)})` : null;
}
