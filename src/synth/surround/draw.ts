import type { Vec3 } from "../../core/affine.ts";
import { between, chance, pick, poisson, type Rng } from "../../core/rng.ts";
import type { HeadGeometry } from "../scene.ts";
import { drawFetus, fetalScale } from "./fetus.ts";
import { drawLevels, type Levels } from "./levels.ts";
import { drawMother, type Mother } from "./mother.ts";
import type { SurroundOptions } from "./options.ts";
import type { Shape, Solid } from "./solid.ts";
import { add, anyDirection, anyTurn, scaled, unit } from "./vector.ts";

/** What lies around one head, fully decided: plain JSON. Lengths in mm, places from the head's centre along the world's axes. */
export type Surround = { readonly kind: "none" } | Uterus;

export interface Uterus {
  readonly kind: "uterus";
  /** Side of the cube that is filled. */
  readonly fieldMm: number;
  /** The head's centre in the world, the brainstem left out. */
  readonly centre: Vec3;
  /** Half its extents along the world's axes. */
  readonly radii: Vec3;
  /** How far a mask reaches beyond the brain when stacks of this scene come masked; null when they do not. */
  readonly maskMarginMm: number | null;
  /** Decides the textures. */
  readonly seed: number;
  readonly levels: Levels;
  readonly head: HeadShell;
  readonly sac: Sac;
  readonly mother: Mother;
  /** In the order of painting within each part. */
  readonly solids: readonly Solid[];
}

/** Layers between the brain and the amniotic fluid. A scene that brings its own skull keeps it. */
export interface HeadShell {
  /** Fluid between the given brain and the skull. */
  readonly gapMm: number;
  readonly skullMm: number;
  readonly scalpMm: number;
  /** Relative standard deviation of the skull's thickness. */
  readonly uneven: number;
}

/** The amniotic sac with the uterus around it. */
export interface Sac {
  /** Where fluid is whatever the fetus does. */
  readonly pools: readonly Extract<Shape, { kind: "ellipsoid" }>[];
  /** Fluid between the fetus and the wall: mean, and amplitude of its variation. Below 0 fetus and wall touch. */
  readonly pocketMm: number;
  readonly pocketVariationMm: number;
  readonly wallMm: number;
  /** Where the placenta sits, seen from the uterus's middle; a unit vector. */
  readonly placentaDirection: Vec3;
  readonly placentaMm: number;
  /** Cosine of the angle at which the placenta thins out. */
  readonly placentaReach: number;
  readonly middle: Vec3;
  /** Share of signal lost in swirls of moving fluid. */
  readonly swirl: number;
}

/** Half the height of cerebrum and cerebellum over half their length: measured on the CRL atlas, weeks 23-35 (.84-.85). */
const heightOverLength = 0.845;

/** The head without however much of the brainstem a scene goes down to, so that face and neck find their places below the vertex. */
function withoutStem({ centre, radii }: HeadGeometry): HeadGeometry {
  const height = Math.min(radii[2], heightOverLength * radii[1]);
  return { centre: [centre[0], centre[1], centre[2] + radii[2] - height], radii: [radii[0], radii[1], height] };
}

/** Decides what lies around a head. */
export function drawSurround(rng: Rng, options: SurroundOptions, given: HeadGeometry): Surround {
  const head = withoutStem(given);
  const isMasked = chance(rng.fork("masked"), options.maskedShare);
  // Half of the masked cases are stripped at the brain's own border, half have the loose mask of a brain extraction.
  if (options.kind === "none" || (isMasked && chance(rng.fork("tight"), 0.5))) return { kind: "none" };
  const levels = drawLevels(rng.fork("levels"), options.contrastSeverity);
  const fetus = drawFetus(rng.fork("fetus"), head, levels);
  const sac = drawSac(rng.fork("sac"), head);
  const uterusRadius = Math.max(...sac.pools[0]!.radii) + sac.wallMm;
  const { mother, solids } = drawMother(rng.fork("mother"), sac.middle, uterusRadius, levels, options.fieldMm);
  return {
    kind: "uterus",
    fieldMm: options.fieldMm,
    centre: head.centre,
    radii: head.radii,
    maskMarginMm: isMasked ? between(rng.fork("margin"), [0, 5]) : null,
    seed: rng.fork("texture").below(2 ** 31),
    levels,
    head: drawShell(rng.fork("shell")),
    sac,
    mother,
    solids: [
      ...solids,
      ...fetus,
      ...drawCord(rng.fork("cord"), sac, levels),
      ...drawBlobs(rng.fork("blobs"), options.blobs, head),
    ],
  };
}

function drawShell(rng: Rng): HeadShell {
  return {
    gapMm: between(rng, [0, 1.2]),
    skullMm: between(rng, [0.6, 1.5]),
    scalpMm: between(rng, [1.5, 4]),
    uneven: between(rng, [0.1, 0.4]),
  };
}

function drawSac(rng: Rng, head: HeadGeometry): Sac {
  const s = fetalScale(head);
  // The body hangs below and in front of the head; the sac's middle lies between the two.
  const middle = add([0, 15 * s, -38 * s], scaled(anyDirection(rng), 25 * s));
  const roomy = between(rng, [0.75, 1.25]);
  const pool = (centre: Vec3, low: number, high: number) => ({
    kind: "ellipsoid" as const,
    centre,
    radii: [between(rng, [low, high]) * s, between(rng, [low, high]) * s, between(rng, [low, high]) * s] as Vec3,
    turn: anyTurn(rng),
  });
  const more = rng.below(3);
  return {
    pools: [
      pool(middle, 45 * roomy, 75 * roomy),
      ...Array.from({ length: more }, () => pool(add(middle, scaled(anyDirection(rng), 55 * s)), 15, 35)),
    ],
    pocketMm: between(rng, [-4, 5]),
    pocketVariationMm: between(rng, [2, 7]),
    wallMm: between(rng, [4, 13]),
    placentaDirection: anyDirection(rng),
    placentaMm: between(rng, [18, 48]) * Math.sqrt(s),
    placentaReach: between(rng, [-0.2, 0.6]),
    middle,
    swirl: between(rng, [0, 0.35]),
  };
}

/** Umbilical cord: a wandering tube with dark vessels. */
function drawCord(rng: Rng, sac: Sac, levels: Levels): Solid[] {
  let at = add(sac.middle, scaled(anyDirection(rng), 40));
  let direction = anyDirection(rng);
  const radius = between(rng, [4, 7]);
  return Array.from({ length: 4 + rng.below(14) }, () => {
    const next = add(at, scaled(direction, 11));
    const shape: Shape = { kind: "capsule", from: at, to: next, radii: [radius, radius] };
    const layers: Solid["layers"] = [
      [0, levels.cord * 0.6],
      [0.9, levels.cord],
      [0.45 * radius, levels.vessel],
    ];
    at = next;
    direction = unit(add(direction, scaled(anyDirection(rng), 0.7)));
    return { shape, layers, texture: 0.2, roughMm: 0.5, part: "floating" };
  });
}

/** Things of blood-like darkness, and bright ones, that are no lesions: scattered around the head, some against it. */
function drawBlobs(rng: Rng, mean: number, head: HeadGeometry): Solid[] {
  const reach = Math.max(...head.radii);
  return ["dark", "bright"].flatMap((kind) =>
    Array.from({ length: poisson(rng, mean) }, (): Solid => {
      const distance = reach * between(rng, [0.7, 2.2]);
      const radius = Math.exp(between(rng, [Math.log(1.5), Math.log(14)]));
      const level = kind === "dark" ? between(rng, [0.03, 0.42]) : between(rng, [0.6, 1.15]);
      const centre = scaled(anyDirection(rng), distance);
      const stretch = () => radius * between(rng, [0.5, 1.5]);
      const rim = chance(rng, 0.25) ? between(rng, [0.05, 1]) : level;
      return {
        shape: { kind: "ellipsoid", centre, radii: [stretch(), stretch(), stretch()], turn: anyTurn(rng) },
        layers: [
          [0, rim],
          [Math.min(1.5, radius / 3), level],
        ],
        texture: pick(rng, [0.02, 0.08, 0.2]),
        roughMm: radius * between(rng, [0.05, 0.3]),
        part: "blob",
      };
    }),
  );
}
