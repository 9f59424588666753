import type { Shape } from "./canvas.ts";

type Point = readonly [number, number];

/** An ellipse with half axes `radii`, its first axis turned by `turnDeg` from u towards v. The distance is first order, exact near the edge. */
export function ellipse(centre: Point, radii: Point, turnDeg = 0): Shape {
  const [c, s] = [Math.cos((turnDeg * Math.PI) / 180), Math.sin((turnDeg * Math.PI) / 180)];
  const [ru, rv] = radii;
  const distance = (u: number, v: number) => {
    const du = u - centre[0];
    const dv = v - centre[1];
    const p = (c * du + s * dv) / ru;
    const q = (c * dv - s * du) / rv;
    const k0 = Math.sqrt(p * p + q * q);
    const k1 = Math.sqrt((p * p) / (ru * ru) + (q * q) / (rv * rv));
    return k1 < 1e-9 ? -Math.min(ru, rv) : (k0 * (k0 - 1)) / k1;
  };
  return { distance, centre, reach: Math.max(ru, rv) };
}

/** A line through points, each with the line's half width there, mm; round ends. */
export function stroke(...points: readonly (readonly [u: number, v: number, radius: number])[]): Shape {
  const distance = (u: number, v: number) => {
    let best = Infinity;
    for (let i = 1; i < points.length; i++) {
      const [au, av, ar] = points[i - 1]!;
      const [bu, bv, br] = points[i]!;
      const [eu, ev] = [bu - au, bv - av];
      const t = Math.min(1, Math.max(0, ((u - au) * eu + (v - av) * ev) / (eu * eu + ev * ev)));
      const du = u - au - t * eu;
      const dv = v - av - t * ev;
      best = Math.min(best, Math.sqrt(du * du + dv * dv) - ar - t * (br - ar));
    }
    return best;
  };
  const at = (axis: 0 | 1) => points.map((point) => point[axis]);
  const centre = [0, 1].map((axis) => (Math.min(...at(axis as 0 | 1)) + Math.max(...at(axis as 0 | 1))) / 2) as [number, number];
  const reach = Math.max(...points.map(([u, v, radius]) => Math.hypot(u - centre[0], v - centre[1]) + radius));
  return { distance, centre, reach };
}

/** What is at most `widthMm / 2` from a shape's edge, on either side. */
export function rim(shape: Shape, widthMm: number): Shape {
  const { distance, centre, reach } = shape;
  return { distance: (u, v) => Math.abs(distance(u, v)) - widthMm / 2, centre, reach: reach + widthMm };
}

/** A shape made larger by `by` mm on all sides. */
export function grown(shape: Shape, by: number): Shape {
  const { distance, centre, reach } = shape;
  return { distance: (u, v) => distance(u, v) - by, centre, reach: reach + by };
}

/** A shape without what another covers. */
export function without(shape: Shape, hole: Shape): Shape {
  return { ...shape, distance: (u, v) => Math.max(shape.distance(u, v), -hole.distance(u, v)) };
}

/** What two shapes share. */
export function shared(a: Shape, b: Shape): Shape {
  return { ...a, distance: (u, v) => Math.max(a.distance(u, v), b.distance(u, v)) };
}

/** Everything that any of the shapes covers. */
export function joined(...shapes: readonly Shape[]): Shape {
  const centre = shapes[0]!.centre;
  const reach = Math.max(
    ...shapes.map((shape) => shape.reach + Math.hypot(shape.centre[0] - centre[0], shape.centre[1] - centre[1])),
  );
  return { centre, reach, distance: (u, v) => Math.min(...shapes.map((shape) => shape.distance(u, v))) };
}

/** The half plane on which `a u + b v < c`, for a unit vector (a, b). */
export function halfPlane([a, b]: Point, c: number): Shape {
  return { distance: (u, v) => a * u + b * v - c, centre: [0, 0], reach: Infinity };
}
