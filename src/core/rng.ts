import seedrandom from "seedrandom";

/**
 * A stream of pseudo-random numbers. Streams are forked by label, so what one part of a program draws
 * never changes what another part gets, whatever the order of work or the number of workers.
 */
export interface Rng {
  /** Uniform in [0, 1), 32 bits of resolution. */
  uniform(): number;
  /** Uniform integer in [0, n). @throws {RangeError} If n is not a positive integer. */
  below(n: number): number;
  /** Standard normal (mean 0, variance 1). */
  normal(): number;
  /** An independent stream, decided by this stream's seed and the label alone, not by what was drawn so far. */
  fork(label: string | number): Rng;
}

/**
 * A stream decided by `seed`: same seed, same numbers, on every machine.
 *
 * @param seed - Integer in [0, 2^31), or any string.
 *
 * Source: Alea by Johannes Baagøe, as the npm package seedrandom has it; normals by the polar method
 * of Marsaglia & Bray 1964, doi:10.1137/1006063.
 */
export function seededRng(seed: number | string): Rng {
  const key = String(seed);
  const draw = seedrandom.alea(key);
  let spare: number | undefined;
  const normal = (): number => {
    if (spare !== undefined) {
      const value = spare;
      spare = undefined;
      return value;
    }
    for (;;) {
      const u = 2 * draw() - 1;
      const v = 2 * draw() - 1;
      const s = u * u + v * v;
      if (s <= 0 || s >= 1) continue;
      const factor = Math.sqrt((-2 * Math.log(s)) / s);
      spare = v * factor;
      return u * factor;
    }
  };
  return {
    uniform: draw,
    below(n) {
      if (!Number.isInteger(n) || n < 1) throw new RangeError(`Rng.below: n must be a positive integer; got ${n}`);
      return Math.floor(draw() * n);
    },
    normal,
    fork: (label) => seededRng(`${key}/${label}`),
  };
}

/** Uniform in [low, high). */
export function between(rng: Rng, [low, high]: readonly [number, number]): number {
  return low + (high - low) * rng.uniform();
}

/** Normal deviate within ±limit. */
export function boundedNormal(rng: Rng, limit: number): number {
  for (;;) {
    const value = rng.normal();
    if (Math.abs(value) <= limit) return value;
  }
}

/** A number below 2^31 that seeds a field or another stream. */
export function seedFrom(rng: Rng): number {
  return rng.below(2 ** 31);
}

/** True with probability `p`. */
export function chance(rng: Rng, p: number): boolean {
  return rng.uniform() < p;
}

/** One of `items`, all equally likely. @throws {RangeError} If `items` is empty. */
export function pick<T>(rng: Rng, items: readonly T[]): T {
  return items[rng.below(items.length)]!;
}

/**
 * An index drawn with probability proportional to its weight.
 * @param weights - Finite, non-negative.
 * @throws {RangeError} If no weight is positive.
 */
export function weightedIndex(rng: Rng, weights: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < weights.length; i++) total += weights[i]!;
  if (!(total > 0)) throw new RangeError("weightedIndex: no weight is positive");
  let rest = rng.uniform() * total;
  let last = 0;
  for (let i = 0; i < weights.length; i++) {
    if (weights[i]! <= 0) continue;
    last = i;
    rest -= weights[i]!;
    if (rest < 0) return i;
  }
  return last; // rounding left a crumb
}

/** A Poisson count by Knuth's product of uniforms; `mean` up to about 100. */
export function poisson(rng: Rng, mean: number): number {
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = rng.uniform(); product > limit; product *= rng.uniform()) count++;
  return count;
}

/** A shuffled copy (Fisher-Yates). */
export function shuffled<T>(rng: Rng, items: readonly T[]): T[] {
  const out = [...items];
  for (let i = out.length - 1; i > 0; i--) {
    const j = rng.below(i + 1);
    [out[i], out[j]] = [out[j]!, out[i]!];
  }
  return out;
}
