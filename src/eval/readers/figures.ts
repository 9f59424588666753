import { rankScores, weightedAuroc } from "../metrics/auroc.ts";
import type { ResamplingPlan } from "../metrics/bootstrap.ts";
import { confusionAt, sensitivity, specificity } from "../metrics/confusion.ts";
import { jackknifeCovariances, meanCovariance, resampledCovariances } from "../metrics/covariance.ts";
import { aurocCovariance, type Placements, placementsOf } from "../metrics/delong.ts";
import { numbersOf } from "../tables/numbers.ts";
import { type Replicates, replicate } from "../tables/replicate.ts";
import type { CovarianceKind } from "./options.ts";
import { type ReaderFigureName, readerFigureNames } from "./results.ts";
import type { Readings, Study, StudyCase } from "./rows.ts";

/** What one reader noted in one arm, as a number of each case. */
const noted: Readonly<Record<ReaderFigureName, (cell: Readings) => Float64Array | null>> = {
  roc_auc: ({ rating }) => rating,
  recall: ({ call }) => call,
  specificity: ({ call }) => call,
  time_seconds: ({ logTime }) => logTime,
  confidence: ({ confidence }) => confidence,
};

/** The figures that a study's columns allow. */
export function figuresOf({ cells }: Study): ReaderFigureName[] {
  return readerFigureNames.filter((name) => noted[name](cells[0]!) !== null);
}

/** Whether a figure is of a case. */
export function isOf(figure: ReaderFigureName, { label }: StudyCase): boolean {
  return figure === "recall" ? label === 1 : figure === "specificity" ? label === 0 : true;
}

/** A figure of one reader in one arm, its cases counted `weights` times; NaN where undefined. */
type Measure = (weights?: ArrayLike<number>) => number;

function measureOf(figure: ReaderFigureName, values: Float64Array, cases: readonly StudyCase[]): Measure {
  const labels = Uint8Array.from(cases, ({ label }) => label);
  switch (figure) {
    case "roc_auc": {
      const ranked = rankedRatings(values, cases);
      return (weights) => weightedAuroc(ranked, weights);
    }
    case "recall":
      return (weights) => sensitivity(confusionAt({ scores: values, labels }, 0.5, weights));
    case "specificity":
      return (weights) => specificity(confusionAt({ scores: values, labels }, 0.5, weights));
    case "time_seconds":
    case "confidence":
      return (weights) => weightedMean(values, weights);
    default:
      return figure satisfies never;
  }
}

function weightedMean(values: Float64Array, weights?: ArrayLike<number>): number {
  let [sum, all] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    const weight = weights === undefined ? 1 : weights[i]!;
    sum += weight * values[i]!;
    all += weight;
  }
  return sum / all;
}

function rankedRatings(ratings: Float64Array, cases: readonly StudyCase[]) {
  return rankScores(cases.map(({ label }, i) => ({ label, score: ratings[i]! })));
}

/** DeLong's components of a cell's AUROC. */
export function ratingPlacements({ rating }: Readings, cases: readonly StudyCase[]): Placements {
  return placementsOf(rankedRatings(rating!, cases));
}

/** A figure of every arm and reader, `arm * readers + reader`: of all cases, in each resample, and with each cluster left out. */
export function replicateFigure(
  plan: ResamplingPlan,
  study: Pick<Study, "cases" | "cells">,
  figure: ReaderFigureName,
): Replicates<Float64Array> {
  const measures = study.cells.map((cell) => measureOf(figure, noted[figure](cell)!, study.cases));
  const clusters = study.cases.map(({ cluster }) => cluster);
  return replicate(plan, clusters, true, (weights) => Float64Array.from(measures, (measure) => measure(weights)));
}

/** The figures without each cluster that holds a case of them: leaving out another changes nothing, and says nothing. */
export function leftOutOf(
  plan: ResamplingPlan,
  { cases }: Pick<Study, "cases">,
  figure: ReaderFigureName,
  { leftOut }: Replicates<Float64Array>,
): Float64Array[] {
  const holding = new Set(cases.filter((one) => isOf(figure, one)).map(({ cluster }) => cluster));
  return leftOut.filter((_, c) => holding.has(plan.patients[c]!));
}

/** Covariances of a figure of all arms and readers that come of cases being a sample, row-major. NaN, by whichever way, where one is undefined without one of the clusters. */
export function figureCovariances(
  kind: CovarianceKind,
  study: Pick<Study, "cases" | "cells">,
  figure: ReaderFigureName,
  leftOut: readonly Float64Array[],
  resampled: readonly Float64Array[],
): Float64Array {
  const jackknife = jackknifeCovariances(leftOut);
  if (jackknife.some(Number.isNaN)) return jackknife;
  switch (kind) {
    case "jackknife":
      return jackknife;
    case "bootstrap":
      return resampledCovariances(resampled);
    case "delong":
      return componentCovariances(study, figure);
    default:
      return kind satisfies never;
  }
}

function componentCovariances({ cells, cases }: Pick<Study, "cases" | "cells">, figure: ReaderFigureName): Float64Array {
  const own = cases.flatMap((one, i) => (isOf(figure, one) ? [i] : []));
  const clusterOf = numbersOf(own.map((i) => cases[i]!.cluster)).of;
  const pairs = (covariance: (a: number, b: number) => number) =>
    Float64Array.from({ length: cells.length ** 2 }, (_, at) => covariance(Math.floor(at / cells.length), at % cells.length));
  if (figure === "roc_auc") {
    const placements = cells.map((cell) => ratingPlacements(cell, cases));
    return pairs((a, b) => aurocCovariance(placements[a]!, placements[b]!, clusterOf));
  }
  const values = cells.map((cell) => own.map((i) => noted[figure](cell)![i]!));
  return pairs((a, b) => meanCovariance(values[a]!, values[b]!, clusterOf));
}
