import { onceEach, type RankedScores } from "./auroc.ts";

/**
 * Average precision of ranked scores, in [0, 1]: precision at each distinct score, weighted by the recall that it adds. It is
 * the area under the precision-recall curve as steps, without interpolation; scores by chance reach the share of positives.
 *
 * NaN without positives, or without any unit.
 * @param weights - Non-negative, in the order of the cases that were ranked.
 *
 * Source: scikit-learn's average_precision_score; Su, Yuan & Zhu 2015, doi:10.1145/2808194.2809481.
 */
export function averagePrecisionScore(
  { order, tieEnd, labels }: RankedScores,
  weights: ArrayLike<number> = onceEach(order.length),
): number {
  let [positives, called, before, sum] = [0, 0, 0, 0];
  for (let i = order.length - 1; i >= 0; i--) {
    const at = order[i]!;
    const weight = weights[at]!;
    called += weight;
    if (labels[at] === 1) positives += weight;
    const lowestOfTie = i === 0 || tieEnd[i - 1] === 1;
    if (!lowestOfTie || positives === before) continue;
    sum += ((positives - before) * positives) / called;
    before = positives;
  }
  return positives > 0 ? sum / positives : Number.NaN;
}
