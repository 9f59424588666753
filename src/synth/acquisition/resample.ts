import type { Affine, Vec3 } from "../../core/affine.ts";
import { boxOf } from "../../core/box.ts";
import type { Volume } from "../../core/volume.ts";

/** Between which places, in voxels of the source, samples are taken. */
export interface SampleRange {
  readonly bottom: Vec3;
  readonly top: Vec3;
}

/** All of a source: the outer half of a border voxel counts as that voxel. */
function wholeRange(shape: Vec3): SampleRange {
  return { bottom: [-0.5, -0.5, -0.5], top: [shape[0] - 0.5, shape[1] - 0.5, shape[2] - 0.5] };
}

/** The places where a trilinear sample can be other than 0; none if all voxels are 0. */
export function filledRange({ data, shape }: Pick<Volume, "data" | "shape">): SampleRange {
  const box = boxOf(data, shape);
  if (box === null) return { bottom: [Infinity, Infinity, Infinity], top: [-Infinity, -Infinity, -Infinity] };
  const { bottom, top } = wholeRange(shape);
  return {
    bottom: bottom.map((v, a) => Math.max(v, box.low[a]! - 1)) as unknown as Vec3,
    top: top.map((v, a) => Math.min(v, box.high[a]! + 1)) as unknown as Vec3,
  };
}

/**
 * Adds one plane of trilinear samples, times `weight`, to a slice. Outside the source is 0; the outer half of a border voxel
 * counts as that voxel.
 *
 * @param m - (column, row, slice) of the target → voxel of the source.
 * @param k - Slice coordinate of the plane.
 * @param range - From {@link filledRange}, so that samples that are 0 anyhow are not taken; by default everything.
 */
export function addPlane(
  target: Float32Array,
  size: readonly [number, number],
  source: Float32Array,
  shape: Vec3,
  m: Affine,
  k: number,
  weight: number,
  range: SampleRange = wholeRange(shape),
): void {
  const [width, height] = size;
  for (let j = 0; j < height; j++) {
    const x0 = m[1] * j + m[2] * k + m[3];
    const y0 = m[5] * j + m[6] * k + m[7];
    const z0 = m[9] * j + m[10] * k + m[11];
    const [first, last] = insideRun([x0, y0, z0], [m[0], m[4], m[8]], range, width);
    if (first > last) continue;
    const row = target.subarray(width * j, width * (j + 1));
    addRun(row, [first, last], source, shape, [x0, y0, z0], [m[0], m[4], m[8]], weight);
  }
}

/**
 * Adds trilinear samples along a row, from sample `first` to `last`; at and beyond the border the border voxel stands for what is beyond. The sampler
 * is written out in the loop for speed: it takes half the time of a call for each sample.
 */
function addRun(
  row: Float32Array,
  [first, last]: readonly [number, number],
  source: Float32Array,
  [nx, ny, nz]: Vec3,
  [x0, y0, z0]: Vec3,
  [stepX, stepY, stepZ]: Vec3,
  weight: number,
): void {
  for (let i = first; i <= last; i++) {
    let x = x0 + stepX * i;
    let y = y0 + stepY * i;
    let z = z0 + stepZ * i;
    let dx = 1;
    let dy = nx;
    let up = nx * ny;
    if (!(x >= 0 && x < nx - 1 && y >= 0 && y < ny - 1 && z >= 0 && z < nz - 1)) {
      x = clamp(x, nx - 1);
      y = clamp(y, ny - 1);
      z = clamp(z, nz - 1);
      if (x >= nx - 1) dx = 0;
      if (y >= ny - 1) dy = 0;
      if (z >= nz - 1) up = 0;
    }
    const [fx, fy, fz] = [x - (x | 0), y - (y | 0), z - (z | 0)];
    const p = (x | 0) + nx * ((y | 0) + ny * (z | 0));
    const q = p + dy;
    const a = source[p]! + fx * (source[p + dx]! - source[p]!);
    const b = source[q]! + fx * (source[q + dx]! - source[q]!);
    const c = source[p + up]! + fx * (source[p + up + dx]! - source[p + up]!);
    const d = source[q + up]! + fx * (source[q + up + dx]! - source[q + up]!);
    const ab = a + fy * (b - a);
    row[i]! += weight * (ab + fz * (c + fy * (d - c) - ab));
  }
}

/** Fills a slice with the nearest source voxel's label; 0 outside. */
export function nearestPlane(
  target: Uint8Array,
  size: readonly [number, number],
  source: Uint8Array,
  shape: Vec3,
  m: Affine,
  k: number,
): void {
  const [width, height] = size;
  const [nx, ny, nz] = shape;
  const range = wholeRange(shape);
  for (let j = 0; j < height; j++) {
    const x0 = m[1] * j + m[2] * k + m[3];
    const y0 = m[5] * j + m[6] * k + m[7];
    const z0 = m[9] * j + m[10] * k + m[11];
    const [first, last] = insideRun([x0, y0, z0], [m[0], m[4], m[8]], range, width);
    for (let i = first; i <= last; i++) {
      const x = (clamp(x0 + m[0] * i, nx - 1) + 0.5) | 0;
      const y = (clamp(y0 + m[4] * i, ny - 1) + 0.5) | 0;
      const z = (clamp(z0 + m[8] * i, nz - 1) + 0.5) | 0;
      target[i + width * j] = source[x + nx * (y + ny * z)]!;
    }
  }
}

function clamp(value: number, top: number): number {
  return Math.min(Math.max(value, 0), top);
}

/** First and last i in [0, width) for which `start + step * i` lies within the range; first > last if none. */
function insideRun(start: Vec3, step: Vec3, range: SampleRange, width: number): [number, number] {
  let low = 0;
  let high = width - 1;
  for (let axis = 0; axis < 3; axis++) {
    const [a, b] = [start[axis]!, step[axis]!];
    const [bottom, top] = [range.bottom[axis]!, range.top[axis]!];
    if (Math.abs(b) < 1e-9) {
      if (a < bottom || a > top) return [0, -1];
      continue;
    }
    const ends = b > 0 ? [(bottom - a) / b, (top - a) / b] : [(top - a) / b, (bottom - a) / b];
    low = Math.max(low, Math.ceil(ends[0]!));
    high = Math.min(high, Math.floor(ends[1]!));
  }
  return [low, high];
}
