import { rotationMatrix, type Vec3 } from "../../core/affine.ts";

/** Shapes, in mm from the head's centre along the world axes. */
export type Shape =
  | {
      readonly kind: "ellipsoid";
      readonly centre: Vec3;
      readonly radii: Vec3;
      /** Rotation vector, degrees. */
      readonly turn: Vec3;
    }
  | {
      readonly kind: "capsule";
      readonly from: Vec3;
      readonly to: Vec3;
      /** Radius at each end. */
      readonly radii: readonly [number, number];
    };

/** A thing of layers, like an onion: skin, muscle, bone. */
export interface Solid {
  readonly shape: Shape;
  /** From the surface inwards: signal from this depth (mm) on. The first depth is 0. */
  readonly layers: readonly (readonly [depthMm: number, level: number])[];
  /** Relative standard deviation of the texture inside. */
  readonly texture: number;
  /** Amplitude (one standard deviation) of the surface's irregularity, mm. */
  readonly roughMm: number;
  /**
   * When it is painted and what it is for: `mother` under the uterus; `fetus` over it, pushing the sac outwards; `organ` over the fetus;
   * `floating` only where there is amniotic fluid; `blob` over everything but the head.
   */
  readonly part: "mother" | "fetus" | "organ" | "floating" | "blob";
}

/** Layers from the surface inwards: `onion(skin, 2, muscle, 5, bone)` is skin, muscle from 2 mm on, bone from 5 mm on. */
export function onion(surface: number, ...inner: readonly number[]): Solid["layers"] {
  const layers: (readonly [number, number])[] = [[0, surface]];
  for (let i = 0; i + 1 < inner.length; i += 2) layers.push([inner[i]!, inner[i + 1]!]);
  return layers;
}

type Finish = Pick<Solid, "layers" | "texture" | "roughMm" | "part">;

export function capsule(from: Vec3, to: Vec3, radii: readonly [number, number], finish: Finish): Solid {
  return { shape: { kind: "capsule", from, to, radii }, ...finish };
}

export function ellipsoid(centre: Vec3, radii: Vec3, turn: Vec3, finish: Finish): Solid {
  return { shape: { kind: "ellipsoid", centre, radii, turn }, ...finish };
}

/** Signed distance to the surface, mm: negative inside, exact for capsules of one radius, first order for the others. */
export function distanceOf(shape: Shape): (x: number, y: number, z: number) => number {
  return shape.kind === "capsule" ? capsuleDistance(shape) : ellipsoidDistance(shape);
}

function capsuleDistance({ from, to, radii }: Extract<Shape, { kind: "capsule" }>): (x: number, y: number, z: number) => number {
  const [ax, ay, az] = from;
  const [vx, vy, vz] = [to[0] - ax, to[1] - ay, to[2] - az];
  const scale = 1 / Math.max(1e-9, vx * vx + vy * vy + vz * vz);
  const [r0, r1] = radii;
  return (x, y, z) => {
    const px = x - ax;
    const py = y - ay;
    const pz = z - az;
    const t = Math.min(1, Math.max(0, (px * vx + py * vy + pz * vz) * scale));
    const dx = px - t * vx;
    const dy = py - t * vy;
    const dz = pz - t * vz;
    return Math.sqrt(dx * dx + dy * dy + dz * dz) - r0 - t * (r1 - r0);
  };
}

function ellipsoidDistance({
  centre,
  radii,
  turn,
}: Extract<Shape, { kind: "ellipsoid" }>): (x: number, y: number, z: number) => number {
  const [a, b, c, d, e, f, g, h, i] = rotationMatrix(turn);
  const [cx, cy, cz] = centre;
  const [rx, ry, rz] = radii;
  const smallest = Math.min(rx, ry, rz);
  return (x, y, z) => {
    const px = x - cx;
    const py = y - cy;
    const pz = z - cz;
    const u = (a * px + d * py + g * pz) / rx;
    const v = (b * px + e * py + h * pz) / ry;
    const w = (c * px + f * py + i * pz) / rz;
    const k0 = Math.sqrt(u * u + v * v + w * w);
    const k1 = Math.sqrt((u * u) / (rx * rx) + (v * v) / (ry * ry) + (w * w) / (rz * rz));
    return k1 < 1e-9 ? -smallest : (k0 * (k0 - 1)) / k1;
  };
}

/** A box that holds the shape, mm: [low, high] along each axis. */
export function boundsOf(shape: Shape): readonly [Vec3, Vec3] {
  if (shape.kind === "capsule") {
    const r = Math.max(...shape.radii);
    const ends = [shape.from, shape.to] as const;
    const low = ([0, 1, 2] as const).map((i) => Math.min(ends[0][i], ends[1][i]) - r);
    const high = ([0, 1, 2] as const).map((i) => Math.max(ends[0][i], ends[1][i]) + r);
    return [low as unknown as Vec3, high as unknown as Vec3];
  }
  const m = rotationMatrix(shape.turn);
  const half = ([0, 1, 2] as const).map((i) =>
    Math.hypot(m[3 * i]! * shape.radii[0], m[3 * i + 1]! * shape.radii[1], m[3 * i + 2]! * shape.radii[2]),
  );
  const low = ([0, 1, 2] as const).map((i) => shape.centre[i] - half[i]!);
  const high = ([0, 1, 2] as const).map((i) => shape.centre[i] + half[i]!);
  return [low as unknown as Vec3, high as unknown as Vec3];
}
