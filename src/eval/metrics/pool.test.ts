import { expect, test } from "vitest";
import { seededRng, shuffled } from "../../core/rng.ts";
import { type Pool, pooledScore } from "./pool.ts";

const pools: Pool[] = [
  { kind: "mean" },
  { kind: "max" },
  { kind: "top-k", k: 3 },
  { kind: "noisy-or" },
  { kind: "vote", cut: 0.5 },
];

test("scores become one as each rule says", () => {
  const scores = [0.9, 0.1, 0.5, 0.5, 0.2];
  const got = pools.map((pool) => pooledScore(scores, pool));
  const want = [0.44, 0.9, (0.9 + 0.5 + 0.5) / 3, 1 - 0.1 * 0.9 * 0.5 * 0.5 * 0.8, 3 / 5];
  for (const [i, value] of want.entries()) expect(got[i]).toBeCloseTo(value, 14);
  expect(pooledScore([0.2, 0.4], { kind: "top-k", k: 3 })).toBeCloseTo(0.3, 14);
});

test("neither the order of the images nor, of one image, the rule matters; every rule rises with every score", () => {
  const rng = seededRng(1);
  for (let n = 0; n < 100; n++) {
    const scores = Array.from({ length: 1 + rng.below(6) }, () => rng.uniform());
    const higher = scores.map((s, i) => (i === 0 ? (1 + s) / 2 : s));
    for (const pool of pools) {
      expect(pooledScore(shuffled(rng, scores), pool)).toBeCloseTo(pooledScore(scores, pool), 14);
      expect(pooledScore(higher, pool)).toBeGreaterThanOrEqual(pooledScore(scores, pool));
      if (scores.length === 1 && pool.kind !== "vote") expect(pooledScore(scores, pool)).toBeCloseTo(scores[0]!, 14);
    }
  }
});

test("refuses no scores, and noisy-or what are no probabilities", () => {
  expect(() => pooledScore([], { kind: "max" })).toThrow("pooledScore: no scores");
  expect(() => pooledScore([0.5, 2], { kind: "noisy-or" })).toThrow("needs probabilities");
  expect(pooledScore([0.5, Number.NaN], { kind: "max" })).toBeNaN();
});
