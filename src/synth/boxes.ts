import type { Vec3 } from "../core/affine.ts";
import { boxOf } from "../core/box.ts";
import { type PatchBox, patchesOf } from "../core/patches.ts";
import { extractSlice, type LabelVolume, sliceAxis } from "../core/volume.ts";

/** Voxels from `low` up to but not including `high`, along the array axes. */
export interface VoxelBox {
  readonly low: Vec3;
  readonly high: Vec3;
}

/** A connected patch of blood in one slice. */
export interface SliceBox extends PatchBox {
  /** 0-based along the slice axis. */
  readonly slice: number;
}

/** The box of all blood in a stack; null if there is none. */
export function lesionBox(lesion: LabelVolume): VoxelBox | null {
  const box = boxOf(lesion.data, lesion.shape);
  return box && { low: box.low, high: [box.high[0] + 1, box.high[1] + 1, box.high[2] + 1] };
}

/** Boxes of the patches of blood in each slice along the stack's slice axis; patches that touch by a corner are one. */
export function sliceBoxes(lesion: LabelVolume): SliceBox[] {
  const axis = sliceAxis(lesion);
  return Array.from({ length: lesion.shape[axis] }, (_, slice) =>
    patchesOf(extractSlice(lesion, axis, slice)).boxes.map((box) => ({ slice, ...box })),
  ).flat();
}
