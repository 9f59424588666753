import { frocThresholds, type LesionCounts } from "./masks/measure-case.ts";
import { clusterUnits, percentileInterval, type ResamplingPlan, resampleWeights } from "./metrics/bootstrap.ts";
import { type FrocPoint, frocCurve, frocRates, frocSensitivities, type ScoredCalls } from "./metrics/detection/operating.ts";
import { meanDefined } from "./metrics/detection/precision.ts";
import { frocScore } from "./metrics/lesions.ts";
import type { BootstrapOptions } from "./options.ts";
import { toMetric } from "./resample.ts";
import type { Metric } from "./results.ts";

/** Objects found and false ones in each unit, which is a stack with its lesions or a slice with its boxes: all that the curve and its intervals need. */
export type FrocTable = { readonly subjects: readonly string[] } & (
  | { readonly of: "lesions"; readonly stacks: readonly (readonly LesionCounts[])[] }
  | { readonly of: "boxes"; readonly calls: ScoredCalls }
);

/** A free-response curve. Made by {@link measureFroc}. */
export interface Froc {
  /** From the highest threshold; empty without an object. */
  readonly curve: readonly FrocPoint[];
  /**
   * Edges of the pointwise interval of sensitivity: of lesions at each threshold, of boxes at each of {@link bandRates}. Empty where there is none.
   */
  readonly band: { readonly low: readonly FrocPoint[]; readonly high: readonly FrocPoint[] };
  /** Mean sensitivity over seven rates of false ones, with its interval. */
  readonly score: Metric;
}

/** Wrong boxes a slice at which the band is drawn, up to the right end of the plot. */
const bandRates: readonly number[] = Array.from({ length: 65 }, (_, i) => i / 8);
/** Resamples that a band of boxes is made of, at most: it is for the eye. */
const bandResamples = 500;

/** The curve of one network; null where it finds nothing, and of the networks of several folds, whose thresholds are of several scales. */
export function frocOf(
  [first, ...others]: readonly { readonly froc: FrocTable | null }[],
  plan: ResamplingPlan,
  bootstrap: BootstrapOptions,
): Froc | null {
  return others.length > 0 || !first?.froc ? null : measureFroc(first.froc, plan, bootstrap);
}

/** The curve with intervals that resample subjects, in the same resamples as all figures. @throws {RangeError} If a subject is not in the plan. */
export function measureFroc(table: FrocTable, plan: ResamplingPlan, bootstrap: BootstrapOptions): Froc {
  const figure = figureOf(table);
  const clustered = clusterUnits(plan, table.subjects);
  const weights = new Uint16Array(table.subjects.length);
  const scores = new Float64Array(plan.resamples);
  const banded = figure.resamples(plan.resamples);
  const heights = figure.at.map(() => new Float64Array(banded));
  for (let r = 0; r < plan.resamples; r++) {
    resampleWeights(clustered, r, weights);
    const { score, sensitivities } = figure.values(weights, r < banded);
    scores[r] = score;
    if (r < banded) for (const [i, value] of sensitivities.entries()) heights[i]![r] = value;
  }
  const patients = new Set(table.subjects.filter((_, i) => figure.objects[i]! > 0)).size;
  const edges = figure.at.flatMap((falsePositives, i) => {
    const { low, high } = percentileInterval(heights[i]!, patients, bootstrap.level);
    return low === null || high === null ? [] : [{ falsePositives, low, high }];
  });
  const n = sumOf(figure.objects);
  const of = { metric: "frocScore", per: table.of === "boxes" ? "box" : "lesion", subset: "all", n, patients } as const;
  const undefinedBecause = `no ${of.per} in the truth`;
  return {
    curve: figure.curve,
    band: {
      low: edges.map(({ falsePositives, low }) => ({ falsePositives, sensitivity: low })),
      high: edges.map(({ falsePositives, high }) => ({ falsePositives, sensitivity: high })),
    },
    score: toMetric(
      { ...of, estimate: figure.values().score, values: scores, undefinedBecause, includesChoice: false },
      bootstrap,
    ),
  };
}

/** What is asked of a table in each resample. */
interface FrocFigure {
  readonly curve: readonly FrocPoint[];
  /** Objects in each unit. */
  readonly objects: readonly number[];
  /** Where the band is drawn: false ones a unit. */
  readonly at: readonly number[];
  /** Resamples that the band takes, of so many. */
  readonly resamples: (all: number) => number;
  /** NaN without an object. No sensitivities where no band is asked for. */
  readonly values: (
    weights?: Uint16Array,
    band?: boolean,
  ) => { readonly score: number; readonly sensitivities: readonly number[] };
}

function figureOf(table: FrocTable): FrocFigure {
  switch (table.of) {
    case "lesions":
      return lesionFigure(table.stacks);
    case "boxes":
      return boxFigure(table.calls, table.subjects.length);
    default:
      return table satisfies never;
  }
}

function lesionFigure(stacks: readonly (readonly LesionCounts[])[]): FrocFigure {
  const columns = frocThresholds.map((_, t) => ({
    found: stacks.map((one) => one[t]!.detected),
    wrong: stacks.map((one) => one[t]!.predicted - one[t]!.matched),
  }));
  const objects = stacks.map((one) => one[0]!.references);
  const points = (weights?: Uint16Array) => {
    const [lesions, all] = [sumOf(objects, weights), sumOf(stacks.map(() => 1), weights)]; // biome-ignore format: short
    const share = (hits: number, of: number) => (of > 0 ? hits / of : Number.NaN);
    return columns.map(({ found, wrong }) => ({
      sensitivity: share(sumOf(found, weights), lesions),
      falsePositives: share(sumOf(wrong, weights), all),
    }));
  };
  const whole = points();
  const known = sumOf(objects) > 0;
  return {
    curve: known ? whole.toReversed() : [],
    objects,
    at: known ? whole.map(({ falsePositives }) => falsePositives) : [],
    resamples: (all) => all,
    values: (weights) => {
      const found = points(weights);
      const score = frocScore(found.map(({ sensitivity, falsePositives }) => ({ sensitivity, falsePositivesPerCase: falsePositives }))); // biome-ignore format: one line
      return { score, sensitivities: known ? found.map(({ sensitivity }) => sensitivity) : [] };
    },
  };
}

function boxFigure(calls: ScoredCalls, pictures: number): FrocFigure {
  const objects = new Array<number>(pictures).fill(0);
  for (const [i, image] of calls.objects.image.entries()) objects[image]! += calls.objects.count[i]!;
  return {
    curve: frocCurve(calls, pictures),
    objects,
    at: bandRates,
    resamples: (all) => Math.min(all, bandResamples),
    values: (weights, band = false) => {
      const all = weights === undefined ? pictures : weights.reduce((sum, w) => sum + w, 0);
      return {
        score: meanDefined(frocSensitivities(calls, all, frocRates, weights)),
        sensitivities: band ? frocSensitivities(calls, all, bandRates, weights) : [],
      };
    },
  };
}

function sumOf(values: readonly number[], weights?: Uint16Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! * (weights === undefined ? 1 : weights[i]!);
  return sum;
}
