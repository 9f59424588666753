import { forEachVoxelIn } from "../../core/box.ts";
import { tissues } from "../../core/tissue.ts";
import { type Anatomy, headPoint, placeOf } from "./anatomy.ts";
import type { Side } from "./midplane.ts";

/** Tissues that an infarction may fill: white matter, and what lies between it and the ventricle. */
export const infarctTissues: ReadonlySet<number> = new Set([tissues.whiteMatter, tissues.germinalMatrix, tissues.deepGrey]);

/**
 * Weight of each voxel as the root of a periventricular hemorrhagic infarction: white matter (or the ventricular zone in
 * front of it) within 2.5 mm of the wall, on the upper outer angle of the ventricle, from the atrium to the frontal horn.
 * There the medullary veins meet the terminal vein that a germinal matrix bleed blocks.
 *
 * Source: fan shape and side, Papile's grade IV, now periventricular hemorrhagic infarction, on the side of the bleed; angle and extent are our guess.
 */
export function periventricularWeights(anatomy: Anatomy, side: Side): Float32Array {
  const own = anatomy[side];
  const { tissue, toHead } = anatomy;
  const weights = new Float32Array(tissue.data.length);
  forEachVoxelIn(tissue, own.box, (i, x, y, z) => {
    const wall = own.wallMm[i]!;
    if (wall <= 0 || wall > 2.5) return;
    if (tissue.data[i] !== tissues.whiteMatter && tissue.data[i] !== tissues.germinalMatrix) return;
    const place = placeOf(own, headPoint(toHead, x, y, z));
    const level = Math.abs(place.along - 0.55) / 0.3;
    const away = Math.hypot(place.lateral, place.superior) + 1e-6;
    const outward = (place.lateral * Math.cos(fanAngle) + place.superior * Math.sin(fanAngle)) / away;
    if (level >= 1 || outward <= 0.5) return;
    weights[i] = Math.cos((level * Math.PI) / 2) ** 2 * (outward - 0.5);
  });
  return weights;
}

/** Direction of the ventricle's upper outer angle from its centre in the coronal plane: 30 degrees above lateral. */
const fanAngle = (30 * Math.PI) / 180;
