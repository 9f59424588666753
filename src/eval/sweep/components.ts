/** What makes the figure of a setting vary, each as a standard deviation of the figure of one training. */
export interface Components {
  /** Other seeds, whoever the patients are. */
  readonly seed: number;
  /** Other patients, as far as the trainings of all seeds feel it alike. */
  readonly patients: number;
  /** What is of one seed with these patients: networks of different seeds find different patients hard. */
  readonly both: number;
  /** All three: one more training, evaluated on as many other patients. */
  readonly all: number;
}

/**
 * Parts of the variance of a figure, seeds and patients crossed: `figure = mean + seed + patients + both`, all independent. As in the method of
 * Obuchowski and Rockette with seeds for readers, the error of one training over patients is the mean over seeds of its variance over resamples,
 * what the seeds share of it is their covariance, and what single seeds lie apart beyond the rest of that error is the seeds' own. None is below 0.
 *
 * @param singles - The figure of each seed on the patients as they are, at least two.
 * @param resampled - Of each seed, the figure in each resample, the same resamples for all; resamples with a NaN are left out.
 * @returns Null for fewer than two seeds or two whole resamples.
 *
 * Source: Obuchowski & Rockette 1995, doi:10.1080/03610919508813243; one modality as Hillis 2014, doi:10.1002/sim.5926.
 */
export function componentsOf(singles: readonly number[], resampled: readonly Float64Array[]): Components | null {
  const seeds = singles.length;
  const whole = Array.from(resampled[0] ?? [], (_, r) => r).filter((r) => resampled.every((values) => !Number.isNaN(values[r]!)));
  if (seeds < 2 || whole.length < 2) return null;
  const error = meanOf(resampled.map((values) => varianceOf(whole.map((r) => values[r]!))));
  const ofMean = varianceOf(whole.map((r) => meanOf(resampled.map((values) => values[r]!))));
  // The variance of the mean over S seeds is shared + both / S, that of one is shared + both.
  const both = Math.max(0, ((error - ofMean) * seeds) / (seeds - 1));
  const patients = Math.max(0, error - both);
  const seed = Math.max(0, varianceOf(singles) - both);
  const sd = (variance: number) => Math.sqrt(variance);
  return { seed: sd(seed), patients: sd(patients), both: sd(both), all: sd(seed + patients + both) };
}

const meanOf = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** With n - 1. */
function varianceOf(values: readonly number[]): number {
  const mean = meanOf(values);
  return values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (values.length - 1);
}
