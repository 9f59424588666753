import { between, type Rng } from "../../core/rng.ts";
import type { Field } from "./fields.ts";

/**
 * A smooth random field with mean 0 and variance 1 whose wavelengths all lie in a band, mm: a sum of plane waves
 * in random directions. Its zero surfaces are about half a wavelength apart.
 */
export function waveNoise(rng: Rng, wavelength: readonly [number, number], count = 20): Field {
  const k = new Float64Array(4 * count);
  for (let i = 0; i < count; i++) {
    const size = (2 * Math.PI) / between(rng, wavelength);
    const z = 2 * rng.uniform() - 1;
    const angle = 2 * Math.PI * rng.uniform();
    const flat = Math.sqrt(1 - z * z);
    k.set([size * flat * Math.cos(angle), size * flat * Math.sin(angle), size * z, 2 * Math.PI * rng.uniform()], 4 * i);
  }
  const amplitude = Math.sqrt(2 / count);
  return (x, y, z) => {
    let sum = 0;
    for (let i = 0; i < k.length; i += 4) sum += Math.cos(k[i]! * x + k[i + 1]! * y + k[i + 2]! * z + k[i + 3]!);
    return amplitude * sum;
  };
}
