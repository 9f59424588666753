import { type RankedScores, weightedAuroc, weightedPairs } from "./metrics/auroc.ts";
import { averagePrecisionScore } from "./metrics/average-precision-score.ts";
import type { ResamplingPlan } from "./metrics/bootstrap.ts";
import {
  type Confusion,
  confusionAt,
  negativePredictiveValue,
  positivePredictiveValue,
  sensitivity,
  specificity,
  sumConfusions,
} from "./metrics/confusion.ts";
import { diceOf } from "./metrics/dice.ts";
import type { Choice } from "./operate.ts";
import type { EvalOptions } from "./options.ts";
import { inResamples, inResamplesOf, type Sample, sampleOf, toMetric } from "./resample.ts";
import type { Metric } from "./results.ts";
import type { Level } from "./scores.ts";
import type { Unit } from "./table.ts";
import { overlapAt } from "./tally.ts";

// Single figures with their intervals, over pieces: one, or the folds of a cross-validation.

/** Units of one part, one level and one subset, with what was chosen for them. */
export interface Piece {
  readonly sample: Sample;
  readonly choice: Choice;
  readonly mask: Choice;
}

/** What a figure is of beside its pieces, and how it is resampled. */
export interface Asked {
  readonly per: Level;
  readonly subset: string;
  readonly plan: ResamplingPlan;
  readonly options: EvalOptions;
}

export const auroc = (sample: Sample, asked: Asked): Metric => ranking("auroc", weightedAuroc, "one class only", sample, asked);

/** The area under the precision-recall curve as steps; by chance, the share of positives. Of one class there is none, as of AUROC: any scores would reach 1. */
export const averagePrecision = (sample: Sample, asked: Asked): Metric =>
  ranking("averagePrecision", precisionOfBoth, "one class only", sample, asked);

const precisionOfBoth = (ranked: RankedScores, weights?: ArrayLike<number>): number =>
  ranked.labels.some((label, i) => label === 0 && weights?.[i] !== 0) ? averagePrecisionScore(ranked, weights) : Number.NaN;

/** A figure of all scores of a sample as they are ranked, without a threshold. */
function ranking(
  metric: "auroc" | "averagePrecision",
  of: typeof weightedAuroc,
  undefinedBecause: string,
  sample: Sample,
  { per, subset, options }: Asked,
): Metric {
  const figure = toMetric(
    {
      ...{ metric, per, subset, n: sample.units.length, patients: sample.patients },
      estimate: of(sample.ranked),
      values: inResamples(sample, (weights) => of(sample.ranked, weights)),
      undefinedBecause,
      includesChoice: false,
    },
    options.bootstrap,
  );
  return { ...figure, fewestOfClass: fewestOfClass(sample.units) };
}

/** Subjects with a unit of the class that fewest have. */
function fewestOfClass(units: readonly Unit[]): number {
  const subjects = (label: 0 | 1) => new Set(units.flatMap((unit) => (unit.label === label ? [unit.subject] : []))).size;
  return Math.min(subjects(0), subjects(1));
}

/**
 * The share of pairs that are ranked rightly among the pairs that one network scored.
 * Source: Forman & Scholz 2010, doi:10.1145/1882471.1882479, on why pooled scores of several networks mislead.
 */
export function aurocWithin(pieces: readonly Piece[], { per, subset, plan, options }: Asked): Metric {
  const samples = pieces.map(({ sample }) => sample);
  const share = (weights: readonly (Uint16Array | undefined)[]) => {
    let [won, pairs] = [0, 0];
    for (const [i, { ranked }] of samples.entries()) {
      const own = weightedPairs(ranked, weights[i]);
      won += own.won;
      pairs += own.pairs;
    }
    return pairs > 0 ? won / pairs : Number.NaN;
  };
  return toMetric(
    {
      ...{ metric: "aurocWithin", per, subset, n: countUnits(samples), patients: countPatients(samples) },
      estimate: share([]),
      values: inResamplesOf(plan, samples, share),
      undefinedBecause: "no fold has both classes",
      includesChoice: false,
    },
    options.bootstrap,
  );
}

const countUnits = (samples: readonly Sample[]) => samples.reduce((sum, { units }) => sum + units.length, 0);
const countPatients = (samples: readonly Sample[]) => samples.reduce((sum, { patients }) => sum + patients, 0);

/** Shares of a confusion matrix: how each is computed, which units it is of, and what is missing where it is undefined. */
export const shares = {
  sensitivity: { of: sensitivity, hits: "truePositive", all: (u: Unit) => u.label === 1, lacks: "no unit with a lesion" },
  specificity: { of: specificity, hits: "trueNegative", all: (u: Unit) => u.label === 0, lacks: "no unit without a lesion" },
  ppv: {
    of: positivePredictiveValue,
    hits: "truePositive",
    all: (u: Unit, cut: number) => u.score >= cut,
    lacks: "no unit was called",
  },
  npv: {
    of: negativePredictiveValue,
    hits: "trueNegative",
    all: (u: Unit, cut: number) => u.score < cut,
    lacks: "every unit was called",
  },
} as const;

export function call(
  metric: keyof typeof shares,
  pieces: readonly Omit<Piece, "mask">[],
  { per, subset, plan, options }: Asked,
): Metric {
  const share = shares[metric];
  const known = pieces.filter(({ choice }) => !Number.isNaN(choice.value));
  const counted = known.flatMap(({ sample, choice }) => sample.units.filter((unit) => share.all(unit, choice.value)));
  const whole = confusionOf(known);
  const inResample = (weights: readonly Uint16Array[], r: number) =>
    known.length === 0 ? Number.NaN : share.of(confusionOf(known, weights, r));
  return toMetric(
    {
      ...{ metric, per, subset, n: counted.length, patients: new Set(counted.map((u) => u.subject)).size },
      estimate: share.of(whole),
      values: inResamplesOf(
        plan,
        known.map(({ sample }) => sample),
        inResample,
      ),
      undefinedBecause:
        known.length > 0 ? share.lacks : "no threshold: the validation split has one class only, or none was given",
      hits: whole[share.hits],
      includesChoice: known.some(({ choice }) => choice.includesChoice),
    },
    options.bootstrap,
  );
}

/** Calls of all pieces, each at its own threshold: in resample `r`, or of all units once. */
export function confusionOf(
  pieces: readonly Omit<Piece, "mask">[],
  weights: readonly Uint16Array[] = [],
  r: number | null = null,
): Confusion {
  const cut = ({ value, resampled }: Choice) => (r === null ? value : resampled[r]!);
  return sumConfusions(pieces.map(({ sample, choice }, i) => confusionAt(sample.ranked, cut(choice), weights[i])));
}

/** Dice over the units with a lesion, and where `withAll` over all units under the rule for empty masks; both once more by the smoothed formula where asked. */
export function dices(pieces: readonly Piece[], asked: Asked, withAll: boolean): Metric[] {
  const positives = pieces.map((piece) => {
    const units = piece.sample.units.filter((unit) => unit.label === 1);
    return units.length === piece.sample.units.length ? piece : { ...piece, sample: sampleOf(asked.plan, units) };
  });
  const first = meanDice("dice", positives, asked);
  if (!withAll || asked.per === "subject") return [first];
  const both = [first, meanDice("diceAll", pieces, asked)];
  if (!asked.options.smoothedToo) return both;
  const smoothed: Asked = { ...asked, options: { ...asked.options, emptyMask: "smoothed" } };
  return [...both, meanDice("diceSmoothed", positives, smoothed), meanDice("diceSmoothedAll", pieces, smoothed)];
}

function meanDice(
  metric: "dice" | "diceAll" | "diceSmoothed" | "diceSmoothedAll",
  pieces: readonly Piece[],
  { per, subset, plan, options }: Asked,
): Metric {
  const known = pieces.filter(({ mask }) => !Number.isNaN(mask.value));
  const samples = known.map(({ sample }) => sample);
  const dice = known.map(({ sample }) => diceTable(sample.units, options));
  const chosen = known.map(({ mask }) => mask.value);
  const counted = dice.reduce((n, own, p) => n + own.filter((d) => !Number.isNaN(d[chosen[p]!]!)).length, 0);
  const n = known.length > 0 ? counted : countUnits(pieces.map(({ sample }) => sample));
  return toMetric(
    {
      ...{ metric, per, subset, n, patients: countPatients(known.length > 0 ? samples : pieces.map(({ sample }) => sample)) },
      estimate: weightedMean(dice, chosen, []),
      values: inResamplesOf(plan, samples, (weights, r) => {
        const at = known.map(({ mask }) => mask.resampled[r]!);
        return weightedMean(dice, at, weights);
      }),
      undefinedBecause: noDice(known),
      includesChoice: known.some(({ mask }) => mask.includesChoice),
    },
    options.bootstrap,
  );
}

/** Mean Dice of the units of all pieces, the mask of piece p at place `at[p]` of the grid; NaN where none has one. */
function weightedMean(
  dice: readonly (readonly Float64Array[])[],
  at: readonly number[],
  weights: readonly Uint16Array[],
): number {
  let [sum, total] = [0, 0];
  for (const [p, own] of dice.entries()) {
    if (Number.isNaN(at[p]!)) return Number.NaN;
    for (let i = 0; i < own.length; i++) {
      const value = own[i]![at[p]!]!;
      const weight = weights[p]?.[i] ?? 1;
      if (weight === 0 || Number.isNaN(value)) continue; // both empty, and the rule is skip
      sum += weight * value;
      total += weight;
    }
  }
  return total > 0 ? sum / total : Number.NaN;
}

/** The Dice of each unit at each mask threshold. */
function diceTable(units: readonly Unit[], { emptyMask }: EvalOptions): Float64Array[] {
  return units.map((unit) => unit.tally.predicted.map((_, g) => diceOf(overlapAt(unit.tally, g), emptyMask)));
}

const noDice = (known: readonly Piece[]) =>
  known.length === 0 ? "no mask threshold: the validation split has no slice with a lesion" : "no unit with a lesion";

/** One Dice of all voxels of the split, in mm³, healthy stacks included: false positives anywhere count. */
export function pooledDice(plan: ResamplingPlan, pieces: readonly Piece[], options: EvalOptions): Metric {
  const known = pieces.filter(({ mask }) => !Number.isNaN(mask.value));
  const samples = known.map(({ sample }) => sample);
  const pooled = (at: readonly number[], weights: readonly Uint16Array[]): number => {
    const sums = { both: 0, predictedOnly: 0, truthOnly: 0 };
    for (const [p, { units }] of samples.entries()) {
      if (Number.isNaN(at[p]!)) return Number.NaN;
      for (const [i, unit] of units.entries()) {
        const weight = weights[p]?.[i] ?? 1;
        const { both, predictedOnly, truthOnly } = overlapAt(unit.tally, at[p]!);
        sums.both += weight * both;
        sums.predictedOnly += weight * predictedOnly;
        sums.truthOnly += weight * truthOnly;
      }
    }
    return samples.length === 0 ? Number.NaN : diceOf(sums, "skip");
  };
  const counted = known.length > 0 ? samples : pieces.map(({ sample }) => sample);
  return toMetric(
    {
      ...{ metric: "dice", per: "pooled", subset: "all", n: countUnits(counted), patients: countPatients(counted) },
      estimate: pooled(
        known.map(({ mask }) => mask.value),
        [],
      ),
      values: inResamplesOf(plan, samples, (weights, r) =>
        pooled(
          known.map(({ mask }) => mask.resampled[r]!),
          weights,
        ),
      ),
      undefinedBecause: noDice(known),
      includesChoice: known.some(({ mask }) => mask.includesChoice),
    },
    options.bootstrap,
  );
}
