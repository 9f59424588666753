import { between, boundedNormal, type Rng, seedFrom } from "../../core/rng.ts";
import { type Biometry, biometryNorm, germinalMatrixWidth, interpolateHeld, tissueVolume } from "./growth.ts";
import { type Contrast, drawContrast } from "./intensity.ts";
import { type Folding, primarySulci, type SulcusVariant } from "./sulci.ts";
import type { VentricleSize } from "./ventricles.ts";

/** Something that both sides of the patient have. */
export interface Sides<T> {
  readonly left: T;
  readonly right: T;
}

/** One brain, fully decided. Plain JSON: it goes into the sidecar, and building it again gives the same voxels. Lengths in mm, volumes in ml. */
export interface PhantomAnatomy {
  /** Weeks, 20 to 38. */
  readonly gestationalAge: number;
  /** Largest left-right extent of the cerebrum. */
  readonly brainWidth: number;
  /** Front to back extent of the cerebrum. */
  readonly brainLength: number;
  /** Volume of the cerebrum, its ventricles included, both sides. */
  readonly cerebrum: number;
  /** Outer edge of one parietal bone to inner edge of the other. */
  readonly skullBiparietal: number;
  /** Between the inner edges of the frontal and the occipital bone. */
  readonly skullOccipitofrontal: number;
  readonly skullThickness: number;
  readonly scalpThickness: number;
  /** Fluid over the vertex. */
  readonly vertexFluid: number;
  /** How far the posterior fossa reaches beyond the cerebellum. */
  readonly cisternaMagna: number;
  readonly transcerebellar: number;
  readonly cavumWidth: number;
  /** Thickness of the leaflets between cavum and lateral ventricles. */
  readonly septalLeaflet: number;
  /** Factor of the usual width of the cavum behind (cavum vergae). */
  readonly vergae: number;
  /** Factor of the usual width of the cisterns deep in the brain. */
  readonly cisterns: number;
  readonly ventricles: Sides<VentricleSize>;
  /** Both sides. */
  readonly cortexVolume: number;
  /** Both sides. */
  readonly deepGreyVolume: number;
  readonly germinalMatrixWidth: number;
  readonly folding: Sides<Folding>;
  readonly contrast: Contrast;
  /** Smooth individual deformation: largest typical move and the seed of its field. */
  readonly warp: { readonly size: number; readonly seed: number };
  /** Seed of the textures. */
  readonly textureSeed: number;
}

/**
 * Draws one brain.
 *
 * Sizes are normal about the week's mean and held within about 1.3 SD, so that what is measured on the built voxels stays within 2 SD.
 *
 * @param gestationalAge - Weeks, 20 to 38.
 * @param options - `variability` in [0, 1]: 0 is the average brain of the week, 1 the full spread.
 * @throws {RangeError} If the age or the variability is out of range.
 */
export function drawPhantom(
  rng: Rng,
  gestationalAge: number,
  { variability = 1 }: { variability?: number } = {},
): PhantomAnatomy {
  if (!(gestationalAge >= 20 && gestationalAge <= 38))
    throw new RangeError(`drawPhantom: gestationalAge must be in [20, 38]; got ${gestationalAge}`);
  if (!(variability >= 0 && variability <= 1))
    throw new RangeError(`drawPhantom: variability must be in [0, 1]; got ${variability}`);
  const age = gestationalAge;
  const v = variability;
  const head = drawHead(rng.fork("head"), age, v);
  const ventricles = drawVentricles(rng.fork("ventricles"), age, v);
  const soft = rng.fork("soft");
  return {
    gestationalAge: age,
    ...head,
    ventricles,
    transcerebellar: normal(soft, "transcerebellar", age, v, 1),
    cavumWidth: normal(soft, "cavumWidth", age, v, 1),
    ...drawMidline(rng.fork("midline"), v),
    cisternaMagna: interpolateHeld([20, 28, 38], [3, 4.5, 4.5], age) + v * 1.2 * boundedNormal(soft, 1.5),
    deepGreyVolume: tissueVolume("deepGrey", age) * (1 + 0.06 * v * boundedNormal(soft, 1.5)),
    germinalMatrixWidth: germinalMatrixWidth(age) * (1 + 0.1 * v * boundedNormal(soft, 1.5)),
    folding: { left: drawFolding(rng.fork("fold-left"), v), right: drawFolding(rng.fork("fold-right"), v) },
    contrast: drawContrast(rng.fork("contrast"), age, v),
    warp: { size: 0.5 * v * interpolateHeld([20, 38], [0.6, 1.2], age), seed: seedFrom(rng.fork("warp")) },
    textureSeed: seedFrom(rng.fork("texture")),
  };
}

/** Ranges: our guess. */
function drawMidline(rng: Rng, v: number) {
  const spread = (usual: number, range: readonly [number, number]) => usual + v * (between(rng, range) - usual);
  return { septalLeaflet: spread(0.7, [0.2, 1]), vergae: spread(1.3, [0.6, 2]), cisterns: spread(1, [0.5, 1.5]) };
}

/** A measure drawn about its week's mean, within `limit` SD. */
function normal(rng: Rng, measure: Biometry, age: number, variability: number, limit: number): number {
  return mean(measure, age) + variability * deviation(measure, age) * boundedNormal(rng, limit);
}

function drawHead(rng: Rng, age: number, v: number) {
  const { brainWidth, skullBiparietal, skullOccipitofrontal, skullThickness } = drawWidths(rng.fork("widths"), age, v);
  const poles = interpolateHeld([20, 26, 32, 38], [1.7, 2.3, 1.9, 1.3], age);
  const brainLength = skullOccipitofrontal - 2 * (poles + 0.3 * v * boundedNormal(rng, 1.5));
  // Volume follows width and length, so that the height stays in proportion.
  const usual =
    (mean("brainWidth", age) + towards * deviation("brainWidth", age)) *
    (mean("skullOccipitofrontal", age) - 2 * (skullThickness + poles));
  const bulk = ((brainWidth * brainLength) / usual) ** 0.9 * (1 + 0.02 * v * boundedNormal(rng, 1.5));
  const matrix = interpolateHeld([20, 24, 28, 32, 36], [2.4, 2.9, 2.4, 1.5, 0], age); // ml, as built
  const solid = matrix + tissueVolume("whiteMatter", age) + tissueVolume("cortex", age) + tissueVolume("deepGrey", age);
  return {
    brainWidth,
    brainLength,
    cerebrum: bulk * (solid + mean("lateralVentricles", age)),
    cortexVolume: 1.05 * bulk * tissueVolume("cortex", age) * (1 + 0.04 * v * boundedNormal(rng, 1.5)),
    skullBiparietal,
    skullOccipitofrontal,
    skullThickness,
    scalpThickness: interpolateHeld([20, 38], [1.8, 3.6], age) * (1 + 0.15 * v * boundedNormal(rng, 1.5)),
    vertexFluid: interpolateHeld([20, 26, 32, 38], [1.8, 2.5, 2, 1.3], age) * (1 + 0.2 * v * boundedNormal(rng, 1.5)),
  };
}

// Brain width and skull width come from separate curves; a little under half a standard deviation towards each other keeps the fluid
// between them as thin as images show it.
const towards = 0.4;

const mean = (measure: Biometry, age: number): number => biometryNorm(measure, age).mean;
const deviation = (measure: Biometry, age: number): number => biometryNorm(measure, age).sd;

/** Widths and length of brain and skull: one deviate for the size of the head, shared, and one for its shape, long or broad. */
function drawWidths(rng: Rng, age: number, v: number) {
  const size = boundedNormal(rng, 1.2);
  const shape = boundedNormal(rng, 1.2);
  const along = (measure: Biometry, lean: number, z: number) =>
    mean(measure, age) +
    deviation(measure, age) * (lean + v * Math.max(-0.95, Math.min(0.95, z + 0.35 * boundedNormal(rng, 1.2))));
  const skullThickness = interpolateHeld([20, 38], [0.9, 1.7], age);
  const brainWidth = along("brainWidth", towards, 0.65 * size + 0.3 * shape);
  const leastFluid = interpolateHeld([20, 30, 38], [1.6, 2, 1.2], age);
  const skullBiparietal = along("skullBiparietal", -towards, 0.65 * size + 0.3 * shape);
  return {
    brainWidth,
    skullThickness,
    skullBiparietal: Math.max(skullBiparietal, brainWidth + 2 * leastFluid + skullThickness),
    skullOccipitofrontal: along("skullOccipitofrontal", 0, 0.65 * size - 0.3 * shape) - 2 * skullThickness,
  };
}

function drawVentricles(rng: Rng, age: number, v: number): Sides<VentricleSize> {
  const common = 0.9 * boundedNormal(rng, 1.2);
  // The left ventricle is the larger one a little more often.
  const lean = v * (0.03 + 0.07 * boundedNormal(rng, 1.4));
  const total =
    mean("lateralVentricles", age) +
    v * deviation("lateralVentricles", age) * Math.max(-1.2, Math.min(1.2, 0.85 * common + 0.25 * boundedNormal(rng, 1)));
  const side = (sign: number): VentricleSize => ({
    atrialWidth: (mean("atrialWidth", age) + v * deviation("atrialWidth", age) * common * 0.8) * (1 + 0.5 * sign * lean),
    volume: (total / 2) * (1 + sign * lean),
  });
  return { left: side(1), right: side(-1) };
}

function drawFolding(rng: Rng, v: number): Folding {
  const variants: Record<string, SulcusVariant> = {};
  for (const { name } of primarySulci) {
    const own = rng.fork(name);
    variants[name] = { shift: 1.3 * v * boundedNormal(own, 1.5), depth: 1 + 0.12 * v * boundedNormal(own, 1.5) };
  }
  return { variants, seed: seedFrom(rng.fork("seed")), secondary: 1 + v * between(rng.fork("secondary"), [-0.2, 0.2]) };
}
