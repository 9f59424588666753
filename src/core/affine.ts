/** A point or vector, millimetres or voxels as the name around it says. */
export type Vec3 = readonly [number, number, number];

/**
 * Voxel index → world, row-major 3 x 4 (the last row 0 0 0 1 is implied).
 * World is RAS+ in millimetres, as NIfTI has it: x grows to the patient's right, y to anterior, z to superior.
 */
export type Affine = readonly [
  number, number, number, number,
  number, number, number, number,
  number, number, number, number,
]; // biome-ignore format: a matrix reads by rows

/** 3 x 3, row-major. */
export type Matrix3 = readonly [number, number, number, number, number, number, number, number, number];

/** Applies an affine to a point. */
export function applyAffine(a: Affine, [x, y, z]: Vec3): Vec3 {
  return [a[0] * x + a[1] * y + a[2] * z + a[3], a[4] * x + a[5] * y + a[6] * z + a[7], a[8] * x + a[9] * y + a[10] * z + a[11]];
}

/** The affine that applies `inner` first, then `outer`. */
export function composeAffine(outer: Affine, inner: Affine): Affine {
  const out: number[] = [];
  for (let r = 0; r < 3; r++) {
    for (let c = 0; c < 4; c++) {
      let sum = c === 3 ? outer[4 * r + 3]! : 0;
      for (let k = 0; k < 3; k++) sum += outer[4 * r + k]! * inner[4 * k + c]!;
      out.push(sum);
    }
  }
  return out as unknown as Affine;
}

/** Determinant of the 3 x 3 part, mm³ a voxel with a sign: negative for a left-handed (radiological) grid. */
export function determinant(a: Affine): number {
  return a[0] * (a[5] * a[10] - a[6] * a[9]) - a[1] * (a[4] * a[10] - a[6] * a[8]) + a[2] * (a[4] * a[9] - a[5] * a[8]);
}

/** World → voxel. @throws {RangeError} If the affine is singular. */
export function invertAffine(a: Affine): Affine {
  const d = determinant(a);
  if (!(Math.abs(d) > 1e-12)) throw new RangeError(`invertAffine: singular affine, determinant ${d}`);
  const m = [
    (a[5] * a[10] - a[6] * a[9]) / d, (a[2] * a[9] - a[1] * a[10]) / d, (a[1] * a[6] - a[2] * a[5]) / d,
    (a[6] * a[8] - a[4] * a[10]) / d, (a[0] * a[10] - a[2] * a[8]) / d, (a[2] * a[4] - a[0] * a[6]) / d,
    (a[4] * a[9] - a[5] * a[8]) / d, (a[1] * a[8] - a[0] * a[9]) / d, (a[0] * a[5] - a[1] * a[4]) / d,
  ] as const; // biome-ignore format: a matrix reads by rows
  const shift = (r: number) => -(m[3 * r]! * a[3] + m[3 * r + 1]! * a[7] + m[3 * r + 2]! * a[11]);
  return [m[0], m[1], m[2], shift(0), m[3], m[4], m[5], shift(1), m[6], m[7], m[8], shift(2)];
}

/** Voxel spacing along each array axis, mm: the column lengths. */
export function affineSpacing(a: Affine): Vec3 {
  return [Math.hypot(a[0], a[4], a[8]), Math.hypot(a[1], a[5], a[9]), Math.hypot(a[2], a[6], a[10])];
}

/**
 * For each array axis, the world axis (0 = left-right, 1 = posterior-anterior, 2 = inferior-superior) that it runs along most,
 * each world axis used once. The same answer as nibabel's `io_orientation` for grids less than 45 degrees oblique.
 */
export function worldAxes(a: Affine): readonly [number, number, number] {
  const spacing = affineSpacing(a);
  const out = [0, 0, 0];
  const left = new Set([0, 1, 2]);
  const order = [0, 1, 2].sort((p, q) => strongest(a, q, spacing) - strongest(a, p, spacing));
  for (const axis of order) {
    let best = -1;
    let bestSize = -1;
    for (const world of left) {
      const size = Math.abs(a[4 * world + axis]!) / spacing[axis]!;
      if (size > bestSize) [best, bestSize] = [world, size];
    }
    out[axis] = best;
    left.delete(best);
  }
  return out as unknown as readonly [number, number, number];
}

function strongest(a: Affine, axis: number, spacing: Vec3): number {
  return Math.max(...[0, 1, 2].map((world) => Math.abs(a[4 * world + axis]!) / spacing[axis]!));
}

/** A grid with this spacing (mm), axes along the world's, whose centre voxel point `(shape - 1) / 2` lies at `centre`. */
export function axisAlignedAffine(shape: Vec3, spacing: Vec3, centre: Vec3 = [0, 0, 0]): Affine {
  const at = (i: 0 | 1 | 2) => centre[i] - (spacing[i] * (shape[i] - 1)) / 2;
  return [spacing[0], 0, 0, at(0), 0, spacing[1], 0, at(1), 0, 0, spacing[2], at(2)];
}

/** The 3 x 3 rotation (row-major) of a rotation vector in degrees, by Rodrigues' formula. */
export function rotationMatrix(vector: Vec3): Matrix3 {
  const angle = (Math.hypot(...vector) * Math.PI) / 180;
  if (angle === 0) return [1, 0, 0, 0, 1, 0, 0, 0, 1];
  const length = Math.hypot(...vector);
  const [x, y, z] = [vector[0] / length, vector[1] / length, vector[2] / length];
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  const t = 1 - c;
  return [
    t * x * x + c, t * x * y - s * z, t * x * z + s * y,
    t * x * y + s * z, t * y * y + c, t * y * z - s * x,
    t * x * z - s * y, t * y * z + s * x, t * z * z + c,
  ]; // biome-ignore format: a matrix reads by rows
}
