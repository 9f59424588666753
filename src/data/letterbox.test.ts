import fc from "fast-check";
import { expect, test } from "vitest";
import type { Image } from "../core/volume.ts";
import { applyLetterbox, intoLetterbox, outOfLetterbox, planLetterbox } from "./letterbox.ts";

const sizes = fc.tuple(fc.integer({ min: 1, max: 900 }), fc.integer({ min: 1, max: 900 }));
const plans = fc.tuple(sizes, fc.constantFrom([64, 64], [640, 32], [320, 64]) as fc.Arbitrary<[number, number]>);

test("fits within, fills one side, keeps the shape to the pixel, and leaves like margins", () => {
  fc.assert(
    fc.property(plans, ([picture, [side, multiple]]) => {
      const { inner, outer, left, top } = planLetterbox(picture, side, multiple);
      expect(Math.max(...inner)).toBe(side);
      const scale = side / Math.max(...picture);
      for (const axis of [0, 1] as const) {
        expect(Math.abs(inner[axis] - picture[axis] * scale)).toBeLessThanOrEqual(Math.max(0.5, 1 - picture[axis] * scale));
        expect(outer[axis] % multiple).toBe(0);
        expect(outer[axis] - inner[axis]).toBeLessThan(multiple);
        const before = [left, top][axis]!;
        expect([0, 1]).toContain(outer[axis] - inner[axis] - 2 * before);
      }
    }),
  );
});

test("boxes come back where they were, and the picture's own box is its place", () => {
  const share = fc.double({ min: -0.5, max: 1.5, noNaN: true });
  fc.assert(
    fc.property(plans, fc.tuple(share, share, share, share), ([[width, height], [side, multiple]], [a, b, c, d]) => {
      const plan = planLetterbox([width, height], side, multiple);
      const box = { left: a * width, top: b * height, right: c * width, bottom: d * height };
      const back = outOfLetterbox(intoLetterbox(box, plan), plan);
      for (const edge of ["left", "top", "right", "bottom"] as const)
        expect(Math.abs(back[edge] - box[edge])).toBeLessThanOrEqual((1e-12 * 1000 * Math.max(1, width, height)) / side);
      const whole = intoLetterbox({ left: 0, top: 0, right: width, bottom: height }, plan);
      expect([whole.left, whole.top]).toEqual([plan.left, plan.top]);
      expect(whole.right).toBeCloseTo(plan.left + plan.inner[0], 9);
      expect(whole.bottom).toBeCloseTo(plan.top + plan.inner[1], 9);
    }),
  );
});

test("pixels lie where boxes say: a bright block's box bounds it after the picture is laid in", () => {
  const [width, height] = [90, 60];
  const block = { left: 30, top: 12, right: 51, bottom: 33 };
  const data = Float32Array.from({ length: width * height }, (_, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    return x >= block.left && x < block.right && y >= block.top && y < block.bottom ? 1 : 0;
  });
  const image: Image = { data, width, height };
  for (const side of [30, 90, 180]) {
    const plan = planLetterbox([width, height], side);
    const laid = applyLetterbox(image, plan, -1);
    const { left, top, right, bottom } = intoLetterbox(block, plan);
    let sum = 0;
    for (const [i, value] of laid.data.entries()) {
      const [x, y] = [i % side, Math.floor(i / side)];
      const isMargin = y < plan.top || y >= plan.top + plan.inner[1];
      expect(value === -1).toBe(isMargin);
      const reach = Math.max(1, side / width);
      if (x + 1 <= left - reach || x >= right + reach || y + 1 <= top - reach || y >= bottom + reach)
        expect(value).toBeLessThan(1e-6);
      if (x >= left + reach && x + 1 <= right - reach && y >= top + reach && y + 1 <= bottom - reach)
        expect(value).toBeCloseTo(1, 6);
      if (!isMargin) sum += value;
    }
    expect(Math.abs(sum / ((right - left) * (bottom - top)) - 1)).toBeLessThan(1e-5);
  }
});

test("sizes that cannot be are refused", () => {
  expect(() => planLetterbox([0, 5], 64)).toThrow("positive integer; got 0");
  expect(() => planLetterbox([5, 5], 64, 24)).toThrow("must divide the side of 64; got 24");
  const image = { data: new Float32Array(6), width: 3, height: 2 };
  expect(() => applyLetterbox(image, planLetterbox([2, 3], 64))).toThrow("planned for 2 x 3 pixels; got 3 x 2");
});
