import { expect, test } from "vitest";
import { axisAlignedAffine, type Vec3 } from "./affine.ts";
import { extractSlice, insertSlice, isThickStack, sliceAxis, slicePlane, type Volume } from "./volume.ts";

const shape: Vec3 = [4, 3, 2];
const affine = axisAlignedAffine(shape, [1, 1, 1]);
const numbered: Volume = { data: Float32Array.from({ length: 24 }, (_, i) => i), shape, affine };

test("a slice holds the voxels at its index, first remaining axis along x", () => {
  const slice = extractSlice(numbered, 1, 2); // y = 2
  expect([slice.width, slice.height]).toEqual([4, 2]);
  expect([...slice.data]).toEqual([8, 9, 10, 11, 20, 21, 22, 23]);
});

test("slices put back along any axis give the volume", () => {
  for (const axis of [0, 1, 2] as const) {
    const back = new Float32Array(24);
    for (let i = 0; i < shape[axis]; i++) insertSlice(back, shape, axis, i, extractSlice(numbered, axis, i));
    expect(back).toEqual(numbered.data);
  }
});

test("a slice outside the volume is a broken contract", () => {
  expect(() => extractSlice(numbered, 2, 2)).toThrow("[0, 2); got 2");
});

test("a stack is thick from 1.5 times on, along one axis only", () => {
  expect(isThickStack(axisAlignedAffine(shape, [1, 1.5, 1]))).toBe(true);
  expect(isThickStack(axisAlignedAffine(shape, [1, 1.49, 1]))).toBe(false);
  expect(isThickStack(axisAlignedAffine(shape, [3, 3, 1]))).toBe(false);
});

test("thick slices decide the plane; a near-isotropic volume is axial whatever its array order", () => {
  expect(slicePlane({ shape, affine: axisAlignedAffine(shape, [3.3, 1.1, 1.1]) })).toBe("sagittal");
  expect(slicePlane({ shape, affine: axisAlignedAffine(shape, [1.1, 3.3, 1.1]) })).toBe("coronal");
  expect(sliceAxis({ shape, affine: axisAlignedAffine(shape, [1, 1.2, 1]) })).toBe(2);
  expect(sliceAxis({ shape, affine: [0, 0, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0] })).toBe(1); // superior runs along the second array axis
});

test("a lone slice is cut across, however thin it is said to be", () => {
  for (const [axis, plane] of (["sagittal", "coronal", "axial"] as const).entries()) {
    const lone = [6, 5, 4].map((n, a) => (a === axis ? 1 : n)) as unknown as Vec3;
    const grid = { shape: lone, affine: axisAlignedAffine(lone, [1, 1, 1]) };
    expect([sliceAxis(grid), slicePlane(grid)]).toEqual([axis, plane]);
  }
});
