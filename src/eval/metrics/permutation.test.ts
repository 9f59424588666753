import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { seededRng } from "../../core/rng.ts";
import { mcnemarExact } from "./mcnemar.ts";
import { exchangeTest, relabelTest } from "./permutation.ts";
import { chiSquareTail } from "./tail.ts";
import { waldTest } from "./wald.ts";

test("exchanging the calls of two models is McNemar's exact test", () => {
  const rng = seededRng(1);
  for (let n = 0; n < 20; n++) {
    const differences = Array.from({ length: 10 }, () => rng.below(3) - 1); // right alone: the first, none, the second
    const sum = (exchanged: Uint8Array) => [differences.reduce((total, d, i) => total + (exchanged[i] === 1 ? -d : d), 0)];
    const { p, exact, permutations } = exchangeTest(seededRng(2), 10, 2000, sum);
    const count = (value: number) => differences.filter((d) => d === value).length;
    expect([exact, permutations]).toEqual([true, 1024]);
    expect(p[0]).toBeCloseTo(mcnemarExact(count(1), count(-1)), 12);
    const drawn = exchangeTest(seededRng(n), 10, 1000, sum); // the same by chance
    expect(drawn.exact).toBe(false);
    expect(Math.abs(drawn.p[0]! - p[0]!)).toBeLessThan(0.07);
  }
});

test("a statistic that is not defined has no p value, and permutations without it are left out", () => {
  const { p } = exchangeTest(seededRng(1), 2, 100, (e) => [Number.NaN, e[0] === 1 ? Number.NaN : e[1] === 1 ? -1 : 1, 0]);
  expect(p).toEqual([null, 1, 1]);
});

test("dealing groups anew finds a difference, none where there is none, and stays in its strata", () => {
  const rng = seededRng(3);
  const groups = Array.from({ length: 60 }, (_, i) => i % 3);
  const strata = groups.map((_, i) => (i < 30 ? "a" : "b"));
  const [apart, alike] = [1.5, 0].map((gap) => groups.map((g) => rng.normal() + gap * g));
  const spread = (values: readonly number[], dealt: ArrayLike<number>) => {
    const sums = [0, 0, 0];
    for (const [i, v] of values.entries()) sums[dealt[i]!]! += v;
    return sums.reduce((total, s) => total + s * s, 0);
  };
  const { p } = relabelTest(seededRng(4), groups, strata, 999, (dealt) => {
    for (const half of [dealt.slice(0, 30), dealt.slice(30)])
      expect([0, 1, 2].map((g) => half.filter((d) => d === g).length)).toEqual([10, 10, 10]);
    return [spread(apart!, dealt), spread(alike!, dealt)];
  });
  expect(p[0]).toBe(0.001);
  expect(p[1]).toBeGreaterThan(0.05);
});

test("the chi-square tail equals SciPy's", () => {
  const { chiSquare } = JSON.parse(readFileSync("test/fixtures/eval/power.json", "utf8")) as {
    chiSquare: [number, number, number][];
  };
  for (const [x, degrees, tail] of chiSquare) expect(chiSquareTail(x, degrees) / tail).toBeCloseTo(1, 11);
  expect(chiSquareTail(0, 3)).toBe(1);
  expect(() => chiSquareTail(1, 0)).toThrow("whole number from 1");
});

test("Wald's test of two groups is the squared difference by its variance, and of three does not depend on which is first", () => {
  const rng = seededRng(5);
  const rows = Array.from({ length: 400 }, () => {
    const shared = rng.normal();
    return [shared + rng.normal(), shared + 0.5 * rng.normal() + 1, 2 * rng.normal() + 0.3];
  });
  const gaps = rows.map(([a, b]) => b! - a!);
  const mean = gaps.reduce((x, y) => x + y, 0) / gaps.length;
  const variance = gaps.reduce((sum, g) => sum + (g - mean) ** 2, 0) / (gaps.length - 1);
  const two = waldTest([0.2, 1.4], rows.map(([a, b]) => [a!, b!])); // biome-ignore format: short
  expect(two.chiSquare).toBeCloseTo(1.2 ** 2 / variance, 10);
  expect(two.p).toBeCloseTo(chiSquareTail(1.2 ** 2 / variance, 1), 12);
  const three = waldTest([0.2, 1.4, 0.7], rows);
  const turned = waldTest([0.7, 0.2, 1.4], rows.map(([a, b, c]) => [c!, a!, b!])); // biome-ignore format: short
  expect(three.chiSquare).toBeCloseTo(turned.chiSquare!, 9);
  expect(three.degrees).toBe(2);
  expect(waldTest([1], [[1]]).reason).toBe("defined in fewer than two subgroups");
  expect(waldTest([1, 2], rows.map(() => [1, 1])).reason).toContain("same value"); // biome-ignore format: short
});
