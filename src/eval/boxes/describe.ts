import { bestF1, callsFrom, countCalls, f1Of, precisionOf, recallOf, type ScoredCalls } from "../metrics/detection/operating.ts";
import { weightOf } from "../metrics/detection/precision.ts";
import { orNull } from "../metrics/or-null.ts";
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
  readonly n: number;
  /** Pictures of them. */
  readonly images: Uint32Array;
  /** Count of them that the figure is the share of. */
  readonly hits: number | null;
  /** Why the figure is not defined, where it is not. */
  readonly lacks: string;
}

const sizes: Partial<Record<BoxFigureName, number>> = { APs: 1, ARs: 1, APm: 2, ARm: 2, APl: 3, ARl: 3 };
const sizeWords = ["", "small ", "medium ", "large "];

function unitsOf({ metric, of }: FigureKey, sample: BoxSample, cut: number): Units {
  const scored = of === "all" ? sample.pooled : sample.classes[of]!.scored;
  const { right, all } = countCalls(scored, cut);
  switch (metric) {
    case "recall":
      return { n: all, images: scored.objects.image, hits: right, lacks: "no object" };
    case "precision": {
      const images = scored.calls.subarray(0, callsFrom(scored, cut)).map((call) => call >>> 1);
      return { n: images.length, images, hits: right, lacks: "no box is called" };
    }
    case "false_positives_per_image":
      return { n: sample.images, images: scored.objects.image, hits: null, lacks: "no image" };
    default: {
      const size = sizes[metric] ?? 0;
      if (size === 0) return { n: all, images: scored.objects.image, hits: null, lacks: "no object" };
      const objects = sample.classes.map((one) => one.ranked[size]![0]!.objects);
      const images = Uint32Array.from(objects.flatMap(({ image }) => [...image]));
      return {
        n: objects.reduce((sum, one) => sum + weightOf(one), 0),
        images,
        hits: null,
        lacks: `no ${sizeWords[size]}object`,
      };
    }
  }
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
    const own = ofOwnPictures.has(key.metric)
      ? new Set(Array.from(units.images, (image) => clusters[image]!)).size
      : everyCluster;
    const estimated = estimate(valueAt(values, at), own, units.lacks, options);
    const { n } = units;
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
  const curve = (of: FigureKey["of"], calls: ScoredCalls): ConfidenceCurve => {
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
  return [curve("all", sample.pooled), ...sample.classes.map(({ scored }, of) => curve(of, scored))];
}
