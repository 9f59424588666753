import { applyAffine, invertAffine, type Vec3 } from "../../core/affine.ts";
import { between, chance, pick, type Rng } from "../../core/rng.ts";
import { tissues } from "../../core/tissue.ts";
import { addScaled, unitVector } from "../../core/vector.ts";
import { drawVoxel, headAxes } from "../bleed/places.ts";
import { drawDilation, type Room } from "../bleed/plan.ts";
import type { Dilation } from "../dilation.ts";
import type { Anatomy } from "../priors/anatomy.ts";
import { measureAtrium } from "../priors/atrium.ts";
import { germinalMatrixMm } from "../priors/germinal-matrix.ts";
import { lumenWeights } from "../priors/lumen.ts";
import { type Side, sides, signOf } from "../priors/midplane.ts";
import type { Calcification, ChoroidPlexus, EminenceBand, Negative, Septum } from "./negative.ts";
import type { NegativeOptions } from "./options.ts";

/** Decides whether ventricles without blood are wide, and how wide. */
export function drawVentriculomegaly(rng: Rng, { ventriculomegaly }: NegativeOptions, room: Room): Dilation[] {
  const { rate, atrialWidthMm, bothShare } = ventriculomegaly;
  if (!chance(rng.fork("whether"), rate)) return [];
  const both = chance(rng.fork("both"), bothShare);
  const chosen = both ? sides : [pick(rng.fork("side"), sides)];
  return chosen.flatMap((side) => drawDilation(rng.fork(side), side, atrialWidthMm, room));
}

/**
 * Draws the structures of one scene that look like blood. Each kind has its own stream: switching one off leaves the others.
 *
 * @param anatomy - Of the scene as it will be painted: dilated, where that was drawn.
 * @param weeks - Gestational age.
 */
export function drawStructures(rng: Rng, anatomy: Anatomy, weeks: number, options: NegativeOptions): Negative[] {
  const when = (kind: "choroidPlexus" | "eminence" | "calcification" | "septum", draw: (own: Rng) => Negative[]) => {
    const own = rng.fork(kind);
    return chance(own.fork("whether"), options[kind].rate) ? draw(own) : [];
  };
  return [
    ...when("eminence", (own) => drawEminence(own, anatomy, weeks, options)),
    ...when("choroidPlexus", (own) => drawPlexus(own, anatomy, weeks, options)),
    ...when("septum", (own) => drawSepta(own, anatomy, options)),
    ...when("calcification", (own) => drawCalcifications(own, anatomy, options)),
  ];
}

/** Sides that a lumen was found on: a lone slice may show one. */
function shownSides(anatomy: Anatomy): Side[] {
  return sides.filter((side) => anatomy[side].lumenMl > 0);
}

/** Where along the ventricle, from its hind end, and how thick there relative to the glomus. Our guess after PMC7982529, figure 3: not in the horns. */
const plexusLine = [
  [0.54, 0.25],
  [0.46, 0.35],
  [0.38, 0.55],
  [0.31, 0.9],
  [0.26, 1],
  [0.22, 0.7],
] as const;

/** The plexus fills less of the atrium as the brain grows: 1 to 24 weeks, .7 from 32 on. Our guess. */
function plexusFullness(weeks: number): number {
  return 1 - 0.3 * Math.min(1, Math.max(0, (weeks - 24) / 8));
}

function drawPlexus(rng: Rng, anatomy: Anatomy, weeks: number, { choroidPlexus }: NegativeOptions): ChoroidPlexus[] {
  const signal = between(rng, choroidPlexus.signal);
  const share = between(rng, choroidPlexus.thickness) * plexusFullness(weeks);
  const down = unitVector([rng.normal(), rng.normal(), rng.normal()]); // it hangs towards the ground, whichever way that is
  return shownSides(anatomy).map((side) => {
    const own = rng.fork(side);
    // A dilated ventricle does not make its plexus grow: normal atria are 10 mm wide at most.
    const radiusMm = (share * between(own, [0.85, 1.15]) * Math.min(10, measureAtrium(anatomy, side))) / 2;
    const line = plexusLine.map(([along, thick]) => {
      const shift = 0.5 * radiusMm * own.uniform();
      return { at: addScaled(lumenPoint(anatomy, side, along), down, shift), radiusMm: Math.max(0.6, thick * radiusMm) };
    });
    const noise = { wavelengthMm: between(own, [1.8, 3.2]), seed: own.below(2 ** 31) };
    const amplitudeMm = radiusMm * between(own, [0.12, 0.3]);
    return { kind: "choroidPlexus", side, line, tufts: { amplitudeMm, noise }, signal: signal * between(own, [0.93, 1.07]) };
  });
}

/** World place of the middle of a lumen's upper part at a share of its length from behind. */
function lumenPoint({ frame, ...anatomy }: Anatomy, side: Side, along: number): Vec3 {
  const { back, front, centres } = anatomy[side];
  const anterior = back + along * (front - back);
  const [lateral, superior] = centres[Math.min(centres.length - 1, Math.max(0, Math.floor(anterior - back)))]!;
  return applyAffine(invertAffine(frame), [signOf(side) * lateral, anterior, superior]);
}

function drawEminence(rng: Rng, anatomy: Anatomy, weeks: number, { eminence }: NegativeOptions): EminenceBand[] {
  const width = germinalMatrixMm(weeks);
  if (width === 0) return [];
  const gain = between(rng, eminence.gain);
  const thicknessMm = width * between(rng, eminence.thickness);
  return shownSides(anatomy).map((side) => {
    const own = rng.fork(side);
    return { kind: "eminence", side, thicknessMm: thicknessMm * between(own, [0.85, 1.15]), gain };
  });
}

/** Share of foci beside a ventricle; the others lie anywhere in white matter and deep grey. Our guess. */
const besideShare = 0.6;

function drawCalcifications(rng: Rng, anatomy: Anatomy, { calcification }: NegativeOptions): Calcification[] {
  const { count, radiusMm, signal } = calcification;
  const number = count[0] + rng.below(count[1] - count[0] + 1);
  const near = besideWeights(anatomy, 6);
  const far = besideWeights(anatomy, Infinity);
  return Array.from({ length: number }, (_, i) => i).flatMap((i): Calcification[] => {
    const own = rng.fork(i);
    const at = drawVoxel(own, chance(own, besideShare) ? near : far, anatomy);
    if (!at) return [];
    return [{ kind: "calcification", at: at.world, radiusMm: between(own, radiusMm), signal: between(own, signal) }];
  });
}

/** 1 in white matter and deep grey from 1 mm to `mostMm` of a ventricle's wall. */
function besideWeights({ tissue, left, right }: Anatomy, mostMm: number): Float32Array {
  return Float32Array.from(tissue.data, (id, i) => {
    if (id !== tissues.whiteMatter && id !== tissues.deepGrey) return 0;
    const wall = Math.min(left.wallMm[i]!, right.wallMm[i]!);
    return wall > 1 && wall <= mostMm ? 1 : 0;
  });
}

/** One to three sheets, each across one ventricle; three in ten cross the cavum, where it is labelled. Our guess. */
function drawSepta(rng: Rng, anatomy: Anatomy, { septum }: NegativeOptions): Septum[] {
  const { anterior, superior, right } = headAxes(anatomy.frame);
  const cavum = Float32Array.from(anatomy.tissue.data, (id) => (id === tissues.cavum ? 1 : 0));
  const spaces = shownSides(anatomy);
  return Array.from({ length: 1 + rng.below(3) }, (_, i) => i).flatMap((i): Septum[] => {
    const own = rng.fork(i);
    const space = chance(own, 0.3) && cavum.includes(1) ? "cavum" : pick(own, spaces);
    const at = drawVoxel(own, space === "cavum" ? cavum : lumenWeights(anatomy, space), anatomy);
    if (!at) return [];
    // Across the ventricle's length, give or take: strands span from wall to wall.
    const tilted = addScaled(addScaled(anterior, superior, 0.6 * own.normal()), right, 0.6 * own.normal());
    const noise = { wavelengthMm: between(own, [6, 14]), seed: own.below(2 ** 31) };
    const waviness = { amplitudeMm: between(own, [0.2, 0.9]), noise };
    const thicknessMm = between(own, septum.thicknessMm);
    return [{ kind: "septum", space, at: at.world, normal: unitVector(tilted), thicknessMm, waviness, signal: between(own, septum.signal) }]; // biome-ignore format: one line
  });
}
