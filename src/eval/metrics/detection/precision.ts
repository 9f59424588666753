import { type MatchedClass, type PictureCounts, verdict } from "./match.ts";

/** Sum of counts, each picture counted `weights[picture]` times; once without. */
export function weightOf({ image, count }: PictureCounts, weights?: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < image.length; i++) sum += count[i]! * (weights === undefined ? 1 : weights[image[i]!]!);
  return sum;
}

/** Boxes of one class that count, in the order of their scores. Made by {@link rankCalls}. */
export interface RankedCalls {
  /** From the best score down to the last box that is right: twice the number of the picture, and 1 more where the box is right. */
  readonly calls: Uint32Array;
  /** Pictures of those that are right. */
  readonly rights: Uint32Array;
  /** Pictures of the wrong ones behind them, which change no area under precision over recall but YOLOv5's. */
  readonly behind: Uint32Array;
  /** Objects that count. */
  readonly objects: PictureCounts;
}

/** The calls of a class at one of the areas and overlaps that it was matched for. */
export function rankCalls({ image, verdicts, objects }: MatchedClass, area: number, overlap: number): RankedCalls {
  const became = verdicts[area]![overlap]!;
  const [calls, rights] = [new Uint32Array(image.length), new Uint32Array(image.length)];
  let [size, right, telling] = [0, 0, 0];
  for (let i = 0; i < image.length; i++) {
    if (became[i] === verdict.ignored) continue;
    calls[size++] = 2 * image[i]! + became[i]!; // right is 1, wrong 0
    if (became[i] === verdict.wrong) continue;
    rights[right++] = image[i]!;
    telling = size;
  }
  const behind = calls.slice(telling, size).map((call) => call >>> 1);
  return { calls: calls.slice(0, telling), rights: rights.slice(0, right), behind, objects: objects[area]! };
}

/** Precision over recall of ranked calls: a point for each right box, from the best score down; one without weight is where the one before it is, or below. */
export interface PrecisionCurve {
  readonly points: number;
  /** Right boxes up to each point. */
  readonly hits: Uint32Array;
  /** All calls up to it. */
  readonly called: Uint32Array;
  /** The best precision at that recall or beyond it. */
  readonly best: Float64Array;
  /** Objects. */
  readonly all: number;
  /** Wrong calls behind the last point. */
  readonly behind: number;
}

/** Room for the points of one curve, so that resamples do not leave theirs behind. */
let room = { hits: new Uint32Array(0), called: new Uint32Array(0), best: new Float64Array(0) };
function roomFor(points: number): typeof room {
  const size = 2 * points;
  if (room.best.length < points)
    room = { hits: new Uint32Array(size), called: new Uint32Array(size), best: new Float64Array(size) };
  return room;
}

/**
 * The curve of calls of which each picture counts `weights[picture]` times, whole numbers with a sum below 2^31; once without. Where a picture counts n times, the copies of a box
 * come together. It is valid until the next curve is asked for, which uses the same room.
 *
 * @param all - Weight of the objects, where it is known already.
 */
export function precisionCurve(
  { calls, rights, behind, objects }: RankedCalls,
  weights?: ArrayLike<number>,
  all = weightOf(objects, weights),
): PrecisionCurve {
  const points = rights.length;
  const { hits, called, best } = roomFor(points + 1);
  sumCalls(calls, weights ?? onceEach(calls), called);
  let sum = 0;
  for (let i = 0; i < points; i++) {
    sum += weights === undefined ? 1 : weights[rights[i]!]!;
    hits[i] = sum;
  }
  let most = 0;
  for (let i = points - 1; i >= 0; i--) {
    const precision = hits[i]! / called[i]!;
    if (precision > most) most = precision; // not where nothing has weight yet: 0 / 0
    best[i] = most;
  }
  let after = 0;
  for (let i = 0; i < behind.length; i++) after += weights === undefined ? 1 : weights[behind[i]!]!;
  return { points, hits, called, best, all, behind: after };
}

/** Writes how much is called up to each right box. Without a branch on what is right, which no processor could foresee: what stands for a wrong one is written over. */
function sumCalls(calls: Uint32Array, weights: ArrayLike<number>, called: Uint32Array): void {
  let [sum, at] = [0, 0];
  for (let i = 0; i < calls.length; i++) {
    const call = calls[i]!;
    sum += weights[call >>> 1]!;
    called[at] = sum;
    at += call & 1;
  }
}

function onceEach(calls: Uint32Array): Uint16Array {
  return new Uint16Array(calls.reduce((most, call) => Math.max(most, call >>> 1), 0) + 1).fill(1);
}

/** Ways to the area under precision over recall. */
export const interpolations = ["coco", "voc11", "voc", "yolov5", "ultralytics"] as const;
export type Interpolation = (typeof interpolations)[number];

/**
 * Average precision: the area under precision over recall, in [0, 1]; NaN where there is no object.
 * - `coco`: mean of the best precision at or beyond each of 101 recalls.
 * - `voc11`: the same at 11 recalls, as PASCAL VOC until 2009.
 * - `voc`: the whole area under the best precision at or beyond each recall, as PASCAL VOC from 2010 on.
 * - `yolov5`: trapezoids at 101 recalls, from precision 1 at recall 0, and from the last call in a straight line to 0 at recall 1: YOLOv5, and
 *   Ultralytics until 8.3. A detector that finds half earns part of what it did not find, and one that finds all without an error .995.
 * - `ultralytics`: the same without that line: 0 from the last recall on; Ultralytics 8.4.
 *
 * Sources: pycocotools; Everingham et al. 2010, doi:10.1007/s11263-009-0275-4, and the voc_eval of py-faster-rcnn; `compute_ap` of YOLOv5 7.0 and of
 * Ultralytics 8.4. All of them are here over one matching, COCO's.
 */
export function areaUnder(curve: PrecisionCurve, interpolation: Interpolation): number {
  if (curve.all === 0) return Number.NaN;
  switch (interpolation) {
    case "coco":
      return meanAtRecalls(curve, 101, 0.01);
    case "voc11":
      return meanAtRecalls(curve, 11, 0.1);
    case "voc":
      return wholeArea(curve);
    case "yolov5":
      return trapezoids(curve, true);
    case "ultralytics":
      return trapezoids(curve, false);
    default:
      return interpolation satisfies never;
  }
}

function meanAtRecalls({ points, hits, best, all }: PrecisionCurve, recalls: number, step: number): number {
  let [sum, at] = [0, 0];
  for (let i = 0; i < recalls; i++) {
    const least = leastHits(i * step, all);
    while (at < points && hits[at]! < least) at++;
    if (at === points) break;
    sum += best[at]!;
  }
  return sum / recalls;
}

/** The fewest hits whose share of all is, as rounded, at least a recall: to compare whole numbers is quicker than to divide at every point. */
function leastHits(recall: number, all: number): number {
  const near = Math.ceil(recall * all);
  if ((near - 1) / all >= recall) return near - 1;
  return near / all >= recall ? near : near + 1;
}

function wholeArea({ points, hits, best, all }: PrecisionCurve): number {
  let [sum, before] = [0, 0];
  for (let i = 0; i < points; i++) {
    sum += (hits[i]! - before) * best[i]!;
    before = hits[i]!;
  }
  return sum / all;
}

/** @param tail - Whether the line from the last call to recall 1 counts. */
function trapezoids(curve: PrecisionCurve, tail: boolean): number {
  const { points, hits, all } = curve;
  let [sum, passed] = [0, 0];
  for (let i = 0; i <= 100; i++) {
    const recall = i * 0.01;
    while (passed < points && hits[passed]! / all <= recall) passed++;
    const height = heightAt(curve, passed, recall, tail);
    sum += i === 0 || i === 100 ? height / 2 : height;
  }
  return sum / 100;
}

/** Precision at a recall that lies behind `passed` points, on straight lines between all calls: from one point to the first copy of the next. */
function heightAt(curve: PrecisionCurve, passed: number, recall: number, tail: boolean): number {
  const { points, hits, called, best, all, behind } = curve;
  const [hitsBefore, calledBefore] = passed === 0 ? [0, 0] : [hits[passed - 1]!, called[passed - 1]!];
  if (passed < points) {
    const next = best[passed]!;
    const wrongBetween = called[passed]! - calledBefore > hits[passed]! - hitsBefore;
    if (wrongBetween) return next; // the line is at the next point's height already
    const reached = passed === 0 ? 1 : best[passed - 1]!;
    return reached + (next - reached) * Math.min(1, (recall - hitsBefore / all) * all);
  }
  if (!tail || hitsBefore === 0 || hitsBefore >= all) return 0;
  return ((hitsBefore / (calledBefore + behind)) * (1 - recall)) / (1 - hitsBefore / all);
}

/** Mean of what is defined: a class that a resample does not have counts for nothing there. NaN where nothing is. */
export function meanDefined(values: readonly number[]): number {
  let [sum, known] = [0, 0];
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    sum += value;
    known++;
  }
  return known === 0 ? Number.NaN : sum / known;
}
