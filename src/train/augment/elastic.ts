import type { ElasticGrid } from "./draw.ts";

/** Displacement of each pixel of a square window, pixels, row-major. */
export interface DisplacementField {
  readonly dx: Float32Array;
  readonly dy: Float32Array;
}

/** Evaluates the cubic B-spline of a grid at every pixel of a window of `size` x `size`. */
export function elasticField({ cell, points, dx, dy }: ElasticGrid, size: number): DisplacementField {
  const taps = Array.from({ length: size }, (_, i) => splineWeights(i / cell));
  return { dx: surface(dx, points, taps), dy: surface(dy, points, taps) };
}

interface SplineTaps {
  readonly first: number;
  readonly weights: readonly [number, number, number, number];
}

/** Control point 0 lies one cell before the window, so position t (in cells) lies between points t + 1 and t + 2. */
function splineWeights(t: number): SplineTaps {
  const first = Math.floor(t);
  const f = t - first;
  const g = 1 - f;
  return { first, weights: [g ** 3 / 6, 2 / 3 - f * f + f ** 3 / 2, 2 / 3 - g * g + g ** 3 / 2, f ** 3 / 6] };
}

/** Tensor product: along x for every row of control points, then along y. */
function surface(values: readonly number[], points: number, taps: readonly SplineTaps[]): Float32Array {
  const size = taps.length;
  const rows = new Float64Array(points * size);
  for (let row = 0; row < points; row++) {
    for (let x = 0; x < size; x++) {
      const { first, weights } = taps[x]!;
      let sum = 0;
      for (let k = 0; k < 4; k++) sum += weights[k]! * values[row * points + first + k]!;
      rows[row * size + x] = sum;
    }
  }
  const out = new Float32Array(size * size);
  for (let y = 0; y < size; y++) {
    const { first, weights } = taps[y]!;
    for (let x = 0; x < size; x++) {
      let sum = 0;
      for (let k = 0; k < 4; k++) sum += weights[k]! * rows[(first + k) * size + x]!;
      out[y * size + x] = sum;
    }
  }
  return out;
}
