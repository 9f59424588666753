import type { Vec3 } from "../../core/affine.ts";
import type { Rng } from "../../core/rng.ts";

/**
 * A smooth factor over the field: `exp(sum of coefficient * term)`, the terms being 1-degree and 2-degree monomials
 * x, y, z, xx, yy, zz, xy, xz, yz of coordinates that run from -1 to 1 over the field. No coefficients: exactly 1.
 */
export type SmoothField = readonly number[];

/** Draws a field with |ln factor| at most `logRange` in the whole cube. */
export function drawField(rng: Rng, logRange: number): SmoothField {
  if (logRange === 0) return [];
  const raw = Array.from({ length: 9 }, () => rng.normal());
  const bound = raw.reduce((sum, c) => sum + Math.abs(c), 0);
  return raw.map((c) => (c / bound) * logRange);
}

/** Multiplies slice `k` of a stack by the field. */
export function multiplyField(image: Float32Array, shape: Vec3, k: number, field: SmoothField): void {
  if (field.length === 0) return;
  const [width, height] = shape;
  const z = unit(k, shape[2]);
  const [cx, cy, cz, cxx, cyy, czz, cxy, cxz, cyz] = field as readonly [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const first = unit(0, width);
  const step = unit(1, width) - first;
  for (let j = 0; j < height; j++) {
    const y = unit(j, height);
    const constant = cy * y + cz * z + cyy * y * y + czz * z * z + cyz * y * z;
    const slope = cx + cxy * y + cxz * z;
    // The exponent is quadratic along the row: the factor grows by a ratio that itself grows by a constant one.
    let factor = Math.exp(constant + first * (slope + cxx * first));
    let ratio = Math.exp(step * (slope + cxx * (2 * first + step)));
    const growth = Math.exp(2 * cxx * step * step);
    const row = width * j;
    for (let i = 0; i < width; i++) {
      image[row + i]! *= factor;
      factor *= ratio;
      ratio *= growth;
    }
  }
}

function unit(i: number, n: number): number {
  return n === 1 ? 0 : (2 * i) / (n - 1) - 1;
}
