import { seededRng } from "../../core/rng.ts";

/** Cells along each axis of the tile; a power of two, so that wrapping is a bit mask. */
const cells = 32;
const mask = cells - 1;

/**
 * Smooth noise of mean 0 and standard deviation 1 that repeats after 32 cells.
 * A cell is as large as the caller says, so one tile serves several scales.
 */
export interface Texture {
  /** Noise at a point, in cells; linear between lattice points, so its standard deviation is a little below 1. */
  at(x: number, y: number, z: number): number;
  /** Fills `out` with the noise along a line: `out[i]` is the noise at `start + i * step`, in cells. */
  row(start: readonly [number, number, number], step: readonly [number, number, number], out: Float32Array): void;
}

/** A texture decided by its seed alone. */
export function makeTexture(seed: number | string): Texture {
  const at = noiseOf(smoothTile(seed));
  const line = new Float32Array(cells);
  return {
    at,
    row([x, y, z], [dx, dy, dz], out) {
      if (dy !== 0 || dz !== 0) {
        for (let i = 0; i < out.length; i++) out[i] = at(x + i * dx, y + i * dy, z + i * dz);
        return;
      }
      // Along the tile's own axis the other two interpolations are the same for the whole row.
      for (let c = 0; c < cells; c++) line[c] = at(c, y, z);
      for (let i = 0; i < out.length; i++) {
        const t = x + i * dx;
        const whole = Math.floor(t);
        const a = line[whole & mask]!;
        out[i] = a + (t - whole) * (line[(whole + 1) & mask]! - a);
      }
    },
  };
}

/** A tile as a function of a place in cells: trilinear, repeating. */
function noiseOf(tile: Float32Array): Texture["at"] {
  return (x, y, z) => {
    const xf = Math.floor(x);
    const yf = Math.floor(y);
    const zf = Math.floor(z);
    const fx = x - xf;
    const fy = y - yf;
    const fz = z - zf;
    const x0 = xf & mask;
    const x1 = (x0 + 1) & mask;
    const y0 = (yf & mask) * cells;
    const y1 = ((yf + 1) & mask) * cells;
    const z0 = (zf & mask) * cells * cells;
    const z1 = ((zf + 1) & mask) * cells * cells;
    const a = tile[x0 + y0 + z0]! + fx * (tile[x1 + y0 + z0]! - tile[x0 + y0 + z0]!);
    const b = tile[x0 + y1 + z0]! + fx * (tile[x1 + y1 + z0]! - tile[x0 + y1 + z0]!);
    const c = tile[x0 + y0 + z1]! + fx * (tile[x1 + y0 + z1]! - tile[x0 + y0 + z1]!);
    const d = tile[x0 + y1 + z1]! + fx * (tile[x1 + y1 + z1]! - tile[x0 + y1 + z1]!);
    const ab = a + fy * (b - a);
    return ab + fz * (c + fy * (d - c) - ab);
  };
}

function smoothTile(seed: number | string): Float32Array {
  const rng = seededRng(seed);
  let tile = Float32Array.from({ length: cells ** 3 }, () => rng.normal());
  for (const stride of [1, cells, cells * cells]) {
    const next = new Float32Array(tile.length);
    for (let i = 0; i < tile.length; i++) {
      const at = Math.floor(i / stride) & mask;
      const before = i + (((at - 1) & mask) - at) * stride;
      const after = i + (((at + 1) & mask) - at) * stride;
      next[i] = 0.5 * tile[i]! + 0.25 * (tile[before]! + tile[after]!);
    }
    tile = next;
  }
  const power = tile.reduce((sum, v) => sum + v * v, 0) / tile.length;
  return tile.map((v) => v / Math.sqrt(power));
}
