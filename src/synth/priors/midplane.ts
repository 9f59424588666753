import { type Affine, applyAffine, invertAffine, type Vec3 } from "../../core/affine.ts";
import { cross, orthonormal, unitVector } from "../../core/vector.ts";
import type { LabelVolume } from "../../core/volume.ts";
import { UnfitError } from "../unfit.ts";

export type Side = "left" | "right";
export const sides = ["left", "right"] as const satisfies readonly Side[];

/** +1 for the patient's right, -1 for the left: the sign of the first coordinate of {@link HeadFrame}. */
export function signOf(side: Side): 1 | -1 {
  return side === "right" ? 1 : -1;
}

/**
 * The head's own axes: world (RAS mm) → mm to the right of the mid-sagittal plane, mm anterior, mm superior.
 * Yaw and roll are the head's, fitted; pitch is the world's. Orthonormal.
 */
export type HeadFrame = Affine;

/**
 * Fits the mid-sagittal plane: of the planes about across the world's x axis, the one in which the label map is most nearly its own
 * mirror image, by pattern search over yaw, roll and offset. Within two degrees and half a millimetre.
 *
 * The outline alone would not do: midpoints of chords of an ellipsoid do not lie in its plane of symmetry when it is turned.
 * Right for heads turned by less than 30 degrees against the world's axes.
 *
 * @param tissue - Tissue ids; everything but 0 is brain.
 * @throws {UnfitError} If there are fewer than 100 voxels of brain.
 */
export function fitHeadFrame(tissue: LabelVolume): HeadFrame {
  const mismatch = mirrorMismatch(tissue);
  let best: Plane3 = [0, 0, mismatch.centre];
  let least = mismatch.of(best);
  for (let step = 12; step > 0.2; step /= 2) {
    for (let improved = true; improved; ) {
      improved = false;
      for (const [k, sign] of searchSteps) {
        const next = best.map((v, i) =>
          i === k ? v + sign * (k === 2 ? step / 3 : (step * Math.PI) / 180) : v,
        ) as unknown as Plane3;
        const value = mismatch.of(next);
        if (value >= least) continue;
        [best, least, improved] = [next, value, true];
      }
    }
  }
  const right = normalOf(best);
  const anterior = orthonormal(right, [0, 1, 0])[1];
  return [...right, -best[2], ...anterior, 0, ...cross(right, anterior), 0];
}

/** Yaw and roll in radians, and mm from the world's origin along the normal. */
type Plane3 = readonly [number, number, number];

const searchSteps = [0, 1, 2].flatMap((k) => [[k, 1] as const, [k, -1] as const]);

function normalOf([yaw, roll]: Plane3): Vec3 {
  return unitVector([1, Math.tan(yaw), Math.tan(roll)]);
}

/** How many of up to about 12,000 evenly spaced brain voxels have another tissue in the mirror, as a function of the plane. */
function mirrorMismatch({ data, shape, affine }: LabelVolume): { centre: number; of: (plane: Plane3) => number } {
  const brain: number[] = [];
  for (let i = 0; i < data.length; i++) if (data[i] !== 0) brain.push(i);
  if (brain.length < 100) throw new UnfitError(`the label map must show a brain of at least 100 voxels; got ${brain.length}`);
  // An odd stride that shares no factor with the rows, so that samples do not line up.
  const stride = Math.max(1, Math.floor(brain.length / 12_000)) | 1;
  const sampled = brain.filter((_, i) => i % stride === 0);
  const points = sampled.map((i) =>
    applyAffine(affine, [i % shape[0], Math.floor(i / shape[0]) % shape[1], Math.floor(i / (shape[0] * shape[1]))]),
  );
  const m = invertAffine(affine);
  const of = (plane: Plane3): number => {
    const n = normalOf(plane);
    let wrong = 0;
    for (let s = 0; s < points.length; s++) {
      const p = points[s]!;
      const away = 2 * (p[0] * n[0] + p[1] * n[1] + p[2] * n[2] - plane[2]);
      const [x, y, z] = [p[0] - away * n[0], p[1] - away * n[1], p[2] - away * n[2]];
      const i = Math.round(m[0] * x + m[1] * y + m[2] * z + m[3]);
      const j = Math.round(m[4] * x + m[5] * y + m[6] * z + m[7]);
      const k = Math.round(m[8] * x + m[9] * y + m[10] * z + m[11]);
      const inside = i >= 0 && j >= 0 && k >= 0 && i < shape[0] && j < shape[1] && k < shape[2];
      if (!inside || data[i + shape[0] * (j + shape[1] * k)] !== data[sampled[s]!]) wrong++;
    }
    return wrong;
  };
  return { centre: points.reduce((sum, p) => sum + p[0], 0) / points.length, of };
}

/** The side that a voxel lies on; the mid-sagittal plane itself counts as left. @param toHead - Voxel index → head coordinates. */
export function sideOf(toHead: Affine, x: number, y: number, z: number): Side {
  return toHead[0] * x + toHead[1] * y + toHead[2] * z + toHead[3] > 0 ? "right" : "left";
}
