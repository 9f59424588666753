import { type Affine, affineSpacing, applyAffine, determinant, type Vec3 } from "../../core/affine.ts";

/** The header fields that an affine can come from, as numbers read from the file. */
export interface AffineFields {
  readonly version: 1 | 2;
  /** dim[0] to dim[7]. */
  readonly dims: readonly number[];
  /** pixdim[0] (the sign of the third axis) to pixdim[7]. */
  readonly pixdim: readonly number[];
  readonly qformCode: number;
  readonly sformCode: number;
  /** quatern_b, c, d. */
  readonly quaternion: Vec3;
  readonly qoffset: Vec3;
  /** srow_x, srow_y, srow_z. */
  readonly srow: Affine;
}

/** A rule that an affine breaks, and what was there instead. */
export interface Broken {
  readonly rule: string;
  readonly got: string | number;
}

/** A code of the standard: 1 scanner, 2 aligned, 3 Talairach, 4 MNI, 5 template. Any other counts as 0, unknown. */
export function knownCode(code: number): number {
  return code >= 1 && code <= 5 ? code : 0;
}

/**
 * Voxel → world by nibabel's rule: the sform if its code is set, else the qform if its code is set, else the base affine,
 * whose x axis runs to the left and whose origin is the grid's centre.
 *
 * @returns The affine, or the broken rule in words.
 *
 * Source: nibabel 5.4 `Nifti1Header.get_best_affine`, computed in float64 as there.
 */
export function bestAffine(fields: AffineFields): Affine | Broken {
  if (knownCode(fields.sformCode) > 0) return fields.srow;
  if (knownCode(fields.qformCode) > 0) return qformAffine(fields);
  return baseAffine(fields);
}

/** Affine of the quaternion, or the broken rule in words. A norm a rounding error above 1 counts as 1, as in nibabel. */
export function qformAffine({ version, pixdim, quaternion, qoffset }: AffineFields): Affine | Broken {
  const [x, y, z] = quaternion;
  const threshold = 3 * (version === 1 ? 2 ** -23 : 2 ** -52); // of the stored precision
  let w2 = 1 - (x * x + y * y + z * z);
  if (Math.abs(w2) < threshold) w2 = 0;
  if (!(w2 >= 0)) return { rule: "the qform's quaternion must have a norm of at most 1", got: Math.hypot(x, y, z) };
  const rotation = rotationOf(Math.sqrt(w2), x, y, z);
  const scale = [pixdim[1]!, pixdim[2]!, pixdim[3]! * (pixdim[0] === -1 ? -1 : 1)] as const;
  const row = (r: number) => [0, 1, 2].map((c) => rotation[3 * r + c]! * scale[c]!);
  return [...row(0), qoffset[0], ...row(1), qoffset[1], ...row(2), qoffset[2]] as unknown as Affine;
}

function rotationOf(w: number, x: number, y: number, z: number): readonly number[] {
  const s = 2 / (w * w + x * x + y * y + z * z);
  return [
    1 - s * (y * y + z * z), s * (x * y - w * z), s * (x * z + w * y),
    s * (x * y + w * z), 1 - s * (x * x + z * z), s * (y * z - w * x),
    s * (x * z - w * y), s * (y * z + w * x), 1 - s * (x * x + y * y),
  ]; // biome-ignore format: a matrix reads by rows
}

function baseAffine({ dims, pixdim }: AffineFields): Affine {
  const used = (axis: number, value: number) => (axis <= dims[0]! ? value : 1);
  const [sx, sy, sz] = [-used(1, pixdim[1]!), used(2, pixdim[2]!), used(3, pixdim[3]!)];
  const at = (axis: number, step: number) => -step * ((used(axis, dims[axis]!) - 1) / 2);
  return [sx, 0, 0, at(1, sx), 0, sy, 0, at(2, sy), 0, 0, sz, at(3, sz)];
}

/** The rule by which an affine cannot place voxels in space, or null if it can. Oblique and left-handed grids can. */
export function affineProblem(affine: Affine): Broken | null {
  if (!affine.every(Number.isFinite)) return { rule: "the affine's numbers must be finite", got: affine.join(" ") };
  const spacing = affineSpacing(affine);
  if (spacing.some((s) => s < 1e-3 || s > 1e3)) {
    const got = spacing.map((s) => Number(s.toPrecision(4))).join(" x ");
    return { rule: "voxels must be 0.001 to 1000 mm along each axis", got };
  }
  const volume = Math.abs(determinant(affine)) / (spacing[0] * spacing[1] * spacing[2]);
  return volume > 1e-3 ? null : { rule: "the affine must be invertible", got: "axes that lie in one plane" };
}

/** The largest distance in mm between where two affines put a corner of the grid. */
export function cornerDistance(a: Affine, b: Affine, shape: Vec3): number {
  let largest = 0;
  for (let corner = 0; corner < 8; corner++) {
    const at = shape.map((n, axis) => ((corner >> axis) & 1) * (n - 1)) as unknown as Vec3;
    const [p, q] = [applyAffine(a, at), applyAffine(b, at)];
    largest = Math.max(largest, Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]));
  }
  return largest;
}
