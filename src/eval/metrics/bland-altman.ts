import { studentQuantile } from "./beta.ts";

/** How two measurements of the same things agree, in their unit. */
export interface Agreement {
  /** Mean difference. */
  readonly bias: number;
  /** Standard deviation of the differences, n - 1 in the denominator. */
  readonly sd: number;
  /** Limits of agreement: bias - 1.96 SD and bias + 1.96 SD. */
  readonly low: number;
  readonly high: number;
}

/**
 * Agreement from the number of differences, their sum and the sum of their squares. Limits are NaN for fewer than 2 differences, all for none.
 *
 * Source: Bland & Altman 1986, doi:10.1016/S0140-6736(86)90837-8.
 */
export function agreementOf(n: number, sum: number, squares: number): Agreement {
  const bias = n > 0 ? sum / n : Number.NaN;
  const sd = n > 1 ? Math.sqrt(Math.max(0, squares - n * bias ** 2) / (n - 1)) : Number.NaN;
  return { bias, sd, low: bias - 1.96 * sd, high: bias + 1.96 * sd };
}

/**
 * Half the width of the interval of the bias, and of that of each limit, by Student's t; differences are taken as independent and normal.
 * NaN for fewer than 2 differences.
 *
 * Source: Bland & Altman 1999, doi:10.1177/096228029900800204, section 2.
 */
export function agreementMargins(n: number, sd: number, level = 0.95): { readonly bias: number; readonly limit: number } {
  if (n < 2) return { bias: Number.NaN, limit: Number.NaN };
  const t = studentQuantile((1 + level) / 2, n - 1);
  return { bias: (t * sd) / Math.sqrt(n), limit: t * sd * Math.sqrt(1 / n + 1.96 ** 2 / (2 * (n - 1))) };
}
