import { expect, test } from "vitest";
import { seededRng } from "../../core/rng.ts";
import { aurocScore, type LabelledScore, rankScores } from "./auroc.ts";
import { rocCurve, sensitivityAtRates } from "./roc.ts";

const rng = seededRng(1);
const cases = Array.from({ length: 300 }, (): LabelledScore => {
  const label = rng.below(2) as 0 | 1;
  return { label, score: Math.round(2 * (rng.normal() + label)) };
});

test("the trapezoids under the curve add up to the area", () => {
  const curve = rocCurve(rankScores(cases));
  const area = curve.slice(1).reduce((sum, b, i) => {
    const a = curve[i]!;
    return sum + ((b.falsePositiveRate - a.falsePositiveRate) * (a.sensitivity + b.sensitivity)) / 2;
  }, 0);
  expect(area).toBeCloseTo(aurocScore(cases), 12);
});

test("read off on a grid it passes through its own points and is monotone", () => {
  const curve = rocCurve(rankScores(cases));
  const rates = curve.map((p) => p.falsePositiveRate);
  const distinct = rates.filter((rate, i) => rates[i + 1] !== rate); // at a vertical step the top counts
  const tops = curve.filter((_, i) => rates[i + 1] !== rates[i]).map((p) => p.sensitivity);
  expect([...sensitivityAtRates(curve, distinct)]).toEqual(tops);
  const fine = sensitivityAtRates(
    curve,
    Array.from({ length: 101 }, (_, i) => i / 100),
  );
  for (let i = 1; i < fine.length; i++) expect(fine[i]!).toBeGreaterThanOrEqual(fine[i - 1]!);
});

test("one class has no curve", () => {
  expect(rocCurve(rankScores([{ label: 1, score: 2 }]))).toEqual([]);
  expect([...sensitivityAtRates([], [0, 1])]).toEqual([Number.NaN, Number.NaN]);
});
