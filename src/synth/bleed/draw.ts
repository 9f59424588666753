import type { Vec3 } from "../../core/affine.ts";
import { between, chance, type Rng } from "../../core/rng.ts";
import { addScaled, orthonormal, unitVector } from "../../core/vector.ts";
import { type Anatomy, inSlice } from "../priors/anatomy.ts";
import { siteWeights } from "../priors/index.ts";
import { UnfitError } from "../unfit.ts";
import type { Bleed, BleedPart, BleedPlan, BleedShape, ClotBleed, GerminalBleed, LayerBleed, Rim, SidePlan } from "./bleed.ts";
import { drawFan } from "./fan.ts";
import type { LesionOptions } from "./options.ts";
import { drawRoughness, drawVoxel, headAxes, voxelPoints, wallNormal } from "./places.ts";
import { signedMetric } from "./shape.ts";

/** What a draw needs to know of the case besides its anatomy. */
export interface CaseSignals {
  /** Gestational age, weeks. */
  readonly weeks: number;
  /** Median signal of the darker of cortex and deep grey: dark blood is to stay below it. */
  readonly darkTissue: number;
}

/**
 * Draws where the blood of a plan lies and what it looks like.
 *
 * @param anatomy - Of the scene as it will be painted: distended, where the plan says so.
 * @throws {UnfitError} If a site of the plan does not exist in this anatomy.
 */
export function drawBleed(rng: Rng, plan: BleedPlan, anatomy: Anatomy, signals: CaseSignals, options: LesionOptions): Bleed {
  const { signal: blood, ...look } = drawLook(rng, plan, signals, options);
  const gravity = drawGravity(rng.fork("gravity"), anatomy);
  const parts = plan.sides.flatMap((side) =>
    drawShapes(rng.fork(side.side), side, anatomy, signals.weeks, gravity, options).map((shape, i): BleedPart => {
      const shade = plan.stage === "dark" ? Math.min(1, 0.9 + 0.2 * rng.fork(`${side.side}/${i}`).uniform()) : 1;
      return { ...shape, side: side.side, signal: blood * shade };
    }),
  );
  return { grade: plan.grade, stage: plan.stage, parts, ...look };
}

/** Draws what blood of a plan looks like, wherever it lies: mean signal, edge, texture and rim. */
export function drawLook(rng: Rng, plan: BleedPlan, signals: CaseSignals, options: LesionOptions): Look {
  const texture = rng.fork("texture");
  return {
    signal: drawSignal(rng.fork("signal"), plan, signals, options),
    edgeMm: between(rng.fork("edge"), options.edgeMm),
    texture: {
      sigma: between(texture, options.texture),
      noise: { wavelengthMm: between(texture, [4, 12]), seed: texture.below(2 ** 31) },
    },
    rim: plan.stage === "dark" ? null : drawRim(rng.fork("rim"), plan.stage),
  };
}

type Look = Pick<Bleed, "edgeMm" | "texture" | "rim"> & { readonly signal: number };

/**
 * Rim of 1-2 in-plane pixels at .15-.40 of CSF in chronic blood; in late subacute blood the beginning of one, without which a small
 * bright bleed is fluid. Stages as in adults; widths, shares and the rim of bright blood: our guess (docs/synthesis.md).
 */
function drawRim(rng: Rng, stage: "rim" | "bright"): Rim {
  const old = stage === "rim";
  return {
    widthMm: between(rng, old ? [0.8, 2] : [0.5, 1.2]),
    signal: between(rng, old ? [0.15, 0.4] : [0.25, 0.5]),
    share: between(rng, old ? [0.7, 1] : [0.3, 0.7]),
    noise: { wavelengthMm: between(rng, [5, 12]), seed: rng.below(2 ** 31) },
  };
}

/** Dark blood stays a tenth below cortex and deep grey; cores .75-1.0 (docs/synthesis.md); late subacute blood about as bright as CSF. */
function drawSignal(rng: Rng, plan: BleedPlan, { darkTissue }: CaseSignals, { intensity }: LesionOptions): number {
  switch (plan.stage) {
    case "dark": {
      const high = Math.min(intensity[1], 0.9 * darkTissue);
      return between(rng, [Math.min(intensity[0], high), high]);
    }
    case "rim":
      return between(rng, [0.75, 1]);
    case "bright":
      return between(rng, [0.8, 1.1]);
    default:
      return plan.stage satisfies never;
  }
}

/**
 * Downwards for a fetus whose mother lies on her back: its long axis lies about level, so that down is any direction across it,
 * give or take 20 degrees. Our guess from how fetuses lie; we know of no figure.
 */
function drawGravity(rng: Rng, anatomy: Anatomy): Vec3 {
  const { right, anterior, superior } = headAxes(anatomy.frame);
  const turn = 2 * Math.PI * rng.uniform();
  const across = addScaled(addScaled([0, 0, 0], right, Math.cos(turn)), anterior, Math.sin(turn));
  const down = inSlice(anatomy, addScaled(across, superior, 0.35 * rng.normal()));
  // A lone slice may lie level: then blood settles towards the back of the head.
  return Math.hypot(...down) > 0.05 ? unitVector(down) : unitVector(inSlice(anatomy, addScaled(superior, anterior, -2)));
}

function drawShapes(
  rng: Rng,
  plan: SidePlan,
  anatomy: Anatomy,
  weeks: number,
  gravity: Vec3,
  options: LesionOptions,
): BleedShape[] {
  const shapes: BleedShape[] = [];
  const germinal = plan.germinalMatrix ? drawGerminal(rng.fork("germinalMatrix"), plan, anatomy, weeks, options) : null;
  if (germinal) shapes.push(germinal);
  if (plan.fill !== null) {
    const lumen = rng.fork("lumen");
    const layer = chance(lumen, options.layerShare);
    shapes.push(layer ? drawLayer(lumen, plan, anatomy, gravity) : drawClot(lumen, plan, anatomy, weeks, germinal));
  }
  if (plan.grade === 4) shapes.push(drawFan(rng.fork("periventricular"), plan.side, anatomy, weeks, options.fanReach));
  return shapes;
}

/** An irregular ellipsoid lying against the wall, longer along it than it is thick. Sizes: docs/synthesis.md; proportions are our guess. */
function drawGerminal(rng: Rng, plan: SidePlan, anatomy: Anatomy, weeks: number, options: LesionOptions): GerminalBleed {
  const own = anatomy[plan.side];
  const at = drawVoxel(rng, siteWeights("germinalMatrix", anatomy, plan.side, weeks), anatomy);
  if (!at) throw new UnfitError(`no germinal matrix was found on the ${plan.side}`);
  const area = Math.exp(between(rng, [Math.log(options.germinalAreaMm2[0]), Math.log(options.germinalAreaMm2[1])]));
  const flatness = between(rng, [0.5, 0.85]);
  const longest = Math.max(10, Math.sqrt(options.germinalAreaMm2[1]) * 1.3);
  const long = Math.min(longest, Math.sqrt((4 * area) / (Math.PI * flatness)));
  const thick = Math.max(2, Math.min(long, (4 * area) / (Math.PI * long)));
  const out = wallNormal(own.wallMm, anatomy, at.index);
  const { anterior, superior } = headAxes(anatomy.frame);
  const along = addScaled(anterior, superior, between(rng, [-0.4, 0.4]));
  const bulgeMm = thick * between(rng, [0.1, 0.3]);
  return {
    site: "germinalMatrix",
    centre: addScaled(at.world, out, thick / 2 - bulgeMm - own.wallMm[at.index]!),
    axes: orthonormal(out, along),
    radii: [thick / 2, long / 2, (long * between(rng, [0.6, 1])) / 2],
    bulgeMm,
    roughness: drawRoughness(rng, thick * 0.09, [0.5 * long, 1.1 * long]),
  };
}

function drawLayer(rng: Rng, plan: SidePlan, anatomy: Anatomy, gravity: Vec3): LayerBleed {
  const roughness = drawRoughness(rng, between(rng, [0, 0.4]), [4, 10]); // a level of settled cells is flat
  const shape: LayerBleed = { site: "lumen", kind: "layer", gravity, levelMm: 0, roughness };
  return { ...shape, levelMm: fillLevel(shape, plan, anatomy) };
}

function drawClot(rng: Rng, plan: SidePlan, anatomy: Anatomy, weeks: number, germinal: GerminalBleed | null): ClotBleed {
  const near = germinal !== null && chance(rng, 0.6) ? germinal.centre : null;
  const weights = siteWeights("lumen", anatomy, plan.side, weeks);
  const centre = near ?? drawVoxel(rng, weights, anatomy)?.world;
  if (!centre) throw new UnfitError(`no lumen was found on the ${plan.side}`);
  const shape: ClotBleed = {
    site: "lumen",
    kind: "clot",
    centre,
    axis: headAxes(anatomy.frame).anterior,
    stretch: between(rng, [1.2, 2.2]),
    radiusMm: 0,
    roughness: drawRoughness(rng, between(rng, [0.4, 1.2]), [4, 9]),
  };
  return { ...shape, radiusMm: -fillLevel(shape, plan, anatomy) };
}

/** The level of the shape's metric above which the planned share of the lumen lies. */
function fillLevel(shape: LayerBleed | ClotBleed, plan: SidePlan, anatomy: Anatomy): number {
  const metric = signedMetric(shape);
  const lumen = voxelPoints(anatomy.tissue, (i) => anatomy[plan.side].lumen[i] === 1);
  const values = Float64Array.from(lumen, (p) => metric(...p)).sort();
  return values[Math.min(values.length - 1, Math.floor((1 - plan.fill!) * values.length))]!;
}
