import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { type LabelledScore, rankScores, weightedAuroc } from "./auroc.ts";
import { averagePrecisionScore } from "./average-precision-score.ts";
import { bootstrapInterval } from "./bootstrap-interval.ts";
import { brierScore, calibrationCurve, expectedCalibrationError } from "./calibration.ts";
import {
  accuracy,
  balancedAccuracy,
  confusionAt,
  f1Score,
  matthewsCorrelation,
  negativeLikelihoodRatio,
  negativePredictiveValue,
  positiveLikelihoodRatio,
  positivePredictiveValue,
  sensitivity,
  specificity,
} from "./confusion.ts";
import { aurocCovariance, delongInterval, delongTest, placementsOf } from "./delong.ts";

type Ends = [number, number];

/** Made by scripts/fixtures/predictions.py with scikit-learn, and the pairwise definitions of DeLong and Obuchowski. null: undefined by our rules. */
interface Case {
  /** A digit a row. */
  readonly labels: string;
  /** Thousandths. */
  readonly a: readonly number[];
  /** Tenths. */
  readonly b: readonly number[];
  readonly weights: string;
  readonly clusters: readonly number[];
  readonly cut: number;
  readonly confusion: readonly number[];
  readonly figures: readonly (number | null)[];
  /** AUROC, average precision. */
  readonly plain: readonly (number | null)[];
  readonly weighted: readonly (number | null)[];
  /** Once each, and weighted. */
  readonly brier: readonly [number, number];
  readonly calibration: readonly [number[], number[], number];
  readonly delong: readonly (number | null)[];
  readonly obuchowski: readonly (number | null)[];
}
const file = "test/fixtures/eval/predictions.json.gz";
const cases = (JSON.parse(gunzipSync(readFileSync(file)).toString()) as Case[]).map((r) => ({
  ...r,
  labels: Array.from(r.labels, Number) as (0 | 1)[],
  weights: Array.from(r.weights, Number),
  a: r.a.map((v) => v / 1000),
  b: r.b.map((v) => v / 10),
}));
const ranked = (labels: readonly (0 | 1)[], scores: readonly number[]) =>
  rankScores(labels.map((label, i): LabelledScore => ({ label, score: scores[i]! })));
const near = (got: number, want: number | null, digits = 12): void => {
  if (want === null ? Number.isNaN(got) : Math.abs(got - want) < 10 ** -digits) return;
  expect([got, want], `${digits} digits`).toBeNull(); // only where it fails: a matcher for each of so many values takes seconds
};

test("there are 1,000 tables: with ties, one score for all, perfect and reversed ones, of one class, of one row, with a class that weighs nothing", () => {
  const share = (test: (r: (typeof cases)[number]) => boolean) => cases.filter(test).length;
  expect(cases).toHaveLength(1000);
  expect(share(({ labels }) => new Set(labels).size === 1)).toBeGreaterThan(50);
  expect(share(({ labels, weights }) => new Set(labels).size === 2 && new Set(labels.filter((_, i) => weights[i]! > 0)).size === 1)).toBeGreaterThan(20); // biome-ignore format: one line
  expect(share(({ a }) => a.length > 1 && new Set(a).size === 1)).toBeGreaterThan(30);
  expect(share(({ a }) => new Set(a).size < a.length)).toBeGreaterThan(300);
  for (const end of [0, 1]) expect(share(({ plain }) => plain[0] === end)).toBeGreaterThan(40);
  expect(share(({ labels }) => labels.length === 1)).toBeGreaterThan(20);
});

test("1,000 tables: AUROC and average precision, weighted or not, and what hangs on calls are scikit-learn's", () => {
  for (const r of cases) {
    const scored = ranked(r.labels, r.a);
    for (const [want, w] of [[r.plain, undefined], [r.weighted, r.weights]] as const) {
      near(weightedAuroc(scored, w), want[0]!);
      near(averagePrecisionScore(scored, w), want[1]!);
    } // biome-ignore format: short
    const c = confusionAt(scored, r.cut);
    expect([c.truePositive, c.falseNegative, c.falsePositive, c.trueNegative]).toEqual(r.confusion);
    for (const [i, figure] of ofCalls.entries()) near(figure(c), r.figures[i]!);
  }
});

/** In the order of the fixture. */
const ofCalls = [
  accuracy,
  balancedAccuracy,
  matthewsCorrelation,
  sensitivity,
  specificity,
  positivePredictiveValue,
  negativePredictiveValue,
  f1Score,
  positiveLikelihoodRatio,
  negativeLikelihoodRatio,
] as const;

test("1,000 tables: Brier score and calibration curve are scikit-learn's, the calibration error that of the definition", () => {
  for (const r of cases) {
    const scored = ranked(r.labels, r.a);
    near(brierScore(scored), r.brier[0]);
    near(brierScore(scored, r.weights), r.brier[1]);
    const filled = calibrationCurve(scored, 5).filter(({ count }) => count > 0);
    expect(filled).toHaveLength(r.calibration[0].length);
    filled.forEach(({ predicted, observed }, i) => {
      near(predicted, r.calibration[0][i]!);
      near(observed, r.calibration[1][i]!);
    });
    near(expectedCalibrationError(scored, 5), r.calibration[2]);
  }
});

test("weights are repetitions, for the calibration error as well", () => {
  for (const r of cases) {
    const repeat = <T>(values: readonly T[]) => values.flatMap((v, i) => Array.from({ length: r.weights[i]! }, () => v));
    const repeated = ranked(repeat(r.labels), repeat(r.a));
    near(expectedCalibrationError(ranked(r.labels, r.a), 5, r.weights) - expectedCalibrationError(repeated, 5), 0);
    const [weighted, many] = [averagePrecisionScore(ranked(r.labels, r.a), r.weights), averagePrecisionScore(repeated)];
    near(weighted, Number.isNaN(many) ? null : many);
  }
});

test("1,000 tables: variances and covariances of AUROCs are those of the pairwise definitions, clustered and not", () => {
  for (const r of cases) {
    const [a, b] = [placementsOf(ranked(r.labels, r.a)), placementsOf(ranked(r.labels, r.b))];
    const pairs = [[a, a], [a, b], [b, b]] as const; // biome-ignore format: short
    pairs.forEach(([x, y], i) => {
      near(aurocCovariance(x, y), r.delong[i]!);
      near(aurocCovariance(x, y, r.clusters), r.obuchowski[i]!);
    });
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
