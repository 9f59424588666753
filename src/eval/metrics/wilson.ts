import { normalQuantile } from "./normal.ts";

/**
 * Wilson's score interval of a proportion, in [0, 1]. It takes every unit as independent: with several slices or stacks a
 * patient it is too narrow, and stands beside the patient-clustered interval for comparison with papers that print it.
 *
 * @returns null when `of` is 0.
 * @throws {RangeError} If the counts are not integers with 0 <= hits <= of.
 *
 * Source: Wilson 1927, doi:10.1080/01621459.1927.10502953; no continuity correction.
 */
export function wilsonInterval(hits: number, of: number, level = 0.95): { low: number; high: number } | null {
  assertCounts("wilsonInterval", hits, of);
  return of === 0 ? null : scoreInterval(hits, of, level);
}

/**
 * Wilson's interval of a proportion of units in clusters: that of as many independent units as have the same variance, and no more than there are; where all are
 * hits or none is, of as many as there are clusters.
 *
 * @param variance - Of the proportion, allowing for clusters. @param clusters - At least 1.
 * @returns Null ends when there is no unit or no variance.
 *
 * Source: the effective sample size of Rao & Scott 1992, doi:10.2307/2532311, in Wilson's interval as Korn & Graubard 1998 have it in Clopper and Pearson's.
 */
export function clusteredWilson(
  { hits, of }: { readonly hits: number; readonly of: number },
  variance: number,
  clusters: number,
  level = 0.95,
): { low: number | null; high: number | null } {
  assertCounts("clusteredWilson", hits, of);
  if (of === 0 || Number.isNaN(variance)) return { low: null, high: null };
  const share = hits / of;
  const worth = variance > 0 ? Math.min(of, (share * (1 - share)) / variance) : clusters;
  return scoreInterval(share * worth, worth, level);
}

function scoreInterval(hits: number, of: number, level: number): { low: number; high: number } {
  const z2 = normalQuantile(0.5 + level / 2) ** 2;
  const centre = (hits + z2 / 2) / (of + z2);
  const half = Math.sqrt(z2 * ((hits * (of - hits)) / of + z2 / 4)) / (of + z2);
  return { low: hits === 0 ? 0 : centre - half, high: hits === of ? 1 : centre + half };
}

/** @throws {RangeError} In the name of `caller`, if the counts are not integers with 0 <= hits <= of. */
export function assertCounts(caller: string, hits: number, of: number): void {
  if (Number.isInteger(hits) && Number.isInteger(of) && hits >= 0 && hits <= of) return;
  throw new RangeError(`${caller}: need integers 0 <= hits <= of; got ${hits} of ${of}`);
}
