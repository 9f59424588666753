import { type ClusteredUnits, clusterCount, clusterUnits, type ResamplingPlan, resampleWeights } from "../metrics/bootstrap.ts";

/** A statistic of units: of all of them, in each resample of a plan, and with each of its outermost clusters left out in turn. */
export interface Replicates<T> {
  readonly whole: T;
  readonly resampled: readonly T[];
  /** Empty where it was not asked for. */
  readonly leftOut: readonly T[];
}

/** Takes of other replicates of the same plan the one that goes with the units at hand. */
export type Matching = <T>(replicates: Replicates<T>) => T;

/**
 * Evaluates a statistic wherever its interval needs it.
 *
 * @param clusters - Innermost cluster of each unit. @param leaveOut - Whether clusters are to be left out too.
 * @param statistic - Gets how often each unit counts, undefined for once each; it must not keep the array.
 * @throws {RangeError} If a cluster is not in the plan.
 */
export function replicate<T>(
  plan: ResamplingPlan,
  clusters: readonly string[],
  leaveOut: boolean,
  statistic: (weights: Uint16Array | undefined, matching: Matching) => T,
): Replicates<T> {
  const clustered = clusterUnits(plan, clusters);
  const weights = new Uint16Array(clusters.length);
  return {
    whole: statistic(undefined, ({ whole }) => whole),
    resampled: Array.from({ length: plan.resamples }, (_, r) =>
      statistic(resampleWeights(clustered, r, weights), ({ resampled }) => resampled[r]!),
    ),
    leftOut: Array.from({ length: leaveOut ? clusterCount(plan) : 0 }, (_, c) =>
      statistic(withoutCluster(clustered, c, weights), ({ leftOut }) => leftOut[c]!),
    ),
  };
}

function withoutCluster({ plan, patientOf }: ClusteredUnits, cluster: number, out: Uint16Array): Uint16Array {
  for (let i = 0; i < patientOf.length; i++) out[i] = plan.outermost[patientOf[i]!] === cluster ? 0 : 1;
  return out;
}
