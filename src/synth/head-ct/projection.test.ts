import { expect, test } from "vitest";
import { filterKernel, project, reconstruct } from "./projection.ts";
import { scannerFaults } from "./scan-noise.ts";
import { boneOverWater, hardeningError } from "./spectrum.ts";

const size = 96;
const disc = (radius: number, pixelMm = 1, offset: readonly [number, number] = [0, 0]) =>
  Float32Array.from({ length: size * size }, (_, i) => {
    const [x, y] = [(i % size) - (size - 1) / 2 - offset[0], Math.floor(i / size) - (size - 1) / 2 - offset[1]];
    return Math.hypot(x, y) * pixelMm < radius ? 1 : 0;
  });

test("line integrals through a disc are its chords, wherever it lies and from wherever it is seen", () => {
  const { data, bins, views } = project({ data: disc(30, 1, [8, -5]), size, pixelMm: 1 }, 12);
  for (let v = 0; v < views; v++) {
    const angle = (Math.PI * v) / views;
    const middle = 8 * Math.cos(angle) - 5 * Math.sin(angle);
    for (let b = 0; b < bins; b++) {
      const s = b - (bins - 1) / 2 - middle;
      if (Math.abs(Math.abs(s) - 30) < 3) continue; // pixels are square, the rim is not
      const chord = Math.abs(s) < 30 ? 2 * Math.sqrt(900 - s * s) : 0;
      expect(Math.abs(data[v * bins + b]! - chord)).toBeLessThan(2);
    }
  }
});

test("the ramp filter has its textbook values", () => {
  const kernel = filterKernel(6, () => 1);
  const expected = [1 / 4, -1 / Math.PI ** 2, 0, -1 / (3 * Math.PI) ** 2, 0, -1 / (5 * Math.PI) ** 2];
  for (const [n, value] of expected.entries()) expect(kernel[n]).toBeCloseTo(value, 6);
});

test("what is projected is reconstructed", () => {
  const out = reconstruct(project({ data: disc(30), size, pixelMm: 0.7 }, 180), size, (f) => 0.5 + 0.5 * Math.cos(Math.PI * f));
  const at = (x: number, y: number) => out[x + size * y]!;
  for (const [x, y] of [[48, 48], [60, 48], [40, 35]] as const) expect(at(x, y)).toBeCloseTo(1, 1); // biome-ignore format: a list
  for (const [x, y] of [[4, 48], [90, 10]] as const) expect(Math.abs(at(x, y))).toBeLessThan(0.05); // biome-ignore format: a list
});

const spread = (values: Float32Array) => {
  const middle = values.filter((_, i) => Math.hypot((i % 220) - 109.5, Math.floor(i / 220) - 109.5) < 25);
  const mean = middle.reduce((a, b) => a + b, 0) / middle.length;
  return Math.sqrt(middle.reduce((a, b) => a + (b - mean) ** 2, 0) / middle.length);
};
const phantom = (radius: number) => ({
  data: Float32Array.from({ length: 220 * 220 }, (_, i) =>
    Math.hypot((i % 220) - 109.5, Math.floor(i / 220) - 109.5) * 0.9 < radius ? 0 : -1000,
  ),
  size: 220,
  pixelMm: 0.9,
});
const faults = { waterNoise: 4, kernel: "soft", hardening: 0, seed: 7 } as const;

test("noise in the middle of 200 mm of water is what was asked for; a thinner body has less, a sharp kernel more", () => {
  const usual = spread(scannerFaults(phantom(100), 0, faults));
  expect(Math.abs(usual / 4 - 1)).toBeLessThan(0.12);
  // Half the water at each ray's end: exp(-waterPerMm * 80 / 2) of the noise.
  expect(spread(scannerFaults(phantom(60), 0, faults)) / usual).toBeCloseTo(Math.exp(-0.0198 * 40), 1);
  expect(spread(scannerFaults(phantom(100), 0, { ...faults, kernel: "sharp" })) / usual).toBeGreaterThan(1.3);
});

test("bone hardens the beam: water alone is right, bone reads too low, more so in more of it, and dark between two bones", () => {
  expect(hardeningError(150, 0)).toBe(0);
  const [one, two] = [hardeningError(150, 10), hardeningError(150, 20)];
  expect(Math.abs(hardeningError(150, 1))).toBeLessThan(0.05); // what HU are scaled by
  expect(one).toBeLessThan(0);
  expect(two).toBeLessThan(2 * one);
  expect(Math.abs(two)).toBeLessThan(boneOverWater * 20);
  const head = phantom(90);
  for (const x of [60, 160]) for (let y = 100; y < 120; y++) for (let i = x - 8; i < x + 8; i++) head.data[i + 220 * y] = 1500;
  const dark = scannerFaults(head, 0, { ...faults, waterNoise: 1e-6, hardening: 1 });
  expect(dark[110 + 220 * 110]!).toBeLessThan(dark[110 + 220 * 60]! - 5);
});
