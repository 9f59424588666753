import type { Rng } from "../../../core/rng.ts";
import { relabelTest } from "../../metrics/permutation.ts";
import { waldTest } from "../../metrics/wald.ts";
import { valueAt } from "../../tables/estimate.ts";
import { numbersOf } from "../../tables/numbers.ts";
import type { Replicates } from "../../tables/replicate.ts";
import type { TableRow } from "../read/table.ts";
import type { Interaction } from "../results.ts";

/** A table and what its figures are where each row counts so often. */
export interface Weighable {
  readonly rows: readonly TableRow[];
  /** Truth of each row; clusters that hold the same truths may change places. */
  readonly truths: readonly (string | number)[];
  readonly values: (weights: Uint8Array) => ArrayLike<number>;
}

/**
 * Whether each figure differs between subgroups: Wald's test with the covariance over the resamples, and a permutation of the subgroups over clusters, where
 * each cluster is of one.
 *
 * @param labels - Of the figures, in the order of their values. @param subgroups - Figures of each subgroup, over one plan.
 */
export function interactions(
  labels: readonly string[],
  subgroups: readonly Replicates<ArrayLike<number>>[],
  table: Weighable,
  permutations: number,
  rng: Rng,
): Interaction[] {
  if (subgroups.length < 2) return [];
  const permuted = permuteSubgroups(table, permutations, rng);
  return labels.map((metric, f): Interaction => {
    const defined = subgroups.map((of) => valueAt(of, f)).filter(({ whole }) => !Number.isNaN(whole));
    const resampled = (defined[0]?.resampled ?? []).map((_, r) => defined.map((of) => of.resampled[r]!));
    const wald = waldTest(defined.map(({ whole }) => whole), resampled); // biome-ignore format: short
    return { metric, subgroups: defined.length, ...wald, pPermutation: permuted?.[f] ?? null };
  });
}

/** P value of each figure; null where clusters are of several subgroups. The figure's spread is weighed by the clusters of each subgroup. */
function permuteSubgroups({ rows, truths, values }: Weighable, permutations: number, rng: Rng) {
  const clusters = numbersOf(rows.map(({ cluster }) => cluster));
  const groups = numbersOf(rows.map(({ subgroup }) => subgroup!));
  const groupOf = new Uint32Array(clusters.count);
  const held = Array.from({ length: clusters.count }, () => new Set<string | number>());
  for (let i = 0; i < rows.length; i++) {
    groupOf[clusters.of[i]!] = groups.of[i]!;
    held[clusters.of[i]!]!.add(truths[i]!);
  }
  if (permutations === 0 || rows.some((_, i) => groupOf[clusters.of[i]!] !== groups.of[i])) return null;
  const weights = new Uint8Array(rows.length);
  const spread = (dealt: Uint32Array): number[] => {
    const sizes = new Float64Array(groups.count);
    for (const group of dealt) sizes[group]!++;
    const each = Array.from(sizes, (_, group) => {
      for (let i = 0; i < rows.length; i++) weights[i] = dealt[clusters.of[i]!] === group ? 1 : 0;
      return values(weights);
    });
    return Array.from(each[0]!, (_, f) => weighedSpread(each.map((of) => of[f]!), sizes)); // biome-ignore format: short
  };
  const strata = held.map((truth) => JSON.stringify([...truth].sort()));
  return relabelTest(rng, groupOf, strata, permutations, spread).p;
}

/** Weighted sum of squared distances from the weighted mean, of what is defined; NaN of fewer than two values. */
function weighedSpread(values: readonly number[], weights: ArrayLike<number>): number {
  const defined = values.flatMap((v, i) => (Number.isNaN(v) ? [] : [[v, weights[i]!] as const]));
  if (defined.length < 2) return Number.NaN;
  const total = defined.reduce((sum, [, w]) => sum + w, 0);
  const mean = defined.reduce((sum, [v, w]) => sum + v * w, 0) / total;
  return defined.reduce((sum, [v, w]) => sum + w * (v - mean) ** 2, 0);
}
