import { fillNormals } from "../../core/normals.ts";
import { seededRng } from "../../core/rng.ts";
import { type Apodisation, binsOf, filterKernel, project, reconstruct, type Square } from "./projection.ts";
import { boneOverWater, boneShare, hardeningError, waterPerMm } from "./spectrum.ts";

/** Views of the half turn that artefacts and noise are reconstructed from. */
const views = 120;

export type Kernel = "soft" | "sharp";

/** How far each kernel lets the ramp rise. Our choice: a Hann window that ends at .7 of the Nyquist frequency, and the whole of one. */
const apodisations: Readonly<Record<Kernel, Apodisation>> = {
  soft: (share) => (share >= 0.7 ? 0 : 0.5 + 0.5 * Math.cos((Math.PI * share) / 0.7)),
  sharp: (share) => 0.5 + 0.5 * Math.cos(Math.PI * share),
};

/** What the scanner adds to a slice. */
export interface ScannerFaults {
  /** Standard deviation in the middle of 200 mm of water with the soft kernel at 0.9 mm, HU. */
  readonly waterNoise: number;
  readonly kernel: Kernel;
  /** Share of the beam hardening by bone that is left, 0 to 1. */
  readonly hardening: number;
  readonly seed: number;
}

/**
 * What beam hardening and photon noise add to a slice, HU: errors of the line integrals through it, reconstructed as the slice would be.
 * So noise is strongest in the middle, runs along the long ways through bone and has the grain of the kernel; hardening darkens between the petrous
 * bones and bends the level towards the skull.
 *
 * @param slice - HU; not modified.
 * @param index - Of the slice, for a stream of its own.
 */
export function scannerFaults(
  slice: Square,
  index: number,
  { waterNoise, kernel, hardening, seed }: ScannerFaults,
): Float32Array {
  const coarse = halved(slice);
  const through = (share: (hu: number) => number) => project({ ...coarse, data: coarse.data.map(share) }, views);
  const bone = through(boneShare);
  const water = through((hu) => Math.max(0, 1 + hu / 1000 - boneOverWater * boneShare(hu)));
  const wrong = bone.data.map((mm, i) => hardening * hardeningError(water.data[i]!, mm));
  const beyond = bone.data.map((mm, i) => Math.exp((waterPerMm * (water.data[i]! + boneOverWater * mm - 200)) / 2));
  const bins = binsOf(slice.size);
  const errors = new Float32Array(views * bins);
  fillNormals(seededRng(seed).fork(index), errors, rayNoise(waterNoise));
  for (let v = 0; v < views; v++) {
    for (let b = 0; b < bins; b++) {
      // The same ray on the coarse detector, half as many bins from its middle.
      const at = (b - (bins - 1) / 2) / 2 + (bone.bins - 1) / 2;
      const n = Math.min(bone.bins - 2, Math.max(0, Math.floor(at)));
      const from = v * bone.bins + n;
      const mixed = (values: Float32Array) => values[from]! + (at - n) * (values[from + 1]! - values[from]!);
      const i = v * bins + b;
      errors[i] = errors[i]! * mixed(beyond) + mixed(wrong);
    }
  }
  const out = reconstruct({ data: errors, views, bins, pixelMm: slice.pixelMm }, slice.size, apodisations[kernel]);
  return out.map((value) => 1000 * value);
}

/** Two by two pixels in one: what bone does to the beam changes slowly from ray to ray. */
function halved({ data, size, pixelMm }: Square): Square {
  const half = size >> 1;
  const out = new Float32Array(half * half);
  for (let y = 0; y < half; y++) {
    for (let x = 0; x < half; x++) {
      const i = 2 * x + 2 * size * y;
      out[x + half * y] = (data[i]! + data[i + 1]! + data[i + size]! + data[i + size + 1]!) / 4;
    }
  }
  return { data: out, size: half, pixelMm: 2 * pixelMm };
}

/** Noise of a ray through 200 mm of water, mm of water, that gives the soft kernel this noise in the middle, HU, with pixels of 0.9 mm. */
function rayNoise(waterNoise: number): number {
  return waterNoise / (1000 * softGain);
}

/**
 * Noise of the middle pixel, 1/mm, for rays of noise 1 mm, all the same: the kernel's values squared and summed, over the views; the linear
 * interpolation between two bins keeps two thirds of it on average, less what neighbours have in common.
 */
const softGain = gainOf(apodisations.soft, 0.9);

function gainOf(apodise: Apodisation, pixelMm: number): number {
  const kernel = filterKernel(400, apodise);
  const at = (n: number) => kernel[Math.abs(n)] ?? 0;
  let sum = 0;
  for (let n = -399; n <= 399; n++) sum += (2 / 3) * at(n) ** 2 + (1 / 3) * at(n) * at(n + 1);
  return (Math.PI / pixelMm) * Math.sqrt(sum / views);
}
