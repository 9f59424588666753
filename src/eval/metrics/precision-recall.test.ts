import { expect, test } from "vitest";
import { seededRng } from "../../core/rng.ts";
import { precisionSteps } from "../report/curves.ts";
import { rankScores } from "./auroc.ts";
import { averagePrecisionScore } from "./average-precision-score.ts";
import { precisionRecallCurve } from "./precision-recall.ts";

const random = (seed: number, values: number) => {
  const rng = seededRng(seed);
  return rankScores(Array.from({ length: 60 }, () => ({ label: rng.below(2) as 0 | 1, score: rng.below(values) })));
};

test.each([2, 7, 1000])("its points are those of calling at each distinct score, ties together (%i values)", (values) => {
  const ranked = random(3, values);
  const positives = ranked.labels.reduce((a, b) => a + b, 0);
  const expected = [...new Set(ranked.scores)]
    .sort((a, b) => b - a)
    .map((threshold) => {
      const called = [...ranked.scores.keys()].filter((i) => ranked.scores[i]! >= threshold);
      const right = called.filter((i) => ranked.labels[i] === 1).length;
      return { threshold, recall: right / positives, precision: right / called.length };
    });
  expect(precisionRecallCurve(ranked)).toEqual(expected);
});

test.each([2, 7, 1000])("the steps that are drawn have the area of average precision (%i values)", (values) => {
  const ranked = random(4, values);
  const steps = precisionSteps(precisionRecallCurve(ranked));
  const area = steps.slice(1).reduce((sum, [x, y], i) => sum + (x - steps[i]![0]) * y, 0) + steps[0]![0] * steps[0]![1];
  expect(area).toBeCloseTo(averagePrecisionScore(ranked), 12);
  for (let i = 0; i < steps.length; i += 2) expect(steps[i]![1], "a step is level").toBe(steps[i + 1]![1]);
});

test("is empty without positives", () => {
  expect(precisionRecallCurve(rankScores([{ label: 0, score: 1 }]))).toEqual([]);
});
