import { applyAffine, invertAffine, type Vec3 } from "../../core/affine.ts";
import { forEachVoxelIn, type GridBox } from "../../core/box.ts";
import { signedDistance } from "../../core/distance.ts";
import { tissues } from "../../core/tissue.ts";
import { addScaled } from "../../core/vector.ts";
import { forEachVoxel } from "../../core/volume.ts";
import { bandNoise } from "../field/band-noise.ts";
import { supersampled } from "../field/coverage.ts";
import { ownGrain } from "../field/grain.ts";
import { sampleTrilinear } from "../field/interpolate.ts";
import { spreadCover } from "../field/spread.ts";
import { type Anatomy, boxAbout } from "../priors/anatomy.ts";
import { signOf } from "../priors/midplane.ts";
import { infarctTissues } from "../priors/periventricular.ts";
import type { Scene } from "../scene.ts";
import type { Bleed, BleedPart, ForeignPatch, Rim } from "./bleed.ts";
import { signedMetric } from "./shape.ts";

/**
 * Paints a bleed into a scene: `cover * blood + (1 - cover) * image`, part over part, and returns the scene with its coverage.
 * The image's own grain is taken off before and put back after, so that blood is as noisy as what lies around it; where the image has been
 * through a scanner already, blood is as blurred as its edges are.
 * Pure: the same scene and bleed give the same voxels.
 *
 * @param anatomy - `readAnatomy` of the scene's own tissue.
 * @throws {RangeError} If the anatomy is of another grid.
 *
 * Source: the "over" operator of Porter & Duff 1984, doi:10.1145/800031.808606.
 */
export function paintBleed(scene: Scene, anatomy: Anatomy, bleed: Bleed): Scene {
  if (anatomy.tissue.data.length !== scene.image.data.length) throw new RangeError("paintBleed: anatomy is of another grid");
  const covers = bleed.parts.map((part) => partCoverage(part, anatomy, bleed.edgeMm));
  const total = new Float32Array(scene.image.data.length).fill(1);
  for (const cover of covers) for (let i = 0; i < total.length; i++) if (cover[i]! > 0) total[i] = total[i]! * (1 - cover[i]!);
  for (let i = 0; i < total.length; i++) total[i] = 1 - total[i]!;

  // A patch comes from the image itself, which is as blurred as it is.
  const scanner = bleed.parts.some(({ patch }) => patch) ? { image: scene.image } : scene;
  const seen = spreadCover(total, scanner);
  const own = ownGrain(scene, seen);
  const blood = spreadCover(bloodSignal(bleed, { covers, total, own }, scene, anatomy), scanner);
  const image = scene.image.data.slice();
  for (let i = 0; i < image.length; i++) {
    // What a mask has blacked out stays black.
    if (seen[i]! > 0 && (total[i]! > 0 || image[i]! > 0))
      image[i] = Math.max(darkest, blood[i]! + (1 - seen[i]!) * (image[i]! - own[i]!) + own[i]!);
  }
  return { ...scene, image: { ...scene.image, data: image }, lesion: { ...scene.image, data: total } };
}

/** Signal of the blood alone times its share of the voxel: what it adds to the image that is left. */
function bloodSignal(
  bleed: Bleed,
  { covers, total, own }: { readonly covers: readonly Float32Array[]; readonly total: Float32Array; readonly own: Float32Array },
  scene: Scene,
  anatomy: Anatomy,
): Float32Array {
  const { affine, shape } = scene.image;
  const texture = bandNoise(bleed.texture.noise);
  const rim = bleed.rim && rimShare(bleed.rim, total, anatomy);
  const foreign = foreignSignal(scene.image);
  const out = new Float32Array(total.length);
  forEachVoxel(shape, (i, x, y, z) => {
    if (total[i] === 0) return;
    const wx = affine[0] * x + affine[1] * y + affine[2] * z + affine[3];
    const wy = affine[4] * x + affine[5] * y + affine[6] * z + affine[7];
    const wz = affine[8] * x + affine[9] * y + affine[10] * z + affine[11];
    const grain = bleed.texture.sigma * texture(wx, wy, wz);
    const old = rim ? rim(i, wx, wy, wz) : 0;
    let sum = 0;
    for (const [p, part] of bleed.parts.entries()) {
      const cover = covers[p]![i]!;
      if (cover === 0) continue;
      const plain = bleed.rim ? old * bleed.rim.signal + (1 - old) * part.signal : part.signal;
      const signal = part.patch ? foreign(part.patch, [x, y, z]) - own[i]! : plain;
      sum = cover * Math.max(darkest, signal + grain) + (1 - cover) * sum;
    }
    out[i] = sum;
  });
  return out;
}

/** What a patch shows at a voxel: the image from its offset away, mixed with the image there. */
function foreignSignal({ data, shape, affine }: Scene["image"]): (patch: ForeignPatch, voxel: Vec3) => number {
  const at = sampleTrilinear(data, shape);
  const toVoxel = invertAffine(affine);
  return ({ offset, share }, voxel) => {
    const from = applyAffine(toVoxel, addScaled(applyAffine(affine, voxel), offset, 1));
    return share * at(...from) + (1 - share) * at(...voxel);
  };
}

/** Texture never takes blood below this share of CSF: haemosiderin is dark, not negative. */
const darkest = 0.02;

/**
 * Share of each voxel that is blood of one part, in [0, 1]: how much of it lies inside the free surface (supersampled where the
 * surface passes) times how much of it is anatomy that the part may fill.
 */
export function partCoverage(part: BleedPart, anatomy: Anatomy, edgeMm: number): Float32Array {
  const { tissue, spacing, toHead } = anatomy;
  const cover = new Float32Array(tissue.data.length);
  const allowed = allowance(part, anatomy, edgeMm);
  const inside = supersampled(signedMetric(part), tissue, spacing, edgeMm);
  const sign = signOf(part.side);
  forEachVoxelIn(tissue, extentOf(part, anatomy), (i, x, y, z) => {
    const share = allowed(i);
    if (share <= 0) return;
    if (part.site !== "anywhere" && sign * (toHead[0] * x + toHead[1] * y + toHead[2] * z + toHead[3]) <= 0) return;
    cover[i] = share * inside(x, y, z);
  });
  return cover;
}

/** The voxels that a part can reach. */
function extentOf(part: BleedPart, { tissue, spacing, ...sides }: Anatomy): GridBox {
  const margin = 8 * part.roughness.amplitudeMm + 3;
  switch (part.site) {
    case "germinalMatrix":
    case "lumen":
      return sides[part.side].box;
    case "periventricular":
      return boxAbout(part.apex, Math.hypot(part.reachMm, 1.4 * part.halfLengthMm) + margin, { tissue, spacing });
    case "anywhere":
      return boxAbout(part.centre, Math.max(...part.radii) + margin, { tissue, spacing });
    default:
      return part satisfies never;
  }
}

/**
 * How much of each voxel a part may fill, in [0, 1]. At the ventricle's wall it passes from 0 to 1 over the soft edge, half of it
 * on each side: image voxels there are part fluid, part tissue, and would shine through as a bright seam.
 */
function allowance(part: BleedPart, anatomy: Anatomy, edgeMm: number): (index: number) => number {
  const { smoothWallMm: wallMm, lumen } = anatomy[part.side];
  const tissue = anatomy.tissue.data;
  const edge = Math.max(edgeMm, 0.75 * Math.min(...anatomy.spacing));
  const soft = (mm: number) => Math.min(1, Math.max(0, 0.5 + mm / edge));
  switch (part.site) {
    case "lumen":
      // Less than half outside the lumen's label, so that the mask never leaves it.
      return (i) => (tissue[i] === tissues.background ? 0 : Math.min(soft(-wallMm[i]!), lumen[i] === 1 ? 1 : 0.49));
    case "germinalMatrix":
      return (i) => (infarctTissues.has(tissue[i]!) || lumen[i] === 1 ? soft(wallMm[i]! + part.bulgeMm) : 0);
    case "periventricular":
      return (i) => (infarctTissues.has(tissue[i]!) ? soft(wallMm[i]!) : 0);
    case "anywhere":
      return (i) => (tissue[i] === tissues.background ? 0 : 1);
    default:
      return part satisfies never;
  }
}

/** Width over which a rim passes into the core, mm. Our guess. */
const rimEdgeMm = 1.6;

/**
 * Share of rim in the blood at a voxel and its place in the world: 1 at the bleed's surface, 0 deeper than the rim, softly. Where its
 * noise is high the rim is half as deep again and whole, where it is low it is thin or missing.
 */
function rimShare(
  { widthMm, share, noise }: Rim,
  total: Float32Array,
  { tissue, spacing }: Anatomy,
): (i: number, x: number, y: number, z: number) => number {
  const depth = signedDistance((i) => total[i]! >= 0.5, tissue.shape, spacing, 2 * widthMm + rimEdgeMm);
  const uneven = bandNoise(noise);
  return (i, x, y, z) => {
    const n = uneven(x, y, z);
    const ramp = held(0.5 + (widthMm * (1 + 0.5 * n) + depth[i]!) / rimEdgeMm);
    return held(share + 0.3 * n) * ramp * ramp * (3 - 2 * ramp);
  };
}

const held = (share: number) => Math.min(1, Math.max(0, share));
