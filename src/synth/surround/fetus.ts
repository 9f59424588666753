import type { Vec3 } from "../../core/affine.ts";
import { between, chance, type Rng } from "../../core/rng.ts";
import type { HeadGeometry } from "../scene.ts";
import { drawFace } from "./face.ts";
import type { Levels } from "./levels.ts";
import { capsule, ellipsoid, onion, type Solid } from "./solid.ts";
import { add, along, anyDirection, scaled, unit } from "./vector.ts";

/** Brain size (geometric mean of the half extents) that the body's lengths in this file belong to, mm: about 30 weeks. */
const referenceRadius = 44;

/** Size of a fetus against one of 30 weeks. */
export function fetalScale({ radii }: HeadGeometry): number {
  return Math.cbrt(radii[0] * radii[1] * radii[2]) / referenceRadius;
}

/** Face, neck, trunk and limbs, in mm from the head's centre, posed at random. Sizes: our guess from growth charts at 30 weeks. */
export function drawFetus(rng: Rng, head: HeadGeometry, levels: Levels): Solid[] {
  const s = fetalScale(head);
  const spine = drawSpine(rng.fork("spine"), head, s);
  return [
    ...drawTrunk(rng.fork("trunk"), spine, levels, s),
    ...drawFace(rng.fork("face"), head, levels, s),
    ...drawLimbs(rng.fork("limbs"), spine, levels, s),
  ];
}

/** The line that the body hangs on. */
interface Spine {
  readonly skullBase: Vec3;
  readonly neck: Vec3;
  readonly chest: Vec3;
  readonly pelvis: Vec3;
  /** Unit vectors at the chest: to the fetus's right, forward, and down the spine. */
  readonly lateral: Vec3;
  readonly forward: Vec3;
  readonly down: Vec3;
}

function drawSpine(rng: Rng, head: HeadGeometry, s: number): Spine {
  const lean = 0.35 * rng.normal();
  /** Direction down the spine after bending forward by so many degrees. */
  const bent = (degrees: number, sideways: number): Vec3 =>
    unit([sideways, Math.sin((degrees * Math.PI) / 180), -Math.cos((degrees * Math.PI) / 180)]);
  const skullBase: Vec3 = [0, -0.3 * head.radii[1], -0.7 * head.radii[2]];
  const neck = add(skullBase, scaled(bent(between(rng, [-10, 35]), lean / 2), 26 * s));
  const down = bent(between(rng, [10, 60]), lean);
  const forward = unit([0, -down[2], down[1]]);
  const chest = add(neck, scaled(down, 38 * s), scaled(forward, 14 * s));
  const pelvis = add(chest, scaled(bent(between(rng, [30, 90]), lean), 52 * s));
  return { skullBase, neck, chest, pelvis, lateral: [1, 0, 0], forward, down };
}

function drawTrunk(rng: Rng, spine: Spine, levels: Levels, s: number): Solid[] {
  const { skullBase, neck, chest, pelvis, lateral, forward, down } = spine;
  const bulk = (from: Vec3, to: Vec3, radii: readonly [number, number], inner: number) => {
    const finish = { layers: onion(levels.fetalSkin, 2.5 * s, inner), texture: 0.25, roughMm: 1.2 * s, part: "fetus" as const };
    return capsule(from, to, [radii[0] * s, radii[1] * s], finish);
  };
  const organ = (centre: Vec3, radii: Vec3, level: number, texture = 0.12) => {
    const finish = { layers: onion(level), texture, roughMm: 1.5 * s, part: "organ" as const };
    return ellipsoid(centre, scaled(radii, s), scaled(anyDirection(rng), 25), finish);
  };
  const belly = (share: number) => along(chest, pelvis, share);
  const bowel = Array.from({ length: 8 }, (_, i) =>
    organ(add(belly(0.8), scaled(anyDirection(rng), 17 * s)), [5, 6, 8], i % 2 ? levels.eye * 0.7 : levels.liver * 0.7, 0.3),
  );
  return [
    bulk(skullBase, neck, [17, 19], levels.fetalMuscle),
    bulk(neck, chest, [24, 37], levels.fetalMuscle),
    bulk(chest, pelvis, [37, 31], levels.liver * 1.3),
    ...[-1, 1].map((side) => organ(add(chest, scaled(lateral, side * 17 * s), scaled(down, -4 * s)), [12, 17, 22], levels.lung)),
    organ(add(chest, scaled(forward, 10 * s), scaled(lateral, -5 * s)), [12, 13, 14], levels.vessel + 0.08, 0.4), // heart
    organ(belly(0.5), [30, 24, 18], levels.liver),
    organ(add(belly(0.6), scaled(lateral, -15 * s)), [6, 7, 9], levels.eye), // stomach
    ...[-1, 1].map((side) =>
      organ(add(belly(0.6), scaled(lateral, side * 14 * s), scaled(forward, -17 * s)), [8, 8, 12], levels.lung, 0.25),
    ), // kidneys
    organ(add(pelvis, scaled(forward, 8 * s)), [8, 8, 10], chance(rng, 0.7) ? levels.bladder : levels.fetalMuscle),
    ...bowel,
    ...drawRibs(spine, levels, s),
    ...spineLine(spine, levels, s),
  ];
}

/** Five ribs a side, round the chest from the back. */
function drawRibs({ chest, lateral, forward, down }: Spine, levels: Levels, s: number): Solid[] {
  const bone = { layers: onion(levels.fetalBone), texture: 0.1, roughMm: 0.3, part: "organ" as const };
  return [-1, 1].flatMap((side) =>
    Array.from({ length: 5 }, (_, i) => {
      const level = add(chest, scaled(down, (9 * i - 18) * s));
      const back = add(level, scaled(forward, -24 * s), scaled(lateral, side * 18 * s));
      return capsule(back, add(level, scaled(lateral, side * 33 * s)), [1.6 * s, 1.3 * s], bone);
    }),
  );
}

/** The vertebral column down the back: dark vertebrae as beads, and the bright canal with the grey cord in it. */
function spineLine({ skullBase, neck, chest, pelvis, forward }: Spine, levels: Levels, s: number): Solid[] {
  const back = (at: Vec3, mm: number) => add(at, scaled(forward, -mm * s));
  const line = [skullBase, back(neck, 4), back(chest, 30), back(pelvis, 20)] as const;
  return [0, 1, 2].flatMap((n) => {
    const [from, to] = [line[n]!, line[n + 1]!];
    const beads = Math.max(2, Math.round(Math.hypot(...add(to, scaled(from, -1))) / (7 * s)));
    const bone = {
      layers: onion(levels.fetalBone, 2 * s, levels.fetalMarrow),
      texture: 0.1,
      roughMm: 0.4,
      part: "organ" as const,
    };
    const canal = { layers: onion(levels.eye, 1.8 * s, 0.5), texture: 0.05, roughMm: 0.4, part: "organ" as const };
    return [
      ...Array.from({ length: beads }, (_, i) =>
        ellipsoid(add(along(from, to, i / beads), scaled(forward, 8 * s)), [5 * s, 4.5 * s, 2.6 * s], [0, 0, 0], bone),
      ),
      capsule(from, to, [4 * s, 4 * s], canal),
    ];
  });
}

function drawLimbs(rng: Rng, { neck, pelvis, lateral, forward, down }: Spine, levels: Levels, s: number): Solid[] {
  const limb = (from: Vec3, to: Vec3, r0: number, r1: number) => {
    const layers = onion(
      levels.fetalSkin,
      1.5 * s,
      levels.fetalMuscle * 0.8,
      0.6 * r1 * s,
      levels.fetalBone,
      0.8 * r1 * s,
      levels.fetalMarrow,
    );
    return capsule(from, to, [r0 * s, r1 * s], { layers, texture: 0.2, roughMm: 0.7 * s, part: "fetus" });
  };
  const finger = (from: Vec3, to: Vec3) =>
    capsule(from, to, [3 * s, 2.3 * s], { layers: onion(levels.fetalBone * 1.5), texture: 0.2, roughMm: 0.4, part: "fetus" });
  const reach = (from: Vec3, length: number, towards: Vec3): Vec3 =>
    add(from, scaled(unit(add(towards, scaled(anyDirection(rng), 0.55))), length * s));
  const up = scaled(down, -0.8);
  return ([-1, 1] as const).flatMap((side) => {
    const out = scaled(lateral, side);
    const shoulder = add(neck, scaled(out, 32 * s), scaled(down, 12 * s));
    const elbow = reach(shoulder, 50, add(scaled(out, 0.4), scaled(forward, 0.6), scaled(down, 0.7)));
    const wrist = reach(elbow, 44, add(scaled(out, -0.4), scaled(forward, 0.5), up));
    const hip = add(pelvis, scaled(out, 20 * s));
    const knee = reach(hip, 56, add(scaled(out, 0.4), scaled(forward, 0.6), up));
    const ankle = reach(knee, 50, add(scaled(out, -0.2), scaled(forward, 0.4), scaled(down, 0.5)));
    const handTowards = unit(add(wrist, scaled(elbow, -1)));
    return [
      limb(shoulder, elbow, 11, 9),
      limb(elbow, wrist, 8.5, 6.5),
      ...Array.from({ length: 5 }, () => finger(wrist, reach(wrist, 19, handTowards))),
      limb(hip, knee, 16, 12),
      limb(knee, ankle, 11, 7.5),
      limb(ankle, reach(ankle, 26, forward), 7, 5),
    ];
  });
}
