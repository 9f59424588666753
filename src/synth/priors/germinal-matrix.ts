import { forEachVoxelIn } from "../../core/box.ts";
import { tissues } from "../../core/tissue.ts";
import { type Anatomy, headPoint, placeOf, type SideAnatomy, type VentriclePlace } from "./anatomy.ts";
import type { Side } from "./midplane.ts";

/**
 * Width of the germinal matrix, mm, by gestational age in weeks: 2.5 up to 23.5, 1.4 at 32, 0 from 36 on, linear between.
 * Source: Ballabh 2004 (bionumbers 117108).
 */
export function germinalMatrixMm(weeks: number): number {
  if (weeks <= 23.5) return 2.5;
  if (weeks <= 32) return 2.5 + ((1.4 - 2.5) * (weeks - 23.5)) / (32 - 23.5);
  return weeks < 36 ? 1.4 * (1 - (weeks - 32) / (36 - 32)) : 0;
}

/**
 * How likely a bleed of a given age starts in the germinal matrix, relative to up to 32 weeks: 1, a half after 32 weeks,
 * 0 from 36 on. Our inference from its involution.
 */
export function germinalMatrixShare(weeks: number): number {
  if (weeks >= 36) return 0;
  return weeks > 32 ? 0.5 : 1;
}

/**
 * Weight of each voxel as the centre of a germinal matrix bleed; 0 where there is none.
 *
 * The inferolateral wall of the ventricle between caudate head and thalamus: within the matrix' width + 1 mm of the wall, lateral
 * of and below the ventricle's centre, strongest at the caudothalamic level (measured on CRL's atlas) and near deep grey, where that is labelled. Where the scheme labels a ventricular zone, it counts double and white matter not at
 * all, since the zone holds the matrix; it lines the whole ventricle and is far more than the matrix, so the rule still applies.
 *
 * Our rule, from where the matrix lies.
 */
export function germinalMatrixWeights(anatomy: Anatomy, side: Side, weeks: number): Float32Array {
  const width = germinalMatrixMm(weeks);
  if (width === 0) return new Float32Array(anatomy.tissue.data.length);
  const zoned = anatomy.tissue.data.includes(tissues.germinalMatrix);
  const other = zoned ? 0 : 1;
  const weightOf = (id: number) =>
    id === tissues.germinalMatrix ? 2 : id === tissues.deepGrey ? 1 : id === tissues.whiteMatter ? other : 0;
  return weigh(anatomy, side, width + 1, weightOf);
}

/** Share of the way from the ventricle's hind to its front end. Caudate, thalamus and lumen meet at .50-.56 in CRL's atlas of 22-34 weeks. */
const caudothalamicLevel = 0.56;
const levelReach = 0.22;
/** Lower below the ventricle's centre than this share of its length lies the temporal horn, which has a ventricular zone too. */
const lowest = -0.16;
/** Direction of the caudothalamic notch from the ventricle's centre: 60 degrees below lateral, for the body's outer corner points up. Measured as the level. */
const notch = [Math.cos((-60 * Math.PI) / 180), Math.sin((-60 * Math.PI) / 180)] as const;

function weigh(anatomy: Anatomy, side: Side, reachMm: number, weightOf: (id: number) => number): Float32Array {
  const own = anatomy[side];
  const { tissue, toHead, deepGreyMm } = anatomy;
  const weights = new Float32Array(tissue.data.length);
  const greyLabelled = deepGreyMm.some((mm) => mm === 0);
  forEachVoxelIn(tissue, own.box, (i, x, y, z) => {
    const wall = own.wallMm[i]!;
    const kind = weightOf(tissue.data[i]!);
    if (wall <= 0 || wall > reachMm || kind === 0) return;
    const place = placeOf(own, headPoint(toHead, x, y, z));
    const level = Math.abs(place.along - caudothalamicLevel) / levelReach;
    const towards = matrixDirection(place, own);
    if (level >= 1 || towards <= 0) return;
    const grey = greyLabelled ? Math.exp(-((deepGreyMm[i]! / 3) ** 2)) : 1;
    weights[i] = kind * Math.cos((level * Math.PI) / 2) ** 2 * towards ** 2 * (1 - (wall / reachMm) ** 2) * grey;
  });
  return weights;
}

/** How much a place lies towards the caudothalamic notch from the ventricle's centre: 1 straight at it, 0 and less elsewhere. */
export function matrixDirection({ lateral, superior }: VentriclePlace, { front, back }: SideAnatomy): number {
  if (superior < lowest * (front - back)) return 0;
  return (lateral * notch[0] + superior * notch[1]) / (Math.hypot(lateral, superior) + 1e-6);
}
