import { affineSpacing } from "../core/affine.ts";
import type { Volume, Voxels } from "../core/volume.ts";
import { dataFault } from "./faults.ts";
import { cornerDistance } from "./nifti/affine.ts";

/** Where the voxels of a volume are. */
export type Grid = Pick<Volume<Voxels>, "shape" | "affine">;

/** Half a voxel apart at a corner is another place in space; less is rounding and sloppy headers. Our guess. */
export const mostApart = 0.5;

/**
 * How far apart two grids lie: the largest distance between where they put a corner, in voxels (of the smallest spacing of `grid`).
 * Infinity where the shapes differ.
 */
export function gridsApart(grid: Grid, other: Grid): number {
  if (grid.shape.some((n, axis) => n !== other.shape[axis])) return Infinity;
  return cornerDistance(grid.affine, other.affine, grid.shape) / Math.min(...affineSpacing(grid.affine));
}

/**
 * A volume on exactly the grid that it should have: an affine that differs by rounding must not turn or resize its slices another way.
 *
 * @param rule - What must hold, without the grid: "a mask must be on its image's grid".
 * @throws {UserError} (data) If it lies elsewhere.
 */
export function ontoGrid<V extends Grid>(volume: V, grid: Grid, where: string, rule: string, wayOut: string): V {
  const apart = gridsApart(grid, volume);
  if (apart <= mostApart) return { ...volume, affine: grid.affine };
  const got = Number.isFinite(apart) ? `a corner ${apart.toPrecision(2)} voxels away` : volume.shape.join(" x ");
  throw dataFault(where, `${rule} of ${grid.shape.join(" x ")}`, got, wayOut);
}
