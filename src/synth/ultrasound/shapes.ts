import type { Shape } from "./canvas.ts";

type Point = readonly [number, number];

/** An ellipse with half axes `radii`, its first axis turned by `turnDeg` from u towards v. The distance is first order, exact near the edge. */
export function ellipse(centre: Point, radii: Point, turnDeg = 0): Shape {
  const [c, s] = [Math.cos((turnDeg * Math.PI) / 180), Math.sin((turnDeg * Math.PI) / 180)];
  const [ru, rv] = radii;
  const [cu, cv] = centre;
  const distance = (u: number, v: number) => {
    const du = u - cu;
    const dv = v - cv;
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
  // Six numbers a segment: start, way, the half width at the start and how it changes. Plain numbers, since painting asks for millions.
  const segments = Float64Array.from(
    points.slice(1).flatMap(([bu, bv, br], i) => {
      const [au, av, ar] = points[i]!;
      return [au, av, bu - au, bv - av, ar, br - ar];
    }),
  );
  const distance = (u: number, v: number) => {
    let best = Infinity;
    for (let i = 0; i < segments.length; i += 6) {
      const du = u - segments[i]!;
      const dv = v - segments[i + 1]!;
      const eu = segments[i + 2]!;
      const ev = segments[i + 3]!;
      const t = Math.min(1, Math.max(0, (du * eu + dv * ev) / (eu * eu + ev * ev)));
      const away = Math.sqrt((du - t * eu) ** 2 + (dv - t * ev) ** 2);
      best = Math.min(best, away - segments[i + 4]! - t * segments[i + 5]!);
    }
    return best;
  };
  const at = (axis: 0 | 1) => points.map((point) => point[axis]);
  const centre = [0, 1].map((axis) => (Math.min(...at(axis as 0 | 1)) + Math.max(...at(axis as 0 | 1))) / 2) as [number, number];
  const reach = Math.max(...points.map(([u, v, radius]) => Math.hypot(u - centre[0], v - centre[1]) + radius));
  const edge = (axis: 0 | 1, side: -1 | 1) => points.map((point) => point[axis] + side * point[2]);
  const box = [Math.min(...edge(0, -1)), Math.min(...edge(1, -1)), Math.max(...edge(0, 1)), Math.max(...edge(1, 1))] as const;
  return { distance, centre, reach, box };
}

/** What is at most `widthMm / 2` from a shape's edge, on either side. */
export function rim(shape: Shape, widthMm: number): Shape {
  const { distance, centre, reach } = shape;
  return {
    distance: (u, v, pixel) => Math.abs(distance(u, v, pixel)) - widthMm / 2,
    centre,
    reach: reach + widthMm,
    ...widened(shape, widthMm / 2),
  };
}

/** A shape made larger by `by` mm on all sides. */
export function grown(shape: Shape, by: number): Shape {
  const { distance, centre, reach } = shape;
  return { distance: (u, v, pixel) => distance(u, v, pixel) - by, centre, reach: reach + by, ...widened(shape, by) };
}

function widened({ box }: Shape, by: number): Pick<Shape, "box"> {
  if (box === undefined) return {};
  return { box: [box[0] - by, box[1] - by, box[2] + by, box[3] + by] };
}

/** A shape without what another covers. */
export function without(shape: Shape, hole: Shape): Shape {
  return { ...shape, distance: (u, v) => Math.max(shape.distance(u, v), -hole.distance(u, v)) };
}

/** Everything that any of the shapes covers. */
export function joined(...shapes: readonly Shape[]): Shape {
  const centre = shapes[0]!.centre;
  const reach = Math.max(
    ...shapes.map((shape) => shape.reach + Math.hypot(shape.centre[0] - centre[0], shape.centre[1] - centre[1])),
  );
  return { centre, reach, distance: (u, v) => Math.min(...shapes.map((shape) => shape.distance(u, v))) };
}
