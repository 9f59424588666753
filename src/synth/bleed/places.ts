import { applyAffine, invertAffine, type Vec3 } from "../../core/affine.ts";
import { between, type Rng, weightedIndex } from "../../core/rng.ts";
import { addScaled, dot, unitVector } from "../../core/vector.ts";
import type { LabelVolume } from "../../core/volume.ts";
import type { Anatomy } from "../priors/anatomy.ts";
import type { HeadFrame } from "../priors/midplane.ts";
import type { Roughness } from "./bleed.ts";

/** The head's axes as unit vectors of the world. */
export function headAxes(frame: HeadFrame): { readonly right: Vec3; readonly anterior: Vec3; readonly superior: Vec3 } {
  return {
    right: [frame[0], frame[1], frame[2]],
    anterior: [frame[4], frame[5], frame[6]],
    superior: [frame[8], frame[9], frame[10]],
  };
}

/** Voxel coordinates of an array index. */
function voxelOf(index: number, shape: Vec3): Vec3 {
  const rest = Math.floor(index / shape[0]);
  return [index % shape[0], rest % shape[1], Math.floor(rest / shape[1])];
}

/** A voxel drawn by weight, and its centre in the world; null if no weight is positive. */
export function drawVoxel(rng: Rng, weights: Float32Array, { tissue }: Anatomy): { index: number; world: Vec3 } | null {
  if (!weights.some((w) => w > 0)) return null;
  const index = weightedIndex(rng, weights);
  return { index, world: applyAffine(tissue.affine, voxelOf(index, tissue.shape)) };
}

/** World centres of the voxels of a set. */
export function voxelPoints({ data, shape, affine }: LabelVolume, inside: (index: number) => boolean): Vec3[] {
  const points: Vec3[] = [];
  for (let i = 0; i < data.length; i++) if (inside(i)) points.push(applyAffine(affine, voxelOf(i, shape)));
  return points;
}

/** The value of a voxel array at a world point, that of the nearest voxel; undefined outside the grid. */
export function nearestValue(data: ArrayLike<number>, { shape, affine }: LabelVolume): (world: Vec3) => number | undefined {
  const toVoxel = invertAffine(affine);
  return (world) => {
    const [x, y, z] = applyAffine(toVoxel, world).map(Math.round) as unknown as Vec3;
    if (x < 0 || y < 0 || z < 0 || x >= shape[0] || y >= shape[1] || z >= shape[2]) return undefined;
    return data[x + shape[0] * (y + shape[1] * z)];
  };
}

/**
 * Unit vector of the world out of a ventricle at a voxel near its wall: the gradient of the wall distance over ±3 mm.
 * Where that vanishes it is lateral.
 */
export function wallNormal(wallMm: Float32Array, anatomy: Anatomy, index: number): Vec3 {
  const { tissue, frame } = anatomy;
  const at = applyAffine(tissue.affine, voxelOf(index, tissue.shape));
  const wall = nearestValue(wallMm, tissue);
  const { right, anterior, superior } = headAxes(frame);
  let sum: Vec3 = [0, 0, 0];
  for (const step of [1.5, 3]) {
    for (const axis of [right, anterior, superior]) {
      const ahead = wall(addScaled(at, axis, step)) ?? 0;
      const behind = wall(addScaled(at, axis, -step)) ?? 0;
      sum = addScaled(sum, axis, (ahead - behind) / (2 * step));
    }
  }
  return Math.hypot(...sum) > 1e-3 ? unitVector(sum) : addScaled([0, 0, 0], right, Math.sign(lateralOf(frame, at)) || 1);
}

/** mm to the right of the mid-sagittal plane. */
export function lateralOf(frame: HeadFrame, world: Vec3): number {
  return dot([frame[0], frame[1], frame[2]], world) + frame[3];
}

/** An irregular surface of a given amplitude, its wavelength drawn. */
export function drawRoughness(rng: Rng, amplitudeMm: number, wavelengthMm: readonly [number, number]): Roughness {
  return { amplitudeMm, noise: { wavelengthMm: between(rng, wavelengthMm), seed: rng.below(2 ** 31) } };
}
