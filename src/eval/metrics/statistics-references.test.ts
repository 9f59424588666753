import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { seededRng } from "../../core/rng.ts";
import { betaCdf, betaQuantile, studentQuantile } from "./beta.ts";
import { agreementMargins, agreementOf } from "./bland-altman.ts";
import { quantileSorted } from "./bootstrap.ts";
import { bootstrapInterval } from "./bootstrap-interval.ts";
import { holmAdjusted } from "./holm.ts";
import { mcnemarExact } from "./mcnemar.ts";
import { normalCdf, normalQuantile } from "./normal.ts";
import { exchangeTest } from "./permutation.ts";
import { sharePower } from "./power.ts";
import { clopperPearsonInterval, jeffreysInterval } from "./proportion.ts";
import { chiSquareTail, fTail } from "./tail.ts";
import { wilsonInterval } from "./wilson.ts";

type Value = number | null;
type Ends = readonly [Value, Value];

/** Made by scripts/fixtures/statistics.py with SciPy and statsmodels: 1,000 random cases of each. null: not defined there. */
interface Fixture {
  readonly resamples: number;
  readonly bootstrap: readonly {
    readonly data: readonly number[];
    readonly statistic: keyof typeof statistics;
    readonly level: number;
    readonly percentile: Ends;
    readonly basic: Ends;
    readonly bca: Ends;
  }[];
  /** Hits, of, level, and the ends by Wilson, Clopper and Pearson, Jeffreys. */
  readonly shares: readonly (readonly number[])[];
  readonly mcnemar: readonly (readonly number[])[];
  readonly holm: readonly (readonly [number[], number[]])[];
  /** Differences, level, bias, limits, half of the widths of the intervals of bias and limits. */
  readonly agreement: readonly (readonly [number[], ...number[]])[];
  readonly exchange: readonly (readonly [number[], number[], number])[];
  readonly power: readonly (readonly number[])[];
  /** Shapes, x, p, z, degrees of freedom, another statistic, and six distributions at them. */
  readonly distributions: readonly (readonly number[])[];
  readonly quantiles: readonly (readonly [number[], number, number])[];
}
const file = "test/fixtures/eval/statistics.json.gz";
const fixture = JSON.parse(gunzipSync(readFileSync(file)).toString()) as Fixture;

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const squares = (values: readonly number[]): number => sum(values.map((v) => v * v));
const statistics = {
  mean: (x: readonly number[]) => sum(x) / x.length,
  variance: (x: readonly number[]) => (x.length * squares(x) - sum(x) ** 2) / x.length ** 2,
  largest: (x: readonly number[]) => Math.max(...x),
} as const;

/** A matcher for each of so many values takes seconds: only what fails is shown to one. */
function near(got: number, want: number, within = 1e-11): void {
  if (!(Math.abs(got - want) < within)) expect(got, `within ${within}`).toBe(want);
}

/** The generator of the fixture's script: places below n, for resamples that need not be stored. */
function drawsOf(seed: number, n: number): () => number {
  let x = seed;
  return () => {
    x = (Math.imul(1664525, x) + 1013904223) >>> 0;
    return (x >>> 16) % n;
  };
}

test("the fixture holds 1,000 cases of each", () => {
  const { resamples: _, ...cases } = fixture;
  expect(Object.values(cases).map((list) => list.length)).toEqual(Array.from({ length: 9 }, () => 1000));
});

test("1,000 bootstraps: percentile, basic and BCa intervals of the same resamples are SciPy's; where all resamples are alike there is none", () => {
  const without = { percentile: 0, basic: 0, bca: 0 };
  for (const [seed, { data, statistic, level, ...ends }] of fixture.bootstrap.entries()) {
    const draw = drawsOf(seed, data.length);
    const of = statistics[statistic];
    const values = Float64Array.from({ length: fixture.resamples }, () => of(data.map(() => data[draw()]!)));
    const leftOut = Float64Array.from(data, (_, i) => of(data.filter((_, k) => k !== i)));
    for (const kind of ["percentile", "basic", "bca"] as const) {
      const { low, high } = bootstrapInterval(kind, { estimate: of(data), values, leftOut, clusters: data.length }, level);
      const [wantLow, wantHigh] = ends[kind];
      if (low === null || high === null) {
        without[kind]++;
        // SciPy gives an interval of no width, or NaN; of BCa, one by limits of its formula where ours has none with a reason.
        if (kind !== "bca") expect(wantLow).toBe(wantHigh);
        continue;
      }
      near(low, wantLow!, 1e-12 * Math.max(1000, Math.abs(wantLow!))); // 14 digits are stored
      near(high, wantHigh!, 1e-12 * Math.max(1000, Math.abs(wantHigh!)));
    }
  }
  expect(without.percentile).toBeLessThan(150);
  expect(without.bca).toBeLessThan(250);
});

test("1,000 shares: Wilson's, Clopper and Pearson's and Jeffreys' intervals are those of statsmodels, none and all included", () => {
  for (const [hits, of, level, ...ends] of fixture.shares as [number, number, number, ...number[]][]) {
    const [wilson, exact, jeffreys] = [wilsonInterval, clopperPearsonInterval, jeffreysInterval].map((f) => f(hits, of, level)!);
    near(wilson!.low, ends[0]!);
    near(wilson!.high, ends[1]!);
    near(exact!.low, ends[2]!);
    near(exact!.high, ends[3]!);
    near(jeffreys!.low, hits === 0 ? 0 : ends[4]!); // as Brown et al. have it, where statsmodels has no exception
    near(jeffreys!.high, hits === of ? 1 : ends[5]!);
  }
  expect(jeffreysInterval(0, 0)).toBeNull();
  expect(() => clopperPearsonInterval(3, 2)).toThrow("clopperPearsonInterval: need integers 0 <= hits <= of; got 3 of 2");
});

test("1,000 tables and families: McNemar's exact test and Holm's p values are those of statsmodels", () => {
  for (const [first, second, p] of fixture.mcnemar) near(mcnemarExact(first!, second!), p!);
  for (const [p, adjusted] of fixture.holm) for (const [i, q] of holmAdjusted(p).entries()) near(q!, adjusted[i]!);
  expect(holmAdjusted([0.5, null, 0.01])).toEqual([0.5, null, 0.02]);
});

test("1,000 sets of differences: bias, limits of agreement and their margins are NumPy's and SciPy's", () => {
  for (const [differences, level, ...want] of fixture.agreement) {
    const { bias, sd, low, high } = agreementOf(differences.length, sum(differences), squares(differences));
    const margins = agreementMargins(differences.length, sd, level);
    for (const [i, got] of [bias, low, high, margins.bias, margins.limit].entries()) near(got, want[i]!, 1e-9);
  }
});

test("1,000 pairs of models, of 2 to 8 units: the p value of all exchanges is that of SciPy's permutation test", () => {
  for (const [a, b, p] of fixture.exchange) {
    const statistic = (exchanged: Uint8Array) => [sum(a.map((v, i) => (exchanged[i] === 1 ? b[i]! - v : v - b[i]!)))];
    near(exchangeTest(seededRng(1), a.length, 256, statistic).p[0]!, p);
  }
});

test("1,000 studies: the power of a share is that of statsmodels' intervals summed over all counts", () => {
  for (const [n, expected, against, level, want] of fixture.power)
    near(sharePower({ expected: expected!, against: against!, level: level! }, n!), want!, 1e-9);
});

test("1,000 points: the beta, normal, Student, chi-squared and F distributions are SciPy's; quantiles turn them round", () => {
  for (const [a, b, x, p, z, df, statistic, ...want] of fixture.distributions as number[][]) {
    near(betaCdf(x!, a!, b!), want[0]!, 1e-9);
    near(betaQuantile(want[0]!, a!, b!), x!, 1e-9);
    near(normalQuantile(p!), want[1]!);
    near(normalCdf(z!), want[2]!, 1e-13);
    near(studentQuantile(p!, df!), want[3]!, 1e-9 * Math.max(1, Math.abs(want[3]!)));
    near(chiSquareTail(statistic!, df!), want[4]!);
    near(fTail(statistic! / 5, df!, a!), want[5]!, 1e-9);
  }
});

test("1,000 sorted lists: quantiles are NumPy's", () => {
  for (const [sorted, p, want] of fixture.quantiles) near(quantileSorted(sorted, p), want);
});
