import fc from "fast-check";
import { expect, test } from "vitest";
import { aurocScore, type LabelledScore, rankScores, weightedAuroc } from "./auroc.ts";

const cases = fc.array(fc.record({ label: fc.constantFrom<0 | 1>(0, 1), score: fc.integer({ min: -5, max: 5 }) }), {
  maxLength: 60,
});

/** Slow definition: the share of positive-negative pairs ranked in the right order. */
function slowAuroc(all: readonly LabelledScore[]): number {
  const positive = all.filter((c) => c.label === 1);
  const negative = all.filter((c) => c.label === 0);
  const wins = positive.flatMap((p) => negative.map((n) => (p.score > n.score ? 1 : p.score === n.score ? 0.5 : 0)));
  return wins.length === 0 ? Number.NaN : wins.reduce((a: number, b) => a + b, 0) / wins.length;
}

const expectSame = (got: number, expected: number) =>
  Number.isNaN(expected) ? expect(got).toBeNaN() : expect(got).toBeCloseTo(expected, 12);

test("agrees with the pairwise definition, ties included", () => {
  fc.assert(
    fc.property(cases, (all) => {
      expectSame(aurocScore(all), slowAuroc(all));
    }),
  );
});

test("a weight is a repeat, and weight 0 is absence", () => {
  fc.assert(
    fc.property(cases, fc.infiniteStream(fc.integer({ min: 0, max: 3 })), (all, stream) => {
      const weights = all.map(() => stream.next().value as number);
      const repeated = all.flatMap((c, i) => Array.from({ length: weights[i]! }, () => c));
      expectSame(weightedAuroc(rankScores(all), weights), slowAuroc(repeated));
    }),
  );
});

test("turning the scores around turns the area around", () => {
  fc.assert(
    fc.property(cases, (all) => {
      const turned = all.map((c) => ({ label: c.label, score: -c.score }));
      expectSame(aurocScore(turned), 1 - aurocScore(all));
    }),
  );
});

test("infinities are ranked; NaN is refused", () => {
  expect(aurocScore([{ label: 1, score: Infinity }, { label: 0, score: -Infinity }])).toBe(1); // biome-ignore format: short
  expect(aurocScore([{ label: 1, score: Infinity }, { label: 0, score: Infinity }])).toBe(0.5); // biome-ignore format: short
  expect(() => aurocScore([{ label: 1, score: Number.NaN }])).toThrow("score 0 is NaN");
});
