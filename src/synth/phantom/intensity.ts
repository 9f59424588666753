import { type Rng, seededRng } from "../../core/rng.ts";
import { tissues } from "../../core/tissue.ts";
import type { Canvas } from "./canvas.ts";
import { interpolateHeld } from "./growth.ts";
import { type Bounds, latticeField, sampleField } from "./lattice.ts";
import { waveNoise } from "./noise.ts";

/** T2 brightness of each tissue before noise; 1 is about the 90th percentile of cerebrospinal fluid. */
export interface Contrast {
  readonly csf: number;
  readonly ventricle: number;
  readonly cortex: number;
  readonly whiteMatter: number;
  /** How much brighter than the intermediate zone the subplate is. */
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
  /** The same in the fluid about the brain, which moves. */
  readonly fluidTexture: number;
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
  const level = about(0.025, 0.018); // all solid tissue together: echo time and field
  return {
    csf: about(0.97, 0.02),
    ventricle: about(interpolateHeld([21, 30, 36], [0.88, 0.92, 0.94], age), 0.03),
    cortex: level + about(interpolateHeld([21, 30, 36], [0.42, 0.42, 0.47], age), 0.02),
    whiteMatter: level + about(interpolateHeld([21, 24, 28, 36], [0.575, 0.615, 0.65, 0.64], age), 0.02),
    layering: Math.max(0, about(interpolateHeld([20, 22, 24, 26, 30], [0.12, 0.1, 0.075, 0.05, 0], age), 0.015)),
    deepGrey: level + about(0.545, 0.02),
    germinalMatrix: level + about(0.5, 0.03),
    corpusCallosum: level + about(0.5, 0.025),
    brainstem: level + about(0.5, 0.025),
    cerebellum: level + about(interpolateHeld([21, 36], [0.57, 0.59], age), 0.02),
    choroid: about(0.66, 0.06),
    skull: about(0.12, 0.04),
    scalp: about(0.5, 0.1),
    texture: about(0.035, 0.01),
    fluidTexture: about(0.085, 0.02),
  };
}

/** Gives the painted image its texture, a point spread of `blurMm` (SD), and the scale on which the 90th percentile of fluid is 1. */
export function finishImage(canvas: Canvas, contrast: Contrast, textureSeed: number, blurMm: number): void {
  const { image, tissue, x, y, z, shape, spacing, origin } = canvas;
  const rng = seededRng(textureSeed);
  const box: Bounds = { low: origin, high: origin.map((o, i) => o + shape[i]! * spacing) as unknown as Bounds["high"] };
  const slow = latticeField(sampleField(waveNoise(rng.fork("slow"), [14, 40], 14), box, 4));
  const fine = latticeField(sampleField(waveNoise(rng.fork("fine"), [5, 9], 10), box, 2));
  for (let n = 0; n < image.length; n++) {
    if (image[n] === 0) continue;
    const grain = tissue[n] === tissues.csf ? contrast.fluidTexture : contrast.texture;
    image[n] = image[n]! * (1 + grain * (0.8 * slow(x[n]!, y[n]!, z[n]!) + 0.6 * fine(x[n]!, y[n]!, z[n]!)));
  }
  blur(image, shape, blurMm / spacing);
  const unit = percentile90(image.filter((_, n) => tissue[n] === tissues.csf));
  for (let n = 0; n < image.length; n++) image[n] = image[n]! / unit;
}

function percentile90(values: Float32Array): number {
  return values.sort()[Math.floor(0.9 * values.length)] ?? 1;
}

/** Gaussian point spread of `sigma` voxels, less than 1, in place: three taps along each axis with the same variance. */
function blur(image: Float32Array, [nx, ny, nz]: Canvas["shape"], sigma: number): void {
  const side = Math.min(1 / 3, sigma ** 2 / 2);
  for (const [stride, count] of [
    [1, nx],
    [nx, ny],
    [nx * ny, nz],
  ] as const) {
    for (let n = 0; n < image.length; n += 1) {
      if (Math.floor(n / stride) % count !== 0) continue;
      blurLine(image, n, stride, count, side);
    }
  }
}

function blurLine(image: Float32Array, start: number, stride: number, count: number, side: number): void {
  let before = image[start]!;
  for (let i = 0, n = start; i < count; i++, n += stride) {
    const here = image[n]!;
    const after = i < count - 1 ? image[n + stride]! : here;
    image[n] = here + side * (before + after - 2 * here);
    before = here;
  }
}
