import type { RankedScores } from "./auroc.ts";

/** What holds where every unit that scores at least `threshold` is called. */
export interface PrecisionRecallPoint {
  readonly threshold: number;
  /** In [0, 1]. */
  readonly recall: number;
  /** In [0, 1]. */
  readonly precision: number;
}

/**
 * The precision-recall curve: one point for each distinct score, from the highest. The steps that hold the precision of each point back to the
 * recall of the one before have an area of average precision.
 *
 * @returns Empty without positives.
 *
 * Source: scikit-learn's precision_recall_curve, without its last point (recall 0, precision 1), which is of no threshold.
 */
export function precisionRecallCurve({ order, tieEnd, labels, scores }: RankedScores): PrecisionRecallPoint[] {
  const positives = labels.reduce((sum, label) => sum + label, 0);
  if (positives === 0) return [];
  const points: PrecisionRecallPoint[] = [];
  let [called, right] = [0, 0];
  for (let i = order.length - 1; i >= 0; i--) {
    const at = order[i]!;
    called++;
    if (labels[at] === 1) right++;
    const lowestOfTie = i === 0 || tieEnd[i - 1] === 1;
    if (lowestOfTie) points.push({ threshold: scores[at]!, recall: right / positives, precision: right / called });
  }
  return points;
}
