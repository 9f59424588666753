import { studentQuantile } from "./beta.ts";
import { normalQuantile, twoSidedP } from "./normal.ts";
import { chiSquareTail, fTail, studentTwoSidedP } from "./tail.ts";

// Multi-reader multi-case analysis of variance by Obuchowski and Rockette, with the degrees of freedom of Hillis.
// Sources: Obuchowski & Rockette 1995, doi:10.1080/03610919508813243; Hillis et al. 2005, doi:10.1002/sim.2024;
// Hillis 2007, doi:10.1002/sim.2532; Hillis 2014, doi:10.1002/sim.5926.

/** One figure of merit of a fully crossed study: every reader in every arm, all on the same cases. */
export interface CrossedFigures {
  readonly arms: number;
  readonly readers: number;
  /** Of arm i and reader j at `i * readers + j`. */
  readonly values: ArrayLike<number>;
  /** Covariances of the values that come of cases being a sample: row-major, in the order of `values`. */
  readonly covariances: ArrayLike<number>;
}

/** What an analysis takes as a sample of more than was studied, so that it speaks of that. */
export const analysisNames = ["randomReadersRandomCases", "fixedReadersRandomCases", "randomReadersFixedCases"] as const;
export type AnalysisName = (typeof analysisNames)[number];

/** Mean squares of the figures; NaN where there is one arm or one reader only. */
export interface FigureSquares {
  readonly arm: number;
  readonly reader: number;
  /** Arm by reader. */
  readonly interaction: number;
  /** Between the readers of each arm. */
  readonly readerWithin: readonly number[];
  readonly armMeans: readonly number[];
}

/** Variance of a figure and mean covariances of two, in squares of its unit; NaN where there is no such pair. */
export interface ErrorCovariances {
  readonly variance: number;
  /** The same reader in two arms. */
  readonly cov1: number;
  /** Two readers in the same arm. */
  readonly cov2: number;
  /** Two readers in two arms. */
  readonly cov3: number;
}

/** A mean over readers, or a difference of two, with its interval. Null where there is none, with the reason. */
export interface MeanInference {
  readonly estimate: number;
  readonly se: number | null;
  /** Of Student's t; null where the normal distribution is taken. */
  readonly df: number | null;
  /** Estimate / se: t, or z without `df`. */
  readonly statistic: number | null;
  /** Two-sided, of whether it is 0. */
  readonly p: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly reason: string | null;
}

/** Whether all arms are alike: F with two degrees of freedom, or chi-squared with `df1`. */
export interface ArmTest {
  readonly statistic: number | null;
  readonly df1: number;
  /** Null for chi-squared. */
  readonly df2: number | null;
  readonly p: number | null;
  readonly reason: string | null;
}

/** One of the three analyses. Intervals are symmetric and may leave the range of the figure. */
export interface ArmAnalysis {
  readonly name: AnalysisName;
  readonly test: ArmTest;
  /** `arm` minus `minus`, for each pair, the later arm minus the earlier. */
  readonly differences: readonly (MeanInference & { readonly arm: number; readonly minus: number })[];
  /** The mean over readers in each arm, from the readings of that arm alone. */
  readonly arms: readonly MeanInference[];
}

/** Mean squares of a table of arms by readers. */
export function figureSquares({ arms, readers, values }: CrossedFigures): FigureSquares {
  const at = (i: number, j: number) => values[i * readers + j]!;
  const mean = (n: number, of: (k: number) => number) =>
    Array.from({ length: n }, (_, k) => of(k)).reduce((a, b) => a + b, 0) / n;
  const sum = (n: number, of: (k: number) => number) => n * mean(n, of);
  const ofArm = Array.from({ length: arms }, (_, i) => mean(readers, (j) => at(i, j)));
  const ofReader = Array.from({ length: readers }, (_, j) => mean(arms, (i) => at(i, j)));
  const all = mean(arms, (i) => ofArm[i]!);
  const residual = (i: number, j: number) => (at(i, j) - ofArm[i]! - ofReader[j]! + all) ** 2;
  return {
    arm: (readers * sum(arms, (i) => (ofArm[i]! - all) ** 2)) / (arms - 1),
    reader: (arms * sum(readers, (j) => (ofReader[j]! - all) ** 2)) / (readers - 1),
    interaction: sum(arms, (i) => sum(readers, (j) => residual(i, j))) / ((arms - 1) * (readers - 1)),
    readerWithin: ofArm.map((own, i) => sum(readers, (j) => (at(i, j) - own) ** 2) / (readers - 1)),
    armMeans: ofArm,
  };
}

/** Error variance and covariances, averaged over all cells, or over those of one arm or one reader. */
export function errorCovariances(of: CrossedFigures, within: { arm?: number; reader?: number } = {}): ErrorCovariances {
  const { arms, readers, covariances } = of;
  const cells = arms * readers;
  const sums = [0, 0, 0, 0];
  const pairs = [0, 0, 0, 0];
  const counts = (cell: number) =>
    (within.arm ?? Math.floor(cell / readers)) === Math.floor(cell / readers) &&
    (within.reader ?? cell % readers) === cell % readers;
  for (let a = 0; a < cells; a++) {
    for (let b = 0; b < cells; b++) {
      if (!counts(a) || !counts(b)) continue;
      const kind = (Math.floor(a / readers) === Math.floor(b / readers) ? 0 : 1) + (a % readers === b % readers ? 0 : 2);
      sums[kind]! += covariances[a * cells + b]!;
      pairs[kind]!++;
    }
  }
  const [variance, cov1, cov2, cov3] = sums.map((sum, kind) => sum / pairs[kind]!) as [number, number, number, number];
  return { variance, cov1, cov2, cov3 };
}

/** Variances of readers and of arm by reader; they are differences of estimates and may be negative. NaN with one arm or one reader. */
export function readerComponents(of: CrossedFigures): { readonly reader: number; readonly interaction: number } {
  const { reader, interaction } = figureSquares(of);
  const { variance, cov1, cov2, cov3 } = errorCovariances(of);
  return {
    reader: (reader - interaction) / of.arms - cov1 + cov3,
    interaction: interaction - variance + cov1 + shared(of.readers, cov2 - cov3),
  };
}

/** Mean square that a difference is measured against, per reader, and its degrees of freedom; null for the normal distribution. */
interface ErrorTerm {
  readonly square: number;
  readonly df: number | null;
}

function betweenArms(name: AnalysisName, of: CrossedFigures): ErrorTerm {
  const { arms, readers } = of;
  const { interaction } = figureSquares(of);
  const { variance, cov1, cov2, cov3 } = errorCovariances(of);
  const df = (arms - 1) * (readers - 1);
  switch (name) {
    case "randomReadersRandomCases":
      return hillis(interaction, readers * shared(readers, cov2 - cov3), df);
    case "fixedReadersRandomCases":
      return { square: variance - cov1 + (readers - 1) * shared(readers, cov2 - cov3), df: null };
    case "randomReadersFixedCases":
      return { square: interaction, df };
    default:
      return name satisfies never;
  }
}

function withinArm(name: AnalysisName, of: CrossedFigures, arm: number): ErrorTerm {
  const { readers } = of;
  const own = figureSquares(of).readerWithin[arm]!;
  const { variance, cov2 } = errorCovariances(of, { arm });
  switch (name) {
    case "randomReadersRandomCases":
      return hillis(own, readers * shared(readers, cov2), readers - 1);
    case "fixedReadersRandomCases":
      return { square: variance + (readers - 1) * shared(readers, cov2), df: null };
    case "randomReadersFixedCases":
      return { square: own, df: readers - 1 };
    default:
      return name satisfies never;
  }
}

/** The sum of a mean square with `df` and a term without error: Hillis 2007, ddf_H. */
function hillis(square: number, added: number, df: number): ErrorTerm {
  return { square: square + added, df: (square + added) ** 2 / (square ** 2 / df) };
}

/** What each reader shares with the others, which must not lower a variance: 0 of one reader, who has no other, and NaN where it is not known. */
const shared = (readers: number, covariance: number): number => (readers < 2 ? 0 : Math.max(covariance, 0));

/**
 * Compares the arms and gives the mean over readers in each. With one reader nothing can be said of readers in general, and with one
 * arm nothing of differences; then figures are null with the reason.
 *
 * @param level - Of the intervals, in [0.5, 1).
 */
export function analyseArms(of: CrossedFigures, name: AnalysisName, level: number): ArmAnalysis {
  const { arms, readers } = of;
  const squares = figureSquares(of);
  const means = squares.armMeans;
  const lonely = readers < 2 && name !== "fixedReadersRandomCases" ? "one reader does not tell how readers differ" : null;
  const between = betweenArms(name, of);
  const pairs = means.flatMap((_, minus) => means.slice(minus + 1).map((_, k) => ({ arm: minus + 1 + k, minus })));
  return {
    name,
    test: armTest(arms, squares.arm, between, lonely),
    differences: pairs.map(({ arm, minus }) => ({
      arm,
      minus,
      ...inferMean(means[arm]! - means[minus]!, { ...between, square: (2 * between.square) / readers }, level, lonely),
    })),
    arms: means.map((mean, i) => {
      const own = withinArm(name, of, i);
      return inferMean(mean, { ...own, square: own.square / readers }, level, lonely);
    }),
  };
}

/** Each reader's differences, on the cases as a sample: the later arm minus the earlier, by the reader's own variance and covariance of arms. */
export function analyseReader(of: CrossedFigures, reader: number, level: number): ArmAnalysis["differences"] {
  const { variance, cov1 } = errorCovariances(of, { reader });
  const value = (arm: number) => of.values[arm * of.readers + reader]!;
  const arms = Array.from({ length: of.arms }, (_, i) => i);
  return arms.flatMap((minus) =>
    arms.slice(minus + 1).map((arm) => {
      const term = { square: 2 * (variance - cov1), df: null };
      return { arm, minus, ...inferMean(value(arm) - value(minus), term, level, null) };
    }),
  );
}

/** Why a test or an interval does not exist; null where it does. */
function lackOf({ square, df }: ErrorTerm): string | null {
  if (Number.isNaN(square)) return "the covariances are not known: too few clusters, or undefined when one is left out";
  if (square < smallestVariance) return "the variance is 0";
  return df === null || Number.isFinite(df) ? null : "the readers do not differ in it: degrees of freedom are not known";
}

/** Below it a variance is rounding. */
const smallestVariance = 1e-18;

function armTest(arms: number, square: number, error: ErrorTerm, lonely: string | null): ArmTest {
  const df1 = arms - 1;
  const reason = arms < 2 ? "one arm only" : (lonely ?? lackOf(error));
  if (reason !== null) return { statistic: null, df1, df2: null, p: null, reason };
  const f = square / error.square;
  if (error.df === null) return { statistic: df1 * f, df1, df2: null, p: chiSquareTail(df1 * f, df1), reason };
  return { statistic: f, df1, df2: error.df, p: fTail(f, df1, error.df), reason };
}

function inferMean(estimate: number, term: ErrorTerm, level: number, lonely: string | null): MeanInference {
  const reason = Number.isNaN(estimate) ? "not defined for every reader" : (lonely ?? lackOf(term));
  if (reason !== null) return { estimate, se: null, df: null, statistic: null, p: null, low: null, high: null, reason };
  const { df } = term;
  const se = Math.sqrt(term.square);
  const statistic = estimate / se;
  const half = se * (df === null ? normalQuantile(0.5 + level / 2) : studentQuantile(0.5 + level / 2, df));
  const p = df === null ? twoSidedP(statistic) : studentTwoSidedP(statistic, df);
  return { estimate, se, df, statistic, p, low: estimate - half, high: estimate + half, reason };
}
