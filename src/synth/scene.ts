import { applyAffine, type Vec3 } from "../core/affine.ts";
import { boxOf } from "../core/box.ts";
import type { LabelVolume, Volume } from "../core/volume.ts";

/** What there is to be imaged: anatomy at high resolution, before any scanner. The three volumes share one grid. */
export interface Scene {
  /** Noise-free signal; 1.0 is the 90th percentile of the case's cerebrospinal fluid. */
  readonly image: Volume<Float32Array>;
  /** Tissue ids of core/tissue.ts; background (0) everywhere outside the skull's inner table. */
  readonly tissue: LabelVolume;
  /** Share of each voxel that is blood, in [0, 1]; null for a healthy scene. */
  readonly lesion: Volume<Float32Array> | null;
  /**
   * Stacks of this scene come masked: `acquireStack` sets every voxel further than this from the brain (mm, in the slice) to 0.
   * 0 is a tight mask, 3 the loose one that brain extraction often gives. Absent: not masked.
   */
  readonly maskMarginMm?: number;
  /**
   * How blurred the image is by a scanner that it has been through already: standard deviation within its slices, pixels. What is painted into
   * the image is blurred as much. Absent: a volume, to be scanned after painting.
   */
  readonly spread?: number;
}

/** Where the head lies, enough to plan a scan: an ellipsoid in world millimetres with its axes along the world's. */
export interface HeadGeometry {
  /** Middle of the brain's bounding box. */
  readonly centre: Vec3;
  /** Half the extents of the brain's bounding box along left-right, posterior-anterior, inferior-superior. */
  readonly radii: Vec3;
}

/**
 * The box of everything inside the skull (tissue other than background).
 *
 * Corner voxels are mapped to world, so that it also holds, slightly loosely, for oblique grids.
 * @throws {RangeError} If the scene has no brain.
 */
export function headGeometry(scene: Pick<Scene, "tissue">): HeadGeometry {
  const { data, shape, affine } = scene.tissue;
  const box = boxOf(data, shape);
  if (box === null) throw new RangeError("headGeometry: the scene has no brain voxel");
  const { low, high } = box;
  const corners = [0, 1, 2, 3, 4, 5, 6, 7].map((c) =>
    applyAffine(affine, [
      c & 1 ? high[0] + 0.5 : low[0] - 0.5,
      c & 2 ? high[1] + 0.5 : low[1] - 0.5,
      c & 4 ? high[2] + 0.5 : low[2] - 0.5,
    ]),
  );
  const ends = ([0, 1, 2] as const).map((axis) => {
    const values = corners.map((corner) => corner[axis]);
    return [Math.min(...values), Math.max(...values)] as const;
  });
  return {
    centre: ends.map(([a, b]) => (a + b) / 2) as unknown as Vec3,
    radii: ends.map(([a, b]) => (b - a) / 2) as unknown as Vec3,
  };
}
