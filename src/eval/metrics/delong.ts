import type { RankedScores } from "./auroc.ts";
import { normalQuantile, twoSidedP } from "./normal.ts";

/** An AUROC with what each unit adds to it. Made by {@link placementsOf}. */
export interface Placements {
  /** In [0, 1]; NaN when one class is missing. */
  readonly auroc: number;
  /** Of each unit, the share of the other class that it is ranked rightly against, ties half; in the order that was ranked. */
  readonly of: Float64Array;
  readonly labels: Uint8Array;
}

/**
 * The structural components of DeLong, DeLong & Clarke-Pearson, in one pass over the ranks.
 * Source: Sun & Xu 2014, doi:10.1109/LSP.2014.2337313.
 */
export function placementsOf({ order, tieEnd, labels }: RankedScores): Placements {
  const totals = [0, 0];
  for (const label of labels) totals[label]!++;
  const [negatives, positives] = totals as [number, number];
  const of = new Float64Array(order.length);
  const below = [0, 0];
  let sum = 0;
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (tieEnd[to] === 0) to++;
    const tied = [0, 0];
    for (let i = from; i <= to; i++) tied[labels[order[i]!]!]!++;
    const ofPositive = (below[0]! + tied[0]! / 2) / negatives;
    const ofNegative = (positives - below[1]! - tied[1]! / 2) / positives;
    for (let i = from; i <= to; i++) of[order[i]!] = labels[order[i]!] === 1 ? ofPositive : ofNegative;
    sum += tied[1]! * ofPositive;
    below[0]! += tied[0]!;
    below[1]! += tied[1]!;
    from = to + 1;
  }
  return { auroc: negatives > 0 && positives > 0 ? sum / positives : Number.NaN, of, labels };
}

/**
 * Covariance of two AUROCs of the same units, or the variance of one when both are the same. Units of one cluster may be alike,
 * and a cluster may hold both classes; with every unit in a cluster of its own it is DeLong's.
 *
 * NaN with fewer than two clusters with positives, or with negatives.
 *
 * @param clusterOf - Number of each unit's cluster, from 0, in the order that was ranked; absent where units are independent.
 * @throws {RangeError} If the two are not of the same units.
 *
 * Source: Obuchowski 1997, doi:10.2307/2533958; DeLong, DeLong & Clarke-Pearson 1988, doi:10.2307/2531595.
 */
export function aurocCovariance(a: Placements, b: Placements, clusterOf?: ArrayLike<number>): number {
  if (a.labels.length !== b.labels.length || a.labels.some((label, i) => label !== b.labels[i]))
    throw new RangeError("aurocCovariance: need two scores of the same units in the same order");
  const { labels } = a;
  const all = clusterOf === undefined ? labels.length : 1 + Array.from(clusterOf).reduce((most, c) => Math.max(most, c), -1);
  const deviations = (p: Placements) => {
    const sums = [new Float64Array(all), new Float64Array(all)];
    for (let i = 0; i < labels.length; i++) sums[labels[i]!]![clusterOf?.[i] ?? i]! += p.of[i]! - p.auroc;
    return sums;
  };
  const units = [0, 0];
  const holds = [new Uint8Array(all), new Uint8Array(all)];
  for (let i = 0; i < labels.length; i++) {
    units[labels[i]!]!++;
    holds[labels[i]!]![clusterOf?.[i] ?? i] = 1;
  }
  const clusters = holds.map((held) => held.reduce((n, h) => n + h, 0));
  const either = holds[0]!.reduce((n, h, c) => n + (h | holds[1]![c]!), 0);
  const [ofA, ofB] = [deviations(a), deviations(b)];
  const part = (x: 0 | 1, y: 0 | 1, n: number): number => {
    const sum = ofA[x]!.reduce((total, d, c) => total + d * ofB[y]![c]!, 0);
    return (n / (n - 1)) * (sum / (units[x]! * units[y]!));
  };
  if (!(clusters[0]! > 1 && clusters[1]! > 1)) return Number.NaN;
  return part(1, 1, clusters[1]!) + part(0, 0, clusters[0]!) + part(1, 0, either) + part(0, 1, either);
}

/** An estimate that is about normal: its interval and the test of whether it is 0. Null where there is none, with the reason. */
export interface NormalInference {
  readonly low: number | null;
  readonly high: number | null;
  readonly reason: string | null;
}

/**
 * DeLong's interval of an AUROC, cut to [0, 1]; Obuchowski's with `clusterOf`.
 * On the `logit` scale it is not symmetric, stays within (0, 1) and holds the truth more often where there are few units (Pepe 2003, 5.2.4).
 * There is none, and `reason` says why, where the variance is not known or 0: scores that separate the classes claim no certainty.
 */
export function delongInterval(
  placements: Placements,
  level = 0.95,
  clusterOf?: ArrayLike<number>,
  scale: "plain" | "logit" = "plain",
): NormalInference {
  const { auroc } = placements;
  const variance = aurocCovariance(placements, placements, clusterOf);
  const interval = normalInterval(auroc, variance, level);
  if (scale === "logit" && interval.low !== null) {
    const { low, high } = normalInterval(Math.log(auroc / (1 - auroc)), variance / (auroc * (1 - auroc)) ** 2, level);
    return { low: 1 / (1 + Math.exp(-low!)), high: 1 / (1 + Math.exp(-high!)), reason: null };
  }
  if (interval.low === null) return interval;
  return { ...interval, low: Math.max(0, interval.low), high: Math.min(1, interval.high!) };
}

/** Whether two scores of the same units have the same AUROC. `z` and `p` are null with the interval. */
export interface DelongTest extends NormalInference {
  /** AUROC of the first minus that of the second. */
  readonly difference: number;
  readonly z: number | null;
  /** Two-sided. */
  readonly p: number | null;
}

/** DeLong's test of two AUROCs of the same units, with the interval of their difference; Obuchowski's with `clusterOf`. */
export function delongTest(a: Placements, b: Placements, level = 0.95, clusterOf?: ArrayLike<number>): DelongTest {
  const covariance = (x: Placements, y: Placements) => aurocCovariance(x, y, clusterOf);
  const variance = covariance(a, a) + covariance(b, b) - covariance(a, b) - covariance(b, a);
  const difference = a.auroc - b.auroc;
  const interval = normalInterval(difference, variance, level);
  if (interval.low === null) return { ...interval, difference, z: null, p: null };
  const z = difference / Math.sqrt(variance);
  return { ...interval, difference, z, p: twoSidedP(z) };
}

function normalInterval(estimate: number, variance: number, level: number): NormalInference {
  if (Number.isNaN(variance))
    return { low: null, high: null, reason: "needs two independent positives and two independent negatives" };
  if (variance < 1e-18) return { low: null, high: null, reason: "the variance is 0" }; // rounding leaves about 1e-20
  const half = normalQuantile(0.5 + level / 2) * Math.sqrt(variance);
  return { low: estimate - half, high: estimate + half, reason: null };
}
