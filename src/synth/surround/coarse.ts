import type { Vec3 } from "../../core/affine.ts";

/** A smooth function of a canvas, known at every `step`-th voxel along each axis and linear in between. */
export interface CoarseField {
  readonly data: Float32Array;
  readonly shape: Vec3;
  readonly step: number;
}

/** An empty field that covers a canvas of this shape: its last points lie on or beyond the last voxels. */
export function coarseField(canvasShape: Vec3, step: number): CoarseField {
  const shape = canvasShape.map((n) => Math.ceil((n - 1) / step) + 1) as unknown as Vec3;
  return { data: new Float32Array(shape[0] * shape[1] * shape[2]), shape, step };
}

/** Value at a voxel of the canvas. */
export function coarseAt({ data, shape, step }: CoarseField, i: number, j: number, k: number): number {
  const [nx, ny, nz] = shape;
  const x = i / step;
  const y = j / step;
  const z = k / step;
  const xi = Math.min(x | 0, nx - 2);
  const yi = Math.min(y | 0, ny - 2);
  const zi = Math.min(z | 0, nz - 2);
  const fx = x - xi;
  const fy = y - yi;
  const p = xi + nx * (yi + ny * zi);
  const up = nx * ny;
  const a = data[p]! + fx * (data[p + 1]! - data[p]!);
  const b = data[p + nx]! + fx * (data[p + nx + 1]! - data[p + nx]!);
  const c = data[p + up]! + fx * (data[p + up + 1]! - data[p + up]!);
  const d = data[p + up + nx]! + fx * (data[p + up + nx + 1]! - data[p + up + nx]!);
  const ab = a + fy * (b - a);
  return ab + (z - zi) * (c + fy * (d - c) - ab);
}

/** Fills `out` with the values of row (j, k) of the canvas, voxel by voxel. `line` is scratch of at least `shape[0]` elements. */
export function coarseRow({ data, shape, step }: CoarseField, j: number, k: number, out: Float32Array, line: Float32Array): void {
  const [nx, ny, nz] = shape;
  const yi = Math.min((j / step) | 0, ny - 2);
  const zi = Math.min((k / step) | 0, nz - 2);
  const fy = j / step - yi;
  const fz = k / step - zi;
  const p = nx * (yi + ny * zi);
  const up = nx * ny;
  for (let x = 0; x < nx; x++) {
    const a = data[p + x]! + fy * (data[p + nx + x]! - data[p + x]!);
    const b = data[p + up + x]! + fy * (data[p + up + nx + x]! - data[p + up + x]!);
    line[x] = a + fz * (b - a);
  }
  for (let xi = 0; xi < nx - 1; xi++) {
    const rise = (line[xi + 1]! - line[xi]!) / step;
    const start = xi * step;
    const end = Math.min(out.length, start + step + (xi === nx - 2 ? 1 : 0));
    for (let i = start; i < end; i++) out[i] = line[xi]! + rise * (i - start);
  }
}

/** The smaller of two distances, with a fillet of about `k` mm where they meet. */
export function smoothMin(a: number, b: number, k: number): number {
  const h = Math.max(0, k - Math.abs(a - b));
  return Math.min(a, b) - (h * h) / (4 * k);
}
