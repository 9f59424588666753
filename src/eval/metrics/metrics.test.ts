import fc from "fast-check";
import { expect, test } from "vitest";
import { aurocScore, type LabelledScore, rankScores } from "./auroc.ts";
import {
  type Confusion,
  confusionAt,
  f1Score,
  negativePredictiveValue,
  positivePredictiveValue,
  sensitivity,
  specificity,
} from "./confusion.ts";
import { diceOf } from "./dice.ts";

/** Every metric of scored units, as the report takes them: the rules below hold for each. */
const atZero = (metric: (c: Confusion) => number) => (all: readonly LabelledScore[]) => metric(confusionAt(rankScores(all), 0));
const metrics: Record<string, (all: readonly LabelledScore[]) => number> = {
  auroc: aurocScore,
  sensitivity: atZero(sensitivity),
  specificity: atZero(specificity),
  ppv: atZero(positivePredictiveValue),
  npv: atZero(negativePredictiveValue),
  f1: atZero(f1Score),
  dice: atZero((c) => diceOf({ both: c.truePositive, predictedOnly: c.falsePositive, truthOnly: c.falseNegative })),
};
const cases = fc.array(fc.record({ label: fc.constantFrom<0 | 1>(0, 1), score: fc.double({ noNaN: true, min: -3, max: 3 }) }), {
  maxLength: 30,
});

for (const [name, metric] of Object.entries(metrics)) {
  test(`${name}: in [0, 1] or NaN, the same in any order, NaN for nothing`, () => {
    fc.assert(
      fc.property(cases, fc.integer(), (all, turn) => {
        const value = metric(all);
        expect(Number.isNaN(value) || (value >= 0 && value <= 1)).toBe(true);
        const at = all.length === 0 ? 0 : Math.abs(turn) % all.length;
        expect(metric([...all.slice(at), ...all.slice(0, at)].reverse())).toEqual(value);
      }),
    );
    expect(metric([])).toBeNaN();
  });
}

test("metrics that compare with one class only are NaN without it", () => {
  const positives: LabelledScore[] = [{ label: 1, score: 1 }];
  expect(metrics.auroc!(positives)).toBeNaN();
  expect(metrics.specificity!(positives)).toBeNaN();
  expect(metrics.sensitivity!(positives)).toBe(1);
  expect(metrics.sensitivity!([{ label: 0, score: 1 }])).toBeNaN();
  expect(metrics.ppv!([{ label: 0, score: -1 }])).toBeNaN();
});

test("a NaN threshold calls nothing and decides nothing", () => {
  const c = confusionAt(rankScores([{ label: 1, score: 1 }]), Number.NaN);
  expect(sensitivity(c)).toBeNaN();
  expect(specificity(c)).toBeNaN();
});
