import fc from "fast-check";
import { expect, test } from "vitest";
import { type LabelledScore, rankScores } from "./auroc.ts";
import { confusionAt, sensitivity, specificity } from "./confusion.ts";
import { chooseThreshold, type ThresholdRule } from "./threshold.ts";

const rank = (positives: number[], negatives: number[]) =>
  rankScores([
    ...positives.map((score): LabelledScore => ({ label: 1, score })),
    ...negatives.map((score): LabelledScore => ({ label: 0, score })),
  ]);

test("separated classes are cut half-way between them", () => {
  const ranked = rank([3, 4], [-1, 1]);
  for (const rule of [{ rule: "youden" }, { rule: "sensitivity", target: 1 }, { rule: "specificity", target: 1 }] as const) {
    expect(chooseThreshold(ranked, rule)).toBe(2);
  }
});

test("a target no score separates is met by calling all or none", () => {
  const upside = rank([0], [5]);
  expect(chooseThreshold(upside, { rule: "sensitivity", target: 1 })).toBe(0);
  expect(chooseThreshold(upside, { rule: "specificity", target: 1 })).toBe(6);
});

test("one class decides nothing", () => {
  expect(chooseThreshold(rank([1, 2], []), { rule: "youden" })).toBeNaN();
  expect(chooseThreshold(rank([1, 2], [0]), { rule: "youden" }, [1, 1, 0])).toBeNaN();
});

const table = fc
  .array(
    fc.record({
      label: fc.constantFrom<0 | 1>(0, 1),
      score: fc.integer({ min: -4, max: 4 }),
      weight: fc.integer({ min: 0, max: 2 }),
    }),
    { maxLength: 25 },
  )
  .filter((t) => [0, 1].every((label) => t.some((u) => u.label === label && u.weight > 0)));
const rules = fc.oneof(
  fc.constant<ThresholdRule>({ rule: "youden" }),
  fc.record({ rule: fc.constantFrom("sensitivity" as const, "specificity" as const), target: fc.constantFrom(0.5, 0.8, 0.9, 1) }),
);

test("no other threshold meets the rule better, with weights as repeats", () => {
  fc.assert(
    fc.property(table, rules, (units, rule) => {
      const ranked = rankScores(units);
      const weights = units.map((u) => u.weight);
      const merit = (threshold: number) => {
        const c = confusionAt(ranked, threshold, weights);
        if (rule.rule === "youden") return sensitivity(c) + specificity(c);
        const [reached, other] =
          rule.rule === "sensitivity" ? [sensitivity(c), specificity(c)] : [specificity(c), sensitivity(c)];
        return reached >= rule.target - 1e-12 ? other : -1;
      };
      const best = Math.max(...Array.from({ length: 24 }, (_, i) => merit(-5.75 + i / 2)));
      expect(merit(chooseThreshold(ranked, rule, weights))).toBeCloseTo(best, 12);
    }),
  );
});
