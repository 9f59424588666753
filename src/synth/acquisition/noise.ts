import type { Vec3 } from "../../core/affine.ts";
import { fillNormals } from "../../core/normals.ts";
import { seededRng } from "../../core/rng.ts";
import { multiplyField, type SmoothField } from "./field.ts";
import { blurInPlace, type Kernel, noiseGain } from "./psf.ts";

/** Noise of a stack. */
export interface Noise {
  /** Standard deviation of each of the two channels (real, imaginary) where the field is 1, in units of the image. */
  readonly sigma: number;
  /** Change of the noise level over the field. */
  readonly field: SmoothField;
  readonly seed: number;
}

/**
 * Adds Rician noise to slice `k` in place: the magnitude of the signal plus complex Gaussian noise.
 * Noise has the correlation of the point spread, being filtered with it, but keeps the standard deviation `sigma`.
 * Each slice has its own stream, so a slice's noise does not depend on the others.
 *
 * Source: Gudbjartsson & Patz 1995, doi:10.1002/mrm.1910340618.
 */
export function addRicianNoise(
  image: Float32Array,
  shape: Vec3,
  k: number,
  noise: Noise,
  kernels: readonly [Kernel, Kernel],
  scratch: Float32Array,
): void {
  if (noise.sigma === 0) return;
  const [width, height] = shape;
  const level = noise.sigma / (noiseGain(kernels[0]) * noiseGain(kernels[1]));
  const rng = seededRng(noise.seed).fork(k);
  const [real, imaginary] = [0, 1].map((n) => {
    const channel = new Float32Array(width * height);
    fillNormals(rng.fork(n), channel, level);
    blurInPlace(channel, [width, height], kernels, "wrap", scratch);
    multiplyField(channel, shape, k, noise.field);
    return channel;
  }) as [Float32Array, Float32Array];
  for (let i = 0; i < image.length; i++) {
    const re = image[i]! + real[i]!;
    const im = imaginary[i]!;
    image[i] = Math.sqrt(re * re + im * im);
  }
}
