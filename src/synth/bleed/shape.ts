import type { Vec3 } from "../../core/affine.ts";
import { bandNoise } from "../field/band-noise.ts";
import type { Field } from "../field/coverage.ts";
import type { BleedShape, BlobBleed, ClotBleed, FanBleed, GerminalBleed, LayerBleed, Roughness } from "./bleed.ts";

/**
 * How far inside a shape's free surface a world point lies, about in mm, positive inside. It knows nothing of anatomy.
 *
 * For lumen blood this is the whole surface metric, with `levelMm` 0 and `radiusMm` 0 it is what the level is chosen from.
 */
export function signedMetric(shape: BleedShape): Field {
  switch (shape.site) {
    case "germinalMatrix":
    case "anywhere":
      return ellipsoidMetric(shape);
    case "lumen":
      return shape.kind === "layer" ? layerMetric(shape) : clotMetric(shape);
    case "periventricular":
      return fanMetric(shape);
    default:
      return shape satisfies never;
  }
}

function rough({ amplitudeMm, noise }: Roughness): Field {
  const field = bandNoise(noise);
  return (x, y, z) => amplitudeMm * field(x, y, z);
}

/** Coordinates along three unit vectors from a point. */
function local(centre: Vec3, axes: readonly [Vec3, Vec3, Vec3]): (x: number, y: number, z: number) => Vec3 {
  const [a, b, c] = axes;
  return (x, y, z) => {
    const [dx, dy, dz] = [x - centre[0], y - centre[1], z - centre[2]];
    return [a[0] * dx + a[1] * dy + a[2] * dz, b[0] * dx + b[1] * dy + b[2] * dz, c[0] * dx + c[1] * dy + c[2] * dz];
  };
}

/** Points farther inside or out than the noise can reach need no noise. */
function withNoise(distance: number, amplitudeMm: number, noise: Field, x: number, y: number, z: number): number {
  return Math.abs(distance) > 4 * amplitudeMm + 3 ? distance : distance + noise(x, y, z);
}

function ellipsoidMetric({ centre, axes, radii, roughness }: GerminalBleed | BlobBleed): Field {
  const toLocal = local(centre, axes);
  const noise = rough(roughness);
  const scale = Math.min(...radii);
  return (x, y, z) => {
    const [a, b, c] = toLocal(x, y, z);
    const [u, v, w] = [a / radii[0], b / radii[1], c / radii[2]];
    const r = Math.hypot(u, v, w);
    // First-order distance to an ellipsoid: (r - 1) over the gradient's length; near the centre that is no distance, but inside.
    const gradient = r < 1e-3 ? 1 / scale : Math.hypot(u / radii[0], v / radii[1], w / radii[2]) / r;
    return withNoise((1 - r) / gradient, roughness.amplitudeMm, noise, x, y, z);
  };
}

function layerMetric({ gravity, levelMm, roughness }: LayerBleed): Field {
  const noise = rough(roughness);
  return (x, y, z) => {
    const depth = x * gravity[0] + y * gravity[1] + z * gravity[2] - levelMm;
    return depth + noise(x, y, z);
  };
}

function clotMetric({ centre, axis, stretch, radiusMm, roughness }: ClotBleed): Field {
  const noise = rough(roughness);
  return (x, y, z) => {
    const [dx, dy, dz] = [x - centre[0], y - centre[1], z - centre[2]];
    const along = dx * axis[0] + dy * axis[1] + dz * axis[2];
    const across = Math.max(0, dx * dx + dy * dy + dz * dz - along * along);
    return radiusMm - Math.sqrt(across + (along / stretch) ** 2) + noise(x, y, z);
  };
}

/** How many times softer a fan's edge is than a clot's, most so at its far end: blood thins out along the veins. Our guess. */
const feather = 3.5;
/** Distance between streaks at the far end, mm, and how much longer than wide they are: after the medullary veins; our guess. */
const streakMm = 4.5;
const streakLength = 5;

/**
 * A fan that is whole at the ventricle and frays outwards: its far part is cut by streaks that run along the veins, from the apex
 * outwards, its sides swing to and fro, and its edge softens with the distance.
 */
function fanMetric({ apex, axes, reachMm, halfLengthMm, halfAngleDegrees, roughness }: FanBleed): Field {
  const toLocal = local(apex, axes);
  const noise = rough(roughness);
  const halfAngle = (halfAngleDegrees * Math.PI) / 180;
  const streaks = bandNoise({ ...roughness.noise, wavelengthMm: streakMm });
  return (x, y, z) => {
    const [out, along, up] = toLocal(x, y, z);
    const flat = along / halfLengthMm;
    if (Math.abs(flat) > 1.4 || out < -3) return -3;
    const r = Math.hypot(out, up);
    const angle = Math.atan2(up, out);
    const whole = Math.hypot(r, flat * reachMm);
    const far = (reachMm - whole) * Math.min(1, halfLengthMm / reachMm);
    const swing = 0.25 * streaks(along / 3, r / 3, Math.sign(angle) * 50);
    const open = halfAngle * (1 - 0.4 * flat * flat + swing);
    const beside = r * Math.sin(Math.max(-1.5, Math.min(1.5, open - Math.abs(angle))));
    const inside = Math.min(far, beside);
    if (inside < -4) return inside;
    const outwards = Math.min(1, whole / reachMm);
    // Places in the fan by direction, so that a streak points away from the apex.
    const streak = streaks(angle * reachMm, flat * reachMm, r / streakLength);
    const frayed = inside + noise(x, y, z) - 0.15 * reachMm * outwards * outwards * Math.max(0, 0.4 + streak);
    return frayed / (1 + (feather - 1) * Math.min(1, 0.4 + outwards));
  };
}
