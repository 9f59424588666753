import { weightedAuroc } from "../../metrics/auroc.ts";
import { averagePrecisionScore } from "../../metrics/average-precision-score.ts";
import { f1Score, positivePredictiveValue, sensitivity, specificity } from "../../metrics/confusion.ts";
import {
  averagedAuroc,
  averagedPrecision,
  classAccuracy,
  classBalancedAccuracy,
  classBrierScore,
  classConfusion,
  classMatthews,
  classwiseCalibrationError,
  cohenKappa,
  macroF1,
  oneAgainstRest,
  type RankedClasses,
  rankClasses,
  surestCalibrationError,
} from "../../metrics/multiclass.ts";
import type { ClassPredictions, ClassRow } from "../read/classes.ts";

/** Figures of all classes together, in scikit-learn's words. */
export const overallFigures = [
  "roc_auc_macro",
  "roc_auc_micro",
  "average_precision_macro",
  "average_precision_micro",
  "accuracy",
  "balanced_accuracy",
  "f1_macro",
  "cohen_kappa",
  "matthews_corrcoef",
  "brier_score_loss",
  "expected_calibration_error",
  "classwise_calibration_error",
] as const;
export type OverallFigure = (typeof overallFigures)[number];

/** Figures of each class against the rest. */
export const classFigures = ["roc_auc", "average_precision", "recall", "specificity", "precision", "f1"] as const;
export type ClassFigure = (typeof classFigures)[number];

/** Which figure stands where among the values of a sample. */
export type FigureKey =
  | { readonly figure: OverallFigure; readonly of: null }
  | { readonly figure: ClassFigure; readonly of: number };

export function figureKeys(classes: number): FigureKey[] {
  const each = Array.from({ length: classes }, (_, of) => classFigures.map((figure): FigureKey => ({ figure, of })));
  return [...overallFigures.map((figure): FigureKey => ({ figure, of: null })), ...each.flat()];
}

/** Name of a figure in files: `accuracy`, or `recall:CLASS` of one class against the rest. */
export const nameOf = ({ figure, of }: FigureKey, classes: readonly string[]): string =>
  of === null ? figure : `${figure}:${classes[of]}`;

/** Rows with all that their figures need. */
export interface ClassSample {
  readonly rows: readonly ClassRow[];
  readonly ranked: RankedClasses;
  /** Null where the scores of every row are probabilities that sum to 1. */
  readonly noProbability: string | null;
  /** Of calibration curves. */
  readonly bins: number;
}

export function classSampleOf(
  { noProbability, classes }: ClassPredictions,
  rows: readonly ClassRow[],
  bins: number,
): ClassSample {
  const scores = rows.flatMap((row) => row.scores);
  return {
    rows,
    ranked: rankClasses(rows.map(({ truth }) => truth), scores, classes.length), // biome-ignore format: short
    bins,
    noProbability:
      noProbability === null
        ? null
        : `the scores are no probabilities: they are not in [0, 1], or do not sum to 1, in row ${noProbability}`,
  };
}

/** Every figure of a sample whose rows count `weights` times, in the order of {@link figureKeys}; NaN where undefined. */
export function classValues({ ranked, noProbability, bins }: ClassSample, weights?: ArrayLike<number>): Float64Array {
  const matrix = classConfusion(ranked, weights);
  const overall = (figure: OverallFigure): number => {
    switch (figure) {
      case "roc_auc_macro":
        return averagedAuroc(ranked, "macro", weights);
      case "roc_auc_micro":
        return averagedAuroc(ranked, "micro", weights);
      case "average_precision_macro":
        return averagedPrecision(ranked, "macro", weights);
      case "average_precision_micro":
        return averagedPrecision(ranked, "micro", weights);
      case "brier_score_loss":
        return noProbability === null ? classBrierScore(ranked, weights) : Number.NaN;
      case "expected_calibration_error":
        return noProbability === null ? surestCalibrationError(ranked, bins, weights) : Number.NaN;
      case "classwise_calibration_error":
        return noProbability === null ? classwiseCalibrationError(ranked, bins, weights) : Number.NaN;
      default:
        return ofMatrix[figure](matrix);
    }
  };
  const ofClass = (figure: ClassFigure, c: number): number => {
    switch (figure) {
      case "roc_auc":
        return weightedAuroc(ranked.ranked[c]!, weights);
      case "average_precision":
        return averagePrecisionScore(ranked.ranked[c]!, weights);
      default:
        return ofCalls[figure](oneAgainstRest(matrix, c));
    }
  };
  return Float64Array.from(figureKeys(ranked.classes), ({ figure, of }) => (of === null ? overall(figure) : ofClass(figure, of)));
}

const ofMatrix = {
  accuracy: classAccuracy,
  balanced_accuracy: classBalancedAccuracy,
  f1_macro: macroF1,
  cohen_kappa: cohenKappa,
  matthews_corrcoef: classMatthews,
} as const;

const ofCalls = { recall: sensitivity, specificity, precision: positivePredictiveValue, f1: f1Score } as const;
