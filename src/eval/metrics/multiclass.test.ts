import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { weightedAuroc } from "./auroc.ts";
import { averagePrecisionScore } from "./average-precision-score.ts";
import { sensitivity } from "./confusion.ts";
import {
  averagedAuroc,
  averagedPrecision,
  classAccuracy,
  classBalancedAccuracy,
  classBrierScore,
  classConfusion,
  classMatthews,
  cohenKappa,
  macroF1,
  oneAgainstRest,
  rankClasses,
} from "./multiclass.ts";

interface Values {
  rocAuc: number[];
  macroRocAuc: number;
  microRocAuc: number;
  averagePrecision: number[];
  macroAveragePrecision: number;
  microAveragePrecision: number;
  confusion: number[];
  accuracy: number;
  balancedAccuracy: number;
  recall: number[];
  f1: number;
  kappa: number;
  matthews: number;
  brier: number;
}
/** Made by scripts/fixtures/classes.py with scikit-learn. */
const cases = JSON.parse(readFileSync("test/fixtures/eval/classes.json", "utf8")) as {
  classes: number;
  truth: number[];
  scores: number[];
  weights: number[];
  calls: number[];
  plain: Values;
  weighted: Values;
}[];

test("figures of several classes equal scikit-learn's, with and without weights", () => {
  expect(cases).toHaveLength(108);
  for (const { classes, truth, scores, calls, plain, weighted, weights } of cases) {
    const ranked = rankClasses(truth, scores, classes);
    expect([...ranked.calls]).toEqual(calls);
    for (const [want, w] of [
      [plain, undefined],
      [weighted, weights],
    ] as const) {
      // biome-ignore format: short
      const matrix = classConfusion(ranked, w);
      expect([...matrix]).toEqual(want.confusion);
      const pairs: [number, number][] = [
        ...ranked.ranked.map((one, c): [number, number] => [weightedAuroc(one, w), want.rocAuc[c]!]),
        ...ranked.ranked.map((one, c): [number, number] => [averagePrecisionScore(one, w), want.averagePrecision[c]!]),
        ...want.recall.map((value, c): [number, number] => [sensitivity(oneAgainstRest(matrix, c)), value]),
        [averagedAuroc(ranked, "macro", w), want.macroRocAuc],
        [averagedAuroc(ranked, "micro", w), want.microRocAuc],
        [averagedPrecision(ranked, "macro", w), want.macroAveragePrecision],
        [averagedPrecision(ranked, "micro", w), want.microAveragePrecision],
        [classAccuracy(matrix), want.accuracy],
        [classBalancedAccuracy(matrix), want.balancedAccuracy],
        [cohenKappa(matrix), want.kappa],
        [classMatthews(matrix), want.matthews],
        [classBrierScore(ranked, w), want.brier],
      ];
      // A class without units or calls has F1 0 in scikit-learn.
      const f1 = macroF1(matrix);
      if (!Number.isNaN(f1)) pairs.push([f1, want.f1]);
      for (const [got, value] of pairs) if (!Number.isNaN(got)) expect(got).toBeCloseTo(value, 12);
    }
  }
});

test("ties go to the first class, and what is undefined is NaN", () => {
  expect([...rankClasses([0, 1], [0.4, 0.4, 0.2, 0.1, 0.1, 0.1], 3).calls]).toEqual([0, 0]);
  const absent = rankClasses([0, 1, 0], [0.9, 0.1, 0, 0.2, 0.8, 0, 0.6, 0.4, 0], 3);
  const matrix = classConfusion(absent);
  expect([classAccuracy(matrix), cohenKappa(matrix), classMatthews(matrix)]).toEqual([1, 1, 1]);
  for (const value of [averagedAuroc(absent, "macro"), averagedPrecision(absent, "macro"), classBalancedAccuracy(matrix), macroF1(matrix)]) expect(value).toBeNaN(); // biome-ignore format: short
  const one = classConfusion(rankClasses([1, 1], [0, 1, 0, 1], 2));
  expect([cohenKappa(one), classMatthews(one)]).toEqual([Number.NaN, Number.NaN]);
  expect(() => rankClasses([0, 3], [1, 2, 3, 4, 5, 6], 3)).toThrow("rankClasses: need 3 scores a unit and classes below that");
});
