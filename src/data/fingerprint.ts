import { worldAxes } from "../core/affine.ts";
import type { Volume } from "../core/volume.ts";

/** Cells along each axis. */
const cells = 32;

/**
 * What a volume shows, without its header, scale or noise: the local contrast of 32 x 32 x 32 cells, twice.
 * `stored` follows the array, so that it survives a changed affine; `oriented` follows the patient's axes, so that it
 * survives a copy with turned or mirrored axes. Both have mean 0 and length 1.
 */
export interface Fingerprint {
  readonly stored: Float32Array;
  readonly oriented: Float32Array;
}

/**
 * Likeness from which two volumes count as the same scan.
 *
 * Measured on 40 real volumes: copies with noise of 2 % and 5 % of tissue signal reach .998 and .991 at least; the most alike
 * of different scans are a stack and its repetition minutes later, .973 (one patient), and weeks 35 and 36 of the CRL atlas,
 * .972; procedural phantoms of one week reach .901. With 10 % noise a copy falls to .968 and is not found; nor are copies
 * that were cropped, padded or warped.
 */
export const sameScan = 0.985;

/** The fingerprint of a volume of finite voxels; a NaN voxel makes it NaN, and NaN is like nothing. */
export function fingerprintOf(volume: Volume<Float32Array>): Fingerprint {
  const means = cellMeans(volume);
  return { stored: localContrast(means), oriented: localContrast(orient(means, volume)) };
}

/** Likeness of two volumes in [-1, 1]: 1 for the same content. */
export function likeness(a: Fingerprint, b: Fingerprint): number {
  return Math.max(dot(a.stored, b.stored), dot(a.oriented, b.oriented));
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** Mean over each cell, voxels on a border shared by their overlap, so that mirrored axes give mirrored cells. */
function cellMeans({ data, shape }: Volume<Float32Array>): Float32Array {
  const [nx, ny, nz] = shape;
  const alongX = averageAxis(data, 1, nx, ny * nz);
  const alongY = averageAxis(alongX, cells, ny, nz);
  return averageAxis(alongY, cells * cells, nz, 1);
}

/** Shrinks or stretches the middle one of three axes to `cells`; the first has length `inner`, the last `outer`. */
function averageAxis(data: Float32Array, inner: number, size: number, outer: number): Float32Array {
  const out = new Float32Array(inner * cells * outer);
  for (let cell = 0; cell < cells; cell++) {
    const [from, to] = [(cell * size) / cells, ((cell + 1) * size) / cells];
    for (let i = Math.floor(from); i < Math.ceil(to); i++) {
      const weight = (Math.min(to, i + 1) - Math.max(from, i)) / (to - from);
      for (let o = 0; o < outer; o++) {
        const [source, target] = [inner * (i + size * o), inner * (cell + cells * o)];
        for (let k = 0; k < inner; k++) out[target + k]! += weight * data[source + k]!;
      }
    }
  }
  return out;
}

/** Turns the cells so that they run to the right, to anterior and to superior, as the affine says. */
function orient(means: Float32Array, { affine }: Volume): Float32Array {
  const world = worldAxes(affine);
  const out = new Float32Array(means.length);
  const stride = [1, cells, cells * cells] as const;
  for (let i = 0; i < means.length; i++) {
    let target = 0;
    for (const axis of [0, 1, 2] as const) {
      const at = Math.floor(i / stride[axis]) % cells;
      const forward = affine[4 * world[axis]! + axis]! >= 0;
      target += stride[world[axis] as 0 | 1 | 2] * (forward ? at : cells - 1 - at);
    }
    out[target] = means[i]!;
  }
  return out;
}

/** Each cell less the mean of its 3 x 3 x 3 surroundings, with mean 0 and length 1: shared anatomy is smooth and drops out. */
function localContrast(means: Float32Array): Float32Array {
  const out = new Float32Array(means.length);
  for (let z = 0; z < cells; z++) {
    for (let y = 0; y < cells; y++) {
      for (let x = 0; x < cells; x++)
        out[x + cells * (y + cells * z)] = means[x + cells * (y + cells * z)]! - around(means, x, y, z);
    }
  }
  const mean = out.reduce((a, b) => a + b, 0) / out.length;
  const length = Math.sqrt(out.reduce((sum, v) => sum + (v - mean) ** 2, 0));
  return length > 0 ? out.map((v) => (v - mean) / length) : out.fill(0);
}

function around(means: Float32Array, x: number, y: number, z: number): number {
  let [sum, count] = [0, 0];
  for (let k = Math.max(0, z - 1); k <= Math.min(cells - 1, z + 1); k++) {
    for (let j = Math.max(0, y - 1); j <= Math.min(cells - 1, y + 1); j++) {
      for (let i = Math.max(0, x - 1); i <= Math.min(cells - 1, x + 1); i++) {
        sum += means[i + cells * (j + cells * k)]!;
        count++;
      }
    }
  }
  return sum / count;
}
