/** A score with its truth; higher means more likely positive. */
export interface LabelledScore {
  readonly label: 0 | 1;
  readonly score: number;
}

/**
 * Scores in ascending order with the positions of ties: what every curve and every resample needs, sorted once.
 * Made by {@link rankScores}.
 */
export interface RankedScores {
  /** Positions of the cases in ascending order of score. */
  readonly order: Uint32Array;
  /** For each place in `order`: 1 if the next place has a higher score (or there is none), 0 inside a tie. */
  readonly tieEnd: Uint8Array;
  readonly labels: Uint8Array;
  readonly scores: Float64Array;
}

/** @throws {RangeError} If a score is NaN: it has no rank. Infinities are ranked. */
export function rankScores(cases: readonly LabelledScore[]): RankedScores {
  const scores = Float64Array.from(cases, (c) => c.score);
  const nan = scores.findIndex((s) => Number.isNaN(s));
  if (nan >= 0) throw new RangeError(`rankScores: score ${nan} is NaN`);
  const order = Uint32Array.from(scores, (_, i) => i).sort((a, b) => scores[a]! - scores[b]! || a - b);
  const tieEnd = Uint8Array.from(order, (at, i) => (i + 1 < order.length && scores[order[i + 1]!] === scores[at] ? 0 : 1));
  return { order, tieEnd, labels: Uint8Array.from(cases, (c) => c.label), scores };
}

/** The weights of `n` units that count once each, of the type that resamples have: loops over them stay of one kind, and quick. */
export const onceEach = (n: number): Uint16Array => new Uint16Array(n).fill(1);

/**
 * Area under the ROC curve, in [0, 1]: the chance that a positive scores above a negative, ties counting half.
 *
 * NaN when one class is missing: there is no pair to compare.
 * @throws {RangeError} If a score is NaN.
 *
 * Source: Hanley & McNeil 1982, doi:10.1148/radiology.143.1.7063747.
 */
export function aurocScore(cases: readonly LabelledScore[]): number {
  return weightedAuroc(rankScores(cases));
}

/**
 * {@link aurocScore} of ranked scores, each counted `weights[i]` times; once where `weights` is absent. One pass, no sorting.
 *
 * NaN when one class has no weight.
 * @param weights - Non-negative, in the order of the cases that were ranked.
 */
export function weightedAuroc(ranked: RankedScores, weights?: ArrayLike<number>): number {
  const { won, pairs } = weightedPairs(ranked, weights);
  return pairs > 0 ? won / pairs : Number.NaN;
}

/** Pairs of a positive and a negative, by weight, and those in which the positive scores higher, ties counting half. */
export function weightedPairs(
  { order, tieEnd, labels }: RankedScores,
  weights: ArrayLike<number> = onceEach(order.length),
): { readonly won: number; readonly pairs: number } {
  let below = 0; // weight of the negatives with lower scores
  let negatives = 0; // … and with the score of this tie
  let positives = 0;
  let allPositives = 0;
  let won = 0;
  for (let i = 0; i < order.length; i++) {
    const at = order[i]!;
    const weight = weights[at]!;
    if (labels[at] === 1) positives += weight;
    else negatives += weight;
    if (tieEnd[i] === 0) continue;
    won += positives * (below + negatives / 2);
    below += negatives;
    allPositives += positives;
    negatives = 0;
    positives = 0;
  }
  return { won, pairs: allPositives * below };
}
