import type { Vec3 } from "./affine.ts";

/** `a + factor * b`. */
export function addScaled(a: Vec3, b: Vec3, factor: number): Vec3 {
  return [a[0] + factor * b[0], a[1] + factor * b[1], a[2] + factor * b[2]];
}

/** Scalar product. */
export function dot(a: Vec3, b: Vec3): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

/** Right-handed cross product. */
export function cross(a: Vec3, b: Vec3): Vec3 {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

/** The vector of length 1 in the same direction. @throws {RangeError} If its length is not above 0. */
export function unitVector(a: Vec3): Vec3 {
  const length = Math.hypot(...a);
  if (!(length > 0)) throw new RangeError(`unitVector: length must be above 0; got ${length}`);
  return [a[0] / length, a[1] / length, a[2] / length];
}

/**
 * Three unit vectors at right angles, right-handed: the first along `first`, the second as near to `second` as that allows.
 * @throws {RangeError} If the two are parallel.
 */
export function orthonormal(first: Vec3, second: Vec3): readonly [Vec3, Vec3, Vec3] {
  const a = unitVector(first);
  const b = unitVector(addScaled(second, a, -dot(a, second)));
  return [a, b, cross(a, b)];
}
