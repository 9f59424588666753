/**
 * A signed distance in mm to the surface of a shape, negative inside. Exact for the simple shapes, a good estimate near the surface
 * for the others. Shapes are made once and asked for millions of points, so they keep their numbers in local constants.
 */
export type Field = (x: number, y: number, z: number) => number;

type Point = readonly [number, number, number];

export function clamp(value: number, low: number, high: number): number {
  return value < low ? low : value > high ? high : value;
}

/** 0 up to `from`, 1 from `to` on, smooth between; `from` may be the larger. */
export function smoothstep(from: number, to: number, value: number): number {
  const t = clamp((value - from) / (to - from), 0, 1);
  return t * t * (3 - 2 * t);
}

/** The smaller of two distances with a fillet of about `k` mm where they meet. */
export function smoothMin(a: number, b: number, k: number): number {
  const h = k - Math.abs(a - b);
  const m = a < b ? a : b;
  return h > 0 ? m - (h * h) / (4 * k) : m;
}

/** The larger of two distances, rounded by about `k` mm where they meet. */
export function smoothMax(a: number, b: number, k: number): number {
  return -smoothMin(-a, -b, k);
}

/** Shapes joined with a fillet of `k` mm. */
export function joined(k: number, ...shapes: readonly Field[]): Field {
  const [first, ...rest] = shapes;
  return (x, y, z) => {
    let d = first!(x, y, z);
    for (const shape of rest) d = smoothMin(d, shape(x, y, z), k);
    return d;
  };
}

/** `shape` without `hole`, its edge rounded by `k` mm. */
export function without(shape: Field, hole: Field, k: number): Field {
  return (x, y, z) => smoothMax(shape(x, y, z), -hole(x, y, z), k);
}

/** What two shapes share, its edge rounded by `k` mm. */
export function shared(a: Field, b: Field, k: number): Field {
  return (x, y, z) => smoothMax(a(x, y, z), b(x, y, z), k);
}

/** `shape` and its mirror image in the mid-sagittal plane. */
export function bothSides(shape: Field): Field {
  return (x, y, z) => shape(x < 0 ? -x : x, y, z);
}

/**
 * An ellipsoid with half axes `radii`, turned first by `yaw` about the vertical axis, then by `pitch` about the left-right axis, then by `roll`
 * about the front-back axis (degrees, right-handed).
 */
export function ellipsoid(centre: Point, radii: Point, turn: { yaw?: number; pitch?: number; roll?: number } = {}): Field {
  const [cx, cy, cz] = centre;
  const [rx, ry, rz] = radii;
  const m = rotation(turn);
  const [a, b, c, d, e, f, g, h, i] = m as [number, number, number, number, number, number, number, number, number];
  return (x, y, z) => {
    const dx = x - cx;
    const dy = y - cy;
    const dz = z - cz;
    // The rotation's transpose takes the point into the ellipsoid's own axes.
    const u = (a * dx + d * dy + g * dz) / rx;
    const v = (b * dx + e * dy + h * dz) / ry;
    const w = (c * dx + f * dy + i * dz) / rz;
    const k0 = Math.sqrt(u * u + v * v + w * w);
    const k1 = Math.sqrt((u * u) / (rx * rx) + (v * v) / (ry * ry) + (w * w) / (rz * rz));
    // First-order distance of an implicit function; at the centre the gradient vanishes.
    return k1 < 1e-9 ? -Math.min(rx, ry, rz) : (k0 * (k0 - 1)) / k1;
  };
}

/** Row-major 3 x 3 matrix of the turns of {@link ellipsoid}. */
function rotation({ yaw = 0, pitch = 0, roll = 0 }: { yaw?: number; pitch?: number; roll?: number }): number[] {
  const rad = Math.PI / 180;
  const [cy, sy] = [Math.cos(yaw * rad), Math.sin(yaw * rad)];
  const [cp, sp] = [Math.cos(pitch * rad), Math.sin(pitch * rad)];
  const [cr, sr] = [Math.cos(roll * rad), Math.sin(roll * rad)];
  const aboutZ = [cy, -sy, 0, sy, cy, 0, 0, 0, 1];
  const aboutX = [1, 0, 0, 0, cp, -sp, 0, sp, cp];
  const aboutY = [cr, 0, sr, 0, 1, 0, -sr, 0, cr];
  return multiply(aboutY, multiply(aboutX, aboutZ));
}

function multiply(a: readonly number[], b: readonly number[]): number[] {
  return Array.from({ length: 9 }, (_, n) => {
    const r = 3 * Math.floor(n / 3);
    const c = n % 3;
    return a[r]! * b[c]! + a[r + 1]! * b[c + 3]! + a[r + 2]! * b[c + 6]!;
  });
}

/** One station of a {@link tube}: a point of the centre line and the elliptic section there. */
export interface Station {
  readonly at: Point;
  /** Half width along {@link Station.tilt}, mm. */
  readonly long: number;
  /** Half width across, mm. */
  readonly short: number;
  /** Direction of the long half width in the coronal plane, degrees from lateral (+x) towards up (+z). */
  readonly tilt: number;
}

/** A tube of elliptic sections swept along a line through the stations, with round ends; joints are blended over `k` mm. */
export function tube(stations: readonly Station[], k: number): Field {
  const segments = stations.slice(1).map((to, i) => tubeSegment(stations[i]!, to));
  return (x, y, z) => {
    let d = 1e9;
    for (const segment of segments) d = smoothMin(d, segment(x, y, z), k);
    return d;
  };
}

function tubeSegment(from: Station, to: Station): Field {
  const [px, py, pz] = from.at;
  const [vx, vy, vz] = [to.at[0] - px, to.at[1] - py, to.at[2] - pz];
  const length2 = vx * vx + vy * vy + vz * vz;
  const [sx, sy, sz] = [vx, vy, vz].map((v) => v / Math.sqrt(length2)) as [number, number, number];
  const rad = Math.PI / 180;
  return (x, y, z) => {
    const t = clamp(((x - px) * vx + (y - py) * vy + (z - pz) * vz) / length2, 0, 1);
    const rx = x - px - t * vx;
    const ry = y - py - t * vy;
    const rz = z - pz - t * vz;
    const tilt = (from.tilt + t * (to.tilt - from.tilt)) * rad;
    const long = from.long + t * (to.long - from.long);
    const short = from.short + t * (to.short - from.short);
    // Section axes: `u` is the tilt direction made square to the sweep, the rest of the offset is along v and, beyond an end, along the sweep.
    let ux = Math.cos(tilt);
    let uz = Math.sin(tilt);
    const along = ux * sx + uz * sz;
    ux -= along * sx;
    const uy = -along * sy;
    uz -= along * sz;
    const scale = 1 / Math.sqrt(ux * ux + uy * uy + uz * uz + 1e-9); // the tilt may run along the sweep
    const u = (rx * ux + ry * uy + rz * uz) * scale;
    const rest2 = rx * rx + ry * ry + rz * rz - u * u;
    const k0 = Math.sqrt((u * u) / (long * long) + rest2 / (short * short));
    const k1 = Math.sqrt((u * u) / long ** 4 + rest2 / short ** 4);
    return k1 < 1e-9 ? -Math.min(long, short) : (k0 * (k0 - 1)) / k1;
  };
}

/** A tube of round sections: {@link tube} with equal half widths. */
export function roundTube(points: readonly { readonly at: Point; readonly radius: number }[], k: number): Field {
  return tube(
    points.map(({ at, radius }) => ({ at, long: radius, short: radius, tilt: 0 })),
    k,
  );
}

/** Signed distance to a polygon in a plane, negative inside. Corners in order, either way round. */
export function polygonDistance(corners: readonly (readonly [number, number])[]): (u: number, v: number) => number {
  const n = corners.length;
  return (u, v) => {
    let best = Infinity;
    let inside = false;
    for (let i = 0, j = n - 1; i < n; j = i++) {
      const [ax, ay] = corners[i]!;
      const [bx, by] = corners[j]!;
      const ex = bx - ax;
      const ey = by - ay;
      const t = clamp(((u - ax) * ex + (v - ay) * ey) / (ex * ex + ey * ey), 0, 1);
      const dx = u - ax - t * ex;
      const dy = v - ay - t * ey;
      best = Math.min(best, dx * dx + dy * dy);
      if (ay > v !== by > v && u < ((bx - ax) * (v - ay)) / (by - ay) + ax) inside = !inside;
    }
    return inside ? -Math.sqrt(best) : Math.sqrt(best);
  };
}
