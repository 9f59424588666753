import { mean, standardDeviation } from "simple-statistics";
import { expect, test } from "vitest";
import { seededRng } from "../../core/rng.ts";
import { corrupt, drawNoise, drawSwaps } from "./corrupt.ts";
import { denoiseOptions, restoreOptions } from "./options.ts";
import { drawRegions, regionShares } from "./regions.ts";

const size = 48;
const image = Float32Array.from({ length: size * size }, (_, i) => 1 + i);

test("patches change places: the same pixels in another order, all else untouched, the window itself not modified", () => {
  const options = restoreOptions.parse({ swaps: 6, sidePixels: [4, 16] });
  for (let seed = 0; seed < 40; seed++) {
    const drawn = drawSwaps(seededRng(seed), options, size);
    const before = image.slice();
    const out = corrupt(image, size, drawn);
    expect(image).toEqual(before);
    expect(out.toSorted()).toEqual(image);
    expect(corrupt(image, size, JSON.parse(JSON.stringify(drawn)))).toEqual(out);
    if (drawn.kind !== "swaps") throw new Error("swaps");
    const covered = new Set<number>();
    for (const { side, places } of drawn.swaps) {
      const [a, b] = places;
      expect(Math.abs(a.x - b.x) >= side || Math.abs(a.y - b.y) >= side).toBe(true);
      for (const { x, y } of places) {
        expect(Math.min(x, y, size - side - x, size - side - y)).toBeGreaterThanOrEqual(0);
        for (let i = 0; i < side * side; i++) covered.add(x + (i % side) + size * (y + Math.floor(i / side)));
      }
    }
    for (const [i, value] of out.entries()) if (!covered.has(i)) expect(value).toBe(image[i]);
  }
});

test("without turns one swap is undone by itself; a quarter turn is that of an array", () => {
  const once = drawSwaps(seededRng(3), restoreOptions.parse({ swaps: 1, sidePixels: [9, 9], quarterTurns: false }), size);
  expect(corrupt(corrupt(image, size, once), size, once)).toEqual(image);
  const places = [
    { x: 0, y: 0 },
    { x: 10, y: 20 },
  ] as const;
  const turned = corrupt(image, size, { kind: "swaps", swaps: [{ side: 2, places, turns: [1, 0] }] });
  const at = (of: Float32Array, x: number, y: number) => of[x + size * y];
  // a b / c d, turned by a quarter: b d / a c, or its mirror c a / d b
  const [a, b, c, d] = [at(image, 0, 0), at(image, 1, 0), at(image, 0, 1), at(image, 1, 1)];
  const got = [at(turned, 10, 20), at(turned, 11, 20), at(turned, 10, 21), at(turned, 11, 21)];
  expect([[b, d, a, c], [c, a, d, b]]).toContainEqual(got); // biome-ignore format: short
});

test("coarse noise has the deviation that was asked for at its points, is straight between them, and leaves black alone", () => {
  const options = denoiseOptions.parse({ noise: 0.2, cellPixels: 8 });
  const flat = new Float32Array(size * size).fill(1);
  flat.fill(0, 0, size);
  const values: number[] = [];
  for (let seed = 0; seed < 60; seed++) {
    const drawn = drawNoise(seededRng(seed), options);
    if (drawn.kind !== "noise") throw new Error("noise");
    const out = corrupt(flat, size, drawn);
    expect(out.subarray(0, size)).toEqual(new Float32Array(size));
    values.push(...out.subarray(size).map((v) => v - 1));
    const row = Array.from(out.subarray(5 * size, 6 * size));
    const bends = row.slice(1, -1).filter((v, i) => Math.abs(row[i]! - 2 * v + row[i + 2]!) > 1e-5).length;
    expect(bends).toBeLessThanOrEqual(2 * Math.ceil(size / 8)); // at most the two pixels beside each point
  }
  expect(Math.abs(mean(values))).toBeLessThan(0.02);
  // the mean of the squared weights of a linear interpolation is 2/3 along each side
  expect(standardDeviation(values)).toBeCloseTo(0.2 * (2 / 3), 1.7);
});

test("regions are those that were drawn: their shares sum to 1 and lie in a square; no two of a slice are the same while there are others", () => {
  const drawn = drawRegions(seededRng(2), 3, 36, 3, 8);
  for (const corners of drawn.corners) expect(new Set(corners.map(String)).size).toBe(36);
  const { shape, data } = regionShares(drawn);
  expect(shape).toEqual([3, 36, 64, 1]);
  for (let r = 0; r < 3 * 36; r++) {
    const own = data.subarray(64 * r, 64 * (r + 1));
    const [left, top] = drawn.corners[Math.floor(r / 36)]![r % 36]!;
    for (let i = 0; i < 64; i++) {
      const [x, y] = [i % 8, Math.floor(i / 8)];
      const inside = x >= left && x < left + 3 && y >= top && y < top + 3;
      expect(own[i]).toBeCloseTo(inside ? 1 / 9 : 0, 7);
    }
  }
});
