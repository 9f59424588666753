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
  const rad = Math.PI / 180;
  // Per segment: start, way, its squared length; half widths and the tilt's direction at the start, and how they change along the way.
  const segments = stations.slice(1).map((to, i) => {
    const from = stations[i]!;
    const way = to.at.map((v, c) => v - from.at[c]!) as [number, number, number];
    const [c0, s0, c1, s1] = [
      Math.cos(from.tilt * rad),
      Math.sin(from.tilt * rad),
      Math.cos(to.tilt * rad),
      Math.sin(to.tilt * rad),
    ];
    const widths = [from.long, to.long - from.long, from.short, to.short - from.short];
    return Float64Array.of(
      ...from.at,
      ...way,
      1 / (way[0] ** 2 + way[1] ** 2 + way[2] ** 2),
      ...widths,
      c0,
      c1 - c0,
      s0,
      s1 - s0,
    );
  });
  return (x, y, z) => {
    let d = 1e9;
    for (const segment of segments) d = segmentDistance(segment, x, y, z, d, k);
    return d;
  };
}

/** The smaller, blended over `k`, of `best` and the distance to one segment of a tube. */
function segmentDistance(g: Float64Array, x: number, y: number, z: number, best: number, k: number): number {
  const dx = x - g[0]!;
  const dy = y - g[1]!;
  const dz = z - g[2]!;
  const vx = g[3]!;
  const vy = g[4]!;
  const vz = g[5]!;
  const t = clamp((dx * vx + dy * vy + dz * vz) * g[6]!, 0, 1);
  const rx = dx - t * vx;
  const ry = dy - t * vy;
  const rz = dz - t * vz;
  const r2 = rx * rx + ry * ry + rz * rz;
  const long = g[7]! + t * g[8]!;
  if (r2 > (long + best + k) ** 2) return best; // too far off to matter
  const short = g[9]! + t * g[10]!;
  if (long === short) return smoothMin(best, Math.sqrt(r2) - long, k);
  // Section axes: `u` is the tilt's direction made square to the sweep; the rest of the offset is across and, beyond an end, along the sweep.
  let ux = g[11]! + t * g[12]!;
  let uz = g[13]! + t * g[14]!;
  const along = (ux * vx + uz * vz) * g[6]!;
  ux -= along * vx;
  const uy = -along * vy;
  uz -= along * vz;
  const u = (rx * ux + ry * uy + rz * uz) / Math.sqrt(ux * ux + uy * uy + uz * uz + 1e-9); // the tilt may run along the sweep
  const a = (u * u) / (long * long);
  const b = (r2 - u * u) / (short * short);
  const k0 = Math.sqrt(a + b);
  const k1 = Math.sqrt(a / (long * long) + b / (short * short));
  return smoothMin(best, k1 < 1e-9 ? -short : (k0 * (k0 - 1)) / k1, k);
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
  const edges = corners.map(([bx, by], i) => {
    const [ax, ay] = corners[(i + corners.length - 1) % corners.length]!;
    return Float64Array.of(ax, ay, bx - ax, by - ay, 1 / ((bx - ax) ** 2 + (by - ay) ** 2));
  });
  return (u, v) => {
    let best = Infinity;
    let inside = false;
    for (const edge of edges) {
      const px = u - edge[0]!;
      const py = v - edge[1]!;
      const ex = edge[2]!;
      const ey = edge[3]!;
      const t = clamp((px * ex + py * ey) * edge[4]!, 0, 1);
      const dx = px - t * ex;
      const dy = py - t * ey;
      best = Math.min(best, dx * dx + dy * dy);
      // A ray to the right of the point crosses this edge.
      if (py < 0 !== py < ey && px < (ex * py) / ey) inside = !inside;
    }
    return inside ? -Math.sqrt(best) : Math.sqrt(best);
  };
}
