import type { Rng } from "../../core/rng.ts";
import { interpolateHeld } from "./growth.ts";

/** T2 brightness of each tissue before noise; 1 is about the 90th percentile of cerebrospinal fluid. */
export interface Contrast {
  readonly csf: number;
  readonly ventricle: number;
  readonly cortex: number;
  readonly whiteMatter: number;
  /** Added to the white matter in the subplate, and taken from it in the intermediate zone. */
  readonly layering: number;
  readonly deepGrey: number;
  readonly germinalMatrix: number;
  readonly corpusCallosum: number;
  readonly brainstem: number;
  readonly cerebellum: number;
  readonly choroid: number;
  readonly skull: number;
  readonly scalp: number;
  /** Relative size of the smooth texture inside tissue. */
  readonly texture: number;
}

/**
 * Draws the contrasts of one brain.
 *
 * Source: medians measured on two published atlases, 21 to 37 weeks (white matter .60-.68, deep grey .53-.61, cortex .48-.57, brainstem
 * .47-.55, cerebellum .56-.64, ventricular zone .54-.60, corpus callosum .49-.57, ventricle .78-.88); those of voxels that hold one tissue
 * only lie a little outside, since the medians hold mixed voxels too. Choroid plexus, skull and scalp are our guess.
 */
export function drawContrast(rng: Rng, age: number, variability: number): Contrast {
  const about = (mean: number, spread: number) => mean + variability * spread * (2 * rng.uniform() - 1);
  const level = about(0, 0.025); // all solid tissue together: echo time and field
  return {
    csf: about(0.97, 0.02),
    ventricle: about(interpolateHeld([21, 30, 36], [0.88, 0.92, 0.94], age), 0.03),
    cortex: level + about(interpolateHeld([21, 30, 36], [0.46, 0.47, 0.5], age), 0.02),
    whiteMatter: level + about(interpolateHeld([21, 30, 36], [0.62, 0.64, 0.65], age), 0.02),
    layering: about(interpolateHeld([20, 26, 32, 35], [0.045, 0.04, 0.02, 0], age), 0.01),
    deepGrey: level + about(0.55, 0.02),
    germinalMatrix: level + about(0.5, 0.03),
    corpusCallosum: level + about(0.5, 0.025),
    brainstem: level + about(0.5, 0.025),
    cerebellum: level + about(interpolateHeld([21, 36], [0.57, 0.59], age), 0.02),
    choroid: about(0.62, 0.06),
    skull: about(0.12, 0.04),
    scalp: about(0.5, 0.1),
    texture: about(0.03, 0.01),
  };
}
