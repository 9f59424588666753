import type { Rng } from "../core/rng.ts";
import { type LabelledScore, type RankedScores, rankScores } from "./metrics/auroc.ts";
import {
  type ClusteredUnits,
  clusterUnits,
  drawPlan,
  percentileInterval,
  type ResamplingPlan,
  resampleWeights,
} from "./metrics/bootstrap.ts";
import { wilsonInterval } from "./metrics/wilson.ts";
import type { BootstrapOptions } from "./options.ts";
import type { Metric } from "./results.ts";
import type { Unit } from "./table.ts";

/** Units with their ranks and their places in a plan: all that a metric needs. */
export interface Sample {
  readonly units: readonly Unit[];
  readonly ranked: RankedScores;
  readonly clustered: ClusteredUnits;
  /** Distinct subjects. */
  readonly patients: number;
}

/** @throws {RangeError} If a unit's subject is not in the plan. */
export function sampleOf(plan: ResamplingPlan, units: readonly Unit[]): Sample {
  const subjects = units.map((unit) => unit.subject);
  return {
    units,
    ranked: rankScores(units satisfies readonly LabelledScore[]),
    clustered: clusterUnits(plan, subjects),
    patients: new Set(subjects).size,
  };
}

/** One plan for all units of a split. null where it has no unit. */
export function planOf(rng: Rng, units: readonly Unit[], resamples: number): ResamplingPlan | null {
  return units.length === 0 ? null : drawPlan(rng, units.map((unit) => unit.subject), resamples); // biome-ignore format: short
}

/** A statistic in each resample; `weights` says how often each unit is in it. */
export function inResamples(sample: Sample, statistic: (weights: Uint16Array, r: number) => number): Float64Array {
  return inResamplesOf(sample.clustered.plan, [sample], (weights, r) => statistic(weights[0]!, r));
}

/** The same of several samples of one plan together. */
export function inResamplesOf(
  { resamples }: ResamplingPlan,
  samples: readonly Sample[],
  statistic: (weights: readonly Uint16Array[], r: number) => number,
): Float64Array {
  const weights = samples.map(({ units }) => new Uint16Array(units.length));
  return Float64Array.from({ length: resamples }, (_, r) => {
    for (const [i, { clustered }] of samples.entries()) resampleWeights(clustered, r, weights[i]!);
    return statistic(weights, r);
  });
}

/** What a figure is of. */
export interface Figure extends Pick<Metric, "metric" | "per" | "subset" | "n"> {
  readonly patients: number;
  /** NaN where undefined. */
  readonly estimate: number;
  /** In each resample; NaN where undefined. */
  readonly values: Float64Array;
  /** Why the estimate is undefined, if it is. */
  readonly undefinedBecause: string;
  readonly hits?: number;
  /** True if a threshold was chosen anew in each resample. */
  readonly includesChoice: boolean;
}

/** Who is resampled, where a figure is of some of the units only: a split of three patients may hold one that is positive. */
const resampled: Partial<Readonly<Record<Metric["metric"], string>>> = {
  sensitivity: "positive patients",
  dice: "positive patients",
  diceSmoothed: "positive patients",
  specificity: "negative patients",
  ppv: "patients that were called",
  npv: "patients that were not called",
};

/** A figure with its interval, as it stands in results.json. */
export function toMetric(figure: Figure, { level }: BootstrapOptions): Metric {
  const { metric, per, subset, n, patients, estimate, values, hits } = figure;
  const known = !Number.isNaN(estimate);
  const interval = percentileInterval(values, patients, level, resampled[metric]);
  const wilson =
    hits === undefined || !known ? null : { hits, of: n, ...(wilsonInterval(hits, n, level) ?? { low: null, high: null }) };
  return {
    metric,
    per,
    subset,
    estimate: known ? estimate : null,
    low: interval.low,
    high: interval.high,
    level,
    method: `percentile bootstrap of patients${figure.includesChoice ? ", threshold chosen anew in each resample" : ""}`,
    n,
    nPatients: patients,
    undefinedResamples: interval.undefinedResamples,
    reason: known ? interval.reason : figure.undefinedBecause,
    wilson,
  };
}
