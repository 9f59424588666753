import { z } from "zod";
import type { Experiment } from "../../config/experiment.ts";
import { canonicalJson } from "../../core/hash.ts";
import { parseJson } from "../../data/dataset.ts";

/** As much of results.json as names subjects; the rest is kept as it is. */
const namingResults = z.looseObject({
  folds: z.array(z.looseObject({ subjects: z.array(z.string()) })).optional(),
});

// Numbers, so that how many there were can still be read and no list looks empty. Not hashes: names are few, and who guesses one finds its hash.

/**
 * The text of a results.json in which each subject of a fold is called `withheld-N`, N from 1 over all folds; as it was where it names none.
 * @param where - File name, for messages.
 * @throws {UserError} (data) If it is none: then no one can tell whom it names.
 */
export function resultsWithoutNames(text: string, where: string): string {
  const { folds, ...rest } = parseJson(text, where, namingResults, "evaluate again");
  if (folds === undefined) return text;
  const call = numbers();
  const kept = folds.map((fold) => ({ ...fold, subjects: fold.subjects.map(call) }));
  return `${canonicalJson({ ...rest, folds: kept }, 1)}\n`;
}

/** An experiment whose lists of subjects say `withheld-N`, N from 1 over all three; null where it has fractions, which name no one. */
export function experimentWithoutNames(experiment: Experiment): Experiment | null {
  const { split } = experiment;
  if (typeof split.train === "number") return null;
  const call = numbers();
  const called = (share: number | readonly string[]) => (typeof share === "number" ? share : share.map(call));
  return { ...experiment, split: { ...split, train: called(split.train), val: called(split.val), test: called(split.test) } };
}

function numbers(): () => string {
  let n = 0;
  return () => `withheld-${++n}`;
}
