import type { Vec3 } from "../../core/affine.ts";
import type { Rng } from "../../core/rng.ts";

export function add(...vectors: readonly Vec3[]): Vec3 {
  return [0, 1, 2].map((i) => vectors.reduce((sum, v) => sum + v[i]!, 0)) as unknown as Vec3;
}

export function scaled(v: Vec3, factor: number): Vec3 {
  return [v[0] * factor, v[1] * factor, v[2] * factor];
}

/** The unit vector along `v`. */
export function unit(v: Vec3): Vec3 {
  return scaled(v, 1 / Math.max(1e-9, Math.hypot(...v)));
}

/** `from` plus `t` of the way to `to`. */
export function along(from: Vec3, to: Vec3, t: number): Vec3 {
  return add(from, scaled(add(to, scaled(from, -1)), t));
}

/** A direction, all equally likely. */
export function anyDirection(rng: Rng): Vec3 {
  return unit([rng.normal(), rng.normal(), rng.normal()]);
}

/** A rotation vector in degrees, axis and angle uniform: not the Haar measure, but every pose occurs. */
export function anyTurn(rng: Rng): Vec3 {
  return scaled(anyDirection(rng), 180 * rng.uniform());
}
