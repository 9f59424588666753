import { crc32 } from "node:zlib";
import type { WeightArray } from "../../src/models/model.ts";

// The other half of scripts/fixtures/seeded.py: numbers that PyTorch and the tests both make of a name.

/** Uniform in [low, high), decided by the name: murmur3's finalizer of crc32(name) + i * 0x9e3779b9. */
export function seeded(name: string, shape: readonly number[], low = -1, high = 1): WeightArray {
  const size = shape.reduce((a, b) => a * b, 1);
  const start = crc32(name);
  const data = new Float32Array(size);
  for (let i = 0; i < size; i++) {
    let h = (start + Math.imul(i, 0x9e3779b9)) >>> 0;
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    data[i] = low + (high - low) * (((h ^ (h >>> 16)) >>> 8) / 2 ** 24);
  }
  return { shape, data };
}

/** The numbers of a weight, in PyTorch's layout, by its name and shape there. */
export function seededWeight(name: string, shape: readonly number[]): WeightArray {
  if (shape.length > 1) {
    const taps = shape.slice(2).reduce((a, b) => a * b, 1);
    const bound = shape.length > 2 ? Math.sqrt(6 / (shape[0]! * taps)) : Math.sqrt(3 / shape[1]!);
    return seeded(name, shape, -bound, bound);
  }
  if (name.endsWith(".bn3.weight")) return seeded(name, shape, 0.2, 0.4);
  return /running_var$|weight$/.test(name) ? seeded(name, shape, 0.5, 1.5) : seeded(name, shape, -0.2, 0.2);
}

/** Largest difference, as a share of the largest magnitude expected. */
export function worst(got: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (got.length !== expected.length) return Number.POSITIVE_INFINITY;
  let [difference, scale] = [0, 1e-6];
  for (let i = 0; i < expected.length; i++) {
    difference = Math.max(difference, Number.isFinite(got[i]!) ? Math.abs(got[i]! - expected[i]!) : Number.POSITIVE_INFINITY);
    scale = Math.max(scale, Math.abs(expected[i]!));
  }
  return difference / scale;
}
