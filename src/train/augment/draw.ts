import { between, chance, type Rng } from "../../core/rng.ts";
import type { AugmentOptions } from "./options.ts";

/** How one window is varied, fully decided: plain JSON, and applying it twice gives the same pixels. */
export interface Augment {
  readonly mirror: boolean;
  /** Radians, quarter turns included. */
  readonly angle: number;
  readonly scale: number;
  /** Of the window from its centre pixel, pixels of the source. */
  readonly shift: readonly [number, number];
  readonly elastic: ElasticGrid | null;
  readonly gamma: number;
  readonly contrast: number;
  readonly brightness: number;
  /** Coefficients of x, y, x², xy and y² in the logarithm of the field, x and y from -1 to 1 over the window. */
  readonly bias: readonly number[];
  /** Standard deviations in pixels, of intensity; 0 is none. */
  readonly blurPixels: number;
  readonly noise: number;
  /** Seed of the noise. */
  readonly noiseSeed: number;
  /** Factor by which the resolution is lower; 1 is none. */
  readonly lowResolution: number;
  /** How far beyond the brain everything is kept, pixels; null keeps all. */
  readonly maskMargin: number | null;
  /** Squares that are cut out; may reach over the window's border. */
  readonly cutout: readonly CutSquare[];
}

/** Pixels of the window from (left, top) on. */
export interface CutSquare {
  readonly left: number;
  readonly top: number;
  readonly side: number;
}

/** Displacements, pixels, at control points `cell` apart; a cubic B-spline runs between them. */
export interface ElasticGrid {
  readonly cell: number;
  /** Points a side. The first lies one cell before the window. */
  readonly points: number;
  readonly dx: readonly number[];
  readonly dy: readonly number[];
}

/** Root mean square of a cubic B-spline surface whose coefficients are standard normal: 151/315 in each of two directions. */
const splineDeviation = 151 / 315;

/** Draws how to vary a window of `size` pixels. All randomness of augmentation is here. */
export function drawAugment(rng: Rng, options: AugmentOptions, size: number): Augment {
  const degrees = between(rng, options.rotation) + (chance(rng, options.quarterTurn) ? 90 * (1 + rng.below(3)) : 0);
  const either = (share: number, range: readonly [number, number], none: number) =>
    chance(rng, share) ? between(rng, range) : none;
  return {
    mirror: chance(rng, options.mirror),
    angle: (degrees * Math.PI) / 180,
    scale: between(rng, options.scale),
    shift: [size * between(rng, options.shift), size * between(rng, options.shift)],
    elastic: chance(rng, options.elasticShare) ? drawElastic(rng, options, size) : null,
    gamma: between(rng, options.gamma),
    contrast: between(rng, options.contrast),
    brightness: between(rng, options.brightness),
    bias: drawBias(rng, options),
    blurPixels: either(options.blurShare, options.blurPixels, 0),
    noise: either(options.noiseShare, options.noise, 0),
    noiseSeed: rng.below(2 ** 31),
    lowResolution: either(options.lowResolutionShare, options.lowResolution, 1),
    maskMargin: chance(rng, options.maskShare) ? between(rng, options.maskMarginPixels) : null,
    cutout: drawCutout(rng.fork("cutout"), options, size),
  };
}

function drawCutout(rng: Rng, { cutoutShare, cutoutSquares, cutoutSide }: AugmentOptions, size: number): CutSquare[] {
  if (!chance(rng, cutoutShare)) return [];
  return Array.from({ length: cutoutSquares }, () => {
    const side = Math.round(size * between(rng, cutoutSide));
    const [left, top] = [rng.below(size) - (side >> 1), rng.below(size) - (side >> 1)];
    return { left, top, side };
  });
}

function drawElastic(rng: Rng, options: AugmentOptions, size: number): ElasticGrid {
  const cell = options.elasticCellPixels;
  const points = Math.ceil(size / cell) + 3;
  const deviation = between(rng, options.elasticPixels) / splineDeviation;
  const draw = () => Array.from({ length: points * points }, () => deviation * rng.normal());
  return { cell, points, dx: draw(), dy: draw() };
}

function drawBias(rng: Rng, options: AugmentOptions): number[] {
  const peak = between(rng, options.biasField);
  const raw = Array.from({ length: 5 }, () => rng.normal());
  const sum = raw.reduce((a, b) => a + Math.abs(b), 0);
  return raw.map((c) => (c * peak) / sum);
}
