import { between, chance, pick, type Rng, seedFrom, weightedIndex } from "../../core/rng.ts";
import type { LabelSlicePlan } from "./label-slice.ts";
import { type BleedType, bleedTypes, type Material, materialHu } from "./materials.ts";
import type { HeadCtOptions } from "./options.ts";
import type { Bleed, HeadPlan, Pose, ScanPlan } from "./plan.ts";

type Point = readonly [number, number, number];

const around = (rng: Rng, spread: number): number => Math.max(-2, Math.min(2, rng.normal())) * spread;

/**
 * Draws one head.
 *
 * Sizes: skulls differ by 3 % (one standard deviation); ventricles and sulci widen with age, twofold from 20 to 90 years, and ventricles of one age
 * differ by 15 % (one standard deviation, at most two). Our choice, by eye.
 *
 * @param bleeds - Whether it bleeds.
 */
export function drawHead(rng: Rng, bleeds: boolean, options: HeadCtOptions): HeadPlan {
  const shape = rng.fork("shape");
  const ageYears = Math.round(between(shape.fork("age"), options.age));
  const old = (ageYears - 20) / 70;
  const size = around(shape, 0.02);
  const scale = [0, 1, 2].map(() => 1 + size + around(shape, 0.02)) as unknown as Point;
  const stone = (name: string, chanceOf: number) =>
    chance(shape.fork(name), chanceOf) ? between(shape.fork(name).fork("size"), [0.7, 1.3]) : 0;
  return {
    ageYears,
    scale,
    skull: 6.5 + around(shape, 0.8),
    scalp: 5.5 + around(shape, 0.9),
    brain: {
      ventricles: (0.75 + 0.75 * old) * Math.exp(around(shape, 0.15)),
      sulcus: 0.4 + 0.5 * old + Math.abs(around(shape, 0.1)),
      gap: 0.8 + 1.3 * old + Math.abs(around(shape, 0.3)),
      calcification: { pineal: stone("pineal", 0.7), choroid: stone("choroid", 0.3 + 0.5 * old), falx: stone("falx", 0.15) },
    },
    hu: drawHu(rng.fork("hu")),
    bleeds: bleeds ? drawBleeds(rng.fork("bleeds"), options) : [],
    detailMm: options.detailMm,
    seed: seedFrom(rng.fork("seed")),
  };
}

function drawHu(rng: Rng): HeadPlan["hu"] {
  const drawn = Object.entries(materialHu).map(([id, range]) => [id, between(rng.fork(id), range)] as const);
  return Object.fromEntries(drawn) as unknown as Record<Material, number>;
}

/** The kinds of one patient's bleeding: a leading one, and by chance others, each once. */
function drawBleeds(rng: Rng, options: HeadCtOptions): Bleed[] {
  const hu = between(rng.fork("hu"), options.bleedHu);
  const weights = bleedTypes.map((type) => options.types[type]);
  const out: Bleed[] = [];
  do {
    const own = rng.fork(out.length);
    const index = weightedIndex(own, weights);
    weights[index] = 0;
    const type = bleedTypes[index]!;
    const [low, high] = options.volumeMl[type];
    // A bleed that joins another is as small as half of them.
    const share = out.length === 0 ? own.uniform() : 0.5 * own.uniform();
    const volumeMl = low * (high / low) ** share;
    out.push(drawBleed(own.fork("shape"), type, { volumeMl, hu: hu + around(own, 1.5), seed: seedFrom(own.fork("seed")) }));
  } while (weights.some((w) => w > 0) && chance(rng.fork("more").fork(out.length), options.together));
  return out;
}

/**
 * Where bleeds in the brain begin, how often, how far about there, template mm, right side, and what has room there, ml. Our choice: putamen and
 * thalamus lead, as under high blood pressure.
 */
const innerSites: readonly {
  readonly weight: number;
  readonly at: Point;
  readonly spread: Point;
  readonly bothSides: boolean;
  readonly mostMl?: number;
}[] = [
  { weight: 4, at: [28, 18, 2], spread: [2, 5, 4], bothSides: true }, // putamen
  { weight: 3, at: [13, -4, 8], spread: [2, 4, 3], bothSides: true }, // thalamus
  { weight: 4, at: [36, 5, 24], spread: [8, 34, 12], bothSides: true }, // under the cortex
  { weight: 1, at: [20, -45, -36], spread: [5, 6, 4], bothSides: true, mostMl: 12 }, // cerebellum
  { weight: 0.5, at: [0, -9, -32], spread: [4, 2, 4], bothSides: false, mostMl: 12 }, // pons
];
/** Sources of blood in the fluid: an aneurysm at the base, or an injured cleft under the vault, right side. */
const fluidSites: readonly Point[] = [[0, 17, -18], [26, 22, -14], [46, 20, 6], [44, 30, 40], [40, -40, 45]]; // biome-ignore format: a list

function drawBleed(rng: Rng, type: BleedType, common: { volumeMl: number; hu: number; seed: number }): Bleed {
  const side = chance(rng.fork("side"), 0.5) ? 1 : -1;
  switch (type) {
    case "epidural":
      return {
        ...common,
        type,
        towards: towards(side, between(rng, [-50, 50]), between(rng, [0, 35])),
        reach: between(rng, [1.6, 2.4]),
      };
    case "subdural":
      return {
        ...common,
        type,
        towards: towards(side, between(rng, [-25, 30]), between(rng, [15, 40])),
        reach: between(rng, [75, 100]),
      };
    case "subarachnoid": {
      const [x, y, z] = pick(rng, fluidSites);
      return { ...common, type, centre: [side * x, y + around(rng, 4), z + around(rng, 3)] };
    }
    case "intraparenchymal": {
      const site = innerSites[weightedIndex(rng, innerSites.map(({ weight }) => weight))]!; // biome-ignore format: one line
      const at = site.at.map((v, a) => v + between(rng, [-1, 1]) * site.spread[a]!) as [number, number, number];
      const radii = [1, between(rng, [1, 1.7]), between(rng, [0.8, 1.2])] as const;
      const volumeMl = Math.min(site.mostMl ?? Number.POSITIVE_INFINITY, common.volumeMl);
      return { ...common, volumeMl, type, centre: [site.bothSides ? side * at[0] : at[0], at[1], at[2]], radii, yaw: between(rng, [-20, 20]), oedema: between(rng, [0, 9]) }; // biome-ignore format: one line
    }
    case "intraventricular":
      return { ...common, type, lean: around(rng, 8) };
    default:
      return type satisfies never;
  }
}

/** A direction from the middle of the head: to a side, `ahead` degrees to the front, `up` degrees up. */
function towards(side: number, ahead: number, up: number): Point {
  const [a, u] = [(ahead * Math.PI) / 180, (up * Math.PI) / 180];
  return [side * Math.cos(a) * Math.cos(u), Math.sin(a) * Math.cos(u), Math.sin(u)];
}

/** Draws how a label picture becomes a slice. */
export function drawLabelSlice(rng: Rng, options: HeadCtOptions): LabelSlicePlan {
  return {
    hu: drawHu(rng.fork("hu")),
    bloodHu: between(rng.fork("blood"), options.bleedHu),
    scan: drawScanner(rng.fork("scan"), options),
    seed: seedFrom(rng.fork("seed")),
  };
}

function drawScanner(
  rng: Rng,
  { pixelMm, sliceMm, kernel, doseMGy, hardening }: HeadCtOptions,
): Omit<ScanPlan, "pose" | "moves"> {
  return {
    ...{ kernel, pixelMm, sliceMm },
    doseMGy: between(rng.fork("dose"), doseMGy),
    hardening: between(rng.fork("hardening"), hardening),
    seed: seedFrom(rng.fork("seed")),
  };
}

/** Draws the scan of a head: how it lies, whether it moves, and what the scanner adds. */
export function drawScan(rng: Rng, options: HeadCtOptions): ScanPlan {
  const limit = options.tiltDegrees;
  const lying = rng.fork("pose");
  const pose: Pose = {
    turn: [limit * between(lying, [-1, 1]), (limit / 2) * between(lying, [-1, 1]), (limit / 2) * between(lying, [-1, 1])],
    shift: [between(lying, [-6, 6]), between(lying, [-6, 6]), between(lying, [-2, 2])],
  };
  return { ...drawScanner(rng, options), pose, moves: drawMoves(rng.fork("motion"), pose, options) };
}

/** One to three moves of a few degrees and mm, each held to the next. Our choice. */
function drawMoves(rng: Rng, { turn, shift }: Pose, { moving, sliceMm }: HeadCtOptions): ScanPlan["moves"] {
  if (!chance(rng.fork("whether"), moving)) return [];
  const slices = Math.ceil(160 / sliceMm);
  const moves = Array.from({ length: 1 + rng.below(3) }, () => ({
    slice: 2 + rng.below(Math.max(1, slices - 4)),
    pose: {
      turn: turn.map((v) => v + around(rng, 2.5)) as unknown as Point,
      shift: shift.map((v) => v + around(rng, 2)) as unknown as Point,
    },
  }));
  return moves.sort((a, b) => a.slice - b.slice);
}
