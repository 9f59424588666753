import { extractSlice, type Volume } from "../core/volume.ts";
import type { Overlap } from "./metrics/dice.ts";

/**
 * Voxels of a slice, stack or more, counted once for all mask thresholds: masks at any of them, and sums over any units,
 * need no second look at the images. Counts are voxels, or mm³ after {@link scaleTally}.
 */
export interface Tally {
  /** In the truth; infinite where a label says that there is something, and not how much. */
  readonly truth: number;
  /** In the truth and with a probability of at least threshold g, for each g. */
  readonly both: Float64Array;
  /** With a probability of at least threshold g, for each g. */
  readonly predicted: Float64Array;
}

/**
 * Counts each slice of a volume.
 *
 * @param truth - Non-zero is lesion; null where the whole volume is known to be healthy.
 * @param thresholds - Ascending probabilities.
 * @throws {RangeError} If truth and probability differ in shape.
 */
export function tallySlices(
  truth: Volume<Uint16Array> | null,
  probability: Volume,
  axis: 0 | 1 | 2,
  thresholds: readonly number[],
): Tally[] {
  if (truth !== null && truth.shape.join() !== probability.shape.join())
    throw new RangeError(`tallySlices: shapes must be equal; got ${truth.shape} and ${probability.shape}`);
  return Array.from({ length: probability.shape[axis] }, (_, index) => {
    const p = extractSlice(probability, axis, index).data;
    const t = truth === null ? null : extractSlice(truth, axis, index).data;
    const both = new Float64Array(thresholds.length);
    const predicted = new Float64Array(thresholds.length);
    let inTruth = 0;
    for (let i = 0; i < p.length; i++) {
      const lesion = t !== null && t[i]! !== 0;
      if (lesion) inTruth++;
      for (let g = 0; g < thresholds.length && p[i]! >= thresholds[g]!; g++) {
        predicted[g]!++;
        if (lesion) both[g]!++;
      }
    }
    return { truth: inTruth, both, predicted };
  });
}

/** The tally of a unit of which no map was drawn: what is not known is NaN, and so is every overlap. */
export function withoutMap({ truth, both, predicted }: Tally): Tally {
  return { truth, both: both.map(() => Number.NaN), predicted: predicted.map(() => Number.NaN) };
}

/** The tally for the threshold at place `g` alone; of a place that is not there (NaN), as without a map. */
export function atThreshold(tally: Tally, g: number): Tally {
  const { truth, both, predicted } = tally;
  return { truth, both: Float64Array.of(both[g] ?? Number.NaN), predicted: Float64Array.of(predicted[g] ?? Number.NaN) };
}

/** The tally of all units together. @throws {RangeError} If there is none. */
export function sumTallies(tallies: readonly Tally[]): Tally {
  if (tallies.length === 0) throw new RangeError("sumTallies: nothing to add up");
  const add = (a: Float64Array, b: Float64Array) => a.map((v, g) => v + b[g]!);
  return tallies.reduce((a, b) => ({
    truth: a.truth + b.truth,
    both: add(a.both, b.both),
    predicted: add(a.predicted, b.predicted),
  }));
}

/** Turns voxels into mm³, so that stacks with different voxels can be added up. */
export function scaleTally(tally: Tally, voxelMm3: number): Tally {
  const scale = (v: Float64Array) => v.map((n) => n * voxelMm3);
  return { truth: tally.truth * voxelMm3, both: scale(tally.both), predicted: scale(tally.predicted) };
}

/** The overlap at threshold `g`. */
export function overlapAt({ truth, both, predicted }: Tally, g: number): Overlap {
  return { both: both[g]!, predictedOnly: predicted[g]! - both[g]!, truthOnly: truth - both[g]! };
}
