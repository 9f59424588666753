import { axisAlignedAffine, type Vec3 } from "../../core/affine.ts";
import type { LabelVolume, Volume } from "../../core/volume.ts";
import { clamp, type Field } from "./fields.ts";
import type { Bounds } from "./lattice.ts";

/** Voxels being painted: each has a place in the brain's own mm (the warp already applied), a tissue and an intensity. */
export interface Canvas {
  readonly shape: readonly [number, number, number];
  readonly spacing: number;
  /** World place of voxel 0, mm. */
  readonly origin: readonly [number, number, number];
  /** Place of each voxel in the unwarped brain, mm. */
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly z: Float32Array;
  /** Signed distance to the skull's inner table, mm, negative inside; large where nothing is painted. */
  readonly wall: Float32Array;
  readonly tissue: Uint8Array;
  readonly image: Float32Array;
}

/** Largest move of {@link makeCanvas}'s warp, mm; boxes are widened by it. */
export const warpLimit = 3;

/** An empty canvas over a box about the world's origin; `warp` gives the move of a world place, mm, one field an axis. */
export function makeCanvas({ low, high }: Bounds, spacing: number, warp: readonly [Field, Field, Field]): Canvas {
  const shape = [0, 1, 2].map((i) => Math.ceil((high[i]! - low[i]!) / spacing)) as [number, number, number];
  const origin = [0, 1, 2].map((i) => (low[i]! + high[i]!) / 2 - (spacing * (shape[i]! - 1)) / 2) as [number, number, number];
  origin[0] += spacing / 4; // off the mirror plane: with voxels in mirror pairs, every width would come in steps of two
  const count = shape[0] * shape[1] * shape[2];
  const [x, y, z] = [new Float32Array(count), new Float32Array(count), new Float32Array(count)];
  let n = 0;
  for (let k = 0; k < shape[2]; k++) {
    const wz = origin[2] + k * spacing;
    for (let j = 0; j < shape[1]; j++) {
      const wy = origin[1] + j * spacing;
      for (let i = 0; i < shape[0]; i++, n++) {
        const wx = origin[0] + i * spacing;
        x[n] = wx + clamp(warp[0](wx, wy, wz), -warpLimit, warpLimit);
        y[n] = wy + clamp(warp[1](wx, wy, wz), -warpLimit, warpLimit);
        z[n] = wz + clamp(warp[2](wx, wy, wz), -warpLimit, warpLimit);
      }
    }
  }
  const wall = new Float32Array(count).fill(1e3);
  return { shape, spacing, origin, x, y, z, wall, tissue: new Uint8Array(count), image: new Float32Array(count) };
}

/** The box of a shape written for the right side, and its mirror image. */
export function mirroredBounds({ low, high }: Bounds): Bounds {
  return { low: [-high[0], low[1], low[2]], high };
}

/** A box made larger by `by` mm on every side. */
export function grown({ low, high }: Bounds, by: number): Bounds {
  const moved = (corner: Bounds["low"], step: number) => corner.map((v) => v + step) as unknown as Bounds["low"];
  return { low: moved(low, -by), high: moved(high, by) };
}

/** Calls `visit` with the index of each voxel whose place may be in the box. */
export function forEachIn({ shape, spacing, origin }: Canvas, { low, high }: Bounds, visit: (n: number) => void): void {
  const from = [0, 1, 2].map((i) => clamp(Math.floor((low[i]! - warpLimit - origin[i]!) / spacing), 0, shape[i]!)) as [
    number,
    number,
    number,
  ];
  const to = [0, 1, 2].map((i) => clamp(Math.ceil((high[i]! + warpLimit - origin[i]!) / spacing) + 1, 0, shape[i]!)) as [
    number,
    number,
    number,
  ];
  for (let k = from[2]; k < to[2]; k++) {
    for (let j = from[1]; j < to[1]; j++) {
      const row = shape[0] * (j + shape[1] * k);
      for (let i = from[0]; i < to[0]; i++) visit(row + i);
    }
  }
}

/** Share of a voxel inside a surface at signed distance `d`: the edge is one voxel wide. */
export function coverage(d: number, spacing: number): number {
  return clamp(0.5 - d / spacing, 0, 1);
}

/** Fluid that is always left between the brain and the skull, mm. */
export const leastFluid = 1.4;

/** What a shape is painted with. */
export interface Paint {
  /** Id of core/tissue.ts, or null to leave the labels as they are. */
  readonly tissue: number | null;
  readonly intensity: number;
  /** Leave this much fluid, mm, along the skull. */
  readonly clear?: number;
  /** Width of the edge, mm, where the intensity changes gradually; at least a voxel. */
  readonly edge?: number;
}

/**
 * Paints a shape over what is there: the intensity is blended by how much of the voxel the shape covers, the tissue is set where its
 * centre is inside.
 */
export function paint(canvas: Canvas, bounds: Bounds, shape: Field, { tissue, intensity, edge = 0, clear }: Paint): void {
  const { x, y, z, image, spacing } = canvas;
  const width = Math.max(edge, spacing);
  forEachIn(canvas, bounds, (n) => {
    let d = shape(x[n]!, y[n]!, z[n]!);
    if (clear !== undefined) d = Math.max(d, canvas.wall[n]! + clear);
    if (d >= width / 2) return;
    image[n] = image[n]! + coverage(d, width) * (intensity - image[n]!);
    if (tissue !== null && d < 0) canvas.tissue[n] = tissue;
  });
}

/** The painted image and labels as volumes. */
export function canvasVolumes({ shape, spacing, origin, tissue, image }: Canvas): {
  image: Volume<Float32Array>;
  tissue: LabelVolume;
} {
  const centre = [0, 1, 2].map((i) => origin[i]! + (spacing * (shape[i]! - 1)) / 2) as unknown as Vec3;
  const affine = axisAlignedAffine(shape, [spacing, spacing, spacing], centre);
  return { image: { data: image, shape, affine }, tissue: { data: tissue, shape, affine } };
}
