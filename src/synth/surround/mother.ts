import { rotationMatrix, type Vec3 } from "../../core/affine.ts";
import { between, chance, type Rng } from "../../core/rng.ts";
import type { Levels } from "./levels.ts";
import { boundsOf, capsule, ellipsoid, onion, type Solid } from "./solid.ts";
import { add, anyDirection, anyTurn, scaled, unit } from "./vector.ts";

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
  /** Signal of what fills the abdomen between organs, at -2, -1, 0, 1, 2 standard deviations of its texture. */
  readonly abdomen: readonly number[];
}

/** Her own axes as seen from the head: a place in them, in mm from the head's centre. */
type Place = (v: Vec3) => Vec3;

/**
 * Draws her body around a uterus, and the solids in it that reach the field.
 *
 * @param middle - The uterus's middle, mm from the head's centre.
 * @param uterusMm - Its reach from there, mm.
 */
export function drawMother(
  rng: Rng,
  middle: Vec3,
  uterusMm: number,
  levels: Levels,
  fieldMm: number,
): { mother: Mother; solids: Solid[] } {
  const turn = anyTurn(rng.fork("turn"));
  const m = rotationMatrix(turn);
  const turned = (v: Vec3): Vec3 =>
    [0, 1, 2].map((r) => m[3 * r]! * v[0] + m[3 * r + 1]! * v[1] + m[3 * r + 2]! * v[2]) as unknown as Vec3;
  const halfAxesMm = [between(rng, [145, 195]), between(rng, [105, 150])] as const;
  const fatMm = between(rng, [8, 38]);
  const muscleMm = between(rng, [4, 12]);
  const behind = halfAxesMm[1] - uterusMm - fatMm - muscleMm - between(rng, [2, 14]);
  const centre = add(middle, turned([between(rng, [-45, 45]), -Math.max(0, behind), 0]));
  const place: Place = (v) => add(centre, turned(v));
  const solids = [
    ...drawBowel(rng.fork("bowel"), place, halfAxesMm, levels),
    ...drawOrgans(rng.fork("organs"), place, halfAxesMm, levels),
    ...drawBack(rng.fork("back"), place, -0.55 * halfAxesMm[1], levels),
  ];
  const knots = [levels.muscle * 0.6, levels.muscle, 0.2, 0.28, levels.fat * 0.75];
  const abdomen = knots.map((level) => Math.max(0.02, level * Math.exp(0.3 * rng.normal())));
  return {
    mother: { centre, turn, halfAxesMm, fatMm, muscleMm, abdomen },
    solids: solids.filter((solid) => reachesField(solid, fieldMm)),
  };
}

function reachesField({ shape }: Solid, fieldMm: number): boolean {
  const [low, high] = boundsOf(shape);
  return low.every((v) => v < fieldMm / 2) && high.every((v) => v > -fieldMm / 2);
}

type HalfAxes = readonly [number, number];

function somewhere(rng: Rng, [a, b]: HalfAxes): Vec3 {
  return [between(rng, [-0.75, 0.75]) * a, between(rng, [-0.5, 0.75]) * b, between(rng, [-160, 160])];
}

/** Loops of bowel: wandering tubes with a dark wall and a content of their own. */
function drawBowel(rng: Rng, place: Place, halfAxes: HalfAxes, levels: Levels): Solid[] {
  return Array.from({ length: 14 + rng.below(10) }, () => {
    let at = place(somewhere(rng, halfAxes));
    let direction = anyDirection(rng);
    const radius = between(rng, [7, 16]);
    const content = levels.bowel * Math.exp(0.6 * rng.normal());
    const layers = onion(levels.bowelWall, between(rng, [1, 2.2]), Math.min(1.1, content));
    const texture = between(rng, [0.1, 0.45]);
    return Array.from({ length: 4 }, () => {
      const from = at;
      at = add(at, scaled(direction, radius * 1.8));
      direction = unit(add(direction, scaled(anyDirection(rng), 0.9)));
      return capsule(from, at, [radius, radius * between(rng, [0.8, 1.2])], {
        layers,
        texture,
        roughMm: radius / 9,
        part: "mother",
      });
    });
  }).flat();
}

/** Solid organs of any signal, and often a bladder. */
function drawOrgans(rng: Rng, place: Place, halfAxes: HalfAxes, levels: Levels): Solid[] {
  const size = (low: number, high: number): Vec3 => [
    between(rng, [low, high]),
    between(rng, [low, high]),
    between(rng, [low, high]),
  ];
  const organ = (at: Vec3, radii: Vec3, layers: Solid["layers"], texture: number) =>
    ellipsoid(place(at), radii, anyTurn(rng), { layers, texture, roughMm: Math.min(...radii) / 7, part: "mother" });
  const organs = Array.from({ length: 5 + rng.below(9) }, () => {
    const level = between(rng, [0.04, 0.55]);
    const layers = chance(rng, 0.5) ? onion(level * 0.5, 1.8, level) : onion(level);
    return organ(somewhere(rng, halfAxes), size(12, 45), layers, between(rng, [0.05, 0.3]));
  });
  if (chance(rng, 0.4)) return organs;
  const bladder = add(scaled(somewhere(rng, halfAxes), 0.5), [0, 0.3 * halfAxes[1], -90]);
  return [...organs, organ(bladder, size(18, 38), onion(levels.muscle, 3, levels.bladder), 0.03)];
}

/** Vertebrae and discs, the bright canal, the muscles beside them, and the great vessels, along her axis at depth `y`. */
function drawBack(rng: Rng, place: Place, y: number, levels: Levels): Solid[] {
  const phase = between(rng, [0, 33]);
  const tube = (x: number, dy: number, radius: number, layers: Solid["layers"], texture: number) =>
    capsule(place([x, y + dy, -260]), place([x, y + dy, 260]), [radius, radius], {
      layers,
      texture,
      roughMm: radius / 12,
      part: "mother",
    });
  const marrow = { layers: onion(levels.disc * 0.6, 1.5, levels.marrow), texture: 0.15, roughMm: 1, part: "mother" as const };
  const vertebrae = Array.from({ length: 14 }, (_, i) => {
    const z = 33 * (i - 7) + phase;
    return capsule(place([0, y, z - 4]), place([0, y, z + 4]), [20, 20], marrow);
  });
  return [
    ...[-1, 1].map((side) => tube(side * 44, 2, between(rng, [16, 26]), onion(levels.muscle), 0.2)), // psoas
    ...[-1, 1].map((side) => tube(side * 36, -48, 27, onion(levels.muscle), 0.4)), // of the back
    tube(0, 0, 18, onion(levels.disc), 0.2),
    ...vertebrae,
    tube(0, -28, 9, onion(levels.fat * 0.7, 2, levels.spinalFluid), 0.12),
    tube(12, 26, 9, onion(levels.vessel), 0.4), // aorta, vena cava
    tube(-12, 24, 10, onion(levels.vessel), 0.4),
  ];
}
