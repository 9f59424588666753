import { type Rectangle, rectangleArea } from "../../core/rectangle.ts";
import { cocoAreas, cocoOverlaps, type FoundColumns, matchColumns, type TrueColumns } from "./detection/match.ts";
import { type ScoredCalls, scoreCalls } from "./detection/operating.ts";
import { areaUnder, precisionCurve, type RankedCalls, rankCalls } from "./detection/precision.ts";

export { cocoOverlaps };

/** An object that is there. */
export interface TrueBox {
  /** Number of its picture, from 0. */
  readonly image: number;
  /** Of its class, from 0. */
  readonly label: number;
  readonly box: Rectangle;
}

/** An object that was found. */
export interface FoundBox extends TrueBox {
  readonly score: number;
}

/**
 * Mean over the classes that the truth has, and over the overlaps asked for, of {@link averagePrecision}. In [0, 1]; NaN where the truth is empty.
 * With [.5] it is mAP@.5, with {@link cocoOverlaps} COCO's mAP.
 */
export function meanAveragePrecision(truth: readonly TrueBox[], found: readonly FoundBox[], overlaps: readonly number[]): number {
  const all = matchBoxes(truth, found, overlaps).flatMap((ofClass) => ofClass.map((ranked) => weightedAveragePrecision(ranked)));
  return all.reduce((a, b) => a + b, 0) / all.length;
}

/**
 * Area under precision over recall for boxes of one class, at 101 recalls: at each the best precision at that recall or beyond it. In [0, 1]; NaN where the
 * truth is empty.
 *
 * Source: the same as pycocotools (COCO's evaluation; Lin et al. 2014, arXiv:1405.0312), all areas, no crowds.
 */
export function averagePrecision(truth: readonly TrueBox[], found: readonly FoundBox[], overlap: number): number {
  const [ofClass] = matchBoxes(truth, found, [overlap]);
  return ofClass === undefined ? Number.NaN : weightedAveragePrecision(ofClass[0]!);
}

/** Matches boxes as {@link matchColumns}, all areas, no crowds: for each class that the truth has, ascending, the calls at each overlap. */
export function matchBoxes(
  truth: readonly TrueBox[],
  found: readonly FoundBox[],
  overlaps: readonly number[],
): readonly (readonly RankedCalls[])[] {
  const there = new Set(truth.map(({ label }) => label));
  return matchColumns(trueColumns(truth), foundColumns(found), { overlaps, areas: [cocoAreas.all] })
    .filter(({ label }) => there.has(label))
    .map((matched) => overlaps.map((_, o) => rankCalls(matched, 0, o)));
}

/** Boxes of all classes matched at one overlap, in the order of their scores. */
export function scoreBoxes(truth: readonly TrueBox[], found: readonly FoundBox[], overlap: number): ScoredCalls {
  const matched = matchColumns(trueColumns(truth), foundColumns(found), { overlaps: [overlap], areas: [cocoAreas.all] });
  return scoreCalls(matched, 0, 0);
}

/**
 * {@link averagePrecision} of matched boxes, each picture counted `weights[image]` times, as if it were there so often (of equal scores the copies of one box come
 * together); once where `weights` is absent.
 * NaN when no true box has weight.
 */
export function weightedAveragePrecision(ranked: RankedCalls, weights?: ArrayLike<number>): number {
  return areaUnder(precisionCurve(ranked, weights), "coco");
}

function trueColumns(boxes: readonly TrueBox[]): TrueColumns {
  return {
    ...columns(boxes),
    area: Float64Array.from(boxes, ({ box }) => rectangleArea(box)),
    crowd: new Uint8Array(boxes.length),
  };
}

function foundColumns(boxes: readonly FoundBox[]): FoundColumns {
  return { ...columns(boxes), score: Float64Array.from(boxes, ({ score }) => score) };
}

function columns(boxes: readonly TrueBox[]): Pick<TrueColumns, "image" | "label" | "sides"> {
  const sides = boxes.flatMap(({ box: { left, top, right, bottom } }) => [left, top, right - left, bottom - top]);
  return {
    image: Uint32Array.from(boxes, ({ image }) => image),
    label: Uint32Array.from(boxes, ({ label }) => label),
    sides: Float64Array.from(sides),
  };
}

/** Boxes by the number of their picture, in their order. */
export function boxesByImage<T extends TrueBox>(boxes: readonly T[]): Map<number, T[]> {
  const groups = new Map<number, T[]>();
  for (const box of boxes) {
    const group = groups.get(box.image);
    if (group === undefined) groups.set(box.image, [box]);
    else group.push(box);
  }
  return groups;
}
