import { bestF1, callsFrom, countCalls, f1Of, precisionOf, recallOf } from "../metrics/detection/operating.ts";
import type { RankedCalls } from "../metrics/detection/precision.ts";
import { estimate, valueAt } from "../tables/estimate.ts";
import type { Replicates } from "../tables/replicate.ts";
import { besideShare } from "../tables/share.ts";
import type { Reference } from "./coco.ts";
import { type BoxSample, type FigureKey, figureKeys } from "./figures.ts";
import type { BoxesOptions } from "./options.ts";
import type { BoxFigure, BoxFigureName, ConfidenceCurve } from "./results.ts";

/** How a subset is called: `all`, or `class=name`. */
export function subsetOf(of: FigureKey["of"], { labels }: BoxSample, { classes }: Reference): string {
  return of === "all" ? "all" : `class=${classes[labels[of]!]!.name}`;
}

/** What a figure is of. */
interface Units {
  /** Pictures of them, one for each. */
  readonly in: ArrayLike<number>;
  /** Count of them that the figure is the share of. */
  readonly hits: number | null;
  /** Why the figure is not defined, where it is not. */
  readonly lacks: string;
}

const sizes: Partial<Record<BoxFigureName, number>> = { APs: 1, ARs: 1, APm: 2, ARm: 2, APl: 3, ARl: 3 };
const sizeWords = ["", "small ", "medium ", "large "];

function unitsOf({ metric, of }: FigureKey, sample: BoxSample, cut: number): Units {
  const calls = of === "all" ? sample.pooled : sample.classes[of]!.ranked[0]![0]!;
  const { right } = countCalls(calls, cut);
  switch (metric) {
    case "recall":
      return { in: calls.trueIn, hits: right, lacks: "no object" };
    case "precision":
      return { in: calledIn(calls, cut), hits: right, lacks: "no box is called" };
    case "false_positives_per_image":
      return { in: { length: sample.images }, hits: null, lacks: "no image" };
    default: {
      const size = sizes[metric] ?? 0;
      if (size === 0) return { in: calls.trueIn, hits: null, lacks: "no object" };
      const objects = sample.classes.flatMap(({ ranked }) => [...ranked[size]![0]!.trueIn]);
      return { in: objects, hits: null, lacks: `no ${sizeWords[size]}object` };
    }
  }
}

function calledIn(calls: RankedCalls, cut: number): Uint32Array {
  return calls.calls.subarray(0, callsFrom(calls, cut)).map((call) => call >>> 1);
}

/** Shares of boxes of few pictures vary with those alone; all else hangs on every picture, since a wrong box may be in any. */
const ofOwnPictures: ReadonlySet<BoxFigureName> = new Set(["recall", "precision", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl"]);

/** Every figure of detections with its interval. @param values - As `replicateBoxes` gives them. */
export function describeBoxes(
  sample: BoxSample,
  reference: Reference,
  clusters: readonly string[],
  values: Replicates<Float64Array>,
  options: BoxesOptions,
): BoxFigure[] {
  const cut = values.whole.at(-1)!;
  const everyCluster = new Set(clusters).size;
  return figureKeys(sample).map((key, at): BoxFigure => {
    const units = unitsOf(key, sample, cut);
    const own = ofOwnPictures.has(key.metric) ? new Set(Array.from(units.in, (image) => clusters[image]!)).size : everyCluster;
    const estimated = estimate(valueAt(values, at), own, units.lacks, options);
    const n = units.in.length;
    const beside =
      units.hits === null || estimated.estimate === null ? [] : besideShare({ hits: units.hits, of: n }, options.level);
    return {
      metric: key.metric,
      ...estimated,
      subset: subsetOf(key.of, sample, reference),
      n,
      clusters: own,
      chance: null,
      beside,
    };
  });
}

/** Confidences to show curves at: hundredths where all scores are in [0, 1], else a hundred steps from the least to the highest score. */
export function curveConfidences({ pooled: { score } }: BoxSample): number[] {
  if (score.length === 0) return [];
  const [high, low] = [score[0]!, score.at(-1)!];
  if (low >= 0 && high <= 1) return Array.from({ length: 101 }, (_, i) => i / 100);
  return low === high ? [low] : Array.from({ length: 101 }, (_, i) => low + ((high - low) * i) / 100);
}

/** Recall, precision, F1 and wrong boxes a picture against the confidence, of all classes together and of each. */
export function confidenceCurves(sample: BoxSample, reference: Reference, confidences: readonly number[]): ConfidenceCurve[] {
  const orNull = (value: number) => (Number.isNaN(value) ? null : value);
  const curve = (of: FigureKey["of"], calls: RankedCalls): ConfidenceCurve => {
    const counts = confidences.map((confidence) => countCalls(calls, confidence));
    const best = bestF1(calls);
    return {
      subset: subsetOf(of, sample, reference),
      best: Number.isNaN(best.confidence) ? null : best,
      recall: counts.map((of) => orNull(recallOf(of))),
      precision: counts.map((of) => orNull(precisionOf(of))),
      f1: counts.map((of) => orNull(f1Of(of))),
      falsePositivesPerImage: counts.map(({ wrong }) => wrong / sample.images),
    };
  };
  return [curve("all", sample.pooled), ...sample.classes.map(({ ranked }, of) => curve(of, ranked[0]![0]!))];
}
