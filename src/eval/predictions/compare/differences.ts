import { holmAdjusted, holmByFigure } from "../../metrics/holm.ts";
import type { PermutationTest } from "../../metrics/permutation.ts";
import type { Estimate } from "../../tables/estimate.ts";
import type { MetricsOptions } from "../options.ts";
import type { Difference } from "../results.ts";
import type { ClassComparison } from "../several/results.ts";

/** Figures of which less is better. */
const lowerIsBetter = new Set([
  "brier_score_loss",
  "expected_calibration_error",
  "classwise_calibration_error",
  "negative_likelihood_ratio",
]);
/** Figures without a bound, of which a margin in the unit of shares says nothing. */
const unbounded = new Set(["positive_likelihood_ratio", "negative_likelihood_ratio"]);

/** Differences of two models with all that is said of them; p values are adjusted later, over all models. */
export function describeDifferences<M extends string>(
  estimates: readonly (Estimate & { metric: M })[],
  permuted: PermutationTest | null,
  { margin }: Pick<MetricsOptions, "margin">,
): Difference<M>[] {
  return estimates.map((one, f) => ({
    ...one,
    nonInferior: margin === null ? null : nonInferior(one, margin),
    pPermutation: one.estimate === null ? null : (permuted?.p[f] ?? null),
    pPermutationHolm: null,
  }));
}

/** Whether the interval leaves out that the first model is worse by the margin; null where there is no interval, or no such unit. */
function nonInferior({ metric, low, high }: Estimate & { metric: string }, margin: number): boolean | null {
  if (low === null || high === null || unbounded.has(metric)) return null;
  return lowerIsBetter.has(metric) ? high < margin : low > -margin;
}

/** Comparisons with several models, the p values of each figure and those of McNemar's test adjusted by Holm over the models. */
export function withHolmOfFigures<C extends Pick<ClassComparison, "differences" | "mcnemar">>(all: readonly C[]): C[] {
  const figures = holmByFigure(all.map(({ differences }) => differences.map((one) => one.pPermutation)));
  const mcnemar = holmAdjusted(all.map((one) => one.mcnemar.p));
  return all.map((one, m) => ({
    ...one,
    differences: one.differences.map((own, f) => ({ ...own, pPermutationHolm: figures[m]![f]! })),
    mcnemar: { ...one.mcnemar, pHolm: mcnemar[m]! },
  }));
}
