/** What is left of a difference of 0 by rounding. */
const rounding = 1e-12;

/**
 * Two-sided p value of a difference from its values in the resamples, in (0, 1]: twice the smaller share of them at or beyond 0, the one observed counted as one more.
 * It is below 1 - level just where the percentile interval leaves 0 out, up to that one. NaN where no resample gives a value.
 *
 * @param values - One a resample; NaN where undefined, which are left out.
 *
 * Source: Efron & Tibshirani, An Introduction to the Bootstrap, 1993, 15.4 and 16.2; the added one as Davison & Hinkley 1997, 4.2.1.
 */
export function bootstrapP(values: ArrayLike<number>): number {
  const known = Array.from(values).filter((value) => !Number.isNaN(value));
  if (known.length === 0) return Number.NaN;
  const share = (beyond: (value: number) => boolean) => (known.filter(beyond).length + 1) / (known.length + 1);
  return Math.min(1, 2 * Math.min(share((value) => value <= rounding), share((value) => value >= -rounding))); // biome-ignore format: short
}
