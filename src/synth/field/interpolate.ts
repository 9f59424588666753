import type { Vec3 } from "../../core/affine.ts";

/** Displacements in fine voxels, kept on a grid whose nodes lie in the middle of blocks of `factor` fine voxels. */
export interface VectorField {
  readonly shape: Vec3;
  readonly factor: Vec3;
  readonly vectors: readonly [Float32Array, Float32Array, Float32Array];
}

/** The field at a place in fine voxels, by trilinear interpolation; beyond the grid as at its edge. The result is reused by the next call. */
export function sampleLinear({ shape, factor, vectors }: VectorField): (x: number, y: number, z: number) => Vec3 {
  const out: [number, number, number] = [0, 0, 0];
  const [nx, ny, nz] = shape;
  const [px, py, pz] = factor;
  const node = (at: number, n: number, step: number) => held((at - (step - 1) / 2) / step, n);
  const sx = nx > 1 ? 1 : 0;
  const sy = ny > 1 ? nx : 0;
  const sz = nz > 1 ? nx * ny : 0;
  return (x, y, z) => {
    const u = node(x, nx, px);
    const v = node(y, ny, py);
    const w = node(z, nz, pz);
    const i = cellOf(u, nx);
    const j = cellOf(v, ny);
    const k = cellOf(w, nz);
    const fu = u - i;
    const fv = v - j;
    const fw = w - k;
    const base = i + nx * (j + ny * k);
    for (let a = 0; a < 3; a++) {
      const d = vectors[a]!;
      const low = mix(mix(d[base]!, d[base + sx]!, fu), mix(d[base + sy]!, d[base + sx + sy]!, fu), fv);
      const up = base + sz;
      const high = mix(mix(d[up]!, d[up + sx]!, fu), mix(d[up + sy]!, d[up + sx + sy]!, fu), fv);
      out[a] = mix(low, high, fw);
    }
    return out;
  };
}

/** Values at places between voxels by trilinear interpolation; beyond the grid as at its edge. */
export function sampleTrilinear(data: Float32Array, shape: Vec3): (x: number, y: number, z: number) => number {
  const [nx, ny, nz] = shape;
  const sx = nx > 1 ? 1 : 0;
  const sy = ny > 1 ? nx : 0;
  const sz = nz > 1 ? nx * ny : 0;
  return (x, y, z) => {
    const u = held(x, nx);
    const v = held(y, ny);
    const w = held(z, nz);
    const i = cellOf(u, nx);
    const j = cellOf(v, ny);
    const k = cellOf(w, nz);
    const fu = u - i;
    const fv = v - j;
    const fw = w - k;
    const base = i + nx * (j + ny * k);
    const low = mix(mix(data[base]!, data[base + sx]!, fu), mix(data[base + sy]!, data[base + sx + sy]!, fu), fv);
    const up = base + sz;
    return mix(low, mix(mix(data[up]!, data[up + sx]!, fu), mix(data[up + sy]!, data[up + sx + sy]!, fu), fv), fw);
  };
}

/** A coordinate within a grid of n nodes. */
function held(at: number, n: number): number {
  return at < 0 ? 0 : at > n - 1 ? n - 1 : at;
}

/** The first node of the cell that a coordinate within the grid lies in. */
function cellOf(at: number, n: number): number {
  const whole = at | 0;
  return whole < n - 1 || whole === 0 ? whole : n - 2;
}

function mix(a: number, b: number, t: number): number {
  return a + (b - a) * t;
}

/** Values at places between voxels by Catmull-Rom cubic interpolation, which keeps more of the texture than linear does. */
export function sampleCubic(data: Float32Array, shape: Vec3): (x: number, y: number, z: number) => number {
  const clamp = (v: number, n: number) => (v < 0 ? 0 : v >= n ? n - 1 : v);
  const wx = new Float64Array(4);
  const wy = new Float64Array(4);
  const wz = new Float64Array(4);
  return (x, y, z) => {
    const i = Math.floor(x);
    const j = Math.floor(y);
    const k = Math.floor(z);
    cubicWeights(x - i, wx);
    cubicWeights(y - j, wy);
    cubicWeights(z - k, wz);
    let sum = 0;
    for (let c = 0; c < 4; c++) {
      const plane = shape[1] * clamp(k + c - 1, shape[2]);
      for (let b = 0; b < 4; b++) {
        const row = shape[0] * (clamp(j + b - 1, shape[1]) + plane);
        let line = 0;
        for (let a = 0; a < 4; a++) line += wx[a]! * data[row + clamp(i + a - 1, shape[0])]!;
        sum += wy[b]! * wz[c]! * line;
      }
    }
    return sum;
  };
}

function cubicWeights(t: number, out: Float64Array): void {
  out[0] = t * (-0.5 + t * (1 - 0.5 * t));
  out[1] = 1 + t * t * (-2.5 + 1.5 * t);
  out[2] = t * (0.5 + t * (2 - 1.5 * t));
  out[3] = t * t * (-0.5 + 0.5 * t);
}
