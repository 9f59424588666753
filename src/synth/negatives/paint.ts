import type { Vec3 } from "../../core/affine.ts";
import { forEachVoxelIn } from "../../core/box.ts";
import { tissues } from "../../core/tissue.ts";
import { addScaled, dot } from "../../core/vector.ts";
import { forEachVoxel } from "../../core/volume.ts";
import { bandNoise } from "../field/band-noise.ts";
import { type Field, supersampled } from "../field/coverage.ts";
import { ownGrain } from "../field/grain.ts";
import { spreadCover } from "../field/spread.ts";
import { type Anatomy, boxAbout, headPoint, placeOf } from "../priors/anatomy.ts";
import { matrixDirection } from "../priors/germinal-matrix.ts";
import type { Scene } from "../scene.ts";
import type { Calcification, ChoroidPlexus, EminenceBand, Negative, Septum } from "./negative.ts";

/** Width of the soft edge of what is painted, mm, before the scanner's blur. Our guess, as of blood. */
const edgeMm = 0.8;

/**
 * Paints structures that look like blood into a scene. No label changes: they are normal, or at least no hemorrhage.
 * The image's own grain stays, and its blur is theirs. Pure.
 *
 * @param anatomy - `readAnatomy` of the scene's own tissue.
 */
export function paintNegatives(scene: Scene, anatomy: Anatomy, structures: readonly Negative[]): Scene {
  let image = scene.image;
  for (const structure of structures) {
    const sharp = new Float32Array(image.data.length);
    const target = coverAndTarget(structure, anatomy, sharp);
    const cover = spreadCover(sharp, scene);
    const own = ownGrain({ ...scene, image }, cover);
    const data = image.data.slice();
    for (let i = 0; i < data.length; i++) {
      if (cover[i] === 0 || (sharp[i] === 0 && data[i] === 0)) continue; // what a mask has blacked out stays black
      const smooth = data[i]! - own[i]!;
      data[i] = Math.max(0, data[i]! + cover[i]! * (target(smooth) - smooth));
    }
    image = { ...image, data };
  }
  return { ...scene, image };
}

/** Fills `cover` with the share of each voxel that the structure takes, and returns what its signal is, given what was there. */
function coverAndTarget(structure: Negative, anatomy: Anatomy, cover: Float32Array): (was: number) => number {
  switch (structure.kind) {
    case "choroidPlexus":
      coverPlexus(structure, anatomy, cover);
      return () => structure.signal;
    case "eminence":
      coverEminence(structure, anatomy, cover);
      return (was) => structure.gain * was;
    case "calcification":
      coverFocus(structure, anatomy, cover);
      return () => structure.signal;
    case "septum":
      coverSeptum(structure, anatomy, cover);
      return () => structure.signal;
    default:
      return structure satisfies never;
  }
}

/** 0 outside, 1 inside, over the soft edge; no thinner than a voxel. */
function soft(mm: number, anatomy: Anatomy): number {
  const edge = Math.max(edgeMm, 0.75 * Math.min(...anatomy.spacing));
  return Math.min(1, Math.max(0, 0.5 + mm / edge));
}

function coverPlexus({ side, line, tufts }: ChoroidPlexus, anatomy: Anatomy, cover: Float32Array): void {
  const { lumen, smoothWallMm, box } = anatomy[side];
  const noise = bandNoise(tufts.noise);
  const metric: Field = (x, y, z) => {
    let inside = -Infinity;
    for (let s = 1; s < line.length; s++) inside = Math.max(inside, insideSegment(line[s - 1]!, line[s]!, [x, y, z]));
    return Math.abs(inside) > 4 * tufts.amplitudeMm + 2 ? inside : inside + tufts.amplitudeMm * noise(x, y, z);
  };
  const share = supersampled(metric, anatomy.tissue, anatomy.spacing, edgeMm);
  forEachVoxelIn(anatomy.tissue, box, (i, x, y, z) => {
    if (lumen[i] === 1) cover[i] = share(x, y, z) * soft(-smoothWallMm[i]! - 0.3, anatomy);
  });
}

/** mm inside a tube whose radius goes from one station's to the next's; negative outside. */
function insideSegment(from: ChoroidPlexus["line"][number], to: ChoroidPlexus["line"][number], p: Vec3): number {
  const along = addScaled(to.at, from.at, -1);
  const away = addScaled(p, from.at, -1);
  const t = Math.min(1, Math.max(0, dot(away, along) / Math.max(1e-6, dot(along, along))));
  return from.radiusMm + t * (to.radiusMm - from.radiusMm) - Math.hypot(...addScaled(away, along, -t));
}

const eminenceTissues: ReadonlySet<number> = new Set([tissues.germinalMatrix, tissues.deepGrey, tissues.whiteMatter]);
/** The band runs from behind the caudothalamic notch to the frontal horn: middle and half length, shares of the ventricle's. Our guess. */
const bandMiddle = 0.64;
const bandReach = 0.28;

function coverEminence({ side, thicknessMm }: EminenceBand, anatomy: Anatomy, cover: Float32Array): void {
  const own = anatomy[side];
  forEachVoxelIn(anatomy.tissue, own.box, (i, x, y, z) => {
    const wall = own.smoothWallMm[i]! < 2.9 ? own.smoothWallMm[i]! : own.wallMm[i]!;
    if (!eminenceTissues.has(anatomy.tissue.data[i]!) || wall > thicknessMm + 2) return;
    const place = placeOf(own, headPoint(anatomy.toHead, x, y, z));
    const level = Math.abs(place.along - bandMiddle) / bandReach;
    const towards = matrixDirection(place, own);
    if (level >= 1 || towards <= 0) return;
    const thick = thicknessMm * Math.cos((level * Math.PI) / 2) ** 0.5 * Math.min(1, 1.6 * towards);
    cover[i] = soft(thick - wall, anatomy) * soft(wall, anatomy) * Math.min(1, thick / thicknessMm);
  });
}

function coverFocus({ at, radiusMm }: Calcification, anatomy: Anatomy, cover: Float32Array): void {
  const metric: Field = (x, y, z) => radiusMm - Math.hypot(x - at[0], y - at[1], z - at[2]);
  const share = supersampled(metric, anatomy.tissue, anatomy.spacing, edgeMm);
  forEachVoxelIn(anatomy.tissue, boxAbout(at, radiusMm + 2, anatomy), (i, x, y, z) => {
    if (anatomy.tissue.data[i] !== tissues.background) cover[i] = share(x, y, z);
  });
}

function coverSeptum({ space, at, normal, thicknessMm, waviness }: Septum, anatomy: Anatomy, cover: Float32Array): void {
  const { tissue, spacing } = anatomy;
  const noise = bandNoise(waviness.noise);
  const metric: Field = (x, y, z) => {
    const off = (x - at[0]) * normal[0] + (y - at[1]) * normal[1] + (z - at[2]) * normal[2];
    return Math.abs(off) > 4 ? -4 : thicknessMm / 2 - Math.abs(off + waviness.amplitudeMm * noise(x, y, z));
  };
  const share = supersampled(metric, tissue, spacing, Math.max(0.4, Math.min(...spacing)));
  if (space === "cavum") {
    forEachVoxel(tissue.shape, (i, x, y, z) => {
      if (tissue.data[i] === tissues.cavum) cover[i] = share(x, y, z);
    });
    return;
  }
  const { lumen, box } = anatomy[space];
  forEachVoxelIn(tissue, box, (i, x, y, z) => {
    if (lumen[i] === 1) cover[i] = share(x, y, z);
  });
}
