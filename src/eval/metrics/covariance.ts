// Covariances of several statistics of the same units, as matrices: row-major, in the order of the statistics. NaN where one is undefined.

/**
 * Jackknife covariances: what leaving out one cluster after the other tells.
 * @param leftOut - For each cluster, the statistics without it. Fewer than two give NaN.
 * Source: Efron & Tibshirani, An Introduction to the Bootstrap, 1993, chapter 11.
 */
export function jackknifeCovariances(leftOut: readonly ArrayLike<number>[]): Float64Array {
  const n = leftOut.length;
  return products(leftOut).map((sum) => (n > 1 ? ((n - 1) / n) * sum : Number.NaN));
}

/**
 * Covariances of statistics from their values in resamples; resamples in which one is NaN are left out.
 * @param resampled - For each resample, the statistics. Fewer than two whole ones give NaN.
 */
export function resampledCovariances(resampled: readonly ArrayLike<number>[]): Float64Array {
  const whole = resampled.filter((values) => !Array.from(values).some(Number.isNaN));
  if (whole.length < 2) return new Float64Array((resampled[0]?.length ?? 0) ** 2).fill(Number.NaN);
  return products(whole).map((sum) => sum / (whole.length - 1));
}

/** Sums of products of deviations from the means. */
function products(rows: readonly ArrayLike<number>[]): Float64Array {
  const m = rows[0]?.length ?? 0;
  const means = Float64Array.from({ length: m }, (_, a) => rows.reduce((sum, row) => sum + row[a]!, 0) / rows.length);
  const out = new Float64Array(m * m);
  const deviations = new Float64Array(m);
  for (const row of rows) {
    for (let a = 0; a < m; a++) deviations[a] = row[a]! - means[a]!;
    for (let a = 0; a < m; a++) for (let b = 0; b < m; b++) out[a * m + b]! += deviations[a]! * deviations[b]!;
  }
  return out;
}

/**
 * Covariance of two means over the same units; units of one cluster may be alike. With every unit a cluster of its own it is the
 * usual covariance of means, and of calls that of two shares. NaN with fewer than two clusters.
 *
 * @param clusterOf - Number of each unit's cluster, from 0.
 * Source: Rao & Scott 1992, doi:10.2307/2532311; of two shares Obuchowski 1998,
 * doi:10.1002/(SICI)1097-0258(19980715)17:13<1495::AID-SIM863>3.0.CO;2-I.
 */
export function meanCovariance(a: ArrayLike<number>, b: ArrayLike<number>, clusterOf: ArrayLike<number>): number {
  const n = a.length;
  const mean = (values: ArrayLike<number>) => Array.from(values).reduce((sum, v) => sum + v, 0) / n;
  const [meanA, meanB] = [mean(a), mean(b)];
  const sums = new Map<number, [number, number]>();
  for (let i = 0; i < n; i++) {
    const [x, y] = sums.get(clusterOf[i]!) ?? [0, 0];
    sums.set(clusterOf[i]!, [x + a[i]! - meanA, y + b[i]! - meanB]);
  }
  if (sums.size < 2) return Number.NaN;
  const product = [...sums.values()].reduce((sum, [x, y]) => sum + x * y, 0);
  return ((sums.size / (sums.size - 1)) * product) / (n * n);
}

/**
 * Pseudovalues of a statistic, one a cluster, shifted so that their mean is the statistic.
 * @param leftOut - The statistic without each cluster in turn.
 * Source: Hillis, Obuchowski, Schartz & Berbaum 2005, doi:10.1002/sim.2024, "normalized pseudovalues".
 */
export function pseudovalues(whole: number, leftOut: ArrayLike<number>): Float64Array {
  const n = leftOut.length;
  const values = Float64Array.from(leftOut);
  const mean = values.reduce((sum, v) => sum + v, 0) / n;
  return values.map((v) => whole + (n - 1) * (mean - v));
}
