import { type Affine, affineSpacing, invertAffine, type Vec3, worldAxes } from "../../core/affine.ts";
import { sampleLinear, sampleTrilinear, type VectorField } from "../field/interpolate.ts";
import { type Anatomy, headPoint } from "./anatomy.ts";
import { atrialWidthMm, type UprightLumen } from "./atrial-width.ts";
import { type Side, signOf } from "./midplane.ts";

/** Step of the head-aligned grid that the atrium is measured on, mm. */
const stepMm = 0.9;

/**
 * Width of a side's atrium in mm, measured square to it in axial slices of the head's own frame (see {@link atrialWidthMm}),
 * as it would be after a warp. Within 0.5 mm of what is measured on the warped labels (test).
 *
 * @param pull - For each place of the warped scene, where in this one to look; null for the anatomy as it is.
 */
export function measureAtrium(anatomy: Anatomy, side: Side, pull: VectorField | null = null): number {
  return atrialWidthMm(uprightLumen(anatomy, side, pull));
}

/** The lumen sampled along the head's axes, 1 where the interpolated distance to its wall is negative. */
function uprightLumen(anatomy: Anatomy, side: Side, pull: VectorField | null): UprightLumen {
  const { tissue, toHead } = anatomy;
  const { low, high } = headBox(anatomy, side);
  const shape = low.map((v, a) => Math.max(1, Math.ceil((high[a]! - v) / stepMm))) as unknown as Vec3;
  const inside = new Uint8Array(shape[0] * shape[1] * shape[2]);
  const wall = sampleTrilinear(anatomy[side].wallMm, tissue.shape);
  const displacement = pull && sampleLinear(pull);
  const m: Affine = invertAffine(toHead);
  for (let c = 0, n = 0; c < shape[2]; c++) {
    for (let b = 0; b < shape[1]; b++) {
      const start = headPoint(m, low[0], low[1] + stepMm * b, low[2] + stepMm * c);
      for (let a = 0; a < shape[0]; a++, n++) {
        const x = start[0] + m[0] * stepMm * a;
        const y = start[1] + m[4] * stepMm * a;
        const z = start[2] + m[8] * stepMm * a;
        const by = displacement?.(x, y, z);
        if ((by ? wall(x + by[0], y + by[1], z + by[2]) : wall(x, y, z)) < 0) inside[n] = 1;
      }
    }
  }
  return { inside, shape, spacing: [stepMm, stepMm, stepMm] };
}

/** The box of a side's surroundings in head coordinates, on its own side of the midline. A lone slice has one layer. */
function headBox(anatomy: Anatomy, side: Side): { low: Vec3; high: Vec3 } {
  const { low, high } = anatomy[side].box;
  const corners = [0, 1, 2, 3, 4, 5, 6, 7].map((c) =>
    headPoint(anatomy.toHead, c & 1 ? high[0] : low[0], c & 2 ? high[1] : low[1], c & 4 ? high[2] : low[2]),
  );
  const ends = (pick: (...v: number[]) => number) => [0, 1, 2].map((a) => pick(...corners.map((p) => p[a]!)));
  const [from, to] = [ends(Math.min), ends(Math.max)];
  if (signOf(side) > 0) from[0] = Math.max(0, from[0]!);
  else to[0] = Math.min(0, to[0]!);
  return { low: from as unknown as Vec3, high: to as unknown as Vec3 };
}

/**
 * Width in mm that a side's atrium can be pushed to: 62 % of the way from the midline to the brain's lateral border (98th percentile
 * of its voxels), so that a mantle is left. Our guess. 0 where a lone slice does not show the ventricle, 1 where it does but not in
 * an axial plane, in which alone the atrium is measured.
 */
export function widestAtrium(anatomy: Anatomy, side: Side): number {
  const { tissue, toHead, flatAxis } = anatomy;
  if (anatomy[side].lumenMl === 0) return 0;
  if (flatAxis !== null && worldAxes(tissue.affine)[flatAxis] !== 2) return 1;
  const step = Math.max(1, Math.round(2 / Math.min(...affineSpacing(tissue.affine))));
  const lateral: number[] = [];
  for (let z = 0; z < tissue.shape[2]; z++) {
    for (let y = 0; y < tissue.shape[1]; y += step) {
      for (let x = 0; x < tissue.shape[0]; x += step) {
        if (tissue.data[x + tissue.shape[0] * (y + tissue.shape[1] * z)]! < 2) continue; // background and extra-axial fluid
        const mm = signOf(side) * headPoint(toHead, x, y, z)[0];
        if (mm > 0) lateral.push(mm);
      }
    }
  }
  return 0.62 * (Float64Array.from(lateral).sort()[Math.floor(0.98 * lateral.length)] ?? 0);
}
