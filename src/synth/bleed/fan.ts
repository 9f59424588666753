import type { Vec3 } from "../../core/affine.ts";
import { between, type Rng } from "../../core/rng.ts";
import { tissues } from "../../core/tissue.ts";
import { addScaled, orthonormal } from "../../core/vector.ts";
import { type Anatomy, inSlice } from "../priors/anatomy.ts";
import { siteWeights } from "../priors/index.ts";
import { type Side, signOf } from "../priors/midplane.ts";
import { infarctTissues } from "../priors/periventricular.ts";
import { UnfitError } from "../unfit.ts";
import type { FanBleed } from "./bleed.ts";
import { drawRoughness, drawVoxel, headAxes, nearestValue, wallNormal } from "./places.ts";

/**
 * Draws a periventricular hemorrhagic infarction: a fan that widens from the ventricle's upper outer angle towards the cortex.
 * Its shape is our guess after the medullary veins that it follows; its reach is a share of the way to the cortex.
 *
 * @throws {UnfitError} If there is no white matter beside the ventricle.
 */
export function drawFan(rng: Rng, side: Side, anatomy: Anatomy, weeks: number, reach: readonly [number, number]): FanBleed {
  const own = anatomy[side];
  const at = drawVoxel(rng, siteWeights("periventricular", anatomy, side, weeks), anatomy);
  if (!at) throw new UnfitError(`no white matter was found beside the ${side} ventricle`);
  const { right, anterior, superior } = headAxes(anatomy.frame);
  const normal = wallNormal(own.wallMm, anatomy, at.index);
  const lateral = addScaled([0, 0, 0], right, signOf(side));
  const out = inSlice(anatomy, addScaled(addScaled(normal, lateral, 0.8), superior, between(rng, [0, 0.9])));
  const axes = orthonormal(out, addScaled(anterior, superior, between(rng, [-0.2, 0.2])));
  const free = freeWay(anatomy, at.world, axes[0]);
  const reachMm = Math.max(4, free * between(rng, reach));
  const base = between(rng, [4, 8]);
  return {
    site: "periventricular",
    apex: addScaled(at.world, axes[0], -base),
    axes,
    reachMm: reachMm + base,
    halfLengthMm: Math.max(4, reachMm * between(rng, [0.8, 1.6])),
    halfAngleDegrees: between(rng, [26, 48]),
    roughness: drawRoughness(rng, between(rng, [0.3, 0.8]), [5, 10]),
  };
}

/** mm along a ray from the ventricle's wall until it leaves what an infarction may fill. */
function freeWay(anatomy: Anatomy, from: Vec3, direction: Vec3): number {
  const tissueAt = nearestValue(anatomy.tissue.data, anatomy.tissue);
  for (let mm = 0; mm < 60; mm += 0.5) {
    const id = tissueAt(addScaled(from, direction, mm)) ?? tissues.background;
    if (!infarctTissues.has(id) && id !== tissues.lateralVentricle) return mm;
  }
  return 60;
}
