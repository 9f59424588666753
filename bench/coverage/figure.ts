import { studentQuantile } from "../../src/eval/metrics/beta.ts";
import { clusterVariance, type Influence, ratioInfluence } from "../../src/eval/metrics/influence.ts";
import { normalQuantile } from "../../src/eval/metrics/normal.ts";
import { clusteredWilson, wilsonInterval } from "../../src/eval/metrics/wilson.ts";
import { numbersOf } from "../../src/eval/tables/numbers.ts";

export type Weights = ArrayLike<number> | undefined;
export interface Ends {
  readonly low: number | null;
  readonly high: number | null;
}

/** A figure of a simulated study: its true value, its value and its units' influence by weights, and the intervals that need no resamples. */
export interface Figure {
  readonly truth: number;
  /** Patient of each unit. */
  readonly patients: readonly string[];
  readonly value: (weights: Weights) => number;
  /** Null where no formula gives the variance. */
  readonly influence: ((weights: Weights) => Influence) | null;
  /** By column of the table; without "rows alone", that is the percentile interval of units resampled one by one. */
  readonly formulas: Readonly<Record<string, Ends>>;
}

/** One simulated study. */
export interface Study {
  /** Of each row or image; repeats allowed. */
  readonly patients: readonly string[];
  readonly figures: Readonly<Record<string, Figure>>;
}

/** Mean of a value of rows: in resamples a ratio of the sums over patients, which is quicker and the same. */
export function meanOf<R extends { readonly patient: string }>(
  rows: readonly R[],
  truth: number,
  of: (row: R) => number,
): Figure {
  const names = rows.map(({ patient }) => patient);
  const clusters = numbersOf(names);
  const [sums, counts] = [new Float64Array(clusters.count), new Float64Array(clusters.count)];
  for (const [i, row] of rows.entries()) {
    sums[clusters.of[i]!]! += of(row);
    counts[clusters.of[i]!]! += 1;
  }
  return {
    truth,
    patients: [...new Set(names)],
    value: (weights) => ratio(sums, counts, weights),
    influence: (weights) => ratioInfluence(sums, counts, weights),
    formulas: meanFormulas(rows.map(of), clusters), // biome-ignore format: short
  };
}

function meanFormulas(values: readonly number[], { of, count }: ReturnType<typeof numbersOf>): Record<string, Ends> {
  const n = values.length;
  const mean = values.reduce((a, b) => a + b, 0) / n;
  const influence = ratioInfluence(values, new Float64Array(n).fill(1));
  const [alone, clustered] = [clusterVariance(influence, values.map((_, i) => i), n), clusterVariance(influence, of, count)]; // biome-ignore format: short
  const normal = (variance: number, z = normalQuantile(0.975)): Ends =>
    variance > 0 ? { low: mean - z * Math.sqrt(variance), high: mean + z * Math.sqrt(variance) } : { low: null, high: null };
  const share = values.every((v) => v === 0 || v === 1);
  const hits = values.filter((v) => v === 1).length;
  return share
    ? {
        "rows alone": wilsonInterval(hits, n)!,
        clustered: normal(clustered),
        adapted: clusteredWilson({ hits, of: n }, clustered, count),
      }
    : {
        "rows alone": normal(alone),
        clustered: normal(clustered),
        adapted: normal(clustered, studentQuantile(0.975, count - 1)),
      };
}

function ratio(top: Float64Array, bottom: Float64Array, weights: Weights): number {
  let [a, b] = [0, 0];
  for (let i = 0; i < top.length; i++) {
    const weight = weights === undefined ? 1 : weights[i]!;
    a += weight * top[i]!;
    b += weight * bottom[i]!;
  }
  return b > 0 ? a / b : Number.NaN;
}
