import type { ResamplingPlan } from "../../metrics/bootstrap.ts";
import type { Replicates } from "../../tables/replicate.ts";
import type { MetricsOptions } from "../options.ts";
import { replicateValues, type Sample, type Values } from "./figures.ts";
import { replicateVariances } from "./variances.ts";

/** A sample with its figures, called at its threshold. */
export interface Called {
  readonly sample: Sample;
  readonly cut: Replicates<number>;
  readonly values: Replicates<Values>;
  /** Of the figures; undefined where the interval asked for needs none. */
  readonly variances: Replicates<Values> | undefined;
}

/** Calls a sample at the threshold of `cut` and evaluates it. */
export function callSample(plan: ResamplingPlan, sample: Sample, cut: Replicates<number>, options: MetricsOptions): Called {
  return {
    sample,
    cut,
    values: replicateValues(plan, sample, cut, options),
    variances: replicateVariances(plan, [{ sample, cut }], options),
  };
}
