import { type Affine, applyAffine, composeAffine, type Vec3, worldAxes } from "../../core/affine.ts";
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
 * Fits the mid-sagittal plane to the brain's outline: the plane through the midpoints of its left and right borders,
 * by least squares with outliers (more than twice the median residual) left out, twice.
 *
 * Right for heads turned by less than 45 degrees against the world's axes.
 * @param tissue - Tissue ids; everything but 0 is brain.
 * @throws {UnfitError} If fewer than 10 rows of voxels hold brain.
 */
export function fitHeadFrame(tissue: LabelVolume): HeadFrame {
  let points = rowMidpoints(tissue);
  if (points.length < 10)
    throw new UnfitError(`the label map must show a brain at least 10 rows of voxels large; got ${points.length}`);
  let plane = fitPlane(points);
  for (let round = 0; round < 2; round++) {
    const residuals = points.map((p) => Math.abs(p[0] - at(plane, p)));
    const limit = 2 * [...residuals].sort((a, b) => a - b)[residuals.length >> 1]! + 1e-6;
    points = points.filter((_, i) => residuals[i]! <= limit);
    plane = fitPlane(points);
  }
  const [, by, bz] = plane; // x = a + by y + bz z, so the normal is (1, -by, -bz)
  const right = unit([1, -by, -bz]);
  const lean = right[1];
  const anterior = unit([-lean * right[0], 1 - lean * right[1], -lean * right[2]]);
  const superior: Vec3 = [
    right[1] * anterior[2] - right[2] * anterior[1],
    right[2] * anterior[0] - right[0] * anterior[2],
    right[0] * anterior[1] - right[1] * anterior[0],
  ];
  return [...right, -right[0] * plane[0], ...anterior, 0, ...superior, 0];
}

/** Voxel index → head coordinates, mm. */
export function headOfVoxel(frame: HeadFrame, grid: { readonly affine: Affine }): Affine {
  return composeAffine(frame, grid.affine);
}

/** World midpoints of the brain's extent in each row of voxels that runs left to right, where it is at least 8 voxels long. */
function rowMidpoints({ data, shape, affine }: LabelVolume): Vec3[] {
  const lateral = worldAxes(affine).indexOf(0);
  const [u, v] = [0, 1, 2].filter((axis) => axis !== lateral) as [number, number];
  const stride = [1, shape[0], shape[0] * shape[1]];
  const points: Vec3[] = [];
  const index = [0, 0, 0];
  for (let b = 0; b < shape[v]!; b++) {
    for (let a = 0; a < shape[u]!; a++) {
      const start = a * stride[u]! + b * stride[v]!;
      let first = -1;
      let last = -1;
      for (let i = 0; i < shape[lateral]!; i++) {
        if (data[start + i * stride[lateral]!] === 0) continue;
        if (first < 0) first = i;
        last = i;
      }
      if (first < 0 || last - first < 7) continue;
      index[u] = a;
      index[v] = b;
      index[lateral] = (first + last) / 2;
      points.push(applyAffine(affine, index as unknown as Vec3));
    }
  }
  return points;
}

type PlaneFit = readonly [number, number, number];
const at = (plane: PlaneFit, p: Vec3): number => plane[0] + plane[1] * p[1] + plane[2] * p[2];

/** Least squares of x = a + b y + c z, through the centred normal equations. */
function fitPlane(points: readonly Vec3[]): PlaneFit {
  const mean = [0, 1, 2].map((k) => points.reduce((sum, p) => sum + p[k]!, 0) / points.length) as unknown as Vec3;
  let [yy, yz, zz, xy, xz] = [1e-9, 0, 1e-9, 0, 0];
  for (const p of points) {
    const [x, y, z] = [p[0] - mean[0], p[1] - mean[1], p[2] - mean[2]];
    yy += y * y;
    yz += y * z;
    zz += z * z;
    xy += x * y;
    xz += x * z;
  }
  const d = yy * zz - yz * yz;
  const b = (xy * zz - xz * yz) / d;
  const c = (xz * yy - xy * yz) / d;
  return [mean[0] - b * mean[1] - c * mean[2], b, c];
}

function unit([x, y, z]: Vec3): Vec3 {
  const length = Math.hypot(x, y, z);
  return [x / length, y / length, z / length];
}
