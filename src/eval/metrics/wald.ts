import { resampledCovariances } from "./covariance.ts";
import { chiSquareTail } from "./tail.ts";

/** Wald's test; `p` is null with the reason. */
export interface WaldTest {
  readonly chiSquare: number | null;
  /** Groups minus 1; 0 without a test. */
  readonly degrees: number;
  readonly p: number | null;
  readonly reason: string | null;
}

/**
 * Wald's test of whether one statistic is the same in several groups, with the covariance that it has over resamples: whether groups share clusters or not.
 *
 * @param estimates - Of each group. @param resampled - … in each resample: resamples x groups; those with a NaN are left out.
 *
 * Source: Wald 1943, doi:10.1090/S0002-9947-1943-0012401-3.
 */
export function waldTest(estimates: readonly number[], resampled: readonly (readonly number[])[]): WaldTest {
  const none = (reason: string): WaldTest => ({ chiSquare: null, degrees: 0, p: null, reason });
  if (estimates.length < 2) return none("defined in fewer than two subgroups");
  const apart = (values: readonly number[]) => values.slice(1).map((v) => v - values[0]!);
  const contrasts = apart(estimates);
  const defined = resampled.filter((values) => !values.some(Number.isNaN)).map(apart);
  if (defined.length < 20 * contrasts.length) return none("defined in too few resamples");
  const flat = resampledCovariances(defined);
  const covariances = contrasts.map((_, i) => [...flat.subarray(i * contrasts.length, (i + 1) * contrasts.length)]);
  const solved = solve(covariances, contrasts);
  if (solved === null) return none("a subgroup has the same value in every resample");
  const chiSquare = contrasts.reduce((sum, v, i) => sum + v * solved[i]!, 0);
  return { chiSquare, degrees: contrasts.length, p: chiSquareTail(chiSquare, contrasts.length), reason: null };
}

/** The solution of a symmetric positive definite system by Cholesky; null where it is not so. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] | null {
  const n = right.length;
  const lower = matrix.map((row) => row.map(() => 0));
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const rest = lower[i]!.slice(0, j).reduce((left, v, k) => left - v * lower[j]![k]!, matrix[i]![j]!);
      if (i === j && !(rest > 1e-12 * matrix[i]![i]!)) return null;
      lower[i]![j] = i === j ? Math.sqrt(rest) : rest / lower[j]![j]!;
    }
  }
  const forward: number[] = [];
  for (let i = 0; i < n; i++) forward[i] = forward.reduce((left, v, k) => left - lower[i]![k]! * v, right[i]!) / lower[i]![i]!;
  const back = forward.map(() => 0);
  for (let i = n - 1; i >= 0; i--) {
    let left = forward[i]!;
    for (let k = i + 1; k < n; k++) left -= lower[k]![i]! * back[k]!;
    back[i] = left / lower[i]![i]!;
  }
  return back;
}
