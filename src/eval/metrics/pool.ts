/** How the scores of the images of a patient become the patient's. */
export type Pool =
  | { readonly kind: "mean" }
  | { readonly kind: "max" }
  /** Mean of the `k` highest, of all where there are fewer. */
  | { readonly kind: "top-k"; readonly k: number }
  /** The chance of at least one, were images independent: 1 minus the product of (1 - p). Of probabilities. */
  | { readonly kind: "noisy-or" }
  /** The share of scores that are at least `cut`. */
  | { readonly kind: "vote"; readonly cut: number };

/**
 * One score of several. Their order does not matter, but to the last digit of a mean.
 *
 * NaN where a score is NaN.
 * @throws {RangeError} If there is no score, or `noisy-or` gets one outside [0, 1].
 *
 * Source: Pearl 1988 of noisy-or; the others are usual in multiple-instance learning, see Ilse et al. 2018, arXiv:1802.04712.
 */
export function pooledScore(scores: readonly number[], pool: Pool): number {
  if (scores.length === 0) throw new RangeError("pooledScore: no scores");
  if (scores.some(Number.isNaN)) return Number.NaN;
  const sorted = [...scores].sort((a, b) => b - a);
  switch (pool.kind) {
    case "mean":
      return mean(scores);
    case "max":
      return sorted[0]!;
    case "top-k":
      return mean(sorted.slice(0, pool.k));
    case "noisy-or":
      if (sorted[0]! > 1 || sorted.at(-1)! < 0) throw new RangeError("pooledScore: noisy-or needs probabilities, in [0, 1]");
      return 1 - sorted.reduce((none, p) => none * (1 - p), 1);
    case "vote":
      return sorted.filter((score) => score >= pool.cut).length / sorted.length;
    default:
      return pool satisfies never;
  }
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
