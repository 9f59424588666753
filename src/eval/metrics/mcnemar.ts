import { betaCdf } from "./beta.ts";

/**
 * McNemar's exact test of whether two calls of the same units are right equally often: two-sided p value, in [0, 1].
 * It takes units as independent. 1 where they never differ.
 *
 * @param onlyFirst - Units that the first alone calls rightly. @param onlySecond - … and the second alone.
 * @throws {RangeError} If a count is not a whole number from 0.
 *
 * Source: McNemar 1947, doi:10.1007/BF02295996; exact by the binomial distribution.
 */
export function mcnemarExact(onlyFirst: number, onlySecond: number): number {
  if (!(Number.isInteger(onlyFirst) && Number.isInteger(onlySecond) && onlyFirst >= 0 && onlySecond >= 0))
    throw new RangeError(`mcnemarExact: need whole numbers from 0; got ${onlyFirst} and ${onlySecond}`);
  const fewer = Math.min(onlyFirst, onlySecond);
  const all = onlyFirst + onlySecond;
  if (all === 0 || onlyFirst === onlySecond) return 1;
  return Math.min(1, 2 * betaCdf(0.5, all - fewer, fewer + 1)); // P(at most `fewer` of `all` heads) = I(1/2; all - fewer, fewer + 1)
}
