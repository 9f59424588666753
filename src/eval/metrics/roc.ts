import type { RankedScores } from "./auroc.ts";

/** One operating point: calling every unit that scores at least `threshold` positive. */
export interface RocPoint {
  /** Infinity at the first point, where nothing is called. */
  readonly threshold: number;
  /** 1 - specificity, in [0, 1]. */
  readonly falsePositiveRate: number;
  /** In [0, 1]. */
  readonly sensitivity: number;
}

/**
 * The ROC curve: one point for each distinct score, from (0, 0) to (1, 1). Straight lines between the points are ties.
 * @param weights - Non-negative, in the order of the cases that were ranked; units of weight 0 make no point.
 * @returns Empty when one class has no weight.
 */
export function rocCurve({ order, tieEnd, labels, scores }: RankedScores, weights?: ArrayLike<number>): RocPoint[] {
  const totals = [0, 0];
  for (const at of order) totals[labels[at]!]! += weights === undefined ? 1 : weights[at]!;
  const [negatives, positives] = totals as [number, number];
  if (!(negatives > 0 && positives > 0)) return [];
  const points: RocPoint[] = [{ threshold: Infinity, falsePositiveRate: 0, sensitivity: 0 }];
  const called = [0, 0];
  let group = 0; // weight since the last point
  for (let i = order.length - 1; i >= 0; i--) {
    const at = order[i]!;
    const weight = weights === undefined ? 1 : weights[at]!;
    called[labels[at]!]! += weight;
    group += weight;
    const lowestOfTie = i === 0 || tieEnd[i - 1] === 1;
    if (!lowestOfTie || group === 0) continue;
    points.push({ threshold: scores[at]!, falsePositiveRate: called[0]! / negatives, sensitivity: called[1]! / positives });
    group = 0;
  }
  return points;
}

/**
 * Sensitivity at false positive rates `rates` (ascending, in [0, 1]), interpolated along the curve; at a vertical step its top.
 * NaN for an empty curve.
 */
export function sensitivityAtRates(curve: readonly RocPoint[], rates: readonly number[]): Float64Array {
  const out = new Float64Array(rates.length).fill(Number.NaN);
  if (curve.length === 0) return out;
  let k = 0;
  rates.forEach((rate, i) => {
    while (k + 1 < curve.length && curve[k + 1]!.falsePositiveRate <= rate) k++;
    const here = curve[k]!;
    const next = curve[k + 1];
    const run = next === undefined ? 0 : next.falsePositiveRate - here.falsePositiveRate;
    const along = run > 0 ? (rate - here.falsePositiveRate) / run : 0;
    out[i] = here.sensitivity + along * ((next?.sensitivity ?? here.sensitivity) - here.sensitivity);
  });
  return out;
}
