import { forEachVoxelIn } from "../../core/box.ts";
import { type Anatomy, headPoint, placeOf } from "./anatomy.ts";
import type { Side } from "./midplane.ts";

/** The parts of a lateral ventricle that the priors tell apart. */
export type VentriclePart = "frontalHorn" | "body" | "atrium" | "occipitalHorn" | "temporalHorn";

/**
 * Weight of each part as the centre of a clot: most near the caudothalamic notch, where germinal matrix bleeds break through,
 * and in the atrium and occipital horn, where clots settle. Our guess; published is only where choroid plexus never sits (PMC7982529, figure 3).
 */
const clotWeight: Readonly<Record<VentriclePart, number>> = {
  frontalHorn: 0.8,
  body: 1,
  atrium: 0.8,
  occipitalHorn: 0.5,
  temporalHorn: 0.1,
};

/** The part of the ventricle that a place belongs to. Borders are our guess, in shares of its length from behind. */
export function ventriclePart(place: { along: number; superior: number }, lengthMm: number): VentriclePart {
  if (place.superior < -0.15 * lengthMm && place.along > 0.2) return "temporalHorn";
  if (place.along > 0.7) return "frontalHorn";
  if (place.along > 0.42) return "body";
  return place.along > 0.18 ? "atrium" : "occipitalHorn";
}

/** Weight of each voxel as the centre of a clot in the lumen; 0 outside the lumen of the side. */
export function lumenWeights(anatomy: Anatomy, side: Side): Float32Array {
  const own = anatomy[side];
  const length = own.front - own.back;
  const weights = new Float32Array(own.lumen.length);
  forEachVoxelIn(anatomy.tissue, own.box, (i, x, y, z) => {
    if (own.lumen[i] === 0) return;
    weights[i] = clotWeight[ventriclePart(placeOf(own, headPoint(anatomy.toHead, x, y, z)), length)];
  });
  return weights;
}
