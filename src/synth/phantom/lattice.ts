import { clamp, type Field } from "./fields.ts";

/** A box in mm, low and high corner. */
export interface Bounds {
  readonly low: readonly [number, number, number];
  readonly high: readonly [number, number, number];
}

/** A scalar field sampled on a regular grid of points: x fastest, the first point at `low`, points `step` mm apart. */
export interface Lattice {
  readonly data: Float32Array;
  readonly shape: readonly [number, number, number];
  readonly low: readonly [number, number, number];
  readonly step: number;
}

/** The lattice of a box with zeros. */
function emptyLattice({ low, high }: Bounds, step: number): Lattice {
  const shape = [0, 1, 2].map((i) => Math.ceil((high[i]! - low[i]!) / step) + 1) as [number, number, number];
  return { data: new Float32Array(shape[0] * shape[1] * shape[2]), shape, low, step };
}

/** Samples a field at the points of a box. */
export function sampleField(field: Field, bounds: Bounds, step: number): Lattice {
  const lattice = emptyLattice(bounds, step);
  const { data, shape: [nx, ny, nz], low } = lattice; // biome-ignore format: one line
  let n = 0;
  for (let k = 0; k < nz; k++) {
    for (let j = 0; j < ny; j++) {
      for (let i = 0; i < nx; i++) data[n++] = field(low[0] + i * step, low[1] + j * step, low[2] + k * step);
    }
  }
  return lattice;
}

/** Points of a block's side in {@link distanceLattice}. */
const block = 3;

/** A block is asked in one point where its value says that the surface is this many times farther than the block reaches: fields are estimates. Our choice. */
const slack = 3;

/** {@link redistance} of a field sampled at the points of a box, which asks for all points only near its zero surface: of others the sign is enough. */
export function distanceLattice(field: Field, bounds: Bounds, step: number): Lattice {
  const lattice = emptyLattice(bounds, step);
  const { data, shape: [nx, ny, nz], low } = lattice; // biome-ignore format: one line
  const middle = block >> 1;
  const reach = slack * step * Math.hypot(middle + 1, middle, middle); // to the neighbours of the block's points
  const at = (i: number, j: number, k: number) => field(low[0] + i * step, low[1] + j * step, low[2] + k * step);
  for (let k0 = 0; k0 < nz; k0 += block) {
    for (let j0 = 0; j0 < ny; j0 += block) {
      for (let i0 = 0; i0 < nx; i0 += block) {
        const rough = at(i0 + middle, j0 + middle, k0 + middle);
        const far = Math.abs(rough) > reach;
        for (let k = k0; k < Math.min(nz, k0 + block); k++)
          for (let j = j0; j < Math.min(ny, j0 + block); j++)
            for (let i = i0; i < Math.min(nx, i0 + block); i++) data[i + nx * (j + ny * k)] = far ? rough : at(i, j, k);
      }
    }
  }
  return redistance(lattice);
}

/** The lattice as a field again: trilinear between points, held at the border outside. */
export function latticeField({ data, shape: [nx, ny, nz], low: [lx, ly, lz], step }: Lattice): Field {
  const inverse = 1 / step;
  const nxy = nx * ny;
  return (x, y, z) => {
    const u = clamp((x - lx) * inverse, 0, nx - 1.001);
    const v = clamp((y - ly) * inverse, 0, ny - 1.001);
    const w = clamp((z - lz) * inverse, 0, nz - 1.001);
    const i = u | 0;
    const j = v | 0;
    const k = w | 0;
    const a = u - i;
    const b = v - j;
    const c = w - k;
    const n = i + nx * j + nxy * k;
    const m = n + nxy;
    const low = (data[n]! * (1 - a) + data[n + 1]! * a) * (1 - b) + (data[n + nx]! * (1 - a) + data[n + nx + 1]! * a) * b;
    const high = (data[m]! * (1 - a) + data[m + 1]! * a) * (1 - b) + (data[m + nx]! * (1 - a) + data[m + nx + 1]! * a) * b;
    return low * (1 - c) + high * c;
  };
}

/**
 * Turns an implicit function (negative inside) into the signed distance to its zero surface.
 *
 * Source: the fast sweeping method, Zhao 2005, doi:10.1090/S0025-5718-04-01678-3; next to the surface the distance is value over gradient.
 */
export function redistance(lattice: Lattice): Lattice {
  const { data, shape, step } = lattice;
  const near = surfaceDistances(lattice);
  const distance = near.slice();
  for (let sweep = 0; sweep < 8; sweep++) sweepOnce(distance, near, shape, step, sweep);
  for (let n = 0; n < data.length; n++) if (data[n]! < 0) distance[n] = -distance[n]!;
  return { ...lattice, data: distance };
}

const far = 1e6;

/** Unsigned distance at the points that have a neighbour of the other sign, `far` elsewhere. */
function surfaceDistances({ data, shape: [nx, ny, nz], step }: Lattice): Float32Array {
  const out = new Float32Array(data.length).fill(far);
  const nxy = nx * ny;
  const strides = [1, nx, nxy];
  for (let k = 1; k < nz - 1; k++) {
    for (let j = 1; j < ny - 1; j++) {
      for (let i = 1; i < nx - 1; i++) {
        const n = i + nx * j + nxy * k;
        const here = data[n]!;
        let inverse2 = 0;
        for (const stride of strides) {
          // Along each axis the nearer crossing; the plane through the crossings gives the distance.
          const gap = Math.min(crossing(here, data[n - stride]!), crossing(here, data[n + stride]!));
          if (gap <= 1) inverse2 += 1 / Math.max(gap * gap, 1e-8);
        }
        if (inverse2 > 0) out[n] = step / Math.sqrt(inverse2);
      }
    }
  }
  return out;
}

/** Where between 0 (here) and 1 (there) a field changes its sign; 2 if it does not. */
function crossing(here: number, there: number): number {
  return here < 0 !== there < 0 ? here / (here - there) : 2;
}

function sweepOnce(d: Float32Array, fixed: Float32Array, [nx, ny, nz]: Lattice["shape"], step: number, order: number): void {
  const nxy = nx * ny;
  const [up, right, forth] = [(order & 1) === 0, (order & 2) === 0, (order & 4) === 0];
  for (let kk = 0; kk < nz; kk++) {
    const k = up ? kk : nz - 1 - kk;
    for (let jj = 0; jj < ny; jj++) {
      const j = right ? jj : ny - 1 - jj;
      for (let ii = 0; ii < nx; ii++) {
        const i = forth ? ii : nx - 1 - ii;
        const n = i + nx * j + nxy * k;
        if (fixed[n]! < far) continue;
        const a = Math.min(i > 0 ? d[n - 1]! : far, i < nx - 1 ? d[n + 1]! : far);
        const b = Math.min(j > 0 ? d[n - nx]! : far, j < ny - 1 ? d[n + nx]! : far);
        const c = Math.min(k > 0 ? d[n - nxy]! : far, k < nz - 1 ? d[n + nxy]! : far);
        if (Math.min(a, b, c) >= d[n]!) continue; // the distance is larger than that of the nearest neighbour
        const value = solveEikonal(a, b, c, step);
        if (value < d[n]!) d[n] = value;
      }
    }
  }
}

/** The distance that has unit slope against the smallest neighbours along the three axes. */
function solveEikonal(p: number, q: number, r: number, h: number): number {
  const a = Math.min(p, q, r);
  const c = Math.max(p, q, r);
  const b = p + q + r - a - c;
  let value = a + h;
  if (value <= b) return value;
  value = (a + b + Math.sqrt(2 * h * h - (a - b) * (a - b))) / 2;
  if (value <= c) return value;
  const sum = a + b + c;
  return (sum + Math.sqrt(Math.max(0, sum * sum - 3 * (a * a + b * b + c * c - h * h)))) / 3;
}

/** The three components of the unit gradient, each on the same lattice; central differences. */
export function unitGradient({ data, shape, low, step }: Lattice): readonly [Lattice, Lattice, Lattice] {
  const [nx, ny, nz] = shape;
  const parts = [0, 1, 2].map(() => new Float32Array(data.length)) as [Float32Array, Float32Array, Float32Array];
  let n = 0;
  for (let k = 0; k < nz; k++) {
    for (let j = 0; j < ny; j++) {
      for (let i = 0; i < nx; i++, n++) {
        const gx = data[i < nx - 1 ? n + 1 : n]! - data[i > 0 ? n - 1 : n]!;
        const gy = data[j < ny - 1 ? n + nx : n]! - data[j > 0 ? n - nx : n]!;
        const gz = data[k < nz - 1 ? n + nx * ny : n]! - data[k > 0 ? n - nx * ny : n]!;
        const size = Math.sqrt(gx * gx + gy * gy + gz * gz) || 1;
        parts[0][n] = gx / size;
        parts[1][n] = gy / size;
        parts[2][n] = gz / size;
      }
    }
  }
  return parts.map((part) => ({ data: part, shape, low, step })) as unknown as readonly [Lattice, Lattice, Lattice];
}

/** Size of the gradient at each point, 1/mm times the field's unit; central differences. */
export function gradientSize({ data, shape: [nx, ny, nz], step }: Lattice): Float32Array {
  const out = new Float32Array(data.length);
  let n = 0;
  for (let k = 0; k < nz; k++) {
    for (let j = 0; j < ny; j++) {
      for (let i = 0; i < nx; i++, n++) {
        const gx = (data[i < nx - 1 ? n + 1 : n]! - data[i > 0 ? n - 1 : n]!) / 2;
        const gy = (data[j < ny - 1 ? n + nx : n]! - data[j > 0 ? n - nx : n]!) / 2;
        const gz = (data[k < nz - 1 ? n + nx * ny : n]! - data[k > 0 ? n - nx * ny : n]!) / 2;
        out[n] = Math.sqrt(gx * gx + gy * gy + gz * gz) / step;
      }
    }
  }
  return out;
}

/** The lattice smoothed with [1 2 1]/4 along each axis, `times` times. */
export function smoothed(lattice: Lattice, times: number): Lattice {
  const [nx, ny, nz] = lattice.shape;
  let data: Float32Array = lattice.data;
  for (let t = 0; t < times; t++) {
    for (const [stride, count] of [
      [1, nx],
      [nx, ny],
      [nx * ny, nz],
    ] as const)
      data = smoothAlong(data, stride, count);
  }
  return { ...lattice, data };
}

function smoothAlong(data: Float32Array, stride: number, count: number): Float32Array {
  const out = new Float32Array(data.length);
  for (let n = 0; n < data.length; n++) {
    const i = Math.floor(n / stride) % count;
    const before = i > 0 ? data[n - stride]! : data[n]!;
    const after = i < count - 1 ? data[n + stride]! : data[n]!;
    out[n] = (before + 2 * data[n]! + after) / 4;
  }
  return out;
}
