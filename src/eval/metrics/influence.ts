import type { RankedScores } from "./auroc.ts";

/**
 * How far each unit moves a statistic: its value in a table of slightly other weights is about the value now plus the sum of
 * `of[i]` times the change of weight i. The sums over clusters give the statistic's variance, see {@link clusterVariance}.
 */
export interface Influence {
  readonly of: Float64Array;
  /** 1 or 0: the one of two parts that are counted apart, such as positives and negatives; {@link uncounted} where the statistic is not of the unit. */
  readonly part: Uint8Array;
}

/** Part of a unit that a statistic is not of. */
export const uncounted = 2;

/**
 * Influence on the AUROC: DeLong's structural components, positives and negatives apart. NaN when one class has no weight.
 *
 * @param weights - Non-negative, in the order of the cases that were ranked; once each where absent.
 * Source: DeLong, DeLong & Clarke-Pearson 1988, doi:10.2307/2531595.
 */
export function aurocInfluence({ order, tieEnd, labels }: RankedScores, weights?: ArrayLike<number>): Influence {
  const n = order.length;
  const totals = new Float64Array(2);
  for (let i = 0; i < n; i++) totals[labels[i]!]! += weights === undefined ? 1 : weights[i]!;
  const [negatives, positives] = totals as unknown as [number, number];
  const of = new Float64Array(n);
  const below = new Float64Array(2); // weight of negatives and of positives with lower scores
  let won = 0;
  for (let from = 0; from < n; ) {
    const tied = [0, 0] as [number, number];
    let to = from;
    do tied[labels[order[to]!]! as 0 | 1] += weights === undefined ? 1 : weights[order[to]!]!;
    while (tieEnd[to++] === 0);
    const ofPositive = (below[0]! + tied[0] / 2) / negatives;
    const ofNegative = (positives - below[1]! - tied[1] / 2) / positives;
    for (let i = from; i < to; i++) of[order[i]!] = labels[order[i]!] === 1 ? ofPositive : ofNegative;
    won += tied[1] * ofPositive;
    below[0]! += tied[0];
    below[1]! += tied[1];
    from = to;
  }
  const auroc = won / positives;
  for (let i = 0; i < n; i++) of[i] = (of[i]! - auroc) / totals[labels[i]!]!;
  return { of, part: labels };
}

/**
 * Influence on a ratio of sums, such as a share: the sum of `hits` over the sum of `counted`. NaN where nothing is counted.
 *
 * @param hits - What each unit adds to the top. @param counted - … and to the bottom, 0 or more; the ratio is not of units with 0.
 * @param weights - Non-negative, one a unit; once each where absent.
 */
export function ratioInfluence(hits: ArrayLike<number>, counted: ArrayLike<number>, weights?: ArrayLike<number>): Influence {
  let [top, bottom] = [0, 0];
  for (let i = 0; i < hits.length; i++) {
    const weight = weights === undefined ? 1 : weights[i]!;
    top += weight * hits[i]!;
    bottom += weight * counted[i]!;
  }
  const ratio = top / bottom;
  const of = new Float64Array(hits.length);
  const part = new Uint8Array(hits.length);
  for (let i = 0; i < hits.length; i++) {
    of[i] = (hits[i]! - ratio * counted[i]!) / bottom;
    part[i] = counted[i]! > 0 ? 1 : uncounted;
  }
  return { of, part };
}

/** Influence on the mean of two statistics that are of different units, such as sensitivity and specificity. */
export function meanInfluence(first: Influence, second: Influence): Influence {
  return {
    of: first.of.map((v, i) => (v + second.of[i]!) / 2),
    part: first.part.map((part, i) => (part !== uncounted ? 1 : second.part[i] !== uncounted ? 0 : uncounted)),
  };
}

/** Influence on the difference of one statistic between two models of the same units. */
export function differenceInfluence(first: Influence, second: Influence): Influence {
  return {
    of: first.of.map((v, i) => v - second.of[i]!),
    part: first.part.map((part, i) => Math.min(part, second.part[i]!)),
  };
}

/**
 * Variance of a statistic whose units lie in independent clusters, linearised. Of an AUROC it is Obuchowski's, with every unit a cluster of its own DeLong's; of a
 * share that of Rao and Scott.
 *
 * NaN with fewer than two clusters in a part that is counted, and where the influence is NaN.
 *
 * @param clusterOf - Number of each unit's cluster, from 0 to `clusters` - 1.
 * @param weights - Whole numbers, the same for all units of a cluster, which then stands for so many clusters alike; once each where absent.
 *
 * Sources: Obuchowski 1997, doi:10.2307/2533958; Rao & Scott 1992, doi:10.2307/2532311.
 */
export function clusterVariance(
  { of, part }: Influence,
  clusterOf: ArrayLike<number>,
  clusters: number,
  weights?: ArrayLike<number>,
): number {
  const sums = [new Float64Array(clusters), new Float64Array(clusters)] as const;
  const holds = [new Uint8Array(clusters), new Uint8Array(clusters)] as const;
  const times = new Float64Array(clusters);
  for (let i = 0; i < of.length; i++) {
    const c = clusterOf[i]!;
    times[c] = weights === undefined ? 1 : weights[i]!;
    if (part[i] === uncounted) continue;
    sums[part[i]! as 0 | 1][c]! += of[i]!;
    holds[part[i]! as 0 | 1][c] = 1;
  }
  const counts = [0, 0, 0]; // clusters with the one part, the other, either
  const products = [0, 0, 0]; // sums of squares, and of the product
  for (let c = 0; c < clusters; c++) {
    const time = times[c]!;
    if (time === 0) continue;
    const [a, b] = [sums[0][c]!, sums[1][c]!];
    counts[0]! += time * holds[0][c]!;
    counts[1]! += time * holds[1][c]!;
    counts[2]! += time * (holds[0][c]! | holds[1][c]!);
    products[0]! += time * a * a;
    products[1]! += time * b * b;
    products[2]! += time * a * b;
  }
  const share = (k: number) => {
    if (counts[k] === 0) return 0; // a statistic of one part alone
    return counts[k]! > 1 ? (counts[k]! / (counts[k]! - 1)) * products[k]! : Number.NaN;
  };
  return counts[2] === 0 ? Number.NaN : share(0) + share(1) + 2 * share(2);
}
