import { expect, test } from "vitest";
import { seededRng } from "../../core/rng.ts";
import { blurInPlace, noiseGain, pointSpread } from "./psf.ts";

test("full resolution without apodisation is the identity", () => {
  expect(pointSpread(1, 0)).toEqual([1]);
  expect(pointSpread(0.4, 0)).toEqual([1]);
});

test("the kernel's spectrum is the k-space window: 1 in the middle, 0 beyond the acquired band", () => {
  for (const [resolution, apodisation] of [
    [1.5, 0.5],
    [2, 0.5],
    [2.4, 0.46],
  ] as const) {
    const kernel = pointSpread(resolution, apodisation);
    const response = (f: number) => kernel.reduce((sum, v, n) => sum + (n === 0 ? v : 2 * v * Math.cos(2 * Math.PI * f * n)), 0);
    expect(response(0)).toBeCloseTo(1, 9);
    const band = 0.5 / resolution;
    expect(response(band / 2)).toBeCloseTo(1 - apodisation, 1); // the cosine window at half of its width
    for (const f of [1.25 * band, Math.min(0.5, 1.6 * band)]) expect(Math.abs(response(f))).toBeLessThan(0.06);
  }
});

test("blurring white noise scales its standard deviation by noiseGain, and keeps a constant image", () => {
  const rng = seededRng(1);
  const [width, height] = [120, 90];
  const kernels = [pointSpread(1.8, 0.2), pointSpread(1.2, 0.4)] as const;
  const image = Float32Array.from({ length: width * height }, () => rng.normal());
  blurInPlace(image, [width, height], kernels, "wrap", new Float32Array(image.length));
  const deviation = Math.sqrt(image.reduce((s, v) => s + v * v, 0) / image.length);
  expect(deviation / (noiseGain(kernels[0]) * noiseGain(kernels[1]))).toBeCloseTo(1, 1);
  const flat = new Float32Array(width * height).fill(2);
  blurInPlace(flat, [width, height], kernels, "repeat", new Float32Array(flat.length));
  for (const v of flat) expect(v).toBeCloseTo(2, 5);
});
