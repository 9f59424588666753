/**
 * What Dice is where truth and prediction are both empty. `skip`: NaN, to be left out of means, since there is nothing to
 * overlap and a 1 would let a model that never predicts gain from healthy slices; `one`, `zero`: that value; `smoothed`:
 * one voxel is added to numerator and denominator everywhere, as Spahr et al. 2023 do (doi:10.3389/fnimg.2023.1157565).
 */
export const emptyMaskRules = ["skip", "one", "zero", "smoothed"] as const;
export type EmptyMaskRule = (typeof emptyMaskRules)[number];

/** What the rule makes of two empty masks, whatever measures their overlap. */
export const ofEmptyMasks: Readonly<Record<EmptyMaskRule, number>> = { skip: Number.NaN, one: 1, zero: 0, smoothed: 1 };

/** Voxels in both masks, in the prediction alone, in the truth alone. */
export interface Overlap {
  readonly both: number;
  readonly predictedOnly: number;
  readonly truthOnly: number;
}

/** @throws {RangeError} If the masks differ in length. Any non-zero value is inside. */
export function overlap(truth: ArrayLike<number>, predicted: ArrayLike<number>): Overlap {
  if (truth.length !== predicted.length) {
    throw new RangeError(`overlap: masks must have one length; got ${truth.length} and ${predicted.length}`);
  }
  let both = 0;
  let predictedOnly = 0;
  let truthOnly = 0;
  for (let i = 0; i < truth.length; i++) {
    if (truth[i]! !== 0) {
      if (predicted[i]! !== 0) both++;
      else truthOnly++;
    } else if (predicted[i]! !== 0) predictedOnly++;
  }
  return { both, predictedOnly, truthOnly };
}

/**
 * Dice overlap, in [0, 1]; higher is better. Only where both masks are empty does `empty` decide (`smoothed` acts everywhere).
 *
 * NaN when both masks are empty and the rule is `skip`.
 *
 * Source: Dice 1945, doi:10.2307/1932409.
 */
export function diceOf({ both, predictedOnly, truthOnly }: Overlap, empty: EmptyMaskRule = "skip"): number {
  const sizes = 2 * both + predictedOnly + truthOnly;
  if (empty === "smoothed") return (2 * both + 1) / (sizes + 1);
  return sizes > 0 ? (2 * both) / sizes : ofEmptyMasks[empty];
}

/**
 * Intersection over union (Jaccard), in [0, 1]; higher is better. Empty masks as {@link diceOf} has them.
 *
 * Source: Jaccard 1912, doi:10.1111/j.1469-8137.1912.tb05611.x.
 */
export function iouOf({ both, predictedOnly, truthOnly }: Overlap, empty: EmptyMaskRule = "skip"): number {
  const either = both + predictedOnly + truthOnly;
  if (empty === "smoothed") return (both + 1) / (either + 1);
  return either > 0 ? both / either : ofEmptyMasks[empty];
}

/** {@link diceOf} two masks. @throws {RangeError} If the masks differ in length. */
export function diceScore(truth: ArrayLike<number>, predicted: ArrayLike<number>, empty: EmptyMaskRule = "skip"): number {
  return diceOf(overlap(truth, predicted), empty);
}
