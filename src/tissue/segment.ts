import { affineSpacing } from "../core/affine.ts";
import { type Image, isThickStack, type LabelVolume, sliceAxis, type Volume, voxelCount } from "../core/volume.ts";
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
 * is not a stack of thick slices is sliced along all three axes, and the probabilities are averaged.
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
  const axes = isThickStack(affine) ? [sliceAxis(affine)] : ([0, 1, 2] as const);
  const share = tissueOutputs.map(() => new Uint8Array(voxelCount(shape)));
  for (const axis of axes) await addShares(network, volume, axis, 255 / axes.length, share, signal);
  const likely = share[0]!.map((v) => 255 - v);
  const inside =
    mask === null ? findBrain(likely, innerShare(share), volume) : Uint8Array.from(mask.data, (v) => (v > 0 ? 1 : 0));
  const data = new Uint8Array(inside.length);
  let voxels = 0;
  for (let i = 0; i < data.length; i++) {
    if (inside[i] === 0) continue;
    voxels++;
    let best = 1;
    for (let c = 2; c < share.length; c++) if (share[c]![i]! > share[best]![i]!) best = c;
    data[i] = tissueOfOutput[best]!;
  }
  const [x, y, z] = affineSpacing(affine);
  return { tissue: { data, shape, affine }, brain: { data: inside, shape, affine }, brainMl: (voxels * x * y * z) / 1000 };
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

/** What only a brain has. */
const inner: readonly TissueOutput[] = ["lateralVentricle", "otherVentricle", "deepGrey"];

function innerShare(share: readonly Uint8Array[]): Uint8Array {
  const [first, ...others] = inner.map((name) => share[tissueOutputs.indexOf(name)]!);
  return first!.map((v, i) =>
    Math.min(
      255,
      others.reduce((sum, other) => sum + other[i]!, v),
    ),
  );
}
