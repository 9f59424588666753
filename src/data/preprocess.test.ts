import fc from "fast-check";
import { expect, test } from "vitest";
import type { Affine } from "../core/affine.ts";
import { applyAffine, axisAlignedAffine, composeAffine } from "../core/affine.ts";
import { patchesOf } from "../core/patches.ts";
import { sliceAxis, type Volume } from "../core/volume.ts";
import {
  intensityRange,
  prepareMask,
  prepareRectangle,
  prepareStack,
  preprocessOptions,
  restoreRectangle,
  restoreStack,
} from "./preprocess.ts";
import { resizeImage } from "./resample.ts";

const defaults = preprocessOptions.parse({});

/** A signed permutation of the axes of `volume`: the same picture, stored another way. */
function stored(volume: Volume, order: readonly number[], flips: readonly boolean[]): Volume {
  const shape = order.map((a) => volume.shape[a]!) as unknown as Volume["shape"];
  const matrix = new Array(12).fill(0);
  for (const [to, from] of order.entries()) {
    matrix[4 * from + to] = flips[to] ? -1 : 1;
    if (flips[to]) matrix[4 * from + 3] = shape[to]! - 1;
  }
  const toOld = matrix as unknown as Affine;
  const data = new Float32Array(volume.data.length);
  let i = 0;
  for (let z = 0; z < shape[2]; z++)
    for (let y = 0; y < shape[1]; y++)
      for (let x = 0; x < shape[0]; x++) {
        const [a, b, c] = applyAffine(toOld, [x, y, z]);
        data[i++] = volume.data[a + volume.shape[0] * (b + volume.shape[1] * c)]!;
      }
  return { data, shape, affine: composeAffine(volume.affine, toOld) };
}

function smoothVolume(shape: readonly [number, number, number], spacing: readonly [number, number, number]): Volume {
  const affine = axisAlignedAffine(shape, spacing, [3, -5, 8]);
  const data = new Float32Array(shape[0] * shape[1] * shape[2]);
  for (let i = 0; i < data.length; i++) {
    const index = [i % shape[0], Math.floor(i / shape[0]) % shape[1], Math.floor(i / (shape[0] * shape[1]))] as const;
    const [x, y, z] = applyAffine(affine, index);
    data[i] = 500 + 200 * Math.sin(x / 9) + 150 * Math.cos(y / 7 + 0.4) + 3 * z;
  }
  return { data, shape, affine };
}

const permutations = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]; // biome-ignore format: one line

test("canonical slices do not depend on how the array was stored", () => {
  const volume = smoothVolume([20, 26, 5], [1.2, 0.8, 4]);
  const expected = prepareStack(volume, defaults);
  fc.assert(
    fc.property(fc.constantFrom(...permutations), fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()), (order, flips) => {
      const again = prepareStack(stored(volume, order, flips), defaults);
      const slices = flips[order.indexOf(2)] ? [...again.slices].reverse() : again.slices;
      expect(again.plane).toBe("axial");
      slices.forEach((slice, i) => {
        expect([slice.width, slice.height]).toEqual([expected.slices[i]!.width, expected.slices[i]!.height]);
        const worst = slice.data.reduce((most, v, k) => Math.max(most, Math.abs(v - expected.slices[i]!.data[k]!)), 0);
        expect(worst).toBeLessThan(1e-6);
      });
    }),
  );
});

test("slices hang as radiologists hang them: patient left to image right, anterior or superior up", () => {
  const shape = [8, 8, 8] as const;
  // Bright towards patient left, anterior, superior: 1000 + world.
  const planes = [
    { plane: "axial", spacing: [1, 1, 3], x: [-1, 0, 0], y: [0, -1, 0] },
    { plane: "coronal", spacing: [1, 3, 1], x: [-1, 0, 0], y: [0, 0, -1] },
    { plane: "sagittal", spacing: [3, 1, 1], x: [0, -1, 0], y: [0, 0, -1] },
  ] as const;
  for (const { plane, spacing, x, y } of planes) {
    for (const direction of [x, y]) {
      const affine = axisAlignedAffine(shape, spacing);
      const data = Float32Array.from({ length: 512 }, (_, i) => {
        const w = applyAffine(affine, [i % 8, Math.floor(i / 8) % 8, Math.floor(i / 64)]);
        return 1000 + w[0] * direction[0] + w[1] * direction[1] + w[2] * direction[2];
      });
      const stack = prepareStack({ data, shape, affine }, defaults);
      expect(stack.plane).toBe(plane);
      const at = (px: number, py: number) => stack.slices[3]!.data[px + 8 * py]!;
      expect([Math.sign(at(7, 4) - at(0, 4)), Math.sign(at(4, 7) - at(4, 0))]).toEqual(direction === x ? [1, 0] : [0, 1]);
    }
  }
});

test("restoreStack is the way back, for every way of storing and for finer and coarser pixels", () => {
  for (const pixelMm of [0.5, 1, 1.3]) {
    const options = { ...defaults, pixelMm };
    for (const order of permutations) {
      const volume = stored(smoothVolume([30, 42, 6], [1.1, 0.8, 4]), order, [true, false, true]);
      const { slices, range } = prepareStack(volume, options);
      const back = restoreStack(slices, volume, options);
      expect(back.affine).toEqual(volume.affine);
      let worst = 0;
      back.data.forEach((v, i) => {
        worst = Math.max(worst, Math.abs(v * range.white - Math.min(volume.data[i]!, 3 * range.white)));
      });
      expect(worst).toBeLessThan(pixelMm === 1.3 ? 22 : 14); // of 350 peak to peak; the border pixels blur most
    }
  }
});

test("a mask keeps its place and size through prepareMask and restoreStack", () => {
  const volume = smoothVolume([60, 50, 3], [0.7, 0.9, 4]);
  const data = new Uint8Array(volume.data.length);
  for (let y = 10; y < 30; y++) for (let x = 20; x < 44; x++) data[x + 60 * (y + 50)] = 7;
  const masks = prepareMask({ ...volume, data }, defaults);
  expect(masks[0]!.data.some((v) => v)).toBe(false);
  const area = masks[1]!.data.reduce((a, b) => a + b, 0);
  expect(Math.abs(area - 20 * 24 * 0.63)).toBeLessThan(20); // mm², edges are rounded to a pixel
  const back = restoreStack(
    masks.map((m) => ({ ...m, data: Float32Array.from(m.data) })),
    volume,
    defaults,
  );
  let both = 0;
  let either = 0;
  back.data.forEach((v, i) => {
    both += v >= 0.5 && data[i] ? 2 : 0;
    either += (v >= 0.5 ? 1 : 0) + (data[i] ? 1 : 0);
  });
  expect(both / either).toBeGreaterThan(0.95);
});

test("a rectangle goes where the mask that it bounds goes, and back, for every way of storing", () => {
  for (const order of permutations) {
    for (const flips of [
      [false, false, false],
      [true, false, true],
      [false, true, false],
    ]) {
      // biome-ignore format: one line
      const volume = stored(smoothVolume([30, 42, 6], [1.1, 0.8, 4]), order, flips);
      const axis = sliceAxis(volume);
      const [u, v] = [0, 1, 2].filter((a) => a !== axis) as [number, number];
      const box = { left: 4, top: 6, right: 11, bottom: 19 };
      const data = Uint8Array.from(volume.data, (_, i) => {
        const at = [i % volume.shape[0], Math.floor(i / volume.shape[0]) % volume.shape[1], Math.floor(i / volume.shape[0] / volume.shape[1])]; // biome-ignore format: one line
        return at[u]! >= box.left && at[u]! < box.right && at[v]! >= box.top && at[v]! < box.bottom ? 1 : 0;
      });
      const options = { ...defaults, pixelMm: 0.2 };
      const laid = prepareRectangle(box, volume, options);
      const [mask] = prepareMask({ ...volume, data }, options);
      const bounds = patchesOf(mask!).boxes[0]!;
      for (const [
        edge,
        seen,
      ] of [[laid.left, bounds.x0], [laid.top, bounds.y0], [laid.right, bounds.x1], [laid.bottom, bounds.y1]]) // biome-ignore format: one line
        expect(Math.abs(edge! - seen!)).toBeLessThan(1.01);
      const back = restoreRectangle(laid, volume, options);
      for (const key of ["left", "top", "right", "bottom"] as const) expect(back[key]).toBeCloseTo(box[key], 9);
    }
  }
});

test("a brain-masked volume and the raw one get nearly the same brain when the surround is as bright as fluid", () => {
  const raw = smoothVolume([40, 40, 6], [1, 1, 4]);
  const inside = (i: number) => Math.hypot((i % 40) - 20, (Math.floor(i / 40) % 40) - 20) < 14;
  const masked = { ...raw, data: raw.data.map((v, i) => (inside(i) ? v : 0)) };
  const a = prepareStack(raw, defaults).range;
  const b = prepareStack(masked, defaults).range;
  expect(b.black).toBe(0);
  expect(Math.abs(a.white / b.white - 1)).toBeLessThan(0.1);
});

test("odd contents end in numbers: constant, empty, negative, not finite, one voxel", () => {
  const shape = [4, 4, 2] as const;
  const affine = axisAlignedAffine(shape, [1, 1, 4]);
  const of = (value: (i: number) => number) =>
    prepareStack({ data: Float32Array.from({ length: 32 }, (_, i) => value(i)), shape, affine }, defaults).slices[0]!.data;
  expect([...of(() => 5)].every((v) => v === 1)).toBe(true);
  expect([...of(() => 0)].every((v) => v === 0)).toBe(true);
  expect([...of(() => -3)].every((v) => v === 0)).toBe(true);
  expect([...of((i) => -100 + i)].every((v) => v >= 0 && v <= 3)).toBe(true);
  const holes = of((i) => (i === 0 ? Number.NaN : i === 1 ? Number.POSITIVE_INFINITY : 2));
  expect([...holes].sort()).toEqual([0, 0, ...new Array(14).fill(1)]);
  const one = { data: Float32Array.of(9), shape: [1, 1, 1] as const, affine: axisAlignedAffine([1, 1, 1], [0.5, 0.5, 30]) };
  expect(prepareStack(one, defaults).slices[0]!.data).toEqual(Float32Array.of(1));
  expect(restoreStack(prepareStack(one, defaults).slices, one, defaults).data).toEqual(Float32Array.of(1));
});

test("a grid that would make huge slices is refused with its numbers", () => {
  const shape = [600, 4, 2] as const;
  const volume = { data: new Float32Array(4800), shape, affine: axisAlignedAffine(shape, [9, 9, 30]) };
  expect(() => prepareStack(volume, defaults)).toThrow(/600 x 4 x 2 voxels of 9 x 9 x 30 mm would be 5400 x 36 pixels of 1 mm/);
});

// Computed by torch 2.x: interpolate(x[None, None], size, mode="bilinear", antialias=True, align_corners=False) on x = arange(35).reshape(5, 7) ** 2 % 23.
test("resizing equals PyTorch's antialiased bilinear", () => {
  const image = { data: Float32Array.from({ length: 35 }, (_, i) => (i * i) % 23), width: 7, height: 5 };
  const smaller = resizeImage(image, 3, 2);
  const larger = resizeImage(image, 9, 6);
  torchSmaller.forEach((v, i) => {
    expect(Math.abs(smaller.data[i]! - v)).toBeLessThan(1e-4);
  });
  torchLargerRow.forEach((v, i) => {
    expect(Math.abs(larger.data[9 * 3 + i]! - v)).toBeLessThan(1e-4);
  });
});
const torchSmaller = [8.013, 8.4171, 8.4481, 6.3539, 7.0134, 9.5487];
const torchLargerRow = [8.6667, 10.1667, 6.8426, 3.1389, 8.0, 3.9815, 8.5278, 12.6944, 11.9167];

test("the white point does not depend on how much black surrounds the head, nor on what lies outside the mask given", () => {
  const head = Float32Array.from({ length: 1000 }, (_, i) => 1 + ((i * 7919) % 1000));
  const padded = new Float32Array(50_000);
  padded.set(head, 20_000);
  const bright = padded.map((v, i) => (i < 20_000 ? 5000 : v));
  const inside = padded.map((v) => (v > 0 ? 1 : 0));
  const expected = intensityRange(head, { whitePercentile: 90, window: null });
  expect(expected).toEqual({ black: 0, white: 900 });
  expect(intensityRange(padded, { whitePercentile: 90, window: null })).toEqual(expected);
  expect(intensityRange(bright, { whitePercentile: 90, window: null }, inside)).toEqual(expected);
});

test("a window gives intensities of its own, whatever else is in the volume; what lies beyond is cut off", () => {
  const hounsfield = [-1000, -50, 0, 50, 150, 2000];
  const options = preprocessOptions.parse({ window: [-50, 150], orientation: "stored" });
  const of = (values: readonly number[]) => {
    const volume = { data: Float32Array.from(values), shape: [values.length, 1, 1] as const, affine: axisAlignedAffine([values.length, 1, 1], [1, 1, 5]) }; // biome-ignore format: short
    const { slices, range } = prepareStack(volume, options, 2);
    expect(range).toEqual({ black: -50, white: 150 });
    return [...slices[0]!.data];
  };
  expect(of(hounsfield)).toEqual([0, 0, 0.25, 0.5, 1, 1].map((v) => Math.fround(v)));
  expect(of(hounsfield.slice(1, 4))).toEqual([0, 0.25, 0.5]);
  expect(preprocessOptions.safeParse({ window: [150, -50] }).success).toBe(false);
});
