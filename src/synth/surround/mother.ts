import type { Vec3 } from "../../core/affine.ts";
import { between, chance, type Rng } from "../../core/rng.ts";
import { rotationMatrix } from "../acquisition/geometry.ts";
import type { Levels } from "./levels.ts";
import type { Solid } from "./solid.ts";
import { add, anyTurn, scaled } from "./vector.ts";

/** The mother's body: an elliptic cylinder of skin and fat, muscle and abdomen around the uterus. */
export interface Mother {
  /** A point of the cylinder's axis, mm from the head's centre. */
  readonly centre: Vec3;
  /** Rotation vector, degrees, that takes the world's axes to hers: right-left, to the front, along her body. */
  readonly turn: Vec3;
  /** Half axes of the outline: right-left, back-front, mm. */
  readonly halfAxesMm: readonly [number, number];
  readonly fatMm: number;
  readonly muscleMm: number;
  /** Signal of the abdomen's content at -2, -1, 0, 1, 2 standard deviations of its texture. */
  readonly abdomen: readonly number[];
}

/** Draws her body around a uterus, and the solids in it. `uterusRadius` is the uterus's reach to the front from its centre, mm. */
export function drawMother(
  rng: Rng,
  uterus: Vec3,
  uterusRadius: number,
  levels: Levels,
  fieldMm: number,
): { mother: Mother; solids: Solid[] } {
  const turn = anyTurn(rng.fork("turn"));
  const m = rotationMatrix(turn);
  const toWorld = (v: Vec3): Vec3 =>
    [0, 1, 2].map((r) => m[3 * r]! * v[0] + m[3 * r + 1]! * v[1] + m[3 * r + 2]! * v[2]) as unknown as Vec3;
  const halfAxesMm = [between(rng, [145, 195]), between(rng, [105, 150])] as const;
  const fatMm = between(rng, [8, 38]);
  const muscleMm = between(rng, [4, 12]);
  const behind = halfAxesMm[1] - uterusRadius - fatMm - muscleMm - between(rng, [2, 14]);
  const centre = add(uterus, toWorld([between(rng, [-45, 45]), -Math.max(0, behind), 0]));
  const place = (v: Vec3) => add(centre, toWorld(v));
  const reach = fieldMm * 0.87;
  const isNear = (v: Vec3) => Math.hypot(...v) < reach + 30;
  const spineAt = -0.55 * halfAxesMm[1];
  const solids = [
    ...drawOrgans(rng.fork("organs"), place, halfAxesMm, levels),
    ...drawSpine(rng.fork("spine"), place, spineAt, levels),
  ].filter(({ shape }) => (shape.kind === "capsule" ? isNear(shape.from) || isNear(shape.to) : isNear(shape.centre)));
  const knots = [levels.muscle * 0.8, levels.muscle * 1.6, 0.26, 0.38, levels.fat * 0.85];
  const abdomen = knots.map((level) => Math.max(0.02, level * Math.exp(0.3 * rng.normal())));
  return { mother: { centre, turn, halfAxesMm, fatMm, muscleMm, abdomen }, solids };
}

type Place = (v: Vec3) => Vec3;

function drawSpine(rng: Rng, place: Place, y: number, levels: Levels): Solid[] {
  const part = "mother" as const;
  const phase = between(rng, [0, 33]);
  const tube = (x: number, dy: number, radius: number, layers: Solid["layers"], texture: number): Solid => ({
    shape: { kind: "capsule", from: place([x, y + dy, -260]), to: place([x, y + dy, 260]), radii: [radius, radius] },
    layers,
    texture,
    roughMm: radius / 12,
    part,
  });
  const vertebrae = Array.from({ length: 14 }, (_, i): Solid => {
    const z = 33 * (i - 7) + phase;
    return {
      shape: { kind: "capsule", from: place([0, y, z - 4]), to: place([0, y, z + 4]), radii: [20, 20] },
      layers: [
        [0, levels.disc * 0.6],
        [1.5, levels.marrow],
      ],
      texture: 0.15,
      roughMm: 1,
      part,
    };
  });
  return [
    ...[-1, 1].map((side) => tube(side * 44, 2, between(rng, [16, 26]), [[0, levels.muscle]], 0.2)), // psoas
    ...[-1, 1].map((side) => tube(side * 36, -48, 27, [[0, levels.muscle]], 0.4)), // back muscles
    tube(0, 0, 18, [[0, levels.disc]], 0.2),
    ...vertebrae,
    tube(
      0,
      -28,
      9,
      [
        [0, levels.fat * 0.7],
        [2, levels.spinalFluid],
      ],
      0.12,
    ),
    tube(12, 26, 9, [[0, levels.vessel]], 0.4), // aorta, vena cava
    tube(-12, 24, 10, [[0, levels.vessel]], 0.4),
  ];
}

function drawOrgans(rng: Rng, place: Place, [a, b]: readonly [number, number], levels: Levels): Solid[] {
  const organ = (centre: Vec3, radii: Vec3, layers: Solid["layers"], texture: number): Solid => ({
    shape: { kind: "ellipsoid", centre: place(centre), radii, turn: anyTurn(rng) },
    layers,
    texture,
    roughMm: Math.min(...radii) / 7,
    part: "mother",
  });
  const somewhere = (): Vec3 => [between(rng, [-0.75, 0.75]) * a, between(rng, [-0.5, 0.7]) * b, between(rng, [-150, 150])];
  const size = (low: number, high: number): Vec3 => [
    between(rng, [low, high]),
    between(rng, [low, high]),
    between(rng, [low, high]),
  ];
  const count = 10 + rng.below(14);
  const organs = Array.from({ length: count }, () => {
    const level = between(rng, [0.04, 0.55]);
    const wall = chance(rng, 0.5);
    return organ(
      somewhere(),
      size(9, 42),
      wall
        ? [
            [0, level * 0.5],
            [1.8, level],
          ]
        : [[0, level]],
      between(rng, [0.05, 0.4]),
    );
  });
  if (chance(rng, 0.6))
    organs.push(
      organ(
        add(scaled(somewhere(), 0.5), [0, 0.3 * b, -90]),
        size(18, 38),
        [
          [0, levels.muscle],
          [3, levels.bladder],
        ],
        0.03,
      ),
    );
  return organs;
}
