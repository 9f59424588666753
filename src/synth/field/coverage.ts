import type { Vec3 } from "../../core/affine.ts";
import type { Volume } from "../../core/volume.ts";

/** A function of three coordinates. */
export type Field = (x: number, y: number, z: number) => number;

/**
 * The share of a voxel inside a free surface, in [0, 1]: sub-points about 0.9 mm apart where the surface passes, the centre alone elsewhere.
 *
 * @param metric - mm inside the surface at a place of the world, positive inside.
 * @param edgeMm - Width over which the share goes from 0 to 1.
 * @returns The share by voxel coordinates.
 */
export function supersampled(
  metric: Field,
  { affine, shape }: Pick<Volume, "affine" | "shape">,
  spacing: Vec3,
  edgeMm: number,
): Field {
  // A lone slice is a picture, not a slab: nothing of it is partly filled from above or below.
  const counts = spacing.map((mm, a) => (shape[a] === 1 ? 1 : Math.min(6, Math.max(1, Math.ceil(mm / 0.9)))));
  const offsets = subPoints(counts as unknown as Vec3);
  const reach = Math.hypot(...spacing) / 2 + edgeMm;
  const at = (x: number, y: number, z: number) =>
    metric(
      affine[0] * x + affine[1] * y + affine[2] * z + affine[3],
      affine[4] * x + affine[5] * y + affine[6] * z + affine[7],
      affine[8] * x + affine[9] * y + affine[10] * z + affine[11],
    );
  const soft = (mm: number) => Math.min(1, Math.max(0, 0.5 + mm / edgeMm));
  return (x, y, z) => {
    const centre = at(x, y, z);
    if (offsets.length === 1 || Math.abs(centre) > reach) return soft(centre);
    let sum = 0;
    for (const [dx, dy, dz] of offsets) sum += soft(at(x + dx, y + dy, z + dz));
    return sum / offsets.length;
  };
}

function subPoints([nx, ny, nz]: Vec3): Vec3[] {
  const points: Vec3[] = [];
  for (let c = 0; c < nz; c++) {
    for (let b = 0; b < ny; b++) {
      for (let a = 0; a < nx; a++) points.push([(a + 0.5) / nx - 0.5, (b + 0.5) / ny - 0.5, (c + 0.5) / nz - 0.5]);
    }
  }
  return points;
}
