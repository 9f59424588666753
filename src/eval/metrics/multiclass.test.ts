import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
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
  classwiseCalibrationError,
  cohenKappa,
  macroF1,
  oneAgainstRest,
  rankClasses,
  surestCalibrationError,
} from "./multiclass.ts";

/** Made by scripts/fixtures/classes.py with scikit-learn. null: undefined by our rules. */
interface Case {
  readonly classes: number;
  /** A digit a row. */
  readonly truth: string;
  /** Thousandths; -1 where all classes score alike. */
  readonly scores: readonly number[];
  readonly weights: string | null;
  readonly confusion: readonly number[];
  readonly rocAuc: readonly (number | null)[];
  readonly averagePrecision: readonly (number | null)[];
  readonly figures: readonly (number | null)[];
  readonly recall: readonly (number | null)[];
}
const cases = JSON.parse(gunzipSync(readFileSync("test/fixtures/eval/classes.json.gz")).toString()) as Case[];

test("1,000 tables: figures of several classes are scikit-learn's, half of them weighted; what is undefined is NaN", () => {
  expect(cases).toHaveLength(1000);
  for (const [at, { classes, truth, scores, weights, ...want }] of cases.entries()) {
    const ranked = rankClasses(Array.from(truth, Number), scores.map((v) => (v < 0 ? 1 / classes : v / 1000)), classes); // biome-ignore format: short
    const w = weights === null ? undefined : Array.from(weights, Number);
    const matrix = classConfusion(ranked, w);
    expect([...matrix]).toEqual(want.confusion);
    const got = [
      ...ranked.ranked.map((one) => weightedAuroc(one, w)),
      ...ranked.ranked.map((one) => averagePrecisionScore(one, w)),
      averagedAuroc(ranked, "macro", w),
      averagedAuroc(ranked, "micro", w),
      averagedPrecision(ranked, "macro", w),
      averagedPrecision(ranked, "micro", w),
      classAccuracy(matrix),
      classBalancedAccuracy(matrix),
      macroF1(matrix),
      cohenKappa(matrix),
      classMatthews(matrix),
      classBrierScore(ranked, w),
      surestCalibrationError(ranked, 5, w),
      classwiseCalibrationError(ranked, 5, w),
      ...ranked.ranked.map((_, c) => sensitivity(oneAgainstRest(matrix, c))),
    ];
    const theirs = [...want.rocAuc, ...want.averagePrecision, ...want.figures, ...want.recall];
    expect(got).toHaveLength(theirs.length);
    for (const [i, value] of theirs.entries())
      if (value === null ? !Number.isNaN(got[i]!) : !(Math.abs(got[i]! - value) < 1e-11))
        expect(got[i], `${i} of table ${at}`).toBe(value);
  }
});

test("the tables hold what is degenerate: classes without rows, one class only, ties, certain scores, classes that weigh nothing", () => {
  const share = (test: (one: Case) => boolean) => cases.filter(test).length;
  expect(share(({ truth, classes }) => new Set(truth).size < classes)).toBeGreaterThan(200);
  expect(share(({ truth }) => new Set(truth).size === 1)).toBeGreaterThan(20);
  expect(share(({ scores }) => scores[0] === -1)).toBeGreaterThan(50);
  expect(share(({ scores }) => scores.every((v) => v === 0 || v === 1000))).toBeGreaterThan(80);
  const weighing = ({ truth, weights }: Case) => new Set(Array.from(truth).filter((_, i) => weights![i] !== "0")).size;
  expect(share((one) => one.weights !== null && weighing(one) < new Set(one.truth).size)).toBeGreaterThan(50);
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
