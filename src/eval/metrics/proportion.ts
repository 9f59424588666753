import { betaQuantile } from "./beta.ts";
import { assertCounts } from "./wilson.ts";

// Two more intervals of a proportion. Like Wilson's they take every unit as independent.

/**
 * Clopper and Pearson's "exact" interval of a proportion, in [0, 1]: covers at least `level` whatever the truth, mostly more.
 *
 * @returns null when `of` is 0.
 * @throws {RangeError} If the counts are not integers with 0 <= hits <= of.
 *
 * Source: Clopper & Pearson 1934, doi:10.1093/biomet/26.4.404.
 */
export function clopperPearsonInterval(hits: number, of: number, level = 0.95): { low: number; high: number } | null {
  assertCounts("clopperPearsonInterval", hits, of);
  if (of === 0) return null;
  const tail = (1 - level) / 2;
  return {
    low: hits === 0 ? 0 : betaQuantile(tail, hits, of - hits + 1),
    high: hits === of ? 1 : betaQuantile(1 - tail, hits + 1, of - hits),
  };
}

/**
 * Jeffreys' interval of a proportion, in [0, 1]: equal tails of the posterior under the prior Beta(1/2, 1/2). It reaches 0
 * where there is no hit and 1 where there is no miss.
 *
 * @returns null when `of` is 0.
 * @throws {RangeError} If the counts are not integers with 0 <= hits <= of.
 *
 * Source: Brown, Cai & DasGupta 2001, doi:10.1214/ss/1009213286, whose ends are those.
 */
export function jeffreysInterval(hits: number, of: number, level = 0.95): { low: number; high: number } | null {
  assertCounts("jeffreysInterval", hits, of);
  if (of === 0) return null;
  const tail = (1 - level) / 2;
  const quantile = (p: number) => betaQuantile(p, hits + 0.5, of - hits + 0.5);
  return { low: hits === 0 ? 0 : quantile(tail), high: hits === of ? 1 : quantile(1 - tail) };
}
