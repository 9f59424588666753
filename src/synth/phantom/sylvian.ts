import { clamp, type Field, polygonDistance } from "./fields.ts";
import type { Frame } from "./frame.ts";
import { interpolateHeld } from "./growth.ts";

/**
 * The fluid of the Sylvian fossa of the right side, negative inside: a triangle over the insula that is wide open at 20 weeks and is
 * covered by the growing opercula, from behind, until a slit is left at term.
 */
export function sylvianFossa(frame: Frame, age: number): Field {
  const [fx, fy, fz] = frame.scale;
  const size = frame.size;
  const corners = [[-7, 3.5], [4, 4], [24, 2], [21, -12], [15, -16], [3, -7]] as const; // biome-ignore format: one line
  const floorOutline = polygonDistance(corners.map(([y, z]) => [y * fy, z * fz]));
  const slitLine = [[-12, 5.5], [4, -3], [16, -9]] as const; // biome-ignore format: one line
  const slit = lineDistance(slitLine.map(([y, z]) => [y * fy, z * fz]));
  // How far out the insula lies, as a share of the half width of the brain, and how far the opercula have grown over it, mm.
  const insulaX = fx * 36.8 * interpolateHeld([20, 22, 24, 30, 36], [0.75, 0.72, 0.685, 0.64, 0.6], age);
  const cover = size * interpolateHeld([23, 26, 30, 34, 38], [-1, 0.6, 3.2, 5.2, 6.5], age);
  const slitHalf = interpolateHeld([24, 30, 38], [1.2, 0.8, 0.5], age);
  const lens = size * 1.6;
  const out = 11 * size;
  return (x, y, z) => {
    const floor = insulaX - 0.14 * (y - 8 * fy) - 0.3 * Math.max(0, -9 * fz - z);
    const above = x - floor;
    if (above < -6) return -above;
    const outline = floorOutline(y, z);
    const t = clamp((above - lens) / (out - lens), 0, 1.2);
    const opening = Math.min(outline + cover * t, slit(y, z) - slitHalf);
    return Math.max(opening, -above);
  };
}

/** Unsigned distance to a line of segments in a plane. */
function lineDistance(points: readonly (readonly [number, number])[]): (u: number, v: number) => number {
  return (u, v) => {
    let best = Infinity;
    for (let i = 1; i < points.length; i++) {
      const [ax, ay] = points[i - 1]!;
      const [ex, ey] = [points[i]![0] - ax, points[i]![1] - ay];
      const t = clamp(((u - ax) * ex + (v - ay) * ey) / (ex * ex + ey * ey), 0, 1);
      best = Math.min(best, Math.hypot(u - ax - t * ex, v - ay - t * ey));
    }
    return best;
  };
}
