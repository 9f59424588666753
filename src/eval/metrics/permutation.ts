import { type Rng, shuffled } from "../../core/rng.ts";

/** P value of one statistic under permutations, in (0, 1]; null where the statistic is not defined. */
export type PermutationP = number | null;

/** P values of several statistics, over the same permutations. */
export interface PermutationTest {
  readonly p: readonly PermutationP[];
  /** Permutations looked at; all there are where `exact`. */
  readonly permutations: number;
  readonly exact: boolean;
}

/**
 * Whether statistics of two things that can be exchanged within each cluster, such as the scores of two models, are 0: two-sided. Every exchange is
 * looked at where there are at most `most` of them; else `most` are drawn, and the one observed counts as one more.
 *
 * Permutations in which a statistic is not defined (NaN) are left out of its p value.
 *
 * @param statistic - The statistics with the clusters exchanged that hold 1; it must not keep the array.
 *
 * Source: Good 2005, Permutation, Parametric and Bootstrap Tests of Hypotheses; the added one as Phipson & Smyth 2010, doi:10.2202/1544-6115.1585.
 */
export function exchangeTest(
  rng: Rng,
  clusters: number,
  most: number,
  statistic: (exchanged: Uint8Array) => ArrayLike<number>,
): PermutationTest {
  const exact = clusters <= 30 && 2 ** clusters <= most;
  const permutations = exact ? 2 ** clusters : most;
  const exchanged = new Uint8Array(clusters);
  const observed = Array.from(statistic(exchanged), Math.abs);
  const tally = tallyOf(observed);
  for (let n = 0; n < permutations; n++) {
    for (let c = 0; c < clusters; c++) exchanged[c] = exact ? (n >> c) & 1 : rng.below(2);
    tally.add(Array.from(statistic(exchanged), Math.abs));
  }
  return { p: tally.p(exact), permutations, exact };
}

/**
 * Whether clusters of several groups differ in statistics that are large where they do: groups are dealt anew to the clusters of each stratum.
 *
 * @param groups - Group of each cluster. @param strata - Clusters of one stratum change groups with each other alone.
 * @param statistic - The statistics for groups dealt so; it must not keep the array.
 */
export function relabelTest(
  rng: Rng,
  groups: ArrayLike<number>,
  strata: readonly string[],
  permutations: number,
  statistic: (groups: Uint32Array) => ArrayLike<number>,
): PermutationTest {
  const places = new Map<string, number[]>();
  strata.forEach((stratum, c) => {
    const own = places.get(stratum);
    if (own === undefined) places.set(stratum, [c]);
    else own.push(c);
  });
  const tally = tallyOf(Array.from(statistic(Uint32Array.from(groups))));
  const dealt = new Uint32Array(groups.length);
  for (let n = 0; n < permutations; n++) {
    for (const own of places.values()) {
      const order = shuffled(rng, own);
      own.forEach((c, i) => {
        dealt[c] = groups[order[i]!]!;
      });
    }
    tally.add(Array.from(statistic(dealt)));
  }
  return { p: tally.p(false), permutations, exact: false };
}

/** Counts how often each statistic is at least as large as the one observed. */
function tallyOf(observed: readonly number[]) {
  const [reached, defined] = [observed.map(() => 0), observed.map(() => 0)];
  return {
    add(values: readonly number[]): void {
      for (const [i, value] of values.entries()) {
        if (Number.isNaN(value)) continue;
        defined[i]!++;
        if (value >= observed[i]! - 1e-12) reached[i]!++; // rounding is no difference
      }
    },
    p(exact: boolean): PermutationP[] {
      const more = exact ? 0 : 1;
      return observed.map((value, i) => (Number.isNaN(value) ? null : (reached[i]! + more) / (defined[i]! + more)));
    },
  };
}
