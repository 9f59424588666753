import { expect, test } from "vitest";
import { axisAlignedAffine } from "../core/affine.ts";
import { UserError } from "../core/errors.ts";
import { prepareStack, preprocessOptions } from "../data/preprocess.ts";
import { brainBit, lesionBit, prepareCase, preparedBytes, quantum } from "./slices.ts";

const shape = [30, 24, 4] as const;
const affine = axisAlignedAffine(shape, [1.2, 1, 4]);
const options = preprocessOptions.parse({});
const at = (i: number) => [i % 30, Math.floor(i / 30) % 24, Math.floor(i / 720)] as const;
const inBrain = (i: number) => at(i)[2] > 0 && Math.hypot(at(i)[0] - 15, at(i)[1] - 12) < 8;
const inLesion = (i: number) => at(i)[2] === 2 && Math.hypot(at(i)[0] - 17, at(i)[1] - 12) < 3;
const volume = <T extends Float32Array | Uint16Array>(data: T, at = affine) => ({ data, shape, affine: at });
const image = volume(
  Float32Array.from({ length: 2880 }, (_, i) => (inLesion(i) ? 50 : inBrain(i) ? 200 + (i % 5) : 400 + (i % 7))),
);
const mask = (inside: (i: number) => boolean) => volume(Uint16Array.from({ length: 2880 }, (_, i) => (inside(i) ? 1 : 0)));
const masks = { lesion: mask(inLesion), brain: mask(inBrain) };

test("slices keep the prepared intensities to a 4000th of the white point, and the masks", () => {
  const slices = prepareCase("sub-1", image, masks, options);
  const stack = prepareStack(image, options);
  expect(slices.map((s) => [s.lesionPixels > 0, s.brainPixels > 0])).toEqual([[false, false], [false, true], [true, true], [false, true]]); // biome-ignore format: one line
  for (const [i, slice] of slices.entries()) {
    expect([slice.width, slice.height, slice.caseId, slice.index]).toEqual([36, 24, "sub-1", i]);
    stack.slices[i]!.data.forEach((v, k) => {
      expect(Math.abs(slice.pixels[k]! / quantum - v)).toBeLessThanOrEqual(0.5 / quantum + 1e-6);
    });
    expect(slice.masks.filter((m) => m & lesionBit).length).toBe(slice.lesionPixels);
    expect(slice.masks.filter((m) => m & brainBit).length).toBe(slice.brainPixels);
  }
});

test("the gain makes a raw stack's brain as bright as if the volume had come brain-masked", () => {
  const [raw] = prepareCase("a", image, masks, options).slice(2);
  const came = { ...image, data: image.data.map((v, i) => (inBrain(i) ? v : 0)) };
  const [masked] = prepareCase("a", came, masks, options).slice(2);
  const middle = 18 + 36 * 7; // brain, no lesion
  expect((raw!.pixels[middle]! * raw!.maskedGain) / masked!.pixels[middle]!).toBeCloseTo(1, 2);
  expect(raw!.maskedGain).toBeGreaterThan(1.8);
  expect(masked!.maskedGain).toBeCloseTo(1, 2);
  const none = prepareCase("a", image, { ...masks, brain: mask(() => false) }, options);
  expect(none[0]!.maskedGain).toBe(1);
});

test("memory is foretold from the header to the byte", () => {
  for (const spacing of [
    [1.2, 1, 4],
    [5, 0.7, 0.9],
  ] as const) {
    // biome-ignore format: one line
    const grid = { ...image, affine: axisAlignedAffine(shape, spacing) };
    const [lesion, brain] = [
      { ...masks.lesion, affine: grid.affine },
      { ...masks.brain, affine: grid.affine },
    ];
    const slices = prepareCase("a", grid, { lesion, brain }, options);
    const bytes = slices.reduce((sum, s) => sum + s.pixels.byteLength + s.masks.byteLength, 0);
    expect(preparedBytes(shape, spacing, options)).toBe(bytes);
  }
});

test("a mask whose affine differs by rounding stays on the image's pixels; one moved by more is refused", () => {
  const moved = (by: number) => ({ ...masks.lesion, affine: affine.map((v) => v + by) as unknown as typeof affine });
  expect(prepareCase("a", image, { ...masks, lesion: moved(1e-4) }, options)).toEqual(prepareCase("a", image, masks, options));
  const facts = { types: [0] };
  const edge = { ...image, affine: axisAlignedAffine(shape, [36.5 / 30, 1, 4]) }; // a hair less is a pixel less
  const onEdge = (by: number) => volume(masks.lesion.data, edge.affine.map((v) => v + by) as unknown as typeof affine);
  const typesOf = (by: number) => prepareCase("a", edge, { lesion: onEdge(by), brain: onEdge(0) }, options, facts);
  for (const by of [-1e-4, 1e-4]) expect(typesOf(by)).toEqual(typesOf(0));
  expect(() => prepareCase("a", image, { ...masks, lesion: moved(0.5) }, options)).toThrow(
    /the lesion mask must be on the image's grid of 30 x 24 x 4; got a corner [\d.]+ voxels away/,
  );
});

test("a mask of another shape is refused by case and name", () => {
  const lesion = { ...masks.lesion, shape: [24, 30, 4] as const };
  expect(() => prepareCase("sub-1", image, { ...masks, lesion }, options)).toThrow(UserError);
  expect(() => prepareCase("sub-1", image, { ...masks, lesion }, options)).toThrow(
    "case sub-1: the lesion mask must be on the image's grid of 30 x 24 x 4; got 24 x 30 x 4. Make the dataset again.",
  );
});
