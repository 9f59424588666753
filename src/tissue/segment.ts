import { type Affine, affineSpacing, composeAffine, type Vec3 } from "../core/affine.ts";
import { boxAround } from "../core/box.ts";
import { distanceTo } from "../core/distance.ts";
import { flatAxisOf, type Image, isThickStack, type LabelVolume, sliceAxis, type Volume, voxelCount } from "../core/volume.ts";
import { type PreprocessOptions, prepareStack, restoreStack } from "../data/preprocess.ts";
import { type Model, sliceLogits, type TissueOutput, tissueOfOutput, tissueOutputs } from "../models/index.ts";
import { findBrain } from "./brain.ts";

/** A trained tissue network with what it needs to be applied. Its outputs are `tissueOutputs`. */
export interface TissueNetwork {
  readonly model: Pick<Model, "apply" | "sizeMultiple">;
  readonly preprocess: PreprocessOptions;
}

/** What the network says of a volume, on the volume's own grid. */
export interface TissueMap {
  /** Tissue ids of core/tissue.ts; 0 outside the brain. */
  readonly tissue: LabelVolume;
  /** 1 inside the skull's inner table. */
  readonly brain: LabelVolume;
  readonly brainMl: number;
}

/** Windows at once; more is no faster on a processor. */
const sliceOptions = { batchSlices: 8, flips: "none" } as const;

/**
 * Segments the tissues of a volume: slices through the network, the brain found in 3-D, and in it the likeliest tissue of each voxel. A volume that
 * is not a stack of thick slices is sliced along all three axes, and the probabilities are averaged. Where there is more than the brain,
 * a second pass sees the found brain alone, masked, so that its signals are scaled to itself.
 *
 * @param volume - Any unit; a voxel that is not finite counts as black.
 * @param mask - Brain mask on the same grid, which is then taken as the brain; null to find it.
 * @throws {StoppedError} If `signal` fires.
 */
export async function segmentTissue(
  network: TissueNetwork,
  volume: Volume,
  mask: Volume<Uint16Array> | null,
  signal: AbortSignal,
): Promise<TissueMap> {
  const { affine, shape } = volume;
  const inside = mask === null ? await brainOf(network, volume, signal) : Uint8Array.from(mask.data, (v) => (v > 0 ? 1 : 0));
  const data = new Uint8Array(inside.length);
  const box = brainBox(inside, shape, affineSpacing(affine));
  let voxels = 0;
  if (box !== null) {
    const brain = cropTo(inside, shape, box);
    const alone = maskedTo(cropTo(volume.data, shape, box), brain, box.size, affineSpacing(affine));
    const share = await outputShares(network, { data: alone, shape: box.size, affine: shifted(affine, box.from) }, signal);
    for (let i = 0; i < brain.length; i++) {
      if (brain[i] === 0) continue;
      voxels++;
      let best = 1;
      for (let c = 2; c < share.length; c++) if (share[c]![i]! > share[best]![i]!) best = c;
      data[indexIn(i, box, shape)] = tissueOfOutput[best]!;
    }
  }
  const [x, y, z] = affineSpacing(affine);
  return { tissue: { data, shape, affine }, brain: { data: inside, shape, affine }, brainMl: (voxels * x * y * z) / 1000 };
}

async function brainOf(network: TissueNetwork, volume: Volume, signal: AbortSignal): Promise<Uint8Array> {
  const share = await outputShares(network, volume, signal);
  const of = (name: TissueOutput) => share[tissueOutputs.indexOf(name)]!;
  const likely = of("background").map((v) => 255 - v);
  return findBrain({ likely, cortex: of("cortex"), ventricle: of("lateralVentricle") }, volume);
}

/** Probability of each output, 0 to 255, on the volume's grid. */
async function outputShares(network: TissueNetwork, volume: Volume, signal: AbortSignal): Promise<Uint8Array[]> {
  const isSliced = isThickStack(volume.affine) || flatAxisOf(volume.shape) !== null;
  const axes = isSliced ? [sliceAxis(volume)] : ([0, 1, 2] as const);
  const share = tissueOutputs.map(() => new Uint8Array(voxelCount(volume.shape)));
  for (const axis of axes) await addShares(network, volume, axis, 255 / axes.length, share, signal);
  return share;
}

/** Adds the probabilities of each output, `scale` for 1, from slices along one axis. */
async function addShares(
  { model, preprocess }: TissueNetwork,
  volume: Volume,
  axis: 0 | 1 | 2,
  scale: number,
  share: readonly Uint8Array[],
  signal: AbortSignal,
): Promise<void> {
  const stack = prepareStack(volume, preprocess, axis);
  const logits = await sliceLogits(model, stack.slices, share.length, sliceOptions, signal);
  softmaxInPlace(logits);
  for (const [c, slices] of logits.entries()) {
    const { data } = restoreStack(slices, volume, preprocess, axis);
    const sum = share[c]!;
    for (let i = 0; i < sum.length; i++) sum[i]! += Math.round(scale * data[i]!);
  }
}

/** Logits of each channel → probabilities. */
function softmaxInPlace(channels: readonly (readonly Image[])[]): void {
  for (let s = 0; s < channels[0]!.length; s++) {
    const planes = channels.map((slices) => slices[s]!.data);
    for (let i = 0; i < planes[0]!.length; i++) {
      let top = -Infinity;
      for (const plane of planes) top = Math.max(top, plane[i]!);
      let sum = 0;
      for (const plane of planes) sum += plane[i] = Math.exp(plane[i]! - top);
      for (const plane of planes) plane[i]! /= sum;
    }
  }
}

/** What a loose mask keeps beyond the brain, and the margin of black around it, mm. */
const looseMm = 2;
const marginMm = 8;

/** The signal with everything farther than {@link looseMm} from the brain black, as brain-masked volumes come. */
function maskedTo(data: Float32Array, brain: Uint8Array, size: Vec3, spacing: Vec3): Float32Array {
  const distance = distanceTo((i) => brain[i] === 1, size, spacing);
  return data.map((v, i) => (distance[i]! <= looseMm ? v : 0));
}

interface Box {
  readonly from: Vec3;
  readonly size: Vec3;
}

/** The voxels of a set and {@link marginMm} around them, within the grid; null for an empty set. */
function brainBox(inside: Uint8Array, shape: Vec3, spacing: Vec3): Box | null {
  const { low, high } = boxAround(inside, shape, spacing, marginMm);
  const size = high.map((v, a) => v - low[a]! + 1) as unknown as Vec3;
  return size[0] === 0 ? null : { from: low, size };
}

/** Index in the whole grid of a voxel of the box. */
function indexIn(i: number, { from, size }: Box, shape: Vec3): number {
  const rest = Math.floor(i / size[0]);
  return from[0] + (i % size[0]) + shape[0] * (from[1] + (rest % size[1]) + shape[1] * (from[2] + Math.floor(rest / size[1])));
}

function cropTo<D extends Float32Array | Uint8Array>(data: D, shape: Vec3, box: Box): D {
  const out = new (data.constructor as new (n: number) => D)(voxelCount(box.size));
  for (let i = 0; i < out.length; i++) out[i] = data[indexIn(i, box, shape)]!;
  return out;
}

/** The affine of a grid that starts at this voxel of another. */
function shifted(affine: Affine, from: Vec3): Affine {
  return composeAffine(affine, [1, 0, 0, from[0], 0, 1, 0, from[1], 0, 0, 1, from[2]]);
}
