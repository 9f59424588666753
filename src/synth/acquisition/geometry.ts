import { type Affine, type Matrix3, rotationMatrix, type Vec3 } from "../../core/affine.ts";
import { between, type Rng } from "../../core/rng.ts";
import type { Plane } from "../../core/volume.ts";
import type { HeadGeometry } from "../scene.ts";
import type { Pose } from "./motion.ts";
import type { AcquisitionOptions } from "./options.ts";

/** The grid of a stack: slices along the third array axis. */
export interface StackGrid {
  readonly shape: Vec3;
  readonly affine: Affine;
  readonly pixelMm: number;
  readonly thicknessMm: number;
  readonly gapMm: number;
}

/** Column, row and slice direction of each plane in RAS, right-handed: what a viewer shows upright. */
const directions: Record<Plane, readonly [Vec3, Vec3, Vec3]> = {
  axial: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  coronal: [[1, 0, 0], [0, 0, 1], [0, -1, 0]],
  sagittal: [[0, 1, 0], [0, 0, 1], [1, 0, 0]],
}; // biome-ignore format: a matrix reads by rows

/** Draws where the stack lies: pixel, thickness, gap, field, tilt, turn and shift. */
export function drawGrid(rng: Rng, options: AcquisitionOptions, plane: Plane, head: HeadGeometry): StackGrid {
  const pixelMm = between(rng.fork("pixel"), options.pixelMm);
  const thicknessMm = between(rng.fork("thickness"), options.thicknessMm);
  const gapMm = between(rng.fork("gap"), options.gapMm);
  const field = between(rng.fork("field"), options.fieldMm);
  const pose = rng.fork("pose");
  const swing = (limit: number) => (limit === 0 ? 0 : between(pose, [-limit, limit]));
  const tilt = rotationMatrix([swing(options.obliqueDegrees), swing(options.obliqueDegrees), swing(options.inPlaneDegrees)]);
  const axes = turned(directions[plane], tilt);
  const margins = [between(pose, options.marginMm), between(pose, options.marginMm)] as const;
  const reach = extentAlong(axes[2], head.radii);
  const spacing = thicknessMm + gapMm;
  const columns = Math.max(1, Math.round(field / pixelMm));
  const slices = Math.max(1, Math.ceil((2 * reach + margins[0] + margins[1]) / spacing));
  const shift = [swing(options.offsetMm), swing(options.offsetMm), (margins[1] - margins[0]) / 2];
  const centre = head.centre.map((c, i) => c + shift.reduce((sum, s, k) => sum + s * axes[k]![i]!, 0));
  const shape: Vec3 = [columns, columns, slices];
  const step = [pixelMm, pixelMm, spacing] as const;
  const affine: number[] = [];
  for (let r = 0; r < 3; r++) {
    let origin = centre[r]!;
    for (let c = 0; c < 3; c++) {
      affine.push(axes[c]![r]! * step[c]!);
      origin -= (axes[c]![r]! * step[c]! * (shape[c]! - 1)) / 2;
    }
    affine.push(origin);
  }
  return { shape, affine: affine as unknown as Affine, pixelMm, thicknessMm, gapMm };
}

/** The three directions after a rotation that is given in their own frame. */
function turned(axes: readonly [Vec3, Vec3, Vec3], m: Matrix3): [Vec3, Vec3, Vec3] {
  const column = (c: number) =>
    [0, 1, 2].map((r) => axes[0][r]! * m[c]! + axes[1][r]! * m[3 + c]! + axes[2][r]! * m[6 + c]!) as unknown as Vec3;
  return [column(0), column(1), column(2)];
}

/** Half the extent of an axis-aligned ellipsoid along a unit vector. */
function extentAlong(direction: Vec3, radii: Vec3): number {
  return Math.hypot(direction[0] * radii[0], direction[1] * radii[1], direction[2] * radii[2]);
}

/** Where in the resting scene a world point was when the scene had this pose: `pivot + R (p - pivot) + t`, as an affine. */
export function poseAffine({ rotationDegrees, translationMm }: Pose, pivot: Vec3): Affine {
  const m = rotationMatrix(rotationDegrees);
  const row = (r: number) => {
    const [a, b, c] = [m[3 * r]!, m[3 * r + 1]!, m[3 * r + 2]!];
    return [a, b, c, pivot[r]! + translationMm[r]! - a * pivot[0] - b * pivot[1] - c * pivot[2]];
  };
  return [...row(0), ...row(1), ...row(2)] as unknown as Affine;
}
