import { type Rng, seededRng } from "../../core/rng.ts";
import { orthonormal } from "../../core/vector.ts";

/** Smooth random field over world space, fully decided: plain JSON. */
export interface BandNoise {
  /** About the size of its largest blobs: distance between the lattice points of its coarsest octave, mm. */
  readonly wavelengthMm: number;
  /** Integer in [0, 2^31). */
  readonly seed: number;
}

/** Each octave's wavelength and amplitude, relative to the first. */
const octaves = [
  { wavelength: 1, amplitude: 1 },
  { wavelength: 0.57, amplitude: 0.6 },
  { wavelength: 0.31, amplitude: 0.3 },
] as const;

/** Numbers that the lattice points of one field are given; which point has which is hashed, so that nothing repeats. */
const tableSize = 4096;

/** Mean over a cell of the sum of squared weights of {@link ease}, along one axis. */
const easedPower = 181 / 231;

/**
 * The field as a function of world millimetres: mean 0, variance 1 (over space), bounded by about 4, continuous in its gradient.
 * Three octaves of lattice noise, each on a lattice turned and shifted by itself, so that no direction and no distance stands out
 * and nothing repeats. It has a value anywhere, on any grid, without an array.
 *
 * Source: value noise, Perlin 1985, doi:10.1145/325165.325247, with the interpolant of Perlin 2002, doi:10.1145/566570.566636.
 */
export function bandNoise({ wavelengthMm, seed }: BandNoise): (x: number, y: number, z: number) => number {
  const rng = seededRng(seed);
  const values = Float64Array.from({ length: tableSize }, () => Math.sqrt(12) * (rng.uniform() - 0.5));
  const scale = 1 / Math.sqrt(easedPower ** 3 * octaves.reduce((sum, { amplitude }) => sum + amplitude ** 2, 0));
  const [a, b, c] = octaves.map(({ wavelength, amplitude }) =>
    latticeNoise(rng, wavelengthMm * wavelength, scale * amplitude, values),
  ) as [Lattice, Lattice, Lattice];
  return (x, y, z) => a(x, y, z) + b(x, y, z) + c(x, y, z);
}

type Lattice = (x: number, y: number, z: number) => number;

/** Values at the points of a lattice of `cellMm`, eased in between. Plain numbers throughout: this is the inner loop of every painter. */
function latticeNoise(rng: Rng, cellMm: number, amplitude: number, values: Float64Array): Lattice {
  const any = () => [rng.normal(), rng.normal(), rng.normal()] as const;
  const [[ex, ey, ez], [fx, fy, fz], [gx, gy, gz]] = orthonormal(any(), any());
  const [u0, v0, w0] = [1000 * rng.uniform(), 1000 * rng.uniform(), 1000 * rng.uniform()];
  const perMm = 1 / cellMm;
  const at = (h: number) => values[(h ^ (h >>> 15)) & (tableSize - 1)]!;
  return (x, y, z) => {
    const u = (ex * x + ey * y + ez * z) * perMm + u0;
    const v = (fx * x + fy * y + fz * z) * perMm + v0;
    const w = (gx * x + gy * y + gz * z) * perMm + w0;
    const i = Math.floor(u);
    const j = Math.floor(v);
    const k = Math.floor(w);
    const s = ease(u - i);
    const t = ease(v - j);
    const p00 = mix(i, j);
    const p10 = mix(i + 1, j);
    const p01 = mix(i, j + 1);
    const p11 = mix(i + 1, j + 1);
    const low = blend(blend(at(mix(p00, k)), at(mix(p10, k)), s), blend(at(mix(p01, k)), at(mix(p11, k)), s), t);
    const high = blend(blend(at(mix(p00, k + 1)), at(mix(p10, k + 1)), s), blend(at(mix(p01, k + 1)), at(mix(p11, k + 1)), s), t);
    return amplitude * blend(low, high, ease(w - k));
  };
}

const blend = (a: number, b: number, t: number) => a + (b - a) * t;

/** From 0 to 1 with no slope and no curvature at either end. */
const ease = (t: number) => t * t * t * (t * (6 * t - 15) + 10);

/** Two integers to one, 32 bits. */
function mix(a: number, b: number): number {
  const h = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b);
  return Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
}
