import { betaCdf } from "./beta.ts";
import { twoSidedP } from "./normal.ts";

// Tails of the distributions of test statistics.

/**
 * The chance of an F variable beyond `f`, in [0, 1], through the beta distribution. NaN for NaN.
 * @param f - From 0. @param df1 - Of the numerator, above 0. @param df2 - Of the denominator, above 0; neither need be a whole number.
 */
export function fTail(f: number, df1: number, df2: number): number {
  return Number.isNaN(f + df1 + df2) ? Number.NaN : betaCdf(df2 / (df2 + df1 * f), df2 / 2, df1 / 2);
}

/** Two-sided p value of Student's t, in [0, 1]. NaN for NaN. */
export const studentTwoSidedP = (t: number, df: number): number => fTail(t * t, 1, df);

/**
 * The chance of a chi-squared variable beyond `x`, in [0, 1]. NaN for NaN.
 * @param x - From 0. @param df - A whole number from 1.
 * @throws {RangeError} If df is none.
 * Source: the finite sums of Abramowitz & Stegun 26.4.4 and 26.4.5.
 */
export function chiSquareTail(x: number, df: number): number {
  if (!(Number.isInteger(df) && df > 0)) throw new RangeError(`chiSquareTail: df must be a whole number from 1; got ${df}`);
  const even = df % 2 === 0;
  const tail = Math.exp(-x / 2);
  let p = even ? tail : twoSidedP(Math.sqrt(x));
  let term = even ? (tail * x) / 2 : tail * Math.sqrt((2 * x) / Math.PI);
  for (let k = even ? 2 : 1; k < df; k += 2) {
    p += term;
    term *= x / (k + 2);
  }
  return p;
}
