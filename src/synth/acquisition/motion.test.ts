import { expect, test } from "vitest";
import { seededRng } from "../../core/rng.ts";
import { drawMotion, interleavedOrder } from "./motion.ts";
import { sliceProfile } from "./profile.ts";
import { applyGamma } from "./signal.ts";

test("interleaving takes every slice once, neighbours apart in time", () => {
  expect(interleavedOrder(7, 2)).toEqual([0, 2, 4, 6, 1, 3, 5]);
  expect([...interleavedOrder(20, 3)].sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i));
});

test("motion has mean zero over a stack and the size asked for over many", () => {
  const order = interleavedOrder(25, 2);
  let square = 0;
  const stacks = 400;
  for (let seed = 0; seed < stacks; seed++) {
    const { poses } = drawMotion(seededRng(seed), order, { translationMm: 3, rotationDegrees: 5, jumps: 0 });
    const sum = poses.reduce((s, p) => s + p.translationMm[1], 0);
    expect(Math.abs(sum)).toBeLessThan(1e-9);
    const times = order.map((slice) => poses[slice]!.translationMm[1]);
    square += (times.at(-1)! - times[0]!) ** 2 / stacks;
  }
  // From the first slice to the last a walk of n - 1 steps of 3 / sqrt(n).
  expect(Math.sqrt(square) / (3 * Math.sqrt(24 / 25))).toBeCloseTo(1, 1);
});

test("jumps are as many as asked on average, and none when none are", () => {
  const order = interleavedOrder(30, 2);
  const level = { translationMm: 1, rotationDegrees: 1 };
  const count = (jumps: number) =>
    Array.from({ length: 300 }, (_, seed) => drawMotion(seededRng(seed), order, { ...level, jumps }).jumpedSlices.length).reduce(
      (a, b) => a + b,
    ) / 300;
  expect(count(0)).toBe(0);
  expect(count(2)).toBeGreaterThan(1.75);
  expect(count(2)).toBeLessThan(2.25);
});

test.each(["gaussian", "sinc", "box"] as const)("the %s profile has the asked full width at half maximum", (shape) => {
  for (const thickness of [3, 4.2]) {
    const { offsetsMm, weights } = sliceProfile(shape, thickness);
    expect(weights.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
    expect(offsetsMm.every((z, i) => i === 0 || z - offsetsMm[i - 1]! <= 0.7501)).toBe(true);
    const step = offsetsMm[1]! - offsetsMm[0]!;
    // A box is its own extent; the others cross half of their top at half of the thickness.
    if (shape === "box") expect(step * weights.length).toBeCloseTo(thickness, 9);
    else {
      const half = Math.max(...weights) / 2;
      const n = weights.findIndex((w) => w >= half);
      const t = (half - weights[n - 1]!) / (weights[n]! - weights[n - 1]!);
      expect(Math.abs(-2 * (offsetsMm[n - 1]! + t * step) - thickness)).toBeLessThan(0.15);
    }
  }
});

test("gamma is the power, also where a table stands in for it", () => {
  for (const gamma of [0.78, 1.25]) {
    const values = Float32Array.from({ length: 5000 }, (_, i) => i * 0.0007 - 0.2);
    const got = values.slice();
    applyGamma(got, gamma);
    for (let i = 0; i < got.length; i++) {
      const truth = values[i]! > 0 ? values[i]! ** gamma : values[i]!;
      if (Math.abs(got[i]! - truth) > 1e-5) expect(got[i]).toBeCloseTo(truth, 5);
    }
  }
});
