import type { Vec3 } from "../../core/affine.ts";
import { poisson, type Rng, shuffled } from "../../core/rng.ts";

/** A rigid pose of the scene at the moment a slice was taken: rotation about a pivot, then translation. */
export interface Pose {
  /** Rotation vector, degrees: direction is the axis (world), length the angle. */
  readonly rotationDegrees: Vec3;
  readonly translationMm: Vec3;
}

/** How the scene moved while a stack was taken. */
export interface Motion {
  /** One pose a slice, in the order of the slices in space. */
  readonly poses: readonly Pose[];
  /** Slices that were being taken when a jump happened. */
  readonly jumpedSlices: readonly number[];
}

export interface MotionLevel {
  /** Standard deviation of the random walk's end, mm per axis. */
  readonly translationMm: number;
  /** The same for the rotation about each axis, degrees. */
  readonly rotationDegrees: number;
  /** Mean number of jumps. */
  readonly jumps: number;
}

/**
 * The order in which slices are taken: 0, p, 2p, … then 1, p + 1, …: neighbours in space are apart in time,
 * so that motion shows as a saw-tooth between them.
 */
export function interleavedOrder(slices: number, passes: number): number[] {
  const order: number[] = [];
  for (let pass = 0; pass < passes; pass++) for (let s = pass; s < slices; s += passes) order.push(s);
  return order;
}

/**
 * Draws a rigid motion: a random walk in time plus sudden jumps, seen in the order of acquisition.
 * The mean pose is removed, so that the nominal affine stays right on average.
 *
 * @param order - Slice taken at each time, a permutation.
 */
export function drawMotion(rng: Rng, order: readonly number[], level: MotionLevel): Motion {
  const n = order.length;
  const scale = [0, 0, 0, 0, 0, 0].map((_, i) => (i < 3 ? level.rotationDegrees : level.translationMm));
  const jumpTimes = new Set(shuffled(rng.fork("when"), [...order.keys()]).slice(0, Math.min(n, poisson(rng, level.jumps))));
  const walk: number[][] = [];
  let now = [0, 0, 0, 0, 0, 0];
  for (let t = 0; t < n; t++) {
    const step = jumpTimes.has(t) ? 1 : 1 / Math.sqrt(n);
    now = now.map((value, i) => value + step * scale[i]! * rng.normal());
    walk.push(now);
  }
  const mean = now.map((_, i) => walk.reduce((sum, pose) => sum + pose[i]! / n, 0));
  const poses = new Array<Pose>(n);
  for (const [t, slice] of order.entries()) {
    const [a, b, c, x, y, z] = walk[t]!.map((value, i) => value - mean[i]!) as [number, number, number, number, number, number];
    poses[slice] = { rotationDegrees: [a, b, c], translationMm: [x, y, z] };
  }
  return { poses, jumpedSlices: [...jumpTimes].map((t) => order[t]!).sort((p, q) => p - q) };
}
