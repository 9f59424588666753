import { inPlaneAxes, type LabelVolume, sliceAxis } from "../core/volume.ts";

/** A box in voxels, both ends inclusive. */
export interface VoxelBox {
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/** Where a stack's blood lies. */
export interface LesionBoxes {
  /** The box around all of it along the three array axes; null where there is none. */
  readonly volume: VoxelBox | null;
  /** The box on each slice that shows blood, along the two in-plane array axes. */
  readonly slices: readonly (VoxelBox & { readonly slice: number })[];
}

/** The boxes around a mask, in voxels of its own grid. */
export function lesionBoxes(mask: LabelVolume): LesionBoxes {
  const { shape, data } = mask;
  const axis = sliceAxis(mask.affine);
  const inPlane = inPlaneAxes(axis);
  const whole = growing(3);
  const perSlice = new Map<number, Growing>();
  let i = 0;
  for (let z = 0; z < shape[2]; z++) {
    for (let y = 0; y < shape[1]; y++) {
      for (let x = 0; x < shape[0]; x++, i++) {
        if (data[i] === 0) continue;
        const at = [x, y, z];
        grow(whole, at);
        const slice = at[axis]!;
        if (!perSlice.has(slice)) perSlice.set(slice, growing(2));
        grow(perSlice.get(slice)!, [at[inPlane[0]]!, at[inPlane[1]]!]);
      }
    }
  }
  const slices = [...perSlice].sort(([a], [b]) => a - b).map(([slice, box]) => ({ slice, ...box }));
  return { volume: slices.length === 0 ? null : whole, slices };
}

interface Growing {
  readonly low: number[];
  readonly high: number[];
}

function growing(rank: number): Growing {
  return { low: Array<number>(rank).fill(Number.POSITIVE_INFINITY), high: Array<number>(rank).fill(-1) };
}

function grow({ low, high }: Growing, at: readonly number[]): void {
  for (const [axis, value] of at.entries()) {
    if (value < low[axis]!) low[axis] = value;
    if (value > high[axis]!) high[axis] = value;
  }
}
