import { type Confusion, confusionAt, sensitivity, specificity } from "./metrics/confusion.ts";
import { diceOf } from "./metrics/dice.ts";
import { orNull } from "./metrics/or-null.ts";
import { chooseThreshold } from "./metrics/threshold.ts";
import type { EvalOptions, ThresholdOptions } from "./options.ts";
import { inResamples, type Sample } from "./resample.ts";
import type { OperatingPoint } from "./results.ts";
import type { Level } from "./scores.ts";
import { overlapAt } from "./tally.ts";

/** A choice made on the validation split: once on all of it, and anew in each resample of its patients. */
export interface Choice {
  /** NaN where it cannot be made. */
  readonly value: number;
  /** One a resample; all `value` where the choice is fixed or not resampled. */
  readonly resampled: Float64Array;
  readonly includesChoice: boolean;
}

const fixedChoice = (value: number, resamples: number): Choice => ({
  value,
  resampled: new Float64Array(resamples).fill(value),
  includesChoice: false,
});

/** Chooses the threshold of the scores of one level. @param validation - null where the validation split is empty. */
export function chooseOperatingPoint(
  level: Level,
  validation: Sample | null,
  rule: ThresholdOptions,
  { resamples, includeThreshold }: EvalOptions["bootstrap"],
): Choice {
  if (rule.rule === "fixed") return fixedChoice(rule[level] ?? Number.NaN, resamples);
  if (validation === null) return fixedChoice(Number.NaN, resamples);
  const value = chooseThreshold(validation.ranked, rule);
  if (!includeThreshold) return fixedChoice(value, resamples);
  const resampled = inResamples(validation, (weights) => chooseThreshold(validation.ranked, rule, weights));
  return { value, resampled, includesChoice: true };
}

/** What results.json says of a choice. */
export function describeOperatingPoint(choice: Choice, rule: ThresholdOptions, validation: Sample | null): OperatingPoint {
  const words = {
    youden: "highest sensitivity + specificity",
    sensitivity: `highest specificity with sensitivity at least ${"target" in rule ? rule.target : ""}`,
    specificity: `highest sensitivity with specificity at least ${"target" in rule ? rule.target : ""}`,
    fixed: "given in the config",
  }[rule.rule];
  const reached = validation && confusionAt(validation.ranked, choice.value);
  const share = (f: (c: Confusion) => number) => (reached === null ? null : orNull(f(reached)));
  return {
    threshold: orNull(choice.value),
    rule: rule.rule === "fixed" ? words : `${words}, on the validation split`,
    validation: validation && {
      units: validation.units.length,
      positives: validation.units.filter((unit) => unit.label === 1).length,
      sensitivity: share(sensitivity),
      specificity: share(specificity),
    },
  };
}

/**
 * Chooses the probability from which a voxel is lesion, as a place in the grid of thresholds: the one with the highest mean
 * Dice over the slices with a lesion; the lowest of equally good ones.
 *
 * @param slices - The validation slices; null where there are none.
 */
export function chooseMaskThreshold(slices: Sample | null, grid: readonly number[], options: EvalOptions): Choice {
  const { resamples, includeThreshold } = options.bootstrap;
  if (options.mask.rule === "fixed") return fixedChoice(0, resamples);
  if (slices === null) return fixedChoice(Number.NaN, resamples);
  const dice = slices.units.map((unit) => grid.map((_, g) => diceOf(overlapAt(unit.tally, g), options.emptyMask)));
  const best = (weights?: ArrayLike<number>): number => {
    const means = grid.map((_, g) => weightedMean(slices, (i) => dice[i]![g]!, weights));
    const top = Math.max(...means);
    return Number.isNaN(top) ? Number.NaN : means.indexOf(top);
  };
  if (!includeThreshold) return fixedChoice(best(), resamples);
  return { value: best(), resampled: inResamples(slices, best), includesChoice: true };
}

/** Mean over the units with a lesion; NaN without one. */
export function weightedMean(sample: Sample, value: (unit: number) => number, weights?: ArrayLike<number>): number {
  let sum = 0;
  let total = 0;
  for (let i = 0; i < sample.units.length; i++) {
    if (sample.units[i]!.label === 0) continue;
    const weight = weights === undefined ? 1 : weights[i]!;
    sum += weight * value(i);
    total += weight;
  }
  return total > 0 ? sum / total : Number.NaN;
}
