import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { analyseStudy, highVariances, simulateReaders } from "../../../test/helpers/simulated-readers.ts";
import { seededRng } from "../../core/rng.ts";
import { studentQuantile } from "./beta.ts";
import { jackknifeCovariances, meanCovariance, pseudovalues, resampledCovariances } from "./covariance.ts";
import { analysePseudovalues, type DbmTerm, dbmTerms } from "./dbm.ts";
import {
  analyseArms,
  analyseReader,
  analysisNames,
  type CrossedFigures,
  errorCovariances,
  figureSquares,
  readerComponents,
} from "./obuchowski-rockette.ts";
import { chiSquareTail, fTail, studentTwoSidedP } from "./tail.ts";

/** Made by scripts/fixtures/readers.py with SciPy and statsmodels. */
interface Reference {
  tails: Record<"t" | "chiSquared" | "tQuantile", [number, number, number][]> & { f: [number, number, number, number][] };
  anova: { values: number[][]; arms: number; readers: number; sums: Record<DbmTerm, [number, number]> }[];
  covariances: Record<"values" | "leftOut", number[][]> & Record<"clusters" | "ofMeans" | "clustered" | "ofLeftOut", number[]>;
}
const reference = JSON.parse(readFileSync("test/fixtures/eval/readers.json", "utf8")) as Reference;
const relative = (got: number, want: number) => (want === 0 ? Math.abs(got) : Math.abs(got / want - 1));

test("tails of t, F and chi-squared and quantiles of t equal SciPy's", () => {
  for (const [t, df, p] of reference.tails.t) expect(relative(studentTwoSidedP(t, df), p)).toBeLessThan(1e-8);
  for (const [f, a, b, p] of reference.tails.f) expect(relative(fTail(f, a, b), p)).toBeLessThan(1e-8);
  for (const [x, df, p] of reference.tails.chiSquared) expect(relative(chiSquareTail(x, df), p)).toBeLessThan(1e-12);
  for (const [p, df, t] of reference.tails.tQuantile) expect(studentQuantile(p, df)).toBeCloseTo(t, 7);
  expect(fTail(Number.NaN, 1, 2)).toBeNaN();
  expect(() => chiSquareTail(1, 2.5)).toThrow("df must be a whole number from 1; got 2.5");
  expect(() => studentQuantile(1, 3)).toThrow("p must be in (0, 1); got 1");
});

test("covariances equal NumPy's, of means of clusters those of the definition", () => {
  const { values, leftOut, clusters, ...want } = reference.covariances;
  const near = (got: ArrayLike<number>, wanted: number[]) => {
    expect(got).toHaveLength(9);
    for (const [i, value] of wanted.entries()) expect(got[i]).toBeCloseTo(value, 14);
  };
  const pairs = (of: (a: number[], b: number[]) => number) => values.flatMap((a) => values.map((b) => of(a, b)));
  near(jackknifeCovariances(leftOut), want.ofMeans);
  near(resampledCovariances(leftOut), want.ofLeftOut);
  near(resampledCovariances([...leftOut, [1, Number.NaN, 2]]), want.ofLeftOut);
  near(pairs((a, b) => meanCovariance(a, b, a.map((_, i) => i))), want.ofMeans); // biome-ignore format: one line
  near(
    pairs((a, b) => meanCovariance(a, b, clusters)),
    want.clustered,
  );
  const mean = values[0]!.reduce((sum, v) => sum + v, 0) / 12;
  const pseudo = pseudovalues(
    mean,
    leftOut.map((row) => row[0]!),
  );
  for (const [i, v] of pseudo.entries()) expect(v).toBeCloseTo(values[0]![i]!, 13);
  expect(jackknifeCovariances([[1, 2]])).toEqual(new Float64Array(4).fill(Number.NaN));
  expect(meanCovariance([1, 2], [1, 2], [0, 0])).toBeNaN();
});

test("mean squares of pseudovalues equal statsmodels' analysis of variance", () => {
  for (const { values, arms, readers, sums } of reference.anova) {
    const { squares } = analysePseudovalues(values, arms, readers);
    for (const term of dbmTerms) {
      const [sum, df] = sums[term];
      expect(squares[term].df).toBe(df);
      expect(relative(squares[term].square * df, sum)).toBeLessThan(1e-9);
    }
  }
});

/** The published values of five modalities and four readers (OR-DBM MRMC 2.51, data FedRoc): AUROCs by reader and modality, covariances averaged. */
const aucs = [
  [0.90425, 0.86425, 0.81295, 0.90235, 0.8414],
  [0.7982, 0.8447, 0.81635, 0.8315, 0.773],
  [0.81175, 0.8205, 0.75275, 0.78865, 0.77115],
  [0.86645, 0.8716, 0.8573, 0.8798, 0.848],
];
const averaged = { variance: 0.00078912, cov1: 0.0002948, cov2: 0.00023331, cov3: 0.00021213 };

function fromAveraged(readerByArm: number[][], { variance, cov1, cov2, cov3 }: typeof averaged): CrossedFigures {
  const [readers, arms] = [readerByArm.length, readerByArm[0]!.length];
  const cells = Array.from({ length: arms * readers }, (_, a) => ({ arm: Math.floor(a / readers), reader: a % readers }));
  const covariance = (a: (typeof cells)[0], b: (typeof cells)[0]) =>
    a.arm === b.arm ? (a.reader === b.reader ? variance : cov2) : a.reader === b.reader ? cov1 : cov3;
  return {
    arms,
    readers,
    values: cells.map(({ arm, reader }) => readerByArm[reader]![arm]!),
    covariances: cells.flatMap((a) => cells.map((b) => covariance(a, b))),
  };
}

test("five arms: the tests, differences and components that the Iowa program prints", () => {
  const of = fromAveraged(aucs, averaged);
  const squares = figureSquares(of);
  expect([squares.arm, squares.reader, squares.interaction].map((v) => v.toFixed(8))).toEqual([
    "0.00189696",
    "0.00729418",
    "0.00046221",
  ]);
  expect(squares.readerWithin.map((v) => v.toFixed(8))).toEqual([
    "0.00242212",
    "0.00052256",
    "0.00185459",
    "0.00257777",
    "0.00176596",
  ]);
  const components = readerComponents(of);
  expect([components.reader, components.interaction].map((v) => v.toFixed(8))).toEqual(["0.00128372", "-0.00001093"]);
  const both = analyseArms(of, "randomReadersRandomCases", 0.95);
  expect([both.test.statistic!.toFixed(2), both.test.df1, both.test.df2!.toFixed(2), both.test.p!.toFixed(4)]).toEqual([
    "3.47",
    4,
    "16.80",
    "0.0305",
  ]);
  const fixedReaders = analyseArms(of, "fixedReadersRandomCases", 0.95);
  expect(fixedReaders.test.statistic).toBeCloseTo(13.60126, 2); // the printed covariances have 8 digits
  expect([fixedReaders.test.df1, fixedReaders.test.df2, fixedReaders.test.p!.toFixed(4)]).toEqual([4, null, "0.0087"]);
  const printed = ({ estimate, se, statistic, p, low, high }: (typeof both.differences)[0]) =>
    [estimate, se, statistic, p, low, high].map((v, i) => v!.toFixed([5, 5, 2, 4, 5, 5][i]));
  const pick = (analysis: typeof both, arm: number, minus: number) =>
    printed(analysis.differences.find((one) => one.arm === arm && one.minus === minus)!);
  // Printed the other way round: 1 - 3 is 0.03533 with (0.00040, 0.07025), and 1 - 2 is -0.00510.
  expect(both.differences).toHaveLength(10);
  expect(pick(both, 2, 0)).toEqual(["-0.03532", "0.01654", "-2.14", "0.0477", "-0.07025", "-0.00040"]);
  expect(pick(both, 1, 0)).toEqual(["0.00510", "0.01654", "0.31", "0.7616", "-0.02982", "0.04002"]);
  expect(pick(fixedReaders, 2, 1)).toEqual(["-0.04042", "0.01670", "-2.42", "0.0155", "-0.07316", "-0.00769"]);
});

/** Explicit loops over every cell, for what the module computes in passes: the pairwise means and the error terms as printed in Hillis 2007. */
function slowRandomBoth({ arms, readers, values, covariances }: CrossedFigures): { f: number; df2: number; interaction: number } {
  const at = (i: number, j: number) => values[i * readers + j]!;
  let [cov2, pairs2, cov3, pairs3] = [0, 0, 0, 0];
  for (let i = 0; i < arms; i++)
    for (let k = 0; k < arms; k++)
      for (let j = 0; j < readers; j++)
        for (let l = 0; l < readers; l++) {
          if (j === l) continue;
          const c = covariances[(i * readers + j) * arms * readers + k * readers + l]!;
          if (i === k) [cov2, pairs2] = [cov2 + c, pairs2 + 1];
          else [cov3, pairs3] = [cov3 + c, pairs3 + 1];
        }
  let [armSum, residual] = [0, 0];
  const row = (i: number) => Array.from({ length: readers }, (_, j) => at(i, j)).reduce((a, b) => a + b, 0) / readers;
  const column = (j: number) => Array.from({ length: arms }, (_, i) => at(i, j)).reduce((a, b) => a + b, 0) / arms;
  const all = Array.from({ length: arms }, (_, i) => row(i)).reduce((a, b) => a + b, 0) / arms;
  for (let i = 0; i < arms; i++)
    for (let j = 0; j < readers; j++) {
      armSum += (row(i) - all) ** 2;
      residual += (at(i, j) - row(i) - column(j) + all) ** 2;
    }
  const interaction = residual / ((arms - 1) * (readers - 1));
  const error = interaction + readers * Math.max(cov2 / pairs2 - cov3 / pairs3, 0);
  return { f: armSum / (arms - 1) / error, df2: (error / interaction) ** 2 * (arms - 1) * (readers - 1), interaction };
}

/** AUROC by the definition, pair by pair. */
function slowAuroc(labels: readonly number[], ratings: readonly number[]): number {
  let [won, pairs] = [0, 0];
  for (const [i, a] of ratings.entries())
    for (const [k, b] of ratings.entries()) {
      if (labels[i] !== 1 || labels[k] !== 0) continue;
      won += a > b ? 1 : a === b ? 0.5 : 0;
      pairs++;
    }
  return won / pairs;
}

test("agrees with the slow way: leave out each patient, score pair by pair, and loop over the cells; with pseudovalues too", () => {
  const [arms, readers] = [3, 4];
  const config = { arms, readers, patients: 20, casesEach: 2, positives: 0.5, alike: 0.5, ...highVariances };
  const study = simulateReaders(seededRng(5), config);
  const labels = study.cases.map(({ label }) => label);
  const patients = [...new Set(study.cases.map(({ cluster }) => cluster))];
  const score = (keep: (i: number) => boolean) =>
    study.cells.map(({ rating }) => slowAuroc(labels.filter((_, i) => keep(i)), [...rating!].filter((_, i) => keep(i)))); // biome-ignore format: one line
  const values = score(() => true);
  const leftOut = patients.map((patient) => score((i) => study.cases[i]!.cluster !== patient));
  const mean = values.map((_, a) => leftOut.reduce((sum, row) => sum + row[a]!, 0) / patients.length);
  const covariances = values.flatMap((_, a) =>
    values.map((_, b) => (19 / 20) * leftOut.reduce((sum, row) => sum + (row[a]! - mean[a]!) * (row[b]! - mean[b]!), 0)),
  );
  const slow = slowRandomBoth({ arms, readers, values, covariances });
  const fast = analyseStudy(study, config, "roc_auc", "jackknife", true, seededRng(1))("randomReadersRandomCases");
  expect(fast.test.statistic).toBeCloseTo(slow.f, 9);
  expect(fast.test.df2).toBeCloseTo(slow.df2, 7);
  expect(fast.test.p).toBeCloseTo(fTail(slow.f, 2, slow.df2), 10);

  const dbm = analysePseudovalues(values.map((v, a) => pseudovalues(v, leftOut.map((row) => row[a]!))), arms, readers); // biome-ignore format: one line
  const { f, df2, p } = dbm.tests.randomReadersRandomCases;
  expect(f).toBeCloseTo(slow.f, 9);
  expect(df2).toBeCloseTo(slow.df2, 7);
  expect(p).toBeCloseTo(fast.test.p!, 10);
  const or = readerComponents({ arms, readers, values, covariances });
  const { variance, cov1, cov2, cov3 } = errorCovariances({ arms, readers, values, covariances });
  expect(dbm.components.reader).toBeCloseTo(or.reader, 12);
  expect(dbm.components.armReader).toBeCloseTo(slow.interaction - variance + cov1 + cov2 - cov3, 12);
  expect(dbm.components.armReaderCase / 20).toBeCloseTo(variance - cov1 - cov2 + cov3, 12);
  expect(dbm.tests.randomReadersFixedCases.f).toBeCloseTo(analyseArms({ arms, readers, values, covariances }, "randomReadersFixedCases", 0.95).test.statistic!, 9); // biome-ignore format: one line
});

test("with two arms F is t squared, with the same p, in every analysis; and the order of readers does not matter", () => {
  const of = fromAveraged(aucs.map((row) => row.slice(0, 2)), averaged); // biome-ignore format: one line
  const turned = fromAveraged(aucs.map((row) => row.slice(0, 2)).reverse(), averaged); // biome-ignore format: one line
  for (const name of analysisNames) {
    const { test: all, differences } = analyseArms(of, name, 0.9);
    expect(all.statistic).toBeCloseTo(differences[0]!.statistic! ** 2, 10);
    expect(all.p).toBeCloseTo(differences[0]!.p!, 10);
    const other = analyseArms(turned, name, 0.9);
    expect(other.differences[0]!.low).toBeCloseTo(differences[0]!.low!, 12);
    expect(other.arms[1]!.high).toBeCloseTo(analyseArms(of, name, 0.9).arms[1]!.high!, 12);
  }
});

test("one reader: nothing of readers in general, but of cases; one arm: its mean, no difference", () => {
  const single = fromAveraged([[0.8, 0.9]], averaged);
  const none = "one reader does not tell how readers differ";
  for (const name of ["randomReadersRandomCases", "randomReadersFixedCases"] as const) {
    const got = analyseArms(single, name, 0.95);
    expect(got.test).toMatchObject({ statistic: null, p: null, reason: none });
    expect(got.differences[0]).toMatchObject({ estimate: 0.09999999999999998, low: null, se: null, reason: none });
    expect(got.arms[0]).toMatchObject({ low: null, reason: none });
  }
  const ofCases = analyseArms(single, "fixedReadersRandomCases", 0.95);
  expect(ofCases.differences[0]!.se).toBeCloseTo(Math.sqrt(2 * (averaged.variance - averaged.cov1)), 14);
  expect(analyseReader(single, 0, 0.95)[0]!.p).toBe(ofCases.differences[0]!.p);
  const one = analyseArms(fromAveraged([[0.8], [0.9]], averaged), "randomReadersRandomCases", 0.95);
  expect(one).toMatchObject({ test: { p: null, reason: "one arm only" }, differences: [] });
  expect(one.arms[0]!.estimate).toBeCloseTo(0.85, 14);
  expect(one.arms[0]!.low).toBeLessThan(0.85);
});

test("where a variance is 0 or not known there is no interval, and the reason is said", () => {
  const zero = { variance: 0, cov1: 0, cov2: 0, cov3: 0 };
  const alike = analyseArms(fromAveraged([[0.8, 0.9], [0.7, 0.8]], zero), "fixedReadersRandomCases", 0.95); // biome-ignore format: short
  expect(alike.differences[0]).toMatchObject({ low: null, p: null, reason: "the variance is 0" });
  const shifted = analyseArms(fromAveraged([[0.5, 0.75], [0.25, 0.5]], averaged), "randomReadersRandomCases", 0.95); // biome-ignore format: short
  expect(shifted.test).toMatchObject({ p: null, reason: "the readers do not differ in it: degrees of freedom are not known" });
  const unknown = { variance: Number.NaN, cov1: Number.NaN, cov2: Number.NaN, cov3: Number.NaN };
  for (const name of ["fixedReadersRandomCases", "randomReadersRandomCases"] as const) {
    const { test: ofArms, differences, arms } = analyseArms(fromAveraged([[0.5, 0.7], [0.4, 0.5]], unknown), name, 0.95); // biome-ignore format: short
    for (const one of [ofArms, ...differences, ...arms]) {
      expect(one).toMatchObject({ p: null, reason: expect.stringContaining("the covariances are not known") });
    }
  }
  const these = analyseArms(fromAveraged([[0.5, 0.7], [0.4, 0.5]], unknown), "randomReadersFixedCases", 0.95); // biome-ignore format: short
  expect(these.differences[0]).toMatchObject({ p: expect.any(Number), reason: null }); // it needs no covariance
});

test("where arms do not differ, it says that they do about as often as it should (a small simulation; docs/readers.md has the large one)", () => {
  const config = { arms: 2, readers: 4, patients: 60, casesEach: 1, positives: 0.5, alike: 0, ...highVariances };
  const rng = seededRng(2);
  const ps = Array.from({ length: 200 }, (_, i) => {
    const study = simulateReaders(rng.fork(i), config);
    return analyseStudy(study, config, "roc_auc", "delong", true, rng)("randomReadersRandomCases").test.p!;
  });
  const share = ps.filter((p) => p < 0.05).length / ps.length;
  expect(share).toBeGreaterThan(0.005);
  expect(share).toBeLessThan(0.1);
});
