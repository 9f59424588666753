import type { Vec3 } from "./affine.ts";

/** A block of voxels, both corners included; empty where `high` is below `low`. */
export interface GridBox {
  readonly low: Vec3;
  readonly high: Vec3;
}

/** The block around the voxels that are not 0, with a margin within the grid; empty (`high` -1) where there is none. */
export function boxAround(inside: Uint8Array, shape: Vec3, spacing: Vec3, marginMm: number): GridBox {
  const low = [Infinity, Infinity, Infinity];
  const high = [-1, -1, -1];
  for (let z = 0, i = 0; z < shape[2]; z++) {
    for (let y = 0; y < shape[1]; y++) {
      for (let x = 0; x < shape[0]; x++, i++) {
        if (inside[i] === 0) continue;
        low[0] = Math.min(low[0]!, x);
        low[1] = Math.min(low[1]!, y);
        low[2] = Math.min(low[2]!, z);
        high[0] = Math.max(high[0]!, x);
        high[1] = Math.max(high[1]!, y);
        high[2] = z;
      }
    }
  }
  if (high[0]! < 0) return { low: [0, 0, 0], high: [-1, -1, -1] };
  const margin = spacing.map((mm) => Math.ceil(marginMm / mm));
  return {
    low: low.map((v, a) => Math.max(0, v - margin[a]!)) as unknown as Vec3,
    high: high.map((v, a) => Math.min(shape[a]! - 1, v + margin[a]!)) as unknown as Vec3,
  };
}
