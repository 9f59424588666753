import { expect, test } from "vitest";
import { axisAlignedAffine, type Vec3 } from "../../core/affine.ts";
import { makeCanvas, paintSolid } from "./canvas.ts";
import { coarseAt, coarseField, coarseRow } from "./coarse.ts";
import { seenRows } from "./seen.ts";
import { boundsOf, capsule, distanceOf, ellipsoid, onion, type Solid } from "./solid.ts";
import { makeTexture } from "./texture.ts";

const plain = { layers: onion(1), texture: 0, roughMm: 0, part: "blob" as const };
const ball = ellipsoid([1, -2, 3], [9, 6, 12], [30, 50, -20], plain);
const rod = capsule([-8, 3, 0], [9, -4, 6], [5, 5], plain);

/** Paints on an empty canvas of 1.5 mm voxels. */
function painted(solid: Solid): { data: Float32Array; shape: Vec3 } {
  const shape: Vec3 = [44, 44, 44];
  const data = new Float32Array(44 ** 3);
  const grid = { shape, affine: axisAlignedAffine(shape, [1.5, 1.5, 1.5], [100, 50, 20]) };
  const canvas = makeCanvas(data, grid, [100, 50, 20], seenRows(grid, null));
  paintSolid(canvas, solid, makeTexture(1), null);
  return { data, shape };
}

test("a painted solid has the volume of the formula", () => {
  const volume = (solid: Solid) => painted(solid).data.reduce((s, v) => s + v, 0) * 1.5 ** 3;
  expect(volume(ball) / ((4 / 3) * Math.PI * 9 * 6 * 12)).toBeCloseTo(1, 1);
  const length = Math.hypot(17, 7, 6);
  expect(volume(rod) / (Math.PI * 25 * length + (4 / 3) * Math.PI * 125)).toBeCloseTo(1, 1);
});

test("every voxel is covered as its distance says, far from the start of a row too", () => {
  const needle = ellipsoid([0, 0, 0], [28, 3, 4], [10, 40, 25], plain);
  const slab = ellipsoid([2, 0, 0], [3, 27, 26], [0, 20, 70], plain);
  for (const solid of [ball, rod, needle, slab]) {
    const { data } = painted(solid);
    const distance = distanceOf(solid.shape);
    let worst = 0;
    for (let p = 0; p < data.length; p++) {
      const at = [p % 44, Math.floor(p / 44) % 44, Math.floor(p / 1936)].map((v) => (v - 21.5) * 1.5) as [number, number, number];
      const truth = Math.min(1, Math.max(0, 0.5 - distance(...at) / 1.5));
      worst = Math.max(worst, Math.abs(data[p]! - truth));
    }
    expect(worst).toBeLessThan(1e-5);
  }
});

test("distances are 0 on the surface, negative inside, and the bounds hold every painted point", () => {
  const distance = distanceOf(rod.shape);
  expect(distance(-8, 3, 0)).toBeCloseTo(-5, 9);
  expect(distance(9, -4, 6 + 12)).toBeCloseTo(7, 0);
  for (const { shape } of [ball, rod]) {
    const [low, high] = boundsOf(shape);
    const d = distanceOf(shape);
    for (let n = 0; n < 20000; n++) {
      const at = [n % 29, Math.floor(n / 29) % 27, Math.floor(n / 783)].map((v) => v * 1.4 - 19) as [number, number, number];
      if (d(...at) < -1e-6) for (const i of [0, 1, 2] as const) expect(at[i] >= low[i] && at[i] <= high[i]).toBe(true);
    }
  }
});

test("layers lie at their depths", () => {
  const { data } = painted(ellipsoid([0, 0, 0], [20, 20, 20], [0, 0, 0], { ...plain, layers: onion(1, 5, 0.5, 12, 0.2) }));
  const along = (mm: number) => data[Math.round(21.5 + mm / 1.5) + 44 * (21 + 44 * 21)]!;
  expect(along(17.2)).toBeCloseTo(1, 5);
  expect(along(11.2)).toBeCloseTo(0.5, 5);
  expect(along(2.2)).toBeCloseTo(0.2, 5);
  expect(along(24)).toBe(0);
});

test("a row of a coarse field or a texture is what single look-ups give", () => {
  const field = coarseField([23, 17, 11], 3);
  for (let i = 0; i < field.data.length; i++) field.data[i] = Math.sin(i * 1.7);
  const texture = makeTexture(5);
  const out = new Float32Array(23);
  for (const [j, k] of [
    [0, 0],
    [16, 10],
    [7, 4],
  ] as const) {
    coarseRow(field, j, k, out, new Float32Array(9));
    for (let i = 0; i < 23; i++) expect(out[i]).toBeCloseTo(coarseAt(field, i, j, k), 5);
    for (const step of [
      [0.3, 0, 0],
      [0.3, 0.1, -0.2],
    ] as const) {
      texture.row([-4.2, j, k + 0.4], step, out);
      for (let i = 0; i < 23; i++)
        expect(out[i]).toBeCloseTo(texture.at(-4.2 + i * step[0], j + i * step[1], k + 0.4 + i * step[2]), 5);
    }
  }
});

test("textures have mean 0 and standard deviation 1 at their lattice, repeat after 32 cells, and differ by seed", () => {
  const [a, b] = [makeTexture(1), makeTexture(2)];
  let [sum, square, product] = [0, 0, 0];
  for (let i = 0; i < 32768; i++) {
    const at = [i % 32, Math.floor(i / 32) % 32, Math.floor(i / 1024)] as const;
    const v = a.at(...at);
    sum += v / 32768;
    square += v ** 2 / 32768;
    product += (v * b.at(...at)) / 32768;
  }
  expect(sum).toBeCloseTo(0, 1);
  expect(square).toBeCloseTo(1, 5);
  expect(Math.abs(product)).toBeLessThan(0.1);
  expect(a.at(3.3, 40.2, -7.9)).toBeCloseTo(a.at(35.3, 8.2, 24.1), 5);
});
