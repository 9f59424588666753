import { expect, test } from "vitest";
import { type Rng, seededRng } from "../core/rng.ts";
import { drawBatch, paintBatch, plainBatch } from "./batch.ts";
import { type SamplingOptions, samplingOptions, trainOptions } from "./options.ts";
import { drawWindow, groupSlices } from "./sampler.ts";
import { brainBit, classShift, lesionBit, type TrainSlice } from "./slices.ts";
import { tasks } from "./task.ts";

/** A slice of 20 x 16 with the first pixels lesion and the first pixels brain. */
function slice(caseId: string, index: number, lesionPixels: number, brainPixels: number): TrainSlice {
  const masks = Uint8Array.from({ length: 320 }, (_, i) => (i < lesionPixels ? lesionBit : 0) | (i < brainPixels ? brainBit : 0));
  const pixels = Uint16Array.from({ length: 320 }, (_, i) => 1000 + 7 * i + 50 * index);
  return { caseId, index, width: 20, height: 16, pixels, masks, lesionPixels, brainPixels, maskedGain: 1 };
}

const slices = [
  slice("a", 0, 0, 0),
  ...Array.from({ length: 8 }, (_, i) => slice("a", 1 + i, 9, 90)),
  slice("a", 9, 0, 90),
  slice("b", 0, 3, 80), // a trace: of no kind
  slice("b", 1, 4, 80),
  slice("b", 2, 0, 80),
  slice("b", 3, 0, 0),
];
const groups = groupSlices(slices);

test("slices are sorted by what they hold, and a trace of lesion is neither lesion nor healthy", () => {
  const ids = (list: readonly (readonly number[])[]) =>
    list.map((group) => group.map((i) => `${slices[i]!.caseId}${slices[i]!.index}`));
  expect(ids(groups.lesion)).toEqual([["a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8"], ["b1"]]);
  expect(ids(groups.brain)).toEqual([["a9"], ["b2"]]);
  expect(ids(groups.noBrain)).toEqual([["a0"], ["b3"]]);
});

test("windows come in the shares asked for, cases alike, and are centred on what they are for", () => {
  const options: SamplingOptions = { lesion: 2, brain: 1, noBrain: 1 };
  const count = new Map<string, number>();
  const draws = 8000;
  for (let i = 0; i < draws; i++) {
    const window = drawWindow(seededRng(1).fork(i), slices, groups, options);
    const { caseId, masks, width, height } = slices[window.slice]!;
    for (const key of [window.kind, `${window.kind}:${caseId}`]) count.set(key, (count.get(key) ?? 0) + 1);
    const bits = masks[window.x + width * window.y]!;
    if (window.kind === "lesion") expect(bits & lesionBit).toBe(lesionBit);
    if (window.kind === "brain") expect(bits & brainBit).toBe(brainBit);
    expect(window.x < width && window.y < height).toBe(true);
  }
  const expected = {
    lesion: 0.5,
    brain: 0.25,
    noBrain: 0.25,
    "lesion:a": 0.25,
    "lesion:b": 0.25,
    "brain:a": 0.125,
    "noBrain:b": 0.125,
  };
  for (const [key, share] of Object.entries(expected)) {
    const deviation = Math.sqrt((share * (1 - share)) / draws);
    expect([key, Math.abs(count.get(key)! / draws - share) < 4 * deviation]).toEqual([key, true]);
  }
});

test("a kind that the data lacks leaves its share to the others", () => {
  const noEmpty = slices.filter((s) => s.brainPixels > 0);
  const kinds = new Set(
    Array.from(
      { length: 200 },
      (_, i) => drawWindow(seededRng(i), noEmpty, groupSlices(noEmpty), samplingOptions.parse({})).kind,
    ),
  );
  expect(kinds).toEqual(new Set(["lesion", "brain"]));
  expect(() => drawWindow(seededRng(1), [], groupSlices([]), samplingOptions.parse({}))).toThrow(RangeError);
});

test("a batch depends on seed and step alone, not on what was drawn before", () => {
  const options = trainOptions.parse({ cropSize: 16, batchSize: 4 });
  const pool = { slices, groups };
  const rng = seededRng(9);
  const batch = (stream: Rng, step: number, own = options) => paintBatch(drawBatch(stream, pool, step, own));
  const forward = [1, 2, 3].map((step) => batch(rng, step));
  const backward = [3, 2, 1].map((step) => batch(seededRng(9), step)).reverse();
  expect(backward).toEqual(forward);
  expect(forward[0]).not.toEqual(forward[1]);
  expect(batch(seededRng(10), 1)).not.toEqual(forward[0]);
  const larger = batch(rng, 1, { ...options, batchSize: 6 });
  expect(larger.image.subarray(0, forward[0]!.image.length)).toEqual(forward[0]!.image); // more slices, the first the same
});

test("a batch may be larger than the data: slices are drawn with replacement, each window anew", () => {
  const few = [slice("a", 0, 9, 90)];
  const options = trainOptions.parse({ cropSize: 16, batchSize: 9 });
  const { count, image } = paintBatch(drawBatch(seededRng(9), { slices: few, groups: groupSlices(few) }, 1, options));
  const windows = Array.from({ length: count }, (_, n) => image.subarray(256 * n, 256 * (n + 1)).join());
  expect(new Set(windows).size).toBe(9);
});

test("a plain batch lays images and targets out as NHWC", () => {
  const items = [{ slice: slices[1]!, x: 8, y: 8 }, { slice: slices[0]!, x: 10, y: 8 }]; // biome-ignore format: one line
  const { image, target, count, size, ids } = plainBatch(items, 16, tasks.lesion);
  expect([count, size, image.length, target.shape, ids]).toEqual([2, 16, 512, [2, 16, 16, 2], ["a#1", "a#0"]]);
  for (let i = 0; i < 256; i++) {
    const at = (i % 16) + 20 * Math.floor(i / 16);
    expect(image[i]).toBeCloseTo(slices[1]!.pixels[at]! / 4000, 6);
    expect([target.data[2 * i], target.data[2 * i + 1]]).toEqual([at < 9 ? 1 : 0, at < 90 ? 1 : 0]);
    expect(image[256 + i]).toBeCloseTo(slices[0]!.pixels[at + 2]! / 4000, 6);
  }
});

test("the target of a tissue batch is one 1 a pixel, in the channel of its tissue", () => {
  const masks = slices[0]!.masks.map((_, i) => ((i % 8) << classShift) | brainBit);
  const { target } = plainBatch([{ slice: { ...slices[0]!, masks }, x: 10, y: 8 }], 16, tasks.tissue);
  expect(target.shape).toEqual([1, 16, 16, 8]);
  for (let i = 0; i < 256; i++) {
    const at = (i % 16) + 2 + 20 * Math.floor(i / 16);
    expect([...target.data.subarray(8 * i, 8 * i + 8)]).toEqual(Array.from({ length: 8 }, (_, c) => (c === at % 8 ? 1 : 0)));
  }
});
