import { type Affine, applyAffine, composeAffine, invertAffine, type Vec3 } from "../../core/affine.ts";
import type { Volume } from "../../core/volume.ts";
import type { Acquisition } from "../acquisition/draw.ts";
import { poseAffine } from "../acquisition/geometry.ts";

/** Along each row of voxels (row j of slice k is `j + ny * k`) the first and the last that is of use; `first > last` where none is. */
export interface SeenRows {
  readonly first: Int16Array;
  readonly last: Int16Array;
}

/**
 * The voxels of a scene that some scans can read: all that they interpolate from, and a few more. Nothing else needs to be painted.
 *
 * @param acquisitions - Null for every voxel.
 */
export function seenRows(
  { shape, affine }: Pick<Volume, "shape" | "affine">,
  acquisitions: readonly Acquisition[] | null,
): SeenRows {
  const rows = shape[1] * shape[2];
  const seen = { first: new Int16Array(rows), last: new Int16Array(rows).fill(shape[0] - 1) };
  if (acquisitions === null) return seen;
  seen.first.fill(shape[0]);
  seen.last.fill(-1);
  for (const acquisition of acquisitions) addBox(seen, shape, boxOf(acquisition, affine));
  return seen;
}

/** Voxel → (column, row, slice) of a stack, and the range of each that the stack's slices reach. */
interface StackBox {
  readonly toStack: Affine;
  readonly low: readonly number[];
  readonly high: readonly number[];
}

function boxOf({ grid, poses, pivot, profile }: Acquisition, affine: Affine): StackBox {
  const fromWorld = invertAffine(grid.affine);
  const toStack = composeAffine(fromWorld, affine);
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  const offsets = [Math.min(...profile.offsetsMm), Math.max(...profile.offsetsMm)].map(
    (mm) => mm / (grid.thicknessMm + grid.gapMm),
  );
  for (const [k, pose] of poses.entries()) {
    const moved = composeAffine(fromWorld, composeAffine(poseAffine(pose, pivot), grid.affine));
    for (let corner = 0; corner < 8; corner++) {
      const at: Vec3 = [corner & 1 ? grid.shape[0] - 1 : 0, corner & 2 ? grid.shape[1] - 1 : 0, k + offsets[corner >> 2]!];
      for (const [axis, value] of applyAffine(moved, at).entries()) {
        low[axis] = Math.min(low[axis]!, value);
        high[axis] = Math.max(high[axis]!, value);
      }
    }
  }
  // Interpolation reads voxels up to one away along each axis.
  for (const axis of [0, 1, 2]) {
    const reach = Math.abs(toStack[4 * axis]!) + Math.abs(toStack[4 * axis + 1]!) + Math.abs(toStack[4 * axis + 2]!);
    low[axis]! -= reach;
    high[axis]! += reach;
  }
  return { toStack, low, high };
}

/** Widens each row to hold where it crosses the box. */
function addBox({ first, last }: SeenRows, shape: Vec3, { toStack: m, low, high }: StackBox): void {
  for (let k = 0, row = 0; k < shape[2]; k++) {
    for (let j = 0; j < shape[1]; j++, row++) {
      let from = 0;
      let to = shape[0] - 1;
      for (let axis = 0; axis < 3; axis++) {
        const slope = m[4 * axis]!;
        const start = m[4 * axis + 1]! * j + m[4 * axis + 2]! * k + m[4 * axis + 3]!;
        if (Math.abs(slope) < 1e-9) {
          if (start < low[axis]! || start > high[axis]!) to = -1;
          continue;
        }
        const ends = [(low[axis]! - start) / slope, (high[axis]! - start) / slope];
        from = Math.max(from, Math.floor(Math.min(...ends)));
        to = Math.min(to, Math.ceil(Math.max(...ends)));
      }
      if (from > to) continue;
      first[row] = Math.min(first[row]!, from);
      last[row] = Math.max(last[row]!, to);
    }
  }
}
