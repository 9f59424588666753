import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type LabelledScore, rankScores } from "./auroc.ts";
import { averagePrecisionScore } from "./average-precision-score.ts";
import { betaCdf, betaQuantile } from "./beta.ts";
import { bootstrapInterval } from "./bootstrap-interval.ts";
import { brierScore, calibrationCurve, expectedCalibrationError } from "./calibration.ts";
import {
  accuracy,
  balancedAccuracy,
  confusionAt,
  matthewsCorrelation,
  negativeLikelihoodRatio,
  positiveLikelihoodRatio,
} from "./confusion.ts";
import { aurocCovariance, delongInterval, delongTest, placementsOf } from "./delong.ts";
import { holmAdjusted } from "./holm.ts";
import { mcnemarExact } from "./mcnemar.ts";
import { normalCdf } from "./normal.ts";
import { clopperPearsonInterval, jeffreysInterval } from "./proportion.ts";

type Ends = [number, number];

/** Made by scripts/fixtures/predictions.py with scikit-learn, SciPy, and the pairwise definitions of DeLong and Obuchowski. */
interface Reference {
  cases: {
    labels: (0 | 1)[];
    a: number[];
    b: number[];
    weights: number[];
    clusters: number[];
    cut: number;
    confusion: number[];
    averagePrecision: number;
    weightedAveragePrecision: number;
    accuracy: number;
    balancedAccuracy: number;
    matthews: number | null;
    likelihoodRatios: [number | null, number | null];
    brier: number;
    weightedBrier: number;
    calibration: [number[], number[]];
    calibrationError: number;
    delong: (number | null)[];
    obuchowski: (number | null)[];
    mcnemar: [number, number, number];
  }[];
  bootstrap: { estimate: number; values: number[]; leftOut: number[]; percentile: Ends; basic: Ends; bca: Ends }[];
  shares: [number, number, number, number, number, number, number][];
  holm: [number[], number[]][];
  betaCdf: [number, number, number, number][];
  normalCdf: Ends[];
}
const reference = JSON.parse(readFileSync("test/fixtures/eval/predictions.json", "utf8")) as Reference;
const ranked = (labels: readonly (0 | 1)[], scores: readonly number[]) =>
  rankScores(labels.map((label, i): LabelledScore => ({ label, score: scores[i]! })));
const orNaN = (value: number | null) => value ?? Number.NaN;
const near = (got: number, want: number | null, digits = 12): void => {
  if (want === null) expect(got).toBeNaN();
  else expect(got).toBeCloseTo(want, digits);
};

test("there are 200 cases, with ties, of one score, perfect ones and ones of two rows", () => {
  expect(reference.cases).toHaveLength(200);
});

test("average precision, weighted or not, and what hangs on calls equal scikit-learn's", () => {
  for (const r of reference.cases) {
    const scored = ranked(r.labels, r.a);
    near(averagePrecisionScore(scored), r.averagePrecision);
    near(averagePrecisionScore(scored, r.weights), r.weightedAveragePrecision);
    const c = confusionAt(scored, r.cut);
    expect([c.truePositive, c.falseNegative, c.falsePositive, c.trueNegative]).toEqual(r.confusion);
    near(accuracy(c), r.accuracy);
    near(balancedAccuracy(c), r.balancedAccuracy);
    near(matthewsCorrelation(c), r.matthews);
    near(positiveLikelihoodRatio(c), r.likelihoodRatios[0]);
    near(negativeLikelihoodRatio(c), r.likelihoodRatios[1]);
  }
});

test("Brier score and calibration curve equal scikit-learn's; the calibration error that of the definition", () => {
  for (const r of reference.cases) {
    const scored = ranked(r.labels, r.a);
    near(brierScore(scored), r.brier);
    near(brierScore(scored, r.weights), r.weightedBrier);
    const filled = calibrationCurve(scored, 5).filter(({ count }) => count > 0);
    expect(filled).toHaveLength(r.calibration[0].length);
    filled.forEach(({ predicted, observed }, i) => {
      near(predicted, r.calibration[0][i]!);
      near(observed, r.calibration[1][i]!);
    });
    near(expectedCalibrationError(scored, 5), r.calibrationError);
  }
});

test("weights are repetitions, for the calibration error as well", () => {
  for (const r of reference.cases) {
    const repeat = <T>(values: readonly T[]) => values.flatMap((v, i) => Array.from({ length: r.weights[i]! }, () => v));
    const repeated = ranked(repeat(r.labels), repeat(r.a));
    near(expectedCalibrationError(ranked(r.labels, r.a), 5, r.weights), expectedCalibrationError(repeated, 5));
    near(averagePrecisionScore(ranked(r.labels, r.a), r.weights), averagePrecisionScore(repeated));
  }
});

test("variances and covariances of AUROCs equal those of the pairwise definitions, clustered and not", () => {
  for (const r of reference.cases) {
    const [a, b] = [placementsOf(ranked(r.labels, r.a)), placementsOf(ranked(r.labels, r.b))];
    const pairs = [[a, a], [a, b], [b, b]] as const; // biome-ignore format: short
    pairs.forEach(([x, y], i) => {
      near(aurocCovariance(x, y), r.delong[i]!);
      near(aurocCovariance(x, y, r.clusters), r.obuchowski[i]!);
    });
  }
});

test("McNemar's test equals SciPy's binomial test, Holm's method its definition", () => {
  for (const { mcnemar } of reference.cases) near(mcnemarExact(mcnemar[0], mcnemar[1]), mcnemar[2]);
  for (const [p, adjusted] of reference.holm) for (const [i, q] of holmAdjusted(p).entries()) near(orNaN(q), adjusted[i]!, 14);
  expect(holmAdjusted([0.5, null, 0.01])).toEqual([0.5, null, 0.02]);
});

test("bootstrap intervals from the same resamples equal SciPy's: percentile, basic, BCa", () => {
  for (const { estimate, values, leftOut, ...ends } of reference.bootstrap) {
    const statistic = {
      estimate,
      values: Float64Array.from(values),
      leftOut: Float64Array.from(leftOut),
      clusters: leftOut.length,
    };
    for (const kind of ["percentile", "basic", "bca"] as const) {
      const { low, high } = bootstrapInterval(kind, statistic);
      near(low!, ends[kind][0], 10);
      near(high!, ends[kind][1], 10);
    }
  }
});

test("where BCa has no interval it says why", () => {
  const of = (estimate: number, leftOut: number[]) => {
    const values = Float64Array.of(0.1, 0.2, 0.3);
    return bootstrapInterval("bca", { estimate, values, leftOut: Float64Array.from(leftOut), clusters: 3 });
  };
  expect(of(0.2, [0.1, Number.NaN, 0.2])).toMatchObject({ low: null, reason: expect.stringContaining("left out") });
  expect(of(0.2, [0.2, 0.2, 0.2])).toMatchObject({ low: null, reason: expect.stringContaining("same value") });
  expect(of(0.5, [0.1, 0.2, 0.3])).toMatchObject({ low: null, reason: expect.stringContaining("beyond all resamples") });
});

test("Clopper and Pearson's interval and Jeffreys' equal SciPy's, but for ends without hit or miss", () => {
  for (const [hits, of, level, low, high, jeffreysLow, jeffreysHigh] of reference.shares) {
    const exact = clopperPearsonInterval(hits, of, level)!;
    near(exact.low, low, 11);
    near(exact.high, high, 11);
    const jeffreys = jeffreysInterval(hits, of, level)!;
    near(jeffreys.low, hits === 0 ? 0 : jeffreysLow, 11);
    near(jeffreys.high, hits === of ? 1 : jeffreysHigh, 11);
  }
  expect(jeffreysInterval(0, 0)).toBeNull();
  expect(() => clopperPearsonInterval(3, 2)).toThrow("clopperPearsonInterval: need integers 0 <= hits <= of; got 3 of 2");
});

test("the beta and the normal distribution equal SciPy's, and quantiles turn them round", () => {
  for (const [x, a, b, p] of reference.betaCdf) {
    expect(Math.abs(betaCdf(x, a, b) / p - 1)).toBeLessThan(1e-9);
    if (p > 1e-6 && p < 1 - 1e-6) near(betaQuantile(p, a, b), x, 9);
  }
  for (const [z, p] of reference.normalCdf) expect(Math.abs(normalCdf(z) / p - 1)).toBeLessThan(1e-13);
});

test("a perfect score has no DeLong interval, and the reason is said", () => {
  const perfect = placementsOf(ranked([0, 0, 1, 1], [1, 2, 3, 4]));
  expect(delongInterval(perfect)).toEqual({ low: null, high: null, reason: "the variance is 0" });
  expect(delongTest(perfect, perfect)).toMatchObject({ difference: 0, z: null, p: null, low: null });
  const single = placementsOf(ranked([0, 0, 1], [1, 2, 1.5]));
  expect(delongInterval(single)).toMatchObject({ low: null, reason: expect.stringContaining("two independent positives") });
});

interface Published {
  aSAH: Record<`paired_delong_${string}`, { Z: number; p: number; ci_diff: Ends }> & {
    ndka_auc_ci_delong: number[];
    ndka_auc_ci_delong_female: number[];
  };
}
const asah = "../shared/data/stats/aSAH.csv";
const published = "../shared/data/stats/expected_published_values.json";
const present = existsSync(asah) && existsSync(published);
if (!present) console.info(`skipped: the aSAH vector of pROC is not at ${asah}`);

test.skipIf(!present)("DeLong's intervals and paired tests of the aSAH data are those that pROC prints", () => {
  const [head, ...lines] = readFileSync(asah, "utf8").trim().split("\n").map((line) => line.split(",")); // biome-ignore format: short
  const placements = (marker: string, keep: (row: string[]) => boolean = () => true) => {
    const cell = (row: string[], name: string) => row[head!.indexOf(name)]!;
    const rows = lines.filter(keep);
    return placementsOf(ranked(rows.map((row) => (cell(row, "outcome") === "Poor" ? 1 : 0)), rows.map((row) => Number(cell(row, marker))))); // biome-ignore format: short
  };
  const expected = (JSON.parse(readFileSync(published, "utf8")) as Published).aSAH;
  const interval = (p: ReturnType<typeof placements>) => {
    const { low, high } = delongInterval(p);
    return [low!, p.auroc, high!];
  };
  const women = (row: string[]) => row[head!.indexOf("gender")] === "Female";
  for (const [i, v] of interval(placements("ndka")).entries()) near(v, expected.ndka_auc_ci_delong[i]!, 14);
  for (const [i, v] of interval(placements("ndka", women)).entries()) near(v, expected.ndka_auc_ci_delong_female[i]!, 10);
  for (const [a, b] of [
    ["wfns", "s100b"],
    ["wfns", "ndka"],
    ["ndka", "s100b"],
  ] as const) {
    // biome-ignore format: short
    const { z, p, low, high } = delongTest(placements(a), placements(b));
    const want = expected[`paired_delong_${a}_vs_${b}`]!;
    near(z!, want.Z, 12);
    near(p!, want.p, 12);
    near(low!, want.ci_diff[0], 13);
    near(high!, want.ci_diff[1], 13);
  }
});
