import { type FoundBox, matchBoxes, type TrueBox, weightedAveragePrecision } from "../metrics/average-precision.ts";
import { clusterUnits, type ResamplingPlan, resampleWeights } from "../metrics/bootstrap.ts";
import { cocoOverlaps } from "../metrics/detection/match.ts";
import { meanDefined, type RankedCalls } from "../metrics/detection/precision.ts";
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

/** The boxes of several tables in one, pictures numbered on. */
export function joinBoxes(tables: readonly BoxTable[]): BoxTable {
  const all = { subjects: [] as string[], truth: [] as TrueBox[], found: [] as FoundBox[] };
  for (const { subjects, truth, found } of tables) {
    const first = all.subjects.length;
    const moved = <Box extends TrueBox>(box: Box): Box => ({ ...box, image: first + box.image });
    all.subjects.push(...subjects);
    all.truth.push(...truth.map(moved));
    all.found.push(...found.map(moved));
  }
  return all;
}

/**
 * mAP@.5 and COCO's mAP@[.5:.95] with intervals: boxes are matched once at each overlap, and their precision is accumulated anew in each resample of patients,
 * a patient that is drawn n times bringing all its slices n times.
 */
export function boxMetrics({ subjects, truth, found }: BoxTable, plan: ResamplingPlan, bootstrap: BootstrapOptions): Metric[] {
  const matched = matchBoxes(truth, found, cocoOverlaps);
  const clustered = clusterUnits(plan, subjects);
  const weights = new Uint16Array(subjects.length);
  const figure = (metric: "map50" | "map", all: readonly RankedCalls[]) => {
    const mean = (of?: ArrayLike<number>) => meanDefined(all.map((boxes) => weightedAveragePrecision(boxes, of)));
    const values = Float64Array.from({ length: plan.resamples }, (_, r) => mean(resampleWeights(clustered, r, weights)));
    const of = { metric, per: "box", subset: "all", n: truth.length, patients: new Set(subjects).size } as const;
    const undefinedBecause = "no box in the truth";
    return toMetric({ ...of, estimate: mean(), values, undefinedBecause, includesChoice: false }, bootstrap);
  };
  return [figure("map50", matched.map((ofClass) => ofClass[0]!)), figure("map", matched.flat())]; // biome-ignore format: one line
}
