import type { ResamplingPlan } from "../metrics/bootstrap.ts";
import {
  cocoAreas,
  cocoOverlaps,
  type FoundColumns,
  type MatchedClass,
  matchColumns,
  type PictureCounts,
  verdict,
} from "../metrics/detection/match.ts";
import {
  bestF1,
  type CallCounts,
  countCalls,
  f1Of,
  frocRates,
  frocSensitivities,
  precisionOf,
  recallOf,
  type ScoredCalls,
  scoreCalls,
} from "../metrics/detection/operating.ts";
import { areaUnder, meanDefined, precisionCurve, type RankedCalls, rankCalls, weightOf } from "../metrics/detection/precision.ts";
import { type Replicates, replicate } from "../tables/replicate.ts";
import type { Reference } from "./coco.ts";
import { type BoxFigureName, classFigures, wholeFigures } from "./results.ts";

const areas = [cocoAreas.all, cocoAreas.small, cocoAreas.medium, cocoAreas.large];
/** COCO's average recalls: area by its place above, boxes a picture and class. */
const recalls = [[0, 1], [0, 10], [0, 100], [1, 100], [2, 100], [3, 100]] as const; // biome-ignore format: a table

/** One class, ready for every resample. */
interface ClassSample {
  /** `ranked[area][overlap]`. */
  readonly ranked: readonly (readonly RankedCalls[])[];
  /** At overlap .5, with scores. */
  readonly scored: ScoredCalls;
  /** How many boxes of each picture are right, over all overlaps together; in the order of `recalls`. */
  readonly rights: readonly PictureCounts[];
}

/** Boxes matched once, with all that their figures need. */
export interface BoxSample {
  /** Places of the classes of which there is an object; no other has figures of its own. */
  readonly labels: readonly number[];
  readonly classes: readonly ClassSample[];
  /** All classes together, at overlap .5. */
  readonly pooled: ScoredCalls;
  readonly images: number;
}

export function boxSample({ images, truth }: Reference, found: FoundColumns): BoxSample {
  const matched = matchColumns(truth, found, { overlaps: cocoOverlaps, areas });
  const there = matched.filter(({ objects }) => objects[0]!.image.length > 0);
  return {
    labels: there.map(({ label }) => label),
    classes: there.map((of) => ({
      ranked: areas.map((_, a) => cocoOverlaps.map((_, o) => rankCalls(of, a, o))),
      scored: scoreCalls([of], 0, 0),
      rights: recalls.map(([area, most]) => rightCounts(of, area, most)),
    })),
    pooled: scoreCalls(matched, 0, 0),
    images: images.length,
  };
}

function rightCounts({ image, rank, verdicts }: MatchedClass, area: number, most: number): PictureCounts {
  const counts = new Map<number, number>();
  for (let i = 0; i < image.length; i++) {
    if (rank[i]! >= most) continue;
    let rights = 0;
    for (const became of verdicts[area]!) if (became[i] === verdict.right) rights++;
    if (rights > 0) counts.set(image[i]!, (counts.get(image[i]!) ?? 0) + rights);
  }
  return { image: Uint32Array.from(counts.keys()), count: Uint32Array.from(counts.values()) };
}

/** A figure of all classes, or of one by its place in `classes`. */
export interface FigureKey {
  readonly metric: BoxFigureName;
  readonly of: "all" | number;
}

/** The figures of a sample, in the order of {@link boxValues}. */
export function figureKeys({ classes }: BoxSample): FigureKey[] {
  return [
    ...wholeFigures.map((metric): FigureKey => ({ metric, of: "all" })),
    ...classes.flatMap((_, of) => classFigures.map((metric): FigureKey => ({ metric, of }))),
  ];
}

/**
 * Every figure of pictures that count `weights` times each, in the order of {@link figureKeys}, and last the confidence at which boxes are called.
 * @param confidence - Null for the one with the highest F1 here.
 */
export function boxValues(sample: BoxSample, confidence: number | null, weights?: Uint16Array): Float64Array {
  const { classes, pooled } = sample;
  const pictures = weights === undefined ? sample.images : weights.reduce((sum, w) => sum + w, 0);
  const cut = confidence ?? bestF1(pooled, weights).confidence;
  const perClass = classes.map((of) => classValues(of, cut, pictures, weights));
  const mean = (of: (values: ClassValues) => readonly number[]) => meanDefined(perClass.flatMap(of));
  const froc = frocSensitivities(pooled, pictures, frocRates, weights);
  return Float64Array.from([
    ...[mean((v) => v.ap[0]!), mean((v) => [v.ap[0]![0]!]), mean((v) => [v.ap[0]![5]!])],
    ...[1, 2, 3].map((a) => mean((v) => v.ap[a]!)),
    ...recalls.map((_, r) => mean((v) => [v.ar[r]!])),
    ...[0, 1, 2, 3].map((k) => mean((v) => [v.others[k]!])),
    ...operatingValues(countCalls(pooled, cut, weights), pictures),
    ...[...froc, froc.reduce((a, b) => a + b, 0) / froc.length],
    ...perClass.flatMap(({ ap, ar, others, operating }) => [meanDefined(ap[0]!), ap[0]![0]!, ...others, ar[2]!, ...operating]),
    cut,
  ]);
}

interface ClassValues {
  /** `ap[area][overlap]`, by COCO's rule. */
  readonly ap: readonly (readonly number[])[];
  /** Mean over the overlaps, in the order of `recalls`. */
  readonly ar: readonly number[];
  /** AP at overlap .5 by the other rules. */
  readonly others: readonly number[];
  readonly operating: readonly number[];
}

function classValues({ ranked, scored, rights }: ClassSample, cut: number, pictures: number, weights?: Uint16Array): ClassValues {
  const all = ranked.map(([first]) => weightOf(first!.objects, weights)); // by area
  const ap = ranked.map((ofArea, a) => ofArea.map((calls) => areaUnder(precisionCurve(calls, weights, all[a]), "coco")));
  const curve = precisionCurve(ranked[0]![0]!, weights, all[0]);
  return {
    ap,
    ar: recalls.map(([area], r) => weightOf(rights[r]!, weights) / (cocoOverlaps.length * all[area]!)),
    others: (["voc11", "voc", "yolov5", "ultralytics"] as const).map((rule) => areaUnder(curve, rule)),
    operating: operatingValues(countCalls(scored, cut, weights), pictures),
  };
}

function operatingValues(calls: CallCounts, pictures: number): number[] {
  return [recallOf(calls), precisionOf(calls), f1Of(calls), calls.wrong / pictures];
}

/** All figures of a sample wherever their intervals need them. */
export function replicateBoxes(
  plan: ResamplingPlan,
  sample: BoxSample,
  clusters: readonly string[],
  confidence: number | null,
  leaveOut: boolean,
): Replicates<Float64Array> {
  return replicate(plan, clusters, leaveOut, (weights) => boxValues(sample, confidence, weights));
}
