import { composeAffine, invertAffine } from "../../core/affine.ts";
import { type LabelVolume, type Volume, voxelCount } from "../../core/volume.ts";
import type { Scene } from "../scene.ts";
import { applyAmnioticVoids } from "./amniotic.ts";
import type { Acquisition } from "./draw.ts";
import { multiplyField } from "./field.ts";
import { poseAffine } from "./geometry.ts";
import { addRicianNoise } from "./noise.ts";
import { blurInPlace, pointSpread } from "./psf.ts";
import { addPlane, filledRange, nearestPlane } from "./resample.ts";
import { applyDrop, applyFlowVoids, applyGains, applyGamma, maskSlice, onGrid } from "./signal.ts";

/** A thick stack and its label maps, on one grid; slices lie along the third array axis. */
export interface Stack {
  readonly image: Volume<Float32Array>;
  /** Tissue at the middle of each voxel, in the pose that the slice was taken in. */
  readonly tissue: LabelVolume;
  /** 1 where at least half of the voxel, weighted by the slice profile, is blood. */
  readonly lesion: LabelVolume;
  /** 1 inside the skull's inner table. */
  readonly brain: LabelVolume;
}

/**
 * Takes a stack of a scene: tissue gains, rigid pose of each slice, slice profile, flow voids, gamma, point spread, signal drops, bias,
 * noise, in this order; then the mask if the scene asks for one. Pure: the same arguments give the same voxels.
 *
 * Labels follow the motion, so that they mark what the image shows, while the affine is the nominal one, as on a scanner.
 * What lies outside the scene is air: no signal, only noise; a scene with a mask margin comes out exactly 0 there.
 */
export function acquireStack(scene: Scene, acquisition: Acquisition): Stack {
  const { shape } = acquisition.grid;
  const plane = shape[0] * shape[1];
  const image = new Float32Array(voxelCount(shape));
  const tissue = new Uint8Array(image.length);
  const coverage = scene.lesion === null ? null : new Float32Array(image.length);
  sampleSlices(scene, acquisition, { image, tissue, coverage });
  const brain = tissue.map((id) => (id === 0 ? 0 : 1));
  const lesion = new Uint8Array(image.length);
  if (coverage !== null) for (let i = 0; i < lesion.length; i++) lesion[i] = isHalf(coverage[i]!) && brain[i] === 1 ? 1 : 0;
  applyFlowVoids(image, tissue, shape, acquisition.flowVoids, acquisition.grid.pixelMm);
  applyAmnioticVoids(image, brain, shape, acquisition.amnioticVoids, acquisition.grid.pixelMm);
  applyGamma(image, acquisition.contrast.gamma);
  finishSlices(image, acquisition);
  if (scene.maskMarginMm !== undefined) {
    for (let k = 0; k < shape[2]; k++) {
      const at = [k * plane, (k + 1) * plane] as const;
      maskSlice(image.subarray(...at), brain.subarray(...at), shape, scene.maskMarginMm, acquisition.grid.pixelMm);
    }
  }
  const { grid } = acquisition;
  return { image: onGrid(image, grid), tissue: onGrid(tissue, grid), lesion: onGrid(lesion, grid), brain: onGrid(brain, grid) };
}

interface Sampled {
  readonly image: Float32Array;
  readonly tissue: Uint8Array;
  readonly coverage: Float32Array | null;
}

/** Fills the stack slice by slice from the scene, each in its pose, integrated through the slice profile. */
function sampleSlices(scene: Scene, acquisition: Acquisition, out: Sampled): void {
  const { grid, profile, poses, pivot } = acquisition;
  const { shape } = grid;
  const size = [shape[0], shape[1]] as const;
  const plane = size[0] * size[1];
  const source = applyGains(scene, acquisition.contrast.gains);
  const blood = scene.lesion === null ? null : filledRange(scene.lesion);
  const sourceShape = scene.image.shape;
  const filled = scene.maskMarginMm === undefined ? undefined : filledRange({ data: source, shape: sourceShape });
  const toScene = invertAffine(scene.image.affine);
  for (let k = 0; k < shape[2]; k++) {
    const m = composeAffine(toScene, composeAffine(poseAffine(poses[k]!, pivot), grid.affine));
    const at = [k * plane, (k + 1) * plane] as const;
    nearestPlane(out.tissue.subarray(...at), size, scene.tissue.data, sourceShape, m, k);
    for (const [p, offset] of profile.offsetsMm.entries()) {
      const z = k + offset / (grid.thicknessMm + grid.gapMm);
      const weight = profile.weights[p]!;
      addPlane(out.image.subarray(...at), size, source, sourceShape, m, z, weight, filled);
      if (blood !== null) addPlane(out.coverage!.subarray(...at), size, scene.lesion!.data, sourceShape, m, z, weight, blood);
    }
  }
}

/**
 * Whether {@link acquireStack} would label any voxel as lesion: small bleeds can fall below half of every voxel of a thick stack.
 * Looks at blood and brain alone, so it costs little, and the scene needs no surround yet.
 */
export function showsLesion(scene: Scene, acquisition: Acquisition): boolean {
  if (scene.lesion === null) return false;
  const { grid, profile, poses, pivot } = acquisition;
  const { data, shape, affine } = scene.lesion;
  const blood = filledRange(scene.lesion);
  const toScene = invertAffine(affine);
  const size = [grid.shape[0], grid.shape[1]] as const;
  for (const [k, pose] of poses.entries()) {
    const m = composeAffine(toScene, composeAffine(poseAffine(pose, pivot), grid.affine));
    const coverage = new Float32Array(size[0] * size[1]);
    for (const [p, offset] of profile.offsetsMm.entries())
      addPlane(coverage, size, data, shape, m, k + offset / (grid.thicknessMm + grid.gapMm), profile.weights[p]!, blood);
    if (!coverage.some(isHalf)) continue;
    const tissue = new Uint8Array(coverage.length);
    nearestPlane(tissue, size, scene.tissue.data, shape, m, k);
    if (coverage.some((cover, i) => isHalf(cover) && tissue[i] !== 0)) return true;
  }
  return false;
}

/** The tolerance is for sums of float32 weights: a voxel that is half blood by construction must count. */
const isHalf = (coverage: number) => coverage >= 0.5 - 1e-6;

/** Point spread, drops, bias and noise, slice by slice, in place. */
function finishSlices(image: Float32Array, acquisition: Acquisition): void {
  const { grid, blur, drops, bias, noise } = acquisition;
  const { shape } = grid;
  const [width, height] = shape;
  const [forX, forY] = blur.resolutionPixels;
  const kernels = [pointSpread(forX, blur.apodisation), pointSpread(forY, blur.apodisation)] as const;
  const scratch = new Float32Array(width * height);
  for (let k = 0; k < shape[2]; k++) {
    const slice = image.subarray(k * width * height, (k + 1) * width * height);
    blurInPlace(slice, [width, height], kernels, "repeat", scratch);
    for (let i = 0; i < slice.length; i++) if (slice[i]! < 0) slice[i] = -slice[i]!; // a magnitude: side lobes fold up
    for (const drop of drops) if (drop.slice === k) applyDrop(slice, shape, drop, grid.pixelMm);
    multiplyField(slice, shape, k, bias);
    addRicianNoise(slice, shape, k, noise, kernels, scratch);
  }
}
