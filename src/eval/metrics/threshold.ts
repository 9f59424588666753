import { onceEach, type RankedScores } from "./auroc.ts";

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
  weights: ArrayLike<number> = onceEach(order.length),
): number {
  const { positives, negatives } = classWeights(labels, weights);
  if (!(negatives > 0 && positives > 0)) return Number.NaN;
  let [best, threshold] = [-Infinity, Number.NaN];
  let [missed, spared] = [0, 0]; // weight of positives and of negatives below the candidate
  let below = Number.NaN; // highest score below the candidate
  let [tiedPositives, tiedNegatives] = [0, 0];
  for (let i = 0; i < order.length; i++) {
    const at = order[i]!;
    if (labels[at] === 1) tiedPositives += weights[at]!;
    else tiedNegatives += weights[at]!;
    if (tieEnd[i] === 0 || tiedPositives + tiedNegatives === 0) continue;
    const score = scores[at]!;
    const value = merit(rule, 1 - missed / positives, spared / negatives);
    if (value > best + 1e-12) {
      best = value;
      threshold = Number.isNaN(below) ? score : below + (score - below) / 2;
    }
    missed += tiedPositives;
    spared += tiedNegatives;
    below = score;
    tiedPositives = 0;
    tiedNegatives = 0;
  }
  return merit(rule, 1 - missed / positives, spared / negatives) > best + 1e-12 ? below + 1 : threshold;
}

function classWeights(labels: Uint8Array, weights: ArrayLike<number>): { positives: number; negatives: number } {
  let [positives, negatives] = [0, 0];
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] === 1) positives += weights[i]!;
    else negatives += weights[i]!;
  }
  return { positives, negatives };
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
