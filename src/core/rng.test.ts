import { expect, test } from "vitest";
import { between, chance, pick, poisson, seededRng, shuffled, weightedIndex } from "./rng.ts";

const draws = (n: number, draw: () => number) => Array.from({ length: n }, draw);

test("the same seed gives the same numbers; another seed or label gives others", () => {
  const numbers = (label: string, seed = 7) => draws(5, seededRng(seed).fork(label).uniform);
  expect(numbers("a")).toEqual(numbers("a"));
  expect(numbers("a")).not.toEqual(numbers("b"));
  expect(numbers("a")).not.toEqual(numbers("a", 8));
});

test("a fork does not depend on what its parent has drawn", () => {
  const fresh = seededRng(1);
  const used = seededRng(1);
  draws(100, used.normal);
  expect(used.fork("x").uniform()).toBe(fresh.fork("x").uniform());
});

test("forks nest without colliding: a/b under one name is not a then b under another", () => {
  const rng = seededRng(3);
  expect(rng.fork("a").fork("b").uniform()).not.toBe(rng.fork("b").fork("a").uniform());
});

test("normals have mean 0, variance 1, and the share within one sigma of a normal", () => {
  const values = draws(200_000, seededRng(11).normal);
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
  expect(Math.abs(mean)).toBeLessThan(0.01);
  expect(Math.abs(variance - 1)).toBeLessThan(0.02);
  expect(values.filter((v) => Math.abs(v) < 1).length / values.length).toBeCloseTo(0.6827, 2);
});

test("weightedIndex draws in proportion and never a zero weight", () => {
  const rng = seededRng(5);
  const counts = [0, 0, 0, 0];
  for (let i = 0; i < 30_000; i++) counts[weightedIndex(rng, [1, 0, 2, 0])]!++;
  expect(counts[1]).toBe(0);
  expect(counts[3]).toBe(0);
  expect(counts[2]! / counts[0]!).toBeCloseTo(2, 0);
  expect(() => weightedIndex(rng, [0, 0])).toThrow("no weight is positive");
});

test("shuffled keeps every item, leaves its input alone, and reaches every order equally", () => {
  const rng = seededRng(9);
  const input = [1, 2, 3];
  const seen = new Map<string, number>();
  for (let i = 0; i < 6000; i++) {
    const key = shuffled(rng, input).join("");
    seen.set(key, (seen.get(key) ?? 0) + 1);
  }
  expect(input).toEqual([1, 2, 3]);
  expect(seen.size).toBe(6);
  for (const count of seen.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
});

test("below, between, pick and chance stay in range", () => {
  const rng = seededRng(13);
  expect(new Set(draws(200, () => rng.below(3)))).toEqual(new Set([0, 1, 2]));
  expect(() => rng.below(0)).toThrow("positive integer; got 0");
  for (const value of draws(200, () => between(rng, [-2, 3]))) expect(value >= -2 && value < 3).toBe(true);
  expect(new Set(draws(100, () => pick(rng, [4, 5])))).toEqual(new Set([4, 5]));
  expect(draws(2000, () => Number(chance(rng, 0.25))).reduce((a, b) => a + b) / 2000).toBeCloseTo(0.25, 1);
});

test("Poisson counts have mean and variance alike", () => {
  const rng = seededRng(2);
  const draws = Array.from({ length: 4000 }, () => poisson(rng, 3.5));
  const mean = draws.reduce((a, b) => a + b) / draws.length;
  const variance = draws.reduce((s, v) => s + (v - mean) ** 2, 0) / draws.length;
  expect(Math.abs(mean - 3.5)).toBeLessThan(0.12);
  expect(Math.abs(variance - 3.5)).toBeLessThan(0.3);
});
