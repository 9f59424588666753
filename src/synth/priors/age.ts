import { affineSpacing } from "../../core/affine.ts";
import { tissues } from "../../core/tissue.ts";
import type { LabelVolume } from "../../core/volume.ts";

/** Gestational age as the priors use it. */
export interface AgeEstimate {
  /** Weeks. */
  readonly weeks: number;
  /** True if it was read from brain volume, false if it was given. */
  readonly estimated: boolean;
}

/** Weeks and ml of white matter + cortex + deep grey. Normal growth, see docs/phantom.md. */
const growth: readonly (readonly [number, number])[] = [
  [22, 40.2],
  [24, 62.6],
  [28, 115.9],
  [32, 179.9],
  [36, 254.8],
];

/**
 * Gestational age from the volume of supratentorial brain tissue: log volume interpolated (and extrapolated by the last
 * step) between the weeks of normal growth, limited to 20-40 weeks. Rough: within about 2 weeks for normal brains.
 *
 * @param given - Weeks, if known; then it is returned as it is.
 */
export function gestationalAgeOf(tissue: LabelVolume, given: number | null): AgeEstimate {
  if (given !== null) return { weeks: given, estimated: false };
  return { weeks: weeksOfVolume(tissueMl(tissue)), estimated: true };
}

/** Inverse of the growth table; `ml` above 0. */
export function weeksOfVolume(ml: number): number {
  const next = growth.findIndex(([, volume]) => volume >= ml);
  const upper = next < 0 ? growth.length - 1 : Math.max(1, next);
  const [w0, v0] = growth[upper - 1]!;
  const [w1, v1] = growth[upper]!;
  const weeks = w0 + ((w1 - w0) * Math.log(ml / v0)) / Math.log(v1 / v0);
  return Math.round(10 * Math.min(40, Math.max(20, weeks))) / 10;
}

const counted = new Set<number>([
  tissues.cortex,
  tissues.whiteMatter,
  tissues.deepGrey,
  tissues.germinalMatrix,
  tissues.corpusCallosum,
]);

function tissueMl({ data, affine }: LabelVolume): number {
  let count = 0;
  for (const id of data) if (counted.has(id)) count++;
  const [x, y, z] = affineSpacing(affine);
  return Math.max(1, (count * x * y * z) / 1000);
}
