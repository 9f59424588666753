import {
  cocoOverlaps,
  type FoundBox,
  type MatchedBoxes,
  matchBoxes,
  type TrueBox,
  weightedAveragePrecision,
} from "../metrics/average-precision.ts";
import { clusterUnits, type ResamplingPlan, resampleWeights } from "../metrics/bootstrap.ts";
import type { BootstrapOptions } from "../options.ts";
import { toMetric } from "../resample.ts";
import type { Metric } from "../results.ts";

/** The boxes of the slices of a split. */
export interface BoxTable {
  /** Subject of each picture; its position is the picture's number. */
  readonly subjects: readonly string[];
  readonly truth: readonly TrueBox[];
  readonly found: readonly FoundBox[];
}

/**
 * mAP@.5 and COCO's mAP@[.5:.95] with intervals: boxes are matched once at each overlap, and their precision is accumulated anew in each resample of patients,
 * a patient that is drawn n times bringing all its slices n times.
 */
export function boxMetrics({ subjects, truth, found }: BoxTable, plan: ResamplingPlan, bootstrap: BootstrapOptions): Metric[] {
  const labels = [...new Set(truth.map(({ label }) => label))];
  const matched = cocoOverlaps.map(
    (overlap) =>
    labels.map((label) => matchBoxes(truth.filter((of) => of.label === label), found.filter((of) => of.label === label), overlap)), // biome-ignore format: short
  );
  const clustered = clusterUnits(plan, subjects);
  const weights = new Uint16Array(subjects.length);
  const figure = (metric: "map50" | "map", all: readonly MatchedBoxes[]) => {
    const mean = (of?: ArrayLike<number>) => meanOf(all.map((boxes) => weightedAveragePrecision(boxes, of)));
    const values = Float64Array.from({ length: plan.resamples }, (_, r) => mean(resampleWeights(clustered, r, weights)));
    const of = { metric, per: "box", subset: "all", n: truth.length, patients: new Set(subjects).size } as const;
    const undefinedBecause = "no box in the truth";
    return toMetric({ ...of, estimate: mean(), values, undefinedBecause, includesChoice: false }, bootstrap);
  };
  return [figure("map50", matched[0]!), figure("map", matched.flat())];
}

/** Mean of what is defined: a class that a resample does not have counts for nothing there. NaN where nothing is. */
function meanOf(values: readonly number[]): number {
  const known = values.filter((value) => !Number.isNaN(value));
  return known.length === 0 ? Number.NaN : known.reduce((a, b) => a + b) / known.length;
}
