import type { RankedScores } from "./auroc.ts";

/** How a threshold is chosen. `target` in (0, 1]. */
export type ThresholdRule =
  | { readonly rule: "youden" }
  | { readonly rule: "sensitivity"; readonly target: number }
  | { readonly rule: "specificity"; readonly target: number };

/**
 * The threshold that `rule` likes best on these units; calling is `score >= threshold`.
 *
 * A threshold lies half-way between two neighbouring scores, so that it does not hug either class; below all scores it is the
 * lowest score, above all of them the highest plus 1 (a logit). Among equally good thresholds the lowest wins: more sensitive.
 * - `youden`: highest sensitivity + specificity (Youden 1950, doi:10.1002/1097-0142(1950)3:1<32::aid-cncr2820030106>3.0.co;2-3).
 * - `sensitivity`: highest specificity among thresholds with at least the target sensitivity.
 * - `specificity`: highest sensitivity among thresholds with at least the target specificity.
 *
 * NaN when one class has no weight: then there is nothing to weigh against.
 *
 * @param weights - Non-negative, in the order of the cases that were ranked; units of weight 0 are not there.
 */
export function chooseThreshold(
  { order, tieEnd, labels, scores }: RankedScores,
  rule: ThresholdRule,
  weights?: ArrayLike<number>,
): number {
  const totals = [0, 0];
  for (const at of order) totals[labels[at]!]! += weights === undefined ? 1 : weights[at]!;
  const [negatives, positives] = totals as [number, number];
  if (!(negatives > 0 && positives > 0)) return Number.NaN;
  const missed = [0, 0]; // weight below the candidate: true negatives, false negatives
  const best = { value: -Infinity, threshold: Number.NaN };
  let below: number | undefined; // highest score below the candidate
  const offer = (threshold: number) => {
    const value = merit(rule, 1 - missed[1]! / positives, missed[0]! / negatives);
    if (value > best.value + 1e-12) Object.assign(best, { value, threshold });
  };
  let group: [number, number] = [0, 0];
  for (let i = 0; i < order.length; i++) {
    const at = order[i]!;
    group[labels[at]!]! += weights === undefined ? 1 : weights[at]!;
    if (tieEnd[i] === 0 || group[0] + group[1] === 0) continue;
    const score = scores[at]!;
    offer(below === undefined ? score : below + (score - below) / 2);
    missed[0]! += group[0];
    missed[1]! += group[1];
    below = score;
    group = [0, 0];
  }
  offer(below! + 1);
  return best.threshold;
}

/** What a rule wants to be high; -Infinity where its target is missed. */
function merit(rule: ThresholdRule, sensitivity: number, specificity: number): number {
  switch (rule.rule) {
    case "youden":
      return sensitivity + specificity;
    case "sensitivity":
      return sensitivity >= rule.target - 1e-12 ? specificity : -Infinity;
    case "specificity":
      return specificity >= rule.target - 1e-12 ? sensitivity : -Infinity;
    default:
      return rule satisfies never;
  }
}
