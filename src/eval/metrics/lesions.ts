import type { Components } from "../../core/components.ts";
import { frocRates } from "./detection/operating.ts";

/**
 * When a lesion of the truth is found by one of the prediction. `any`: they share a voxel, and one may find many and be found by many.
 * `iou`, `dice`: their overlap is at least so much, and pairs are one to one: the pair that overlaps most is taken first, then the next of lesions
 * that are still free; of pairs alike the one whose lesions come first in the array.
 */
export type MatchRule = { readonly rule: "any" } | { readonly rule: "iou" | "dice"; readonly atLeast: number };

/** Which lesions have a counterpart, in the order of the components: 1 or 0 each. */
export interface LesionMatch {
  readonly detected: Uint8Array;
  readonly matched: Uint8Array;
}

/** Matches the lesions of two masks on one grid. @throws {RangeError} If the grids differ in size. */
export function matchLesions(truth: Components, predicted: Components, rule: MatchRule): LesionMatch {
  const detected = new Uint8Array(truth.sizes.length - 1);
  const matched = new Uint8Array(predicted.sizes.length - 1);
  const pairs = sharedVoxels(truth, predicted);
  if (rule.rule === "any") {
    for (const { t, p } of pairs) {
      detected[t - 1] = 1;
      matched[p - 1] = 1;
    }
    return { detected, matched };
  }
  const scored = pairs.map(({ t, p, shared }) => {
    const sizes = truth.sizes[t]! + predicted.sizes[p]!;
    return { t, p, score: rule.rule === "iou" ? shared / (sizes - shared) : (2 * shared) / sizes };
  });
  scored.sort((a, b) => b.score - a.score || a.t - b.t || a.p - b.p);
  for (const { t, p, score } of scored) {
    if (score < rule.atLeast || detected[t - 1] === 1 || matched[p - 1] === 1) continue;
    detected[t - 1] = 1;
    matched[p - 1] = 1;
  }
  return { detected, matched };
}

interface Pair {
  readonly t: number;
  readonly p: number;
  readonly shared: number;
}

function sharedVoxels(truth: Components, predicted: Components): Pair[] {
  if (truth.labels.length !== predicted.labels.length)
    throw new RangeError(`matchLesions: grids must have one size; got ${truth.labels.length} and ${predicted.labels.length}`);
  const counts = new Map<number, number>();
  const across = predicted.sizes.length;
  for (let i = 0; i < truth.labels.length; i++) {
    const [t, p] = [truth.labels[i]!, predicted.labels[i]!];
    if (t !== 0 && p !== 0) counts.set(t * across + p, (counts.get(t * across + p) ?? 0) + 1);
  }
  return [...counts].map(([key, shared]) => ({ t: Math.floor(key / across), p: key % across, shared }));
}

/** A point of a FROC curve. */
export interface FrocPoint {
  /** Share of lesions found, in [0, 1]. */
  readonly sensitivity: number;
  readonly falsePositivesPerCase: number;
}

/**
 * Mean over {@link frocRates} of the highest sensitivity among points with at most so many false positives per case, 0 where there is none: in [0, 1];
 * higher is better. No value is made up between points, as interpolation would. NaN where a sensitivity is.
 *
 * Source: the rates are those of Setio et al. 2017, doi:10.1016/j.media.2017.06.015.
 */
export function frocScore(points: readonly FrocPoint[]): number {
  if (points.some(({ sensitivity }) => Number.isNaN(sensitivity))) return Number.NaN;
  const at = frocRates.map((rate) =>
    points.reduce((best, p) => (p.falsePositivesPerCase <= rate ? Math.max(best, p.sensitivity) : best), 0),
  );
  return at.reduce((sum, v) => sum + v, 0) / at.length;
}
