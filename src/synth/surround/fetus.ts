import type { Vec3 } from "../../core/affine.ts";
import { between, chance, type Rng } from "../../core/rng.ts";
import type { HeadGeometry } from "../scene.ts";
import type { Levels } from "./levels.ts";
import type { Solid } from "./solid.ts";
import { add, along, anyDirection, scaled, unit } from "./vector.ts";

/** Brain size (geometric mean of the half axes) that the body's lengths below belong to, mm: about 30 weeks. */
const referenceRadius = 44;

type Layers = Solid["layers"];

/** Face, neck, trunk and limbs of the fetus, in mm from the head's centre, posed at random. Sizes: our guess from growth charts at 30 weeks. */
export function drawFetus(rng: Rng, head: HeadGeometry, levels: Levels): Solid[] {
  const s = Math.cbrt(head.radii[0] * head.radii[1] * head.radii[2]) / referenceRadius;
  const trunk = drawTrunk(rng.fork("trunk"), head, levels, s);
  return [...trunk.solids, ...drawFace(rng.fork("face"), head, levels, s), ...drawLimbs(rng.fork("limbs"), trunk, levels, s)];
}

interface Trunk {
  readonly solids: Solid[];
  readonly neck: Vec3;
  readonly chest: Vec3;
  readonly pelvis: Vec3;
  /** Unit vectors of the chest: to the fetus's right, forward, and down the spine. */
  readonly lateral: Vec3;
  readonly forward: Vec3;
  readonly down: Vec3;
}

/** Direction down the spine after bending forward by `degrees`, with a sideways lean. */
function spineDirection(degrees: number, lean: number): Vec3 {
  const a = (degrees * Math.PI) / 180;
  return unit([lean, Math.sin(a), -Math.cos(a)]);
}

function drawTrunk(rng: Rng, head: HeadGeometry, levels: Levels, s: number): Trunk {
  const [, ry, rz] = head.radii;
  const lean = 0.35 * rng.normal();
  const bend = [between(rng, [-10, 35]), between(rng, [10, 60]), between(rng, [30, 90])] as const;
  const skullBase: Vec3 = [0, -0.3 * ry, -0.7 * rz];
  const neck = add(skullBase, scaled(spineDirection(bend[0], lean / 2), 26 * s));
  const down = spineDirection(bend[1], lean);
  const forward = unit([0, -down[2], down[1]]);
  const lateral: Vec3 = [1, 0, 0];
  const chest = add(neck, scaled(down, 38 * s), scaled(forward, 14 * s));
  const lower = spineDirection(bend[2], lean);
  const pelvis = add(chest, scaled(lower, 52 * s));
  const back = (at: Vec3, mm: number) => add(at, scaled(forward, -mm * s));
  const skin = (inner: number): Layers => [
    [0, levels.fetalSkin],
    [2.5 * s, inner],
  ];
  const capsule = (
    from: Vec3,
    to: Vec3,
    radii: readonly [number, number],
    layers: Layers,
    part: Solid["part"],
    texture = 0.15,
  ): Solid => ({
    shape: { kind: "capsule", from, to, radii: [radii[0] * s, radii[1] * s] },
    layers,
    texture,
    roughMm: 1.2 * s,
    part,
  });
  const ellipsoid = (centre: Vec3, radii: Vec3, level: number, texture = 0.1): Solid => ({
    shape: { kind: "ellipsoid", centre, radii: scaled(radii, s), turn: scaled(anyDirection(rng), 25) },
    layers: [[0, level]],
    texture,
    roughMm: 1.5 * s,
    part: "organ",
  });
  const solids = [
    capsule(skullBase, neck, [17, 19], skin(levels.fetalMuscle), "fetus", 0.25),
    capsule(neck, chest, [24, 37], skin(levels.fetalMuscle), "fetus"),
    capsule(chest, pelvis, [37, 31], skin(levels.liver * 1.2), "fetus"),
    ...[-1, 1].map((side) =>
      ellipsoid(add(chest, scaled(lateral, side * 17 * s), scaled(down, -4 * s)), [12, 17, 22], levels.lung),
    ),
    ellipsoid(add(chest, scaled(forward, 10 * s), scaled(lateral, -5 * s)), [12, 13, 14], levels.vessel + 0.08, 0.4),
    ellipsoid(along(chest, pelvis, 0.5), [30, 24, 18], levels.liver),
    ellipsoid(add(along(chest, pelvis, 0.6), scaled(lateral, -15 * s)), [6, 7, 9], levels.eye),
    ellipsoid(add(pelvis, scaled(forward, 8 * s)), [8, 8, 10], chance(rng, 0.7) ? levels.bladder : levels.fetalMuscle),
    ...[0, 1, 2, 3, 4, 5].map((i) =>
      ellipsoid(
        add(along(chest, pelvis, 0.8), scaled(anyDirection(rng), 16 * s)),
        [5, 6, 8],
        i % 2 ? levels.eye * 0.7 : levels.liver * 0.7,
        0.3,
      ),
    ),
  ];
  const spine = [skullBase, back(neck, 4), back(chest, 30), back(pelvis, 20)] as const;
  for (let i = 0; i < 3; i++) solids.push(...spinePiece(spine[i]!, spine[i + 1]!, levels, s));
  return { solids, neck, chest, pelvis, lateral, forward, down };
}

/** A stretch of spine: dark vertebrae as beads, and the bright canal with the grey cord in it. */
function spinePiece(from: Vec3, to: Vec3, levels: Levels, s: number): Solid[] {
  const length = Math.hypot(...add(to, scaled(from, -1)));
  const beads = Math.max(2, Math.round(length / (7 * s)));
  const bead = (i: number): Solid => ({
    shape: {
      kind: "ellipsoid",
      centre: add(along(from, to, i / beads), [0, 7 * s, 0]),
      radii: [5 * s, 4.5 * s, 2.6 * s],
      turn: [0, 0, 0],
    },
    layers: [
      [0, levels.fetalBone],
      [2 * s, levels.fetalMarrow],
    ],
    texture: 0.1,
    roughMm: 0.4,
    part: "organ",
  });
  const canal: Solid = {
    shape: { kind: "capsule", from, to, radii: [4 * s, 4 * s] },
    layers: [
      [0, levels.eye],
      [1.8 * s, 0.5],
    ],
    texture: 0.05,
    roughMm: 0.4,
    part: "organ",
  };
  return [...Array.from({ length: beads }, (_, i) => bead(i)), canal];
}

function drawFace(rng: Rng, head: HeadGeometry, levels: Levels, s: number): Solid[] {
  const [rx, ry, rz] = head.radii;
  const soft = (centre: Vec3, radii: Vec3, layers: Layers, part: Solid["part"], texture: number): Solid => ({
    shape: { kind: "ellipsoid", centre, radii, turn: scaled(anyDirection(rng), 6) },
    layers,
    texture,
    roughMm: 1.2 * s,
    part,
  });
  const bone = (from: Vec3, to: Vec3, radius: number): Solid => ({
    shape: { kind: "capsule", from, to, radii: [radius * s, radius * s] },
    layers: [[0, levels.fetalBone]],
    texture: 0.3,
    roughMm: 0.8 * s,
    part: "organ",
  });
  const eyeRadius = between(rng, [6.3, 7.6]) * s;
  const chin: Vec3 = [0, 0.72 * ry, -1.25 * rz];
  const sides = [-1, 1] as const;
  return [
    soft(
      [0, 0.42 * ry, -0.85 * rz],
      [0.55 * rx, 0.45 * ry, 0.55 * rz],
      [
        [0, levels.fetalSkin],
        [3 * s, levels.fetalMuscle * 1.2],
      ],
      "fetus",
      0.35,
    ),
    soft([0, 0.1 * ry, -0.72 * rz], [0.72 * rx, 0.45 * ry, 0.3 * rz], [[0, levels.fetalMuscle]], "fetus", 0.4),
    soft(
      [0, 0.88 * ry, -0.8 * rz],
      [4 * s, 6 * s, 8 * s],
      [
        [0, levels.fetalSkin],
        [1.5 * s, levels.fetalMuscle],
      ],
      "fetus",
      0.1,
    ), // nose
    soft([0, 0.5 * ry, -1.05 * rz], [9 * s, 13 * s, 6 * s], [[0, levels.fetalMarrow * 1.5]], "organ", 0.1), // tongue
    soft([0, 0.55 * ry, -0.78 * rz], [3 * s, 11 * s, 7 * s], [[0, levels.fluid * 0.7]], "organ", 0.4), // nasal cavity
    ...sides.flatMap((side): Solid[] => [
      bone([side * 0.15 * rx, 0.8 * ry, -1.0 * rz], [side * 0.4 * rx, 0.35 * ry, -0.95 * rz], 2.5), // maxilla
      bone(chin, [side * 0.5 * rx, 0.12 * ry, -0.85 * rz], 2.2), // mandible
      bone([side * 0.2 * rx, -0.02 * ry, -0.72 * rz], [side * 0.72 * rx, -0.2 * ry, -0.66 * rz], 4), // petrous bone
      soft(
        [side * 0.42 * rx, 0.76 * ry, -0.56 * rz],
        scaled([1.25, 1.25, 1.25], eyeRadius),
        [[0, levels.fetalSkin]],
        "organ",
        0.1,
      ),
      soft(
        [side * 0.42 * rx, 0.8 * ry, -0.56 * rz],
        scaled([1, 1, 1], eyeRadius),
        [
          [0, levels.fetalMuscle],
          [0.8, levels.eye],
        ],
        "organ",
        0.02,
      ),
      soft(
        [side * 0.42 * rx, 0.8 * ry + 0.65 * eyeRadius, -0.56 * rz],
        [2.2 * s, 1.6 * s, 2.2 * s],
        [[0, levels.fetalBone]],
        "organ",
        0,
      ),
      soft([side * 0.97 * rx, -0.1 * ry, -0.62 * rz], [3 * s, 6 * s, 9 * s], [[0, levels.fetalSkin]], "fetus", 0.2), // ear
    ]),
  ];
}

function drawLimbs(rng: Rng, trunk: Trunk, levels: Levels, s: number): Solid[] {
  const { neck, pelvis, lateral, forward, down } = trunk;
  const limb = (from: Vec3, to: Vec3, r0: number, r1: number): Solid => ({
    shape: { kind: "capsule", from, to, radii: [r0 * s, r1 * s] },
    layers: [
      [0, levels.fetalSkin],
      [1.5 * s, levels.fetalMuscle],
      [0.6 * r1 * s, levels.fetalBone],
      [0.8 * r1 * s, levels.fetalMarrow],
    ],
    texture: 0.15,
    roughMm: 0.7 * s,
    part: "fetus",
  });
  const reach = (from: Vec3, length: number, towards: Vec3): Vec3 =>
    add(from, scaled(unit(add(towards, scaled(anyDirection(rng), 0.55))), length * s));
  const fan = (at: Vec3, direction: Vec3, length: number, radius: number): Solid[] =>
    Array.from({ length: 5 }, () => limb(at, reach(at, length, direction), radius * 1.2, radius));
  return ([-1, 1] as const).flatMap((side) => {
    const out = scaled(lateral, side);
    const shoulder = add(neck, scaled(out, 32 * s), scaled(down, 12 * s));
    const elbow = reach(shoulder, 50, add(scaled(out, 0.4), scaled(forward, 0.6), scaled(down, 0.7)));
    const up = scaled(down, -0.8);
    const wrist = reach(elbow, 44, add(scaled(out, -0.4), scaled(forward, 0.5), up));
    const hip = add(pelvis, scaled(out, 20 * s));
    const knee = reach(hip, 56, add(scaled(out, 0.4), scaled(forward, 0.6), up));
    const ankle = reach(knee, 50, add(scaled(out, -0.2), scaled(forward, 0.4), scaled(down, 0.5)));
    const handTowards = add(wrist, scaled(elbow, -1));
    return [
      limb(shoulder, elbow, 11, 9),
      limb(elbow, wrist, 8.5, 6.5),
      ...fan(wrist, unit(handTowards), 17, 2.6),
      limb(hip, knee, 16, 12),
      limb(knee, ankle, 11, 7.5),
      limb(ankle, reach(ankle, 26, forward), 7, 5),
    ];
  });
}
