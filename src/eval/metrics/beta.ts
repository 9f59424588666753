import { gammaln } from "simple-statistics";

/**
 * The probability that a beta variable stays at or below `x`: the regularised incomplete beta function, in [0, 1].
 *
 * @param a - First shape, above 0. @param b - Second shape, above 0.
 * @throws {RangeError} If a shape is not positive or x is not in [0, 1].
 *
 * Source: continued fraction DLMF 8.17.22, evaluated as Lentz 1976 has it, doi:10.1364/AO.15.000668.
 */
export function betaCdf(x: number, a: number, b: number): number {
  if (!(a > 0 && b > 0 && x >= 0 && x <= 1)) throw new RangeError(`betaCdf: need a, b > 0 and x in [0, 1]; got ${a}, ${b}, ${x}`);
  if (x === 0 || x === 1) return x;
  if (x > (a + 1) / (a + b + 2)) return 1 - betaCdf(1 - x, b, a); // where the fraction converges fast
  const front = Math.exp(gammaln(a + b) - gammaln(a) - gammaln(b) + a * Math.log(x) + b * Math.log1p(-x));
  return (front / a) * fraction(x, a, b);
}

function fraction(x: number, a: number, b: number): number {
  const tiny = 1e-300; // stands in for 0 in a denominator
  const step = (factor: number) => {
    d = 1 / (1 + factor * d || tiny);
    c = 1 + factor / c || tiny;
    value *= c * d;
    return c * d;
  };
  let c = 1;
  let d = 1 / (1 - ((a + b) * x) / (a + 1) || tiny);
  let value = d;
  for (let m = 1; m < 100_000; m++) {
    step((m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m)));
    const change = step((-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1)));
    if (Math.abs(change - 1) < 1e-16) break;
  }
  return value;
}

/**
 * The value that a beta variable stays below with probability `p`, in [0, 1], by bisection of {@link betaCdf}.
 * @throws {RangeError} If a shape is not positive or p is not in [0, 1].
 */
export function betaQuantile(p: number, a: number, b: number): number {
  if (!(p >= 0 && p <= 1)) throw new RangeError(`betaQuantile: p must be in [0, 1]; got ${p}`);
  let [low, high] = [0, 1];
  for (let i = 0; i < 200; i++) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (betaCdf(middle, a, b) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/**
 * The value that Student's variable stays below with probability `p`, through the beta distribution.
 * @param degrees - Degrees of freedom, above 0.
 * @throws {RangeError} If p is not in (0, 1) or the degrees are not positive.
 */
export function studentQuantile(p: number, degrees: number): number {
  if (!(p > 0 && p < 1)) throw new RangeError(`studentQuantile: p must be in (0, 1); got ${p}`);
  const x = betaQuantile(2 * Math.min(p, 1 - p), degrees / 2, 0.5);
  return Math.sign(p - 0.5) * Math.sqrt((degrees * (1 - x)) / x);
}
