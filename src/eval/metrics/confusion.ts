import { onceEach, type RankedScores } from "./auroc.ts";

/** Counts (or sums of weights) of units by truth and call. */
export interface Confusion {
  readonly truePositive: number;
  readonly falseNegative: number;
  readonly falsePositive: number;
  readonly trueNegative: number;
}

/**
 * Calls every unit that scores at least `threshold` positive and counts, each unit `weights[i]` times (once without weights).
 * A NaN threshold gives NaN counts: no call was possible.
 */
export function confusionAt(
  { scores, labels }: Pick<RankedScores, "scores" | "labels">,
  threshold: number,
  weights: ArrayLike<number> = onceEach(scores.length),
): Confusion {
  if (Number.isNaN(threshold)) return { truePositive: NaN, falseNegative: NaN, falsePositive: NaN, trueNegative: NaN };
  const sums = new Float64Array(4); // truth * 2 + call
  for (let i = 0; i < scores.length; i++) sums[labels[i]! * 2 + (scores[i]! >= threshold ? 1 : 0)]! += weights[i]!;
  return { trueNegative: sums[0]!, falsePositive: sums[1]!, falseNegative: sums[2]!, truePositive: sums[3]! };
}

/** All units of several confusions together; of none, no unit. */
export function sumConfusions(confusions: readonly Confusion[]): Confusion {
  const sum = (name: keyof Confusion) => confusions.reduce((total, c) => total + c[name], 0);
  return {
    truePositive: sum("truePositive"),
    falseNegative: sum("falseNegative"),
    falsePositive: sum("falsePositive"),
    trueNegative: sum("trueNegative"),
  };
}

const share = (part: number, rest: number): number => (part + rest > 0 ? part / (part + rest) : Number.NaN);

/** Share of the positives that are called, in [0, 1]. NaN without positives. */
export const sensitivity = (c: Confusion): number => share(c.truePositive, c.falseNegative);
/** Share of the negatives that are not called, in [0, 1]. NaN without negatives. */
export const specificity = (c: Confusion): number => share(c.trueNegative, c.falsePositive);
/** Share of the calls that are right, in [0, 1]. NaN without calls. Depends on how common positives are in the data. */
export const positivePredictiveValue = (c: Confusion): number => share(c.truePositive, c.falsePositive);
/** Share of the units not called that are negative, in [0, 1]. NaN when all are called. Depends on how common positives are. */
export const negativePredictiveValue = (c: Confusion): number => share(c.trueNegative, c.falseNegative);
/** Harmonic mean of sensitivity and positive predictive value, in [0, 1]. NaN without positives and calls. */
export const f1Score = (c: Confusion): number => share(2 * c.truePositive, c.falsePositive + c.falseNegative);
/** Share of the units that are called rightly, in [0, 1]. NaN without units. */
export const accuracy = (c: Confusion): number => share(c.truePositive + c.trueNegative, c.falsePositive + c.falseNegative);
/** Mean of sensitivity and specificity, in [0, 1]; a call by chance reaches 0.5. NaN when one class is missing. */
export const balancedAccuracy = (c: Confusion): number => (sensitivity(c) + specificity(c)) / 2;

/**
 * How many times likelier a call is in a positive than in a negative: sensitivity / (1 - specificity), 0 or more.
 * NaN when one class is missing, and when no negative is called: then it is not bounded.
 */
export const positiveLikelihoodRatio = (c: Confusion): number => ratio(sensitivity(c), 1 - specificity(c));
/**
 * How many times likelier it is not to be called for a positive than for a negative: (1 - sensitivity) / specificity, 0 or more.
 * NaN when one class is missing, and when every negative is called.
 */
export const negativeLikelihoodRatio = (c: Confusion): number => ratio(1 - sensitivity(c), specificity(c));

const ratio = (top: number, bottom: number): number => (bottom > 0 ? top / bottom : Number.NaN);

/**
 * Matthews' correlation of truth and call, in [-1, 1]; 0 is chance.
 * NaN when one class is missing, or all or none are called: a constant has no correlation.
 *
 * Source: Matthews 1975, doi:10.1016/0005-2795(75)90109-9.
 */
export function matthewsCorrelation(c: Confusion): number {
  const { truePositive: tp, falsePositive: fp, falseNegative: fn, trueNegative: tn } = c;
  const scale = Math.sqrt(tp + fp) * Math.sqrt(tp + fn) * Math.sqrt(tn + fp) * Math.sqrt(tn + fn);
  return ratio(tp * tn - fp * fn, scale);
}
