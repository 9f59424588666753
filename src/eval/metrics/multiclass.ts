import { type LabelledScore, type RankedScores, rankScores, weightedAuroc } from "./auroc.ts";
import { averagePrecisionScore } from "./average-precision-score.ts";
import { expectedCalibrationError } from "./calibration.ts";
import type { Confusion } from "./confusion.ts";

/** Units of several classes with a score for each class, ranked once: what all figures of them need. Made by {@link rankClasses}. */
export interface RankedClasses {
  /** Two or more. */
  readonly classes: number;
  /** Class of each unit, from 0. */
  readonly truth: Uint16Array;
  /** The class with the highest score; of several the first. */
  readonly calls: Uint16Array;
  /** units x classes, row-major. */
  readonly scores: Float64Array;
  /** Each class against the rest. */
  readonly ranked: readonly RankedScores[];
  /** All scores of all units together, positive where the score is of the unit's own class. */
  readonly micro: RankedScores;
  /** The score of each unit's call; label 1 where the call is right. */
  readonly surest: Pick<RankedScores, "scores" | "labels">;
}

/**
 * @param truth - Class of each unit, from 0 to `classes` - 1. @param scores - units x classes, row-major.
 * @throws {RangeError} If a score is NaN, or a length or a class does not fit.
 */
export function rankClasses(truth: ArrayLike<number>, scores: ArrayLike<number>, classes: number): RankedClasses {
  const units = Array.from(truth);
  if (classes < 2 || scores.length !== units.length * classes || units.some((c) => !(c >= 0 && c < classes)))
    throw new RangeError(
      `rankClasses: need ${classes} scores a unit and classes below that; got ${scores.length} of ${units.length}`,
    );
  const of = (i: number, c: number): LabelledScore => ({ label: units[i] === c ? 1 : 0, score: scores[i * classes + c]! });
  const each = Array.from({ length: classes }, (_, c) => c);
  const calls = Uint16Array.from(units, (_, i) => each.reduce((best, c) => (scores[i * classes + c]! > scores[i * classes + best]! ? c : best), 0)); // biome-ignore format: short
  return {
    classes,
    truth: Uint16Array.from(units),
    calls,
    scores: Float64Array.from(scores),
    ranked: each.map((c) => rankScores(units.map((_, i) => of(i, c)))),
    micro: rankScores(units.flatMap((_, i) => each.map((c) => of(i, c)))),
    surest: {
      scores: Float64Array.from(calls, (call, i) => scores[i * classes + call]!),
      labels: Uint8Array.from(calls, (call, i) => (call === units[i] ? 1 : 0)),
    },
  };
}

/** Counts (or sums of weights) by truth and call: classes x classes, a row for each truth. */
export function classConfusion({ classes, truth, calls }: RankedClasses, weights?: ArrayLike<number>): Float64Array {
  const counts = new Float64Array(classes * classes);
  for (let i = 0; i < truth.length; i++) counts[truth[i]! * classes + calls[i]!]! += weights === undefined ? 1 : weights[i]!;
  return counts;
}

/** Sums along a matrix of {@link classConfusion}: units of each class, calls of each class, right calls of each class. */
function margins(matrix: Float64Array): { truths: number[]; calls: number[]; right: number[]; all: number } {
  const classes = Math.sqrt(matrix.length);
  const each = Array.from({ length: classes }, (_, c) => c);
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
  const truths = each.map((c) => sum(each.map((k) => matrix[c * classes + k]!)));
  const calls = each.map((c) => sum(each.map((k) => matrix[k * classes + c]!)));
  return { truths, calls, right: each.map((c) => matrix[c * (classes + 1)]!), all: sum(truths) };
}

/** One class against the rest. @param matrix - Of {@link classConfusion}. */
export function oneAgainstRest(matrix: Float64Array, c: number): Confusion {
  const { truths, calls, right, all } = margins(matrix);
  const truePositive = right[c]!;
  const falseNegative = truths[c]! - truePositive;
  const falsePositive = calls[c]! - truePositive;
  return { truePositive, falseNegative, falsePositive, trueNegative: all - truePositive - falseNegative - falsePositive };
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const ratio = (top: number, bottom: number): number => (bottom > 0 ? top / bottom : Number.NaN);

/** Share of the units whose call is right, in [0, 1]. NaN without units. */
export function classAccuracy(matrix: Float64Array): number {
  const { right, all } = margins(matrix);
  return ratio(right.reduce((a, b) => a + b, 0), all); // biome-ignore format: short
}

/** Mean over the classes of the share of its units that are called so, in [0, 1]; chance is 1 / classes. NaN where a class has no unit (scikit-learn leaves it out). */
export function classBalancedAccuracy(matrix: Float64Array): number {
  const { right, truths } = margins(matrix);
  return mean(right.map((hits, c) => ratio(hits, truths[c]!)));
}

/** Mean over the classes of F1, in [0, 1]. NaN where a class has neither units nor calls (scikit-learn: 0). */
export function macroF1(matrix: Float64Array): number {
  const { right, truths, calls } = margins(matrix);
  return mean(right.map((hits, c) => ratio(2 * hits, truths[c]! + calls[c]!)));
}

/**
 * Cohen's kappa of truth and call, in [-1, 1]: agreement beyond chance, 0 at chance. NaN where truth and call are one class only.
 * Source: Cohen 1960, doi:10.1177/001316446002000104.
 */
export function cohenKappa(matrix: Float64Array): number {
  const { right, truths, calls, all } = margins(matrix);
  const expected = truths.reduce((sum, t, c) => sum + t * calls[c]!, 0) / all;
  return ratio(right.reduce((a, b) => a + b, 0) - expected, all - expected); // biome-ignore format: short
}

/**
 * Matthews' correlation of several classes, in [-1, 1]; 0 is chance. NaN where the truth or the call is one class only.
 * Source: Gorodkin 2004, doi:10.1016/j.compbiolchem.2004.09.006.
 */
export function classMatthews(matrix: Float64Array): number {
  const { right, truths, calls, all } = margins(matrix);
  const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, v, c) => sum + v * b[c]!, 0);
  const hits = right.reduce((a, b) => a + b, 0);
  return ratio(
    all * hits - dot(truths, calls),
    Math.sqrt(all ** 2 - dot(calls, calls)) * Math.sqrt(all ** 2 - dot(truths, truths)),
  );
}

/**
 * Brier score of several classes: sum over the classes of the squared distance of probability and truth, mean over the units; in [0, 2], lower is better.
 * Of two classes it is twice the usual one. NaN without units.
 * Source: Brier 1950, doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2; scikit-learn's brier_score_loss with scale_by_half=False.
 */
export function classBrierScore({ classes, truth, scores }: RankedClasses, weights?: ArrayLike<number>): number {
  let [sum, all] = [0, 0];
  for (let i = 0; i < truth.length; i++) {
    const weight = weights === undefined ? 1 : weights[i]!;
    for (let c = 0; c < classes; c++) sum += weight * (scores[i * classes + c]! - (truth[i] === c ? 1 : 0)) ** 2;
    all += weight;
  }
  return ratio(sum, all);
}

/**
 * Expected calibration error of the calls, in [0, 1]; lower is better: how far the score of a call lies from how often such calls are right. NaN without units.
 *
 * @param ranked - Scores are probabilities, in [0, 1].
 *
 * Source: Guo et al. 2017, arXiv:1706.04599.
 */
export const surestCalibrationError = ({ surest }: RankedClasses, bins = 10, weights?: ArrayLike<number>): number =>
  expectedCalibrationError(surest, bins, weights);

/**
 * Mean over the classes of the expected calibration error of each against the rest, in [0, 1]; lower is better. Every probability counts, not that of the call
 * alone. NaN without units.
 *
 * Source: Nixon et al. 2019, arXiv:1904.01685 (static calibration error); Kull et al. 2019, arXiv:1910.12656 (classwise).
 */
export function classwiseCalibrationError({ ranked }: RankedClasses, bins = 10, weights?: ArrayLike<number>): number {
  return mean(ranked.map((one) => expectedCalibrationError(one, bins, weights)));
}

/** Ways to average one-against-rest figures: each class alike, or all scores of all units as one table. */
export type Averaging = "macro" | "micro";

/** AUROC of each class against the rest, averaged; in [0, 1]. NaN where one is (a class without units). `micro` needs scores that mean the same in every class. */
export function averagedAuroc(ranked: RankedClasses, averaging: Averaging, weights?: ArrayLike<number>): number {
  return averaged(ranked, averaging, weightedAuroc, weights);
}

/** Average precision of each class against the rest, averaged, as {@link averagedAuroc}. */
export function averagedPrecision(ranked: RankedClasses, averaging: Averaging, weights?: ArrayLike<number>): number {
  return averaged(ranked, averaging, averagePrecisionScore, weights);
}

function averaged(
  { ranked, micro, classes }: RankedClasses,
  averaging: Averaging,
  figure: (ranked: RankedScores, weights?: ArrayLike<number>) => number,
  weights?: ArrayLike<number>,
): number {
  if (averaging === "macro") return mean(ranked.map((one) => figure(one, weights)));
  if (weights === undefined) return figure(micro);
  return figure(micro, Float64Array.from(micro.labels, (_, i) => weights[Math.floor(i / classes)]!)); // biome-ignore format: short
}
