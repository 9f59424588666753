import fc from "fast-check";
import { expect, test } from "vitest";
import { diceScore, overlap } from "./dice.ts";

const masks = fc
  .array(fc.tuple(fc.constantFrom(0, 1), fc.constantFrom(0, 1)), { minLength: 1, maxLength: 40 })
  .map((pairs) => [pairs.map((p) => p[0]), pairs.map((p) => p[1])] as const);

test("2 |A and B| / (|A| + |B|), by sets", () => {
  fc.assert(
    fc.property(masks, ([a, b]) => {
      const inside = (m: readonly number[]) => new Set(m.flatMap((v, i) => (v ? [i] : [])));
      const [sa, sb] = [inside(a), inside(b)];
      const both = [...sa].filter((i) => sb.has(i)).length;
      if (sa.size + sb.size > 0) expect(diceScore(a, b)).toBeCloseTo((2 * both) / (sa.size + sb.size), 14);
      expect(diceScore(a, b)).toEqual(diceScore(b, a));
    }),
  );
});

test("the empty rule decides where both are empty and nowhere else; smoothed adds one voxel everywhere", () => {
  const empty = [0, 0, 0];
  const two = [1, 1, 0];
  expect(diceScore(empty, empty)).toBeNaN();
  expect(diceScore(empty, empty, "one")).toBe(1);
  expect(diceScore(empty, empty, "zero")).toBe(0);
  expect(diceScore(empty, empty, "smoothed")).toBe(1); // Spahr et al. 2023
  for (const rule of ["skip", "one", "zero"] as const) expect(diceScore(empty, two, rule)).toBe(0);
  expect(diceScore(empty, two, "smoothed")).toBeCloseTo(1 / 3, 14);
  expect(diceScore(two, two, "smoothed")).toBe(1);
});

test("masks of two sizes are a broken contract", () => {
  expect(() => overlap([1], [1, 0])).toThrow("got 1 and 2");
});
