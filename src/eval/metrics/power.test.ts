import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { seededRng } from "../../core/rng.ts";
import { aurocScore, type LabelledScore, rankScores } from "./auroc.ts";
import { delongInterval, placementsOf } from "./delong.ts";
import { normalQuantile } from "./normal.ts";
import { aurocPower, aurocVariances, designEffect, sampleSize, sharePower } from "./power.ts";

/** Made by scripts/fixtures/power.py with SciPy and statsmodels. */
const reference = JSON.parse(readFileSync("test/fixtures/eval/power.json", "utf8")) as {
  shares: [number, number, number, number, number][];
  sizes: [number, number, number, number, number][];
};

// Hanley & McNeil 1982, table III: positives, and as many negatives, for each of two independent AUROCs; one-sided 5 %, power 80, 90 and 95 %.
const tableIII = [
  [0.7, 0.75, 652, 897, 1131], [0.7, 0.8, 158, 217, 273], [0.7, 0.85, 68, 92, 116], [0.7, 0.9, 37, 50, 61],
] as const; // biome-ignore format: a table

test.each(tableIII)("Hanley and McNeil's table III: %f against %f", (against, expected, ...printed) => {
  const question = { expected, against, correlation: 0, variance: "hanley-mcneil", level: 0.9 } as const;
  for (const [i, target] of [0.8, 0.9, 0.95].entries()) {
    const { n } = sampleSize((positives) => aurocPower(question, positives, positives), target)!;
    expect(Math.abs(n - printed[i]!)).toBeLessThanOrEqual(Math.max(2, 0.005 * n)); // the table drops terms of 1 / n
  }
});

test("power of a share, and the size from which on it stays, equal statsmodels' intervals summed over all counts", () => {
  for (const [n, expected, against, level, power] of reference.shares)
    expect(sharePower({ expected, against, level }, n)).toBeCloseTo(power, 10);
  for (const [expected, against, level, target, n] of reference.sizes) {
    const size = sampleSize((cases) => sharePower({ expected, against, level }, cases), target)!;
    expect(size.n).toBe(n);
    expect(size.power).toBeGreaterThanOrEqual(target);
  }
});

test("Obuchowski's power is that of pROC's power.roc.test(ncases=41, ncontrols=72, auc=0.73), to the digits of pROC's own tests", () => {
  const question = { expected: 0.73, against: 0.5, correlation: null, variance: "obuchowski", level: 0.95 } as const;
  expect(aurocPower(question, 41, 72)).toBeCloseTo(0.9897453, 4); // pROC has 1.414 for the square root of 2
});

test("simulated normal scores have the power that Hanley and McNeil's variance promises, or more", () => {
  const rng = seededRng(1);
  const shift = Math.SQRT2 * normalQuantile(0.85);
  let [sum, squares, excluded] = [0, 0, 0];
  const studies = 1500;
  for (let s = 0; s < studies; s++) {
    const cases = Array.from({ length: 100 }, (_, i): LabelledScore => ({ label: i < 40 ? 1 : 0, score: rng.normal() + (i < 40 ? shift : 0) })); // biome-ignore format: short
    const auroc = aurocScore(cases);
    sum += auroc;
    squares += auroc ** 2;
    if (delongInterval(placementsOf(rankScores(cases))).low! > 0.75) excluded++;
  }
  const variance = squares / studies - (sum / studies) ** 2;
  const times = aurocVariances["hanley-mcneil"](0.85, 40, 60) / variance;
  expect(times).toBeGreaterThan(0.95);
  expect(times).toBeLessThan(1.35);
  const question = { expected: 0.85, against: 0.75, correlation: null, variance: "hanley-mcneil", level: 0.95 } as const;
  const power = aurocPower(question, 40, 60);
  expect(excluded / studies).toBeGreaterThan(power - 0.03);
  expect(excluded / studies).toBeLessThan(power + 0.25);
});

test("correlated models need fewer cases; dependent cases are worth less; some questions have no answer", () => {
  const need = (correlation: number) =>
    sampleSize(
      (n) => aurocPower({ expected: 0.9, against: 0.85, correlation, variance: "obuchowski", level: 0.95 }, n, 2 * n),
      0.8,
    )!.n;
  expect(need(0.6)).toBeLessThan(need(0));
  expect([designEffect(1, 0.9), designEffect(3, 0), designEffect(3, 0.5)]).toEqual([1, 1, 2]);
  expect(sampleSize(() => 0.1, 0.8)).toBeNull();
  expect(sharePower({ expected: 0.9, against: 0.8, level: 0.95 }, 3)).toBe(0); // not even 3 of 3 is enough
  expect(sharePower({ expected: 1, against: 0.5, level: 0.95 }, 20)).toBe(1);
  expect(() => sharePower({ expected: 0.9, against: 0.8, level: 0.95 }, 2.5)).toThrow("need a whole number from 1; got 2.5");
});
