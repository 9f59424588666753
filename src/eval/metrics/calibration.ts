import { onceEach, type RankedScores } from "./auroc.ts";

type Scored = Pick<RankedScores, "scores" | "labels">;

/**
 * Brier score: mean squared distance of probability and truth, in [0, 1]; lower is better. NaN without units.
 *
 * @param scored - Scores are probabilities, in [0, 1].
 * @param weights - Non-negative, in the order of the cases.
 *
 * Source: Brier 1950, doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2, of one class, as scikit-learn's brier_score_loss.
 */
export function brierScore({ scores, labels }: Scored, weights: ArrayLike<number> = onceEach(scores.length)): number {
  let [sum, total] = [0, 0];
  for (let i = 0; i < scores.length; i++) {
    const weight = weights[i]!;
    sum += weight * (scores[i]! - labels[i]!) ** 2;
    total += weight;
  }
  return total > 0 ? sum / total : Number.NaN;
}

/** Units whose probability lies in (`from`, `to`], 0 in the first. */
export interface CalibrationBin {
  readonly from: number;
  readonly to: number;
  /** Sum of weights. */
  readonly count: number;
  readonly positives: number;
  /** Mean probability; NaN in an empty bin. */
  readonly predicted: number;
  /** Share of positives; NaN in an empty bin. */
  readonly observed: number;
}

/**
 * The calibration curve: `bins` of equal width, empty ones included.
 *
 * @param scored - Scores are probabilities, in [0, 1].
 * @param weights - Non-negative, in the order of the cases.
 *
 * Source: scikit-learn's calibration_curve, strategy "uniform", which has the same bins.
 */
export function calibrationCurve(
  { scores, labels }: Scored,
  bins = 10,
  weights: ArrayLike<number> = onceEach(scores.length),
): CalibrationBin[] {
  const [counts, positives, sums] = [new Float64Array(bins), new Float64Array(bins), new Float64Array(bins)];
  const edge = (k: number) => k * (1 / bins);
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i]!;
    let k = Math.min(Math.floor(score * bins), bins - 1);
    while (k > 0 && score <= edge(k)) k--; // a probability on an edge belongs below it, rounding or not
    while (k < bins - 1 && score > edge(k + 1)) k++;
    const weight = weights[i]!;
    counts[k]! += weight;
    sums[k]! += weight * score;
    if (labels[i] === 1) positives[k]! += weight;
  }
  return Array.from(counts, (count, k) => {
    const [predicted, observed] = count > 0 ? [sums[k]! / count, positives[k]! / count] : [Number.NaN, Number.NaN];
    return { from: edge(k), to: k === bins - 1 ? 1 : edge(k + 1), count, positives: positives[k]!, predicted, observed };
  });
}

/**
 * Expected calibration error: mean distance of predicted and observed in the bins of {@link calibrationCurve}, weighted by
 * their units; in [0, 1], lower is better. NaN without units. Few units in a bin push it up, in resamples more so.
 *
 * Source: Naeini, Cooper & Hauskrecht 2015, doi:10.1609/aaai.v29i1.9602.
 */
export function expectedCalibrationError(scored: Scored, bins = 10, weights?: ArrayLike<number>): number {
  let [sum, total] = [0, 0];
  for (const { count, predicted, observed } of calibrationCurve(scored, bins, weights)) {
    if (count === 0) continue;
    sum += count * Math.abs(predicted - observed);
    total += count;
  }
  return total > 0 ? sum / total : Number.NaN;
}
