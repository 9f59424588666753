import { expect, test } from "vitest";
import { axisAlignedAffine, type Vec3 } from "../../core/affine.ts";
import { seededRng } from "../../core/rng.ts";
import { extractSlice } from "../../core/volume.ts";
import { diceScore } from "../metrics/dice.ts";
import { surfaceDice, surfaceDistances } from "../metrics/surface.ts";
import { type CaseImages, frocThresholds, measureCase } from "./measure-case.ts";
import { type MasksOptions, masksOptions } from "./options.ts";

const options = (more: object = {}): MasksOptions => masksOptions.parse(more);
const spacing: Vec3 = [0.8, 1.1, 4];

/** Two noisy label maps in the middle of a grid, labels 0 to 2, the last slice empty. */
function imagesOf(seed: number, shape: Vec3 = [9, 8, 6]): CaseImages {
  const rng = seededRng(seed);
  const inside = (i: number) => Math.floor(i / (shape[0] * shape[1])) < shape[2] - 1;
  const draw = () => Uint16Array.from({ length: shape[0] * shape[1] * shape[2] }, (_, i) => (inside(i) && rng.uniform() < 0.3 ? 1 + rng.below(2) : 0)); // biome-ignore format: short
  return { shape, spacing, flat: null, sliceAxis: 2, reference: draw(), predicted: draw() };
}

test("what lies around the masks changes nothing but the number of empty slices", () => {
  const images = imagesOf(1);
  const larger: Vec3 = [15, 14, 13];
  const moved = (data: Uint16Array) => {
    const out = new Uint16Array(larger[0] * larger[1] * larger[2]);
    data.forEach((v, i) => {
      const [x, y, z] = [i % 9, Math.floor(i / 9) % 8, Math.floor(i / 72)];
      out[x + 3 + 15 * (y + 5 + 14 * (z + 4))] = v;
    });
    return out;
  };
  const there = {
    ...images,
    shape: larger,
    reference: moved(images.reference),
    predicted: moved(images.predicted as Uint16Array),
  };
  expect(measureCase(there, null, options())).toEqual(measureCase(images, null, options()));
  const smoothed = options({ empty: "smoothed" });
  expect(measureCase(there, 1, smoothed).slices!.dice.n).toBe(13);
  expect(measureCase(images, 1, smoothed).slices!.dice.n).toBe(6);
});

test("each label by itself, with the numbers of its masks on the whole grid", () => {
  const images = imagesOf(2);
  for (const label of [1, 2]) {
    const facts = measureCase(images, label, options({ tolerances: [0.8, 4] }));
    const [truth, predicted] = [images.reference, images.predicted].map((data) => Uint8Array.from(data, (v) => (v === label ? 1 : 0))) as [Uint8Array, Uint8Array]; // biome-ignore format: short
    const pair = { truth, predicted, shape: images.shape, spacing, flat: null };
    expect(facts.distances).toEqual(surfaceDistances(pair));
    expect(facts.surfaceDice).toEqual(surfaceDice(pair, [0.8, 4]));
    expect(facts.overlap.dice).toBe(diceScore(truth, predicted));
    expect(facts.referenceMl).toBeCloseTo((truth.filter((v) => v === 1).length * 0.8 * 1.1 * 4) / 1000, 12);
  }
});

test("slices along any axis, by each rule for empty ones, as cutting them out gives", () => {
  const images = imagesOf(3);
  for (const sliceAxis of [0, 1, 2] as const) {
    for (const empty of ["skip", "one", "zero", "smoothed"] as const) {
      const { slices } = measureCase({ ...images, sliceAxis }, null, options({ empty }));
      const affine = axisAlignedAffine(images.shape, spacing);
      const cut = (data: Uint16Array, s: number) => extractSlice({ data, shape: images.shape, affine }, sliceAxis, s).data;
      const all = Array.from({ length: images.shape[sliceAxis] }, (_, s) => [cut(images.reference, s), cut(images.predicted as Uint16Array, s)] as const); // biome-ignore format: short
      const dices = (which: typeof all) => which.map(([a, b]) => diceScore(a, b, empty)).filter((v) => !Number.isNaN(v));
      const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
      expect(slices!.dice.n).toBe(dices(all).length);
      expect(slices!.dice.sum).toBeCloseTo(sum(dices(all)), 12);
      const positive = dices(all.filter(([a]) => a.some((v) => v > 0)));
      expect([slices!.dice_positive.n, slices!.dice_positive.sum]).toEqual([positive.length, expect.closeTo(sum(positive), 12)]);
    }
  }
});

test("empty masks: rule, penalty, and no distance", () => {
  const some = imagesOf(4);
  const none = { ...some, predicted: new Uint16Array(some.reference.length) };
  const both = { ...none, reference: none.predicted };
  expect(measureCase(none, null, options()).distances.hd95).toBeNaN();
  expect(measureCase(none, null, options()).surfaceDice).toEqual([0, 0]);
  expect(measureCase(none, null, options({ penalty: 50 })).distances).toEqual({ hd: 50, hd95: 50, assd: 50 });
  expect(measureCase(both, null, options({ penalty: 50 })).distances.hd).toBeNaN();
  const given = (["skip", "one", "zero", "smoothed"] as const).map((empty) => {
    const { overlap, surfaceDice } = measureCase(both, null, options({ empty }));
    return [overlap.dice, overlap.iou, surfaceDice[0]];
  });
  expect(given).toEqual([[Number.NaN, Number.NaN, Number.NaN], [1, 1, 1], [0, 0, 0], [1, 1, 1]]); // biome-ignore format: a list
});

test("lesions fall into bins of size, each once, and a limit belongs to the larger bin", () => {
  const reference = Uint16Array.of(1, 0, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 1);
  const predicted = Uint16Array.of(0, 0, 1, 0, 0, 0, 0, 0, 1, 1, 0, 0, 1);
  const images: CaseImages = { shape: [13, 1, 1], spacing: [10, 10, 10], flat: null, sliceAxis: 0, reference, predicted };
  const { lesions } = measureCase(images, null, options({ sizes: [2, 3] }));
  expect(lesions).toEqual({
    references: 4, detected: 2, predicted: 3, matched: 3,
    bins: [{ references: 1, detected: 0 }, { references: 1, detected: 1 }, { references: 2, detected: 1 }],
  }); // biome-ignore format: a table
});

test("a probability map is its mask at each threshold", () => {
  const { shape, ...images } = imagesOf(5);
  const rng = seededRng(6);
  const map = Float32Array.from(images.reference, (v) => Math.min(1, 0.7 * rng.uniform() + 0.2 * v));
  const facts = measureCase({ ...images, shape, predicted: map }, null, options({ threshold: 0.6 }));
  for (const [t, at] of frocThresholds.entries()) {
    const mask = Uint16Array.from(map, (v) => (v >= at ? 1 : 0));
    expect(facts.froc[t]).toEqual(measureCase({ ...images, shape, predicted: mask }, null, options()).lesions);
  }
  expect(facts.lesions).toEqual(facts.froc[frocThresholds.indexOf(0.6)]);
});
