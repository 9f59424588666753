/** Coefficients of {@link normalQuantile}, numerator and denominator, constant term first. */
const middle = [
  [3.3871328727963665, 133.14166789178438, 1971.5909503065513, 13731.69376550946,
   45921.95393154987, 67265.7709270087, 33430.57558358813, 2509.0809287301227],
  [1, 42.31333070160091, 687.1870074920579, 5394.196021424751,
   21213.794301586597, 39307.89580009271, 28729.085735721943, 5226.495278852854],
] as const; // biome-ignore format: rows of a published table
const tail = [
  [1.4234371107496835, 4.630337846156546, 5.769497221460691, 3.6478483247632045,
   1.2704582524523684, 0.2417807251774506, 0.022723844989269184, 0.0007745450142783414],
  [1, 2.053191626637759, 1.6763848301838038, 0.6897673349851,
   0.14810397642748008, 0.015198666563616457, 0.0005475938084995345, 1.0507500716444169e-09],
] as const; // biome-ignore format: rows of a published table
const farTail = [
  [6.657904643501103, 5.463784911164114, 1.7848265399172913, 0.29656057182850487,
   0.026532189526576124, 0.0012426609473880784, 2.7115555687434876e-05, 2.0103343992922881e-07],
  [1, 0.599832206555888, 0.1369298809227358, 0.014875361290850615,
   0.0007868691311456133, 1.8463183175100548e-05, 1.421511758316446e-07, 2.0442631033899397e-15],
] as const; // biome-ignore format: rows of a published table

/**
 * The value that a standard normal variable stays below with probability `p`; accurate to 16 digits.
 * @throws {RangeError} If p is not in (0, 1).
 *
 * Source: algorithm AS 241 (PPND16), Wichura 1988, doi:10.2307/2347330.
 */
export function normalQuantile(p: number): number {
  if (!(p > 0 && p < 1)) throw new RangeError(`normalQuantile: p must be in (0, 1); got ${p}`);
  const q = p - 0.5;
  if (Math.abs(q) <= 0.425) return q * ratio(middle, 0.180625 - q * q);
  const r = Math.sqrt(-Math.log(Math.min(p, 1 - p)));
  return Math.sign(q) * (r <= 5 ? ratio(tail, r - 1.6) : ratio(farTail, r - 5));
}

function ratio([top, bottom]: readonly [readonly number[], readonly number[]], x: number): number {
  const polynomial = (c: readonly number[]) => c.reduceRight((sum, coefficient) => sum * x + coefficient, 0);
  return polynomial(top) / polynomial(bottom);
}

/**
 * The probability that a standard normal variable stays at or below `x`, in [0, 1]; accurate to 14 digits, far tails included.
 * NaN for NaN.
 *
 * Source: series Marsaglia 2004, doi:10.18637/jss.v011.i04; tails by Laplace's continued fraction, DLMF 7.9.1.
 */
export function normalCdf(x: number): number {
  if (Math.abs(x) > 2) return x > 0 ? 1 - lowerTail(x) : lowerTail(-x);
  let sum = x;
  for (let term = x, k = 3; Math.abs(term) > 1e-18; k += 2) {
    term *= (x * x) / k;
    sum += term;
  }
  return 0.5 + sum * density(x);
}

/** The chance of a standard normal variable beyond `x`, 2 or more. */
function lowerTail(x: number): number {
  let below = x;
  for (let k = 300; k > 0; k--) below = x + k / below;
  return density(x) / below;
}

const density = (x: number): number => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);

/** Two-sided p value of a standard normal statistic, in [0, 1]. NaN for NaN. */
export const twoSidedP = (z: number): number => 2 * normalCdf(-Math.abs(z));
