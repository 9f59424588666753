import { clusterUnits, type ResamplingPlan } from "../../metrics/bootstrap.ts";
import {
  aurocInfluence,
  clusterVariance,
  differenceInfluence,
  type Influence,
  meanInfluence,
  ratioInfluence,
} from "../../metrics/influence.ts";
import { type Replicates, replicate } from "../../tables/replicate.ts";
import type { MetricsOptions } from "../options.ts";
import { type FigureName, figureNames } from "../results.ts";
import { clustersOf, type Sample, type Values } from "./figures.ts";

/** A sample and where it is called, for its variances. */
export interface Scored {
  readonly sample: Sample;
  readonly cut: Replicates<number>;
}

/**
 * Variance of every figure, or of its difference between two models of the same rows, by the formula for clusters, in each resample; NaN where no
 * formula is here: average precision, likelihood ratios, Matthews' correlation, calibration error. The threshold is taken as given.
 *
 * @returns Undefined where the interval asked for needs none.
 * @throws {RangeError} If the plan is nested: copies of a cluster then differ within a resample, and there is no one variance of them.
 */
export function replicateVariances(
  plan: ResamplingPlan,
  scored: readonly [Scored, Scored?],
  { interval }: MetricsOptions,
): Replicates<Values> | undefined {
  if (interval !== "studentized") return undefined;
  if (plan.outermost.some((c, p) => c !== p)) throw new RangeError("replicateVariances: the plan must not be nested");
  const clusters = clustersOf(scored[0].sample);
  const { patientOf } = clusterUnits(plan, clusters);
  return replicate(plan, clusters, false, (weights, at) => {
    const variance = (metric: FigureName): number => {
      const [first, other] = scored.map((one) => one && influenceOn(metric, one.sample, at(one.cut), weights));
      if (first === null || other === null) return Number.NaN;
      return clusterVariance(
        other === undefined ? first! : differenceInfluence(first!, other),
        patientOf,
        plan.patients.length,
        weights,
      );
    };
    return Float64Array.from(figureNames, variance);
  });
}

/** Influence of each row on a figure; null where there is no formula. */
function influenceOn(metric: FigureName, sample: Sample, cut: number, weights?: ArrayLike<number>): Influence | null {
  const { ranked, noProbability } = sample;
  switch (metric) {
    case "roc_auc":
      return aurocInfluence(ranked, weights);
    case "balanced_accuracy": {
      if (Number.isNaN(cut)) return null;
      const [recall, specificity] = (["recall", "specificity"] as const).map((part) => influenceOn(part, sample, cut, weights)!);
      return meanInfluence(recall!, specificity!);
    }
    case "brier_score_loss": {
      if (noProbability !== null) return null;
      const errors = ranked.scores.map((score, i) => (score - ranked.labels[i]!) ** 2);
      return ratioInfluence(errors, new Float64Array(errors.length).fill(1), weights);
    }
    case "average_precision":
    case "positive_likelihood_ratio":
    case "negative_likelihood_ratio":
    case "matthews_corrcoef":
    case "expected_calibration_error":
      return null;
    default:
      return Number.isNaN(cut) ? null : ofShare(ratios[metric], sample, cut, weights);
  }
}

type Ratio = (truth: 0 | 1, call: 0 | 1) => readonly [hit: number, counted: number];

/** What a row adds to the top and to the bottom of a figure that is a share, or F1, by its truth and call. */
const ratios = {
  recall: (truth, call) => [truth * call, truth],
  specificity: (truth, call) => [(1 - truth) * (1 - call), 1 - truth],
  precision: (truth, call) => [truth * call, call],
  npv: (truth, call) => [(1 - truth) * (1 - call), 1 - call],
  accuracy: (truth, call) => [truth === call ? 1 : 0, 1],
  f1: (truth, call) => [2 * truth * call, truth + call],
} as const satisfies Partial<Record<FigureName, Ratio>>;

function ofShare(ratio: Ratio, { ranked: { labels, scores } }: Sample, cut: number, weights?: ArrayLike<number>): Influence {
  const [hits, counted] = [new Float64Array(labels.length), new Float64Array(labels.length)];
  for (let i = 0; i < labels.length; i++) {
    [hits[i], counted[i]] = ratio(labels[i] as 0 | 1, scores[i]! >= cut ? 1 : 0);
  }
  return ratioInfluence(hits, counted, weights);
}
