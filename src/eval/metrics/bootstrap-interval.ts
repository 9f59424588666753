import { type Interval, percentileInterval, quantileSorted } from "./bootstrap.ts";
import { normalCdf, normalQuantile } from "./normal.ts";

/** Ways from the values in the resamples alone to an interval. */
export const resampledIntervalKinds = ["percentile", "basic", "bca"] as const;
/** … and one that needs variances too. */
export const intervalKinds = [...resampledIntervalKinds, "studentized"] as const;
export type IntervalKind = (typeof intervalKinds)[number];

/** A statistic with its values in the resamples of one plan. */
export interface Resampled {
  /** Of all units. */
  readonly estimate: number;
  /** One a resample; NaN where undefined. */
  readonly values: Float64Array;
  /** With each cluster left out in turn; NaN where undefined. Only `bca` asks. */
  readonly leftOut: Float64Array;
  /** Distinct clusters among the units that the statistic is of. */
  readonly clusters: number;
  /** Its variance by a formula, of all units and in each resample; NaN where there is none. Only `studentized` asks. */
  readonly variances?: { readonly whole: number; readonly resampled: Float64Array };
}

/**
 * A bootstrap interval; where there is none, and for what is not in it, the rules of {@link percentileInterval} hold for all.
 * - `percentile`: quantiles of the values. Stays in the statistic's range.
 * - `basic`: those quantiles mirrored at the estimate; it may leave the range.
 * - `bca`: quantiles moved for bias and for a spread that depends on the value; there is none where leaving out a cluster
 *   changes nothing or leaves the statistic undefined, or the estimate lies beyond all resamples.
 * - `studentized`: the estimate minus its standard error times quantiles of (value - estimate) / standard error in the resamples; it may leave the range,
 *   and there is none without a variance, or where it is 0 in too many resamples.
 *
 * Source: Efron & Tibshirani, An Introduction to the Bootstrap, 1993, chapters 13 and 14; Davison & Hinkley 1997, 5.2.
 */
export function bootstrapInterval(kind: IntervalKind, statistic: Resampled, level = 0.95): Interval {
  const { values, clusters, estimate } = statistic;
  const percentile = percentileInterval(values, clusters, level);
  const { low, high } = percentile;
  if (low === null || high === null) return percentile;
  switch (kind) {
    case "percentile":
      return percentile;
    case "basic":
      return { ...percentile, low: 2 * estimate - high, high: 2 * estimate - low };
    case "bca":
      return bcaInterval(statistic, percentile, level);
    case "studentized":
      return studentizedInterval(statistic, percentile, level);
    default:
      return kind satisfies never;
  }
}

function bcaInterval({ estimate, values, leftOut }: Resampled, percentile: Interval, level: number): Interval {
  const none = (reason: string): Interval => ({ ...percentile, low: null, high: null, reason });
  if (leftOut.some(Number.isNaN)) return none("BCa: not defined when one of the clusters is left out");
  const sorted = values.filter((v) => !Number.isNaN(v)).sort();
  const share = (sorted.filter((v) => v < estimate).length + sorted.filter((v) => v <= estimate).length) / 2 / sorted.length;
  if (share === 0 || share === 1) return none("BCa: the estimate lies beyond all resamples");
  const mean = leftOut.reduce((sum, v) => sum + v, 0) / leftOut.length;
  const moment = (power: number) => leftOut.reduce((sum, v) => sum + (mean - v) ** power, 0);
  if (moment(2) < 1e-24) return none("BCa: the same value whichever cluster is left out");
  const bias = normalQuantile(share);
  const acceleration = moment(3) / (6 * moment(2) ** 1.5);
  const moved = (p: number) => {
    const z = bias + normalQuantile(p);
    return quantileSorted(sorted, normalCdf(bias + z / (1 - acceleration * z)));
  };
  const tail = (1 - level) / 2;
  return { ...percentile, low: moved(tail), high: moved(1 - tail) };
}

function studentizedInterval({ estimate, values, variances }: Resampled, percentile: Interval, level: number): Interval {
  const none = (reason: string): Interval => ({ ...percentile, low: null, high: null, reason: `studentized: ${reason}` });
  const whole = variances?.whole ?? Number.NaN;
  if (variances === undefined || Number.isNaN(whole)) return none("no formula gives its variance");
  if (whole < smallestVariance) return none("the variance is 0");
  const ratios = values.map((v, r) => {
    const variance = variances.resampled[r]!;
    return (v - estimate) / Math.sqrt(variance < smallestVariance ? 0 : variance);
  });
  const sorted = ratios.filter((z) => !Number.isNaN(z)).sort();
  if (sorted.length === 0) return none("no formula gives its variance in any resample");
  const tail = (1 - level) / 2;
  const [low, high] = [quantileSorted(sorted, 1 - tail), quantileSorted(sorted, tail)].map(
    (z) => estimate - z * Math.sqrt(whole),
  );
  if (!Number.isFinite(low! + high!)) return none("the variance is 0 in too many resamples");
  return { ...percentile, low: low!, high: high! };
}

/** Below it a variance is rounding. */
const smallestVariance = 1e-18;
