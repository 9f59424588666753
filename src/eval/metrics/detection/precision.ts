import { type MatchedClass, sortByScore, verdict } from "./match.ts";

/** Boxes found that count, in the order of their scores. Made by {@link rankCalls}. */
export interface RankedCalls {
  /** From the best score down: twice the number of the picture, and 1 more where the box is right. */
  readonly calls: Uint32Array;
  readonly score: Float64Array;
  /** Pictures of the objects that count. */
  readonly trueIn: Uint32Array;
  /** How many calls there are up to the last that is right; wrong ones after it change no area under precision over recall but YOLOv5's. */
  readonly telling: number;
}

/** The calls of classes in one list, at one of the areas and overlaps that they were matched for; of equal scores the class that comes first goes first. */
export function rankCalls(classes: readonly MatchedClass[], area: number, overlap: number): RankedCalls {
  const kept = classes.map(({ verdicts }) => verdicts[area]![overlap]!);
  const size = kept.reduce((sum, of) => sum + of.reduce((n, v) => n + (v === verdict.ignored ? 0 : 1), 0), 0);
  const [calls, score] = [new Uint32Array(size), new Float64Array(size)];
  let at = 0;
  for (const [c, matched] of classes.entries()) {
    for (let i = 0; i < matched.image.length; i++) {
      if (kept[c]![i] === verdict.ignored) continue;
      calls[at] = 2 * matched.image[i]! + kept[c]![i]!; // right is 1, wrong 0
      score[at++] = matched.score[i]!;
    }
  }
  const trueIn = joined(classes.map((of) => of.trueIn[area]!));
  const telling = (of: Uint32Array) => of.findLastIndex((call) => call % 2 === 1) + 1;
  if (classes.length === 1) return { calls, score, trueIn, telling: telling(calls) };
  const order = sortByScore(score);
  const sorted = Uint32Array.from(order, (i) => calls[i]!);
  return { calls: sorted, score: Float64Array.from(order, (i) => score[i]!), trueIn, telling: telling(sorted) };
}

function joined(parts: readonly Uint32Array[]): Uint32Array {
  const all = new Uint32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** The sum of the weights of pictures; how many there are without weights. */
export function weightOf(pictures: Uint32Array, weights?: ArrayLike<number>): number {
  if (weights === undefined) return pictures.length;
  let sum = 0;
  for (let i = 0; i < pictures.length; i++) sum += weights[pictures[i]!]!;
  return sum;
}

/** Precision over recall of ranked calls: a point for each right box that has weight, from the best score down. */
export interface PrecisionCurve {
  readonly points: number;
  /** Right boxes up to each point. */
  readonly hits: Float64Array;
  /** All calls up to it. */
  readonly calls: Float64Array;
  /** The best precision at that recall or beyond it. */
  readonly best: Float64Array;
  /** Objects. */
  readonly all: number;
  /** Wrong calls behind the last point. */
  readonly behind: number;
}

/** Room for the points of one curve, so that resamples do not leave theirs behind. */
let room = { hits: new Float64Array(0), calls: new Float64Array(0), best: new Float64Array(0) };
function roomFor(points: number): typeof room {
  const fresh = () => new Float64Array(2 * points);
  if (room.hits.length < points) room = { hits: fresh(), calls: fresh(), best: fresh() };
  return room;
}

/**
 * The curve of calls of which each picture counts `weights[picture]` times, whole numbers; once without. Where a picture counts n times, the copies of a box
 * come together. It is valid until the next curve is asked for, which uses the same room.
 */
export function precisionCurve({ calls, trueIn, telling }: RankedCalls, weights?: ArrayLike<number>): PrecisionCurve {
  const { hits: hitsAt, calls: callsAt, best } = roomFor(telling + 1);
  let [hits, called, points] = [0, 0, 0];
  for (let i = 0; i < telling; i++) {
    const call = calls[i]!;
    const weight = weights === undefined ? 1 : weights[call >>> 1]!;
    called += weight;
    hits += weight * (call & 1);
    hitsAt[points] = hits; // kept only where the next line goes on; without a branch, which no processor could foresee
    callsAt[points] = called;
    points += call & (weight > 0 ? 1 : 0);
  }
  let most = 0;
  for (let i = points - 1; i >= 0; i--) {
    most = Math.max(most, hitsAt[i]! / callsAt[i]!);
    best[i] = most;
  }
  const last = points === 0 ? 0 : callsAt[points - 1]!;
  let behind = called - last;
  for (let i = telling; i < calls.length; i++) behind += weights === undefined ? 1 : weights[calls[i]! >>> 1]!;
  return { points, hits: hitsAt, calls: callsAt, best, all: weightOf(trueIn, weights), behind };
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
function heightAt(
  { points, hits, calls, best, all, behind }: PrecisionCurve,
  passed: number,
  recall: number,
  tail: boolean,
): number {
  const [hitsBefore, callsBefore] = passed === 0 ? [0, 0] : [hits[passed - 1]!, calls[passed - 1]!];
  const from = hitsBefore / all;
  const reached = passed === 0 ? 1 : best[passed - 1]!;
  if (passed < points) {
    const next = best[passed]!;
    const wrongBetween = calls[passed]! - callsBefore > hits[passed]! - hitsBefore; // then the line is at the next point's height already
    return wrongBetween ? next : reached + (next - reached) * Math.min(1, (recall - from) * all);
  }
  if (!tail || points === 0 || from >= 1) return 0;
  return ((hitsBefore / (callsBefore + behind)) * (1 - recall)) / (1 - from);
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
