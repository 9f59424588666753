import { expect, test } from "vitest";
import { seededRng } from "../../core/rng.ts";
import { bandNoise } from "./band-noise.ts";

const fields = Array.from({ length: 24 }, (_, seed) => bandNoise({ wavelengthMm: 6, seed }));
const rng = seededRng(1);
const places = Array.from({ length: 3000 }, () => [0, 0, 0].map(() => 400 * (rng.uniform() - 0.5)) as [number, number, number]);

/** Mean over fields and places of the product with the field's value at a shift. */
function correlation(dx: number, dy: number, dz: number): number {
  let sum = 0;
  for (const field of fields) for (const [x, y, z] of places) sum += field(x, y, z) * field(x + dx, y + dy, z + dz);
  return sum / fields.length / places.length;
}

test("mean 0, variance 1, bounded; the same from the same seed, another from another", () => {
  const values = fields.flatMap((field) => places.map((p) => field(...p)));
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  expect(Math.abs(mean)).toBeLessThan(0.03);
  expect(Math.abs(correlation(0, 0, 0) - 1)).toBeLessThan(0.05);
  expect(values.every((v) => Math.abs(v) < 4.5)).toBe(true);
  expect(bandNoise({ wavelengthMm: 6, seed: 3 })(1, 2, 3)).toBe(fields[3]!(1, 2, 3));
  expect(fields[4]!(1, 2, 3)).not.toBe(fields[3]!(1, 2, 3));
});

test("near places are alike, and nothing comes back: no distance from two wavelengths on correlates again, in any direction", () => {
  expect(correlation(0.5, 0, 0)).toBeGreaterThan(0.7);
  for (const r of [12, 15, 18, 24, 30, 36, 48, 96, 192]) {
    for (const [x, y, z] of [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0.577, 0.577, 0.577]] as const) {
      expect(Math.abs(correlation(r * x, r * y, r * z)), `${r} mm`).toBeLessThan(0.03);
    }
  }
}); // biome-ignore format: directions in a row

test("no direction stands out", () => {
  const along = [correlation(1.5, 0, 0), correlation(0, 1.5, 0), correlation(0, 0, 1.5), correlation(1.06, 1.06, 0)];
  expect(Math.max(...along) - Math.min(...along)).toBeLessThan(0.06);
});
