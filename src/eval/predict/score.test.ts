import fc from "fast-check";
import { expect, test } from "vitest";
import type { Image } from "../../core/volume.ts";
import { scoreFloor, sigmoid, sliceScore, stackScore, subjectScore } from "./score.ts";

const image = (values: readonly number[]): Image => ({ data: Float32Array.from(values), width: values.length, height: 1 });
const open = (values: readonly unknown[]): Image<Uint8Array> => ({ ...image([]), data: new Uint8Array(values.length).fill(1) });
const logits = fc.array(fc.integer({ min: -40, max: 20 }), { minLength: 1, maxLength: 50 });

test("with a whole number of pixels it is the k-th largest, by counting", () => {
  fc.assert(
    fc.property(logits, fc.integer({ min: 1, max: 60 }), (values, k) => {
      const score = sliceScore(image(values), open(values), 1, { areaMm2: k });
      const reaching = (logit: number) => values.filter((v) => v >= logit).length;
      const expected = k > values.length ? scoreFloor : Math.max(...values.filter((v) => reaching(v) >= k));
      expect(score).toBe(expected);
    }),
  );
});

test("between whole pixels it lies between their scores, and it never rises with the area", () => {
  fc.assert(
    fc.property(logits, fc.double({ min: 0.1, max: 30, noNaN: true }), (values, area) => {
      const at = (areaMm2: number) => sliceScore(image(values), open(values), 1, { areaMm2 });
      expect(at(area)).toBeLessThanOrEqual(at(Math.max(1, Math.floor(area))));
      expect(at(area)).toBeGreaterThanOrEqual(at(Math.ceil(area)));
    }),
  );
  expect(sliceScore(image([4, 2, 0]), open([0, 0, 0]), 2, { areaMm2: 3 })).toBe(3); // rank 1.5
});

test("one bright pixel does not make a positive slice, and nothing outside the gate counts", () => {
  const values = [30, ...new Array<number>(40).fill(-8)];
  expect(sliceScore(image(values), open(values), 1, { areaMm2: 10 })).toBe(-8);
  const gate = { ...open(values), data: new Uint8Array(values.length).map((_, i) => (i > 0 ? 1 : 0)) };
  expect(sliceScore(image(values), gate, 1, { areaMm2: 1 })).toBe(-8);
});

test("no brain, or less of it than the area, scores the floor: finite, and its probability too", () => {
  const values = [5, 5];
  const closed = { ...open(values), data: new Uint8Array(2) };
  expect(sliceScore(image(values), closed, 1, { areaMm2: 10 })).toBe(scoreFloor);
  expect(sliceScore(image(values), open(values), 1, { areaMm2: 10 })).toBe(scoreFloor);
  expect(sliceScore(image([-90, -90]), open(values), 1, { areaMm2: 1 })).toBe(scoreFloor);
  expect(sigmoid(scoreFloor)).toBeGreaterThan(0);
  expect(sigmoid(800)).toBe(1);
  expect(sigmoid(-800)).toBe(0);
});

test("logits that saturate as float32 probabilities stay apart", () => {
  const score = (logit: number) => sliceScore(image([logit]), open([0]), 1, { areaMm2: 1 });
  expect(Math.fround(sigmoid(20))).toBe(Math.fround(sigmoid(25)));
  expect(score(25)).toBeGreaterThan(score(20));
});

test("a NaN of the network is a numeric fault, not a score", () => {
  expect(() => sliceScore(image([Number.NaN, 1]), open([0, 0]), 1, { areaMm2: 1 })).toThrow(/finite logits; got NaN/);
  expect(() => sliceScore(image([Infinity, 1]), open([0, 0]), 1, { areaMm2: 1 })).toThrow(/got Infinity/);
});

test("a stack takes its best run of slices; a subject the mean or the best of its stacks", () => {
  const slices = [-3, 9, -2, 1, 2, 1, -9];
  expect(stackScore(slices, { persistence: 1 })).toBe(9);
  expect(stackScore(slices, { persistence: 3 })).toBe(1);
  expect(stackScore(slices, { persistence: 99 })).toBe(-9);
  expect(subjectScore([1, 2, 6], { subject: "mean" })).toBe(3);
  expect(subjectScore([1, 2, 6], { subject: "max" })).toBe(6);
});
