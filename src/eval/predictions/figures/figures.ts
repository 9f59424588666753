import { type RankedScores, rankScores, weightedAuroc } from "../../metrics/auroc.ts";
import { averagePrecisionScore } from "../../metrics/average-precision-score.ts";
import { clusterId, type ResamplingPlan } from "../../metrics/bootstrap.ts";
import { brierScore, expectedCalibrationError } from "../../metrics/calibration.ts";
import {
  accuracy,
  balancedAccuracy,
  type Confusion,
  confusionAt,
  f1Score,
  matthewsCorrelation,
  negativeLikelihoodRatio,
  negativePredictiveValue,
  positiveLikelihoodRatio,
  positivePredictiveValue,
  sensitivity,
  specificity,
} from "../../metrics/confusion.ts";
import { chooseThreshold } from "../../metrics/threshold.ts";
import { valueAt } from "../../tables/estimate.ts";
import { type Replicates, replicate } from "../../tables/replicate.ts";
import type { CutOptions, MetricsOptions } from "../options.ts";
import type { PredictionRow, Predictions } from "../read/rows.ts";
import { type FigureName, figureNames } from "../results.ts";

/** Rows with all that their figures need. */
export interface Sample {
  readonly rows: readonly PredictionRow[];
  readonly ranked: RankedScores;
  /** Null where every score is a probability. */
  readonly noProbability: string | null;
}

export function sampleOf({ columns, noProbability }: Predictions, rows: readonly PredictionRow[]): Sample {
  const because = `the scores are no probabilities: ${columns.score} is not in [0, 1] in row ${noProbability}`;
  return { rows, ranked: rankScores(rows), noProbability: noProbability === null ? null : because };
}

/** The figures of rows in the order of `figureNames`; NaN where undefined. */
export type Values = Float64Array;

const ofConfusion = {
  recall: sensitivity,
  specificity,
  precision: positivePredictiveValue,
  npv: negativePredictiveValue,
  positive_likelihood_ratio: positiveLikelihoodRatio,
  negative_likelihood_ratio: negativeLikelihoodRatio,
  accuracy,
  balanced_accuracy: balancedAccuracy,
  f1: f1Score,
  matthews_corrcoef: matthewsCorrelation,
} as const satisfies Partial<Record<FigureName, (c: Confusion) => number>>;

/** Every figure of a sample whose rows count `weights` times, called at `cut`; in one pass for each. */
export function valuesOf(sample: Sample, cut: number, bins: number, weights?: ArrayLike<number>): Values {
  const { ranked, noProbability } = sample;
  const calls = confusionAt(ranked, cut, weights);
  const value = (name: FigureName): number => {
    switch (name) {
      case "roc_auc":
        return weightedAuroc(ranked, weights);
      case "average_precision":
        return averagePrecisionScore(ranked, weights);
      case "brier_score_loss":
        return noProbability === null ? brierScore(ranked, weights) : Number.NaN;
      case "expected_calibration_error":
        return noProbability === null ? expectedCalibrationError(ranked, bins, weights) : Number.NaN;
      default:
        return ofConfusion[name](calls);
    }
  };
  return Float64Array.from(figureNames, value);
}

/** The threshold that a rule chooses of a sample, anew in each resample; NaN where there is none. */
export function replicateCut(
  plan: ResamplingPlan,
  sample: Sample,
  rule: CutOptions | null,
  leaveOut: boolean,
): Replicates<number> {
  const { ranked } = sample;
  return replicate(plan, clustersOf(sample), leaveOut, (weights) => {
    if (rule === null) return sample.noProbability === null ? 0.5 : Number.NaN;
    return rule.rule === "fixed" ? rule.value : chooseThreshold(ranked, rule, weights);
  });
}

/** All figures of a sample, called at the threshold that goes with each resample. */
export function replicateValues(
  plan: ResamplingPlan,
  sample: Sample,
  cut: Replicates<number>,
  { bins, interval }: MetricsOptions,
): Replicates<Values> {
  const leaveOut = interval === "bca";
  return replicate(plan, clustersOf(sample), leaveOut, (weights, at) => valuesOf(sample, at(cut), bins, weights));
}

/** Innermost cluster of each row. */
export const clustersOf = ({ rows }: Sample): string[] => rows.map(({ path }) => clusterId(path));

/** One of the figures. */
export function figureOf(values: Replicates<Values>, metric: FigureName): Replicates<number> {
  return valueAt(values, figureNames.indexOf(metric));
}
