import { expect, test } from "vitest";
import { affineSpacing, applyAffine } from "../core/affine.ts";
import { extractSlice, sliceAxis, slicePlane } from "../core/volume.ts";
import { axesOfSlice, pictureAxes, pictureStack, pictureVolume, planeOfAxes } from "./picture-volume.ts";

const picture = { data: Uint16Array.from({ length: 63 }, (_, i) => i), width: 9, height: 7 };

test.each(pictureAxes)("a picture hung %s keeps its pixels, its plane and its axes", (axes) => {
  const volume = pictureVolume(picture, { pixelMm: [0.7, 0.9], thicknessMm: 3, axes, side: null });
  expect(affineSpacing(volume.affine).map((mm) => Number(mm.toFixed(9)))).toEqual([0.7, 0.9, 3]);
  expect(extractSlice(volume, sliceAxis(volume), 0)).toEqual(picture);
  expect(slicePlane(volume)).toBe(planeOfAxes(axes));
  expect(axesOfSlice(volume.affine, [0, 1])).toBe(axes);
  expect(applyAffine(volume.affine, [4, 3, 0]).map((mm) => Math.abs(Number(mm.toFixed(9))))).toEqual([0, 0, 0]);
});

test("LP: the next column is nearer to the patient's left, the next row to posterior; a sagittal slice lies in its half", () => {
  const { affine } = pictureVolume(picture, { pixelMm: [1, 1], thicknessMm: 3, axes: "LP", side: "left" });
  const [x0, y0] = applyAffine(affine, [0, 0, 0]);
  expect(applyAffine(affine, [1, 0, 0])[0]).toBe(x0 - 1); // RAS+: x grows to the right
  expect(applyAffine(affine, [0, 1, 0])[1]).toBe(y0 - 1);
  const sagittal = pictureVolume(picture, { pixelMm: [1, 1], thicknessMm: 3, axes: "PI", side: "left" });
  expect(applyAffine(sagittal.affine, [4, 3, 0])[0]).toBe(-10);
});

test("pictures of several sizes are slices of one volume: each pixel at its place about the middle, black around", () => {
  const filled = (width: number, height: number, value: number) => ({ width, height, data: new Float32Array(width * height).fill(value) }); // biome-ignore format: one line
  const volume = pictureStack([filled(4, 2, 5), filled(2, 6, 7)], { pixelMm: [0.5, 0.5], thicknessMm: 2, axes: "LP", side: null }); // biome-ignore format: one line
  expect([volume.shape, affineSpacing(volume.affine)]).toEqual([[4, 6, 2], [0.5, 0.5, 2]]); // biome-ignore format: one line
  const [first, second] = [0, 1].map((z) => [...extractSlice(volume, 2, z).data]);
  expect(first).toEqual([...Array(8).fill(0), ...Array(8).fill(5), ...Array(8).fill(0)]);
  expect(second).toEqual(Array.from({ length: 6 }, () => [0, 7, 7, 0]).flat());
});
