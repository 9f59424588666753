import { seededRng } from "../../core/rng.ts";

/** Smooth random field over world space, fully decided: plain JSON. */
export interface BandNoise {
  /** Wavelength of its middle wavenumber, about the distance between neighbouring maxima, mm. */
  readonly wavelengthMm: number;
  /** Integer in [0, 2^31). */
  readonly seed: number;
}

const waves = 20;

/**
 * The field as a function of world millimetres: mean 0, variance 1, waves from two thirds to three times the wavelength.
 * A sum of 20 plane waves in random directions, so that it has a value anywhere, on any grid, without an array.
 */
export function bandNoise({ wavelengthMm, seed }: BandNoise): (x: number, y: number, z: number) => number {
  const rng = seededRng(seed);
  const k = new Float64Array(4 * waves);
  for (let w = 0; w < waves; w++) {
    const direction = [rng.normal(), rng.normal(), rng.normal()];
    const length = Math.hypot(...direction) + 1e-9;
    const wavenumber = (2 * Math.PI * (0.3 + 1.2 * rng.uniform())) / wavelengthMm;
    for (let axis = 0; axis < 3; axis++) k[4 * w + axis] = (wavenumber * direction[axis]!) / length;
    k[4 * w + 3] = 2 * Math.PI * rng.uniform();
  }
  const scale = Math.sqrt(2 / waves);
  return (x, y, z) => {
    let sum = 0;
    for (let w = 0; w < 4 * waves; w += 4) sum += Math.cos(k[w]! * x + k[w + 1]! * y + k[w + 2]! * z + k[w + 3]!);
    return scale * sum;
  };
}
