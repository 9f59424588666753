import type { Vec3 } from "./affine.ts";
import type { Voxels } from "./volume.ts";

/** A block of voxels, both corners included; empty where `high` is below `low`. */
export interface GridBox {
  readonly low: Vec3;
  readonly high: Vec3;
}

/** The smallest block that holds all voxels that are not 0; null if there is none. */
export function boxOf(values: Voxels, [nx, ny, nz]: Vec3): GridBox | null {
  let [x0, y0, z0, x1, y1, z1] = [nx, ny, nz, -1, -1, -1];
  for (let z = 0, row = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++, row += nx) {
      let first = 0;
      while (first < nx && values[row + first] === 0) first++;
      if (first === nx) continue;
      let last = nx - 1;
      while (values[row + last] === 0) last--;
      if (first < x0) x0 = first;
      if (last > x1) x1 = last;
      if (y < y0) y0 = y;
      if (y > y1) y1 = y;
      if (z < z0) z0 = z;
      z1 = z;
    }
  }
  return x1 < 0 ? null : { low: [x0, y0, z0], high: [x1, y1, z1] };
}

/** A block with a margin on each side, as far as the grid goes. */
export function grownBox({ low, high }: GridBox, shape: Vec3, spacing: Vec3, marginMm: number): GridBox {
  const margin = spacing.map((mm) => Math.ceil(marginMm / mm));
  return {
    low: low.map((v, a) => Math.max(0, v - margin[a]!)) as unknown as Vec3,
    high: high.map((v, a) => Math.min(shape[a]! - 1, v + margin[a]!)) as unknown as Vec3,
  };
}

/** The block around the voxels that are not 0, with a margin within the grid; empty (`high` -1) where there is none. */
export function boxAround(inside: Uint8Array, shape: Vec3, spacing: Vec3, marginMm: number): GridBox {
  const box = boxOf(inside, shape);
  return box === null ? { low: [0, 0, 0], high: [-1, -1, -1] } : grownBox(box, shape, spacing, marginMm);
}

/** Calls `visit(index, x, y, z)` for the voxels of a block, in array order. */
export function forEachVoxelIn(
  { shape }: { readonly shape: Vec3 },
  { low, high }: GridBox,
  visit: (index: number, x: number, y: number, z: number) => void,
): void {
  for (let z = low[2]; z <= high[2]; z++) {
    for (let y = low[1]; y <= high[1]; y++) {
      const row = shape[0] * (y + shape[1] * z);
      for (let x = low[0]; x <= high[0]; x++) visit(row + x, x, y, z);
    }
  }
}

/** Calls `visit(start, row)` for the rows of a block in array order: the index of the row's first voxel, and its number. */
export function forEachRow(shape: Vec3, { low, high }: GridBox, visit: (start: number, row: number) => void): void {
  let row = 0;
  for (let z = low[2]; z <= high[2]; z++) {
    for (let y = low[1]; y <= high[1]; y++) visit(low[0] + shape[0] * (y + shape[1] * z), row++);
  }
}

/** The voxels of a block as an array of their own. */
export function cutOut<Data extends Voxels>(values: Data, shape: Vec3, box: GridBox): { data: Data; shape: Vec3 } {
  const size = box.high.map((v, a) => v - box.low[a]! + 1) as unknown as Vec3;
  const data = new (values.constructor as new (n: number) => Data)(size[0] * size[1] * size[2]);
  forEachRow(shape, box, (start, row) => data.set(values.subarray(start, start + size[0]), row * size[0]));
  return { data, shape: size };
}
