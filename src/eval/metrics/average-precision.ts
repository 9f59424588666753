import { type Rectangle, rectangleIou } from "../../core/rectangle.ts";

/** An object that is there. */
export interface TrueBox {
  /** Number of its picture. */
  readonly image: number;
  readonly label: number;
  readonly box: Rectangle;
}

/** An object that was found. */
export interface FoundBox extends TrueBox {
  readonly score: number;
}

/** The overlaps that COCO averages over: .5 to .95. */
export const cocoOverlaps: readonly number[] = Array.from({ length: 10 }, (_, i) => 0.5 + i * 0.05);

/** Of a picture and class only the best so many count; COCO's. */
const perPicture = 100;

/**
 * Mean over the classes that the truth has, and over the overlaps asked for, of {@link averagePrecision}. In [0, 1]; NaN where the truth is empty.
 * With [.5] it is mAP@.5, with {@link cocoOverlaps} COCO's mAP.
 */
export function meanAveragePrecision(truth: readonly TrueBox[], found: readonly FoundBox[], overlaps: readonly number[]): number {
  const labels = [...new Set(truth.map(({ label }) => label))];
  const of = (label: number, overlap: number) =>
    averagePrecision(truth.filter((box) => box.label === label), found.filter((box) => box.label === label), overlap); // biome-ignore format: one line
  const all = labels.flatMap((label) => overlaps.map((overlap) => of(label, overlap)));
  return all.reduce((a, b) => a + b, 0) / all.length;
}

/**
 * Area under precision over recall for boxes of one class, at 101 recalls: at each the best precision at that recall or beyond it. In [0, 1]; NaN where the
 * truth is empty.
 *
 * Source: the same as pycocotools (COCO's evaluation; Lin et al. 2014, arXiv:1405.0312), all areas, no crowds.
 */
export function averagePrecision(truth: readonly TrueBox[], found: readonly FoundBox[], overlap: number): number {
  return weightedAveragePrecision(matchBoxes(truth, found, overlap));
}

/** Boxes of one class, matched once: what every resample needs. Made by {@link matchBoxes}. */
export interface MatchedBoxes {
  /** From the best score down, to the last that found a true box: whether it found one. Wrong ones after that change nothing. */
  readonly isRight: Uint8Array;
  /** Pictures of these. */
  readonly foundIn: Uint32Array;
  /** Pictures of the true boxes. */
  readonly trueIn: Uint32Array;
}

/**
 * From the best score down each box takes the true box of its picture that it overlaps most, of those not taken, if by at least `overlap`.
 * Equal scores keep the order of their pictures, then their own.
 */
export function matchBoxes(truth: readonly TrueBox[], found: readonly FoundBox[], overlap: number): MatchedBoxes {
  const least = Math.min(overlap, 1 - 1e-10); // an overlap of 1 survives rounding; pycocotools' number
  const [trueIn, foundIn] = [boxesByImage(truth), boxesByImage(found)];
  const images = [...foundIn.keys()].sort((a, b) => a - b);
  const results = images.flatMap((image) => {
    const free = [...(trueIn.get(image) ?? [])];
    return byScore(foundIn.get(image)!)
      .slice(0, perPicture)
      .map(({ box, score }) => {
        let best = -1;
        let most = least;
        for (const [i, other] of free.entries()) {
          const shared = rectangleIou(box, other.box);
          if (shared >= most) [best, most] = [i, shared];
        }
        if (best >= 0) free.splice(best, 1);
        return { image, score, isRight: best >= 0 };
      });
  });
  const ranked = byScore(results);
  const telling = ranked.slice(0, ranked.findLastIndex(({ isRight }) => isRight) + 1);
  return {
    isRight: Uint8Array.from(telling, ({ isRight }) => (isRight ? 1 : 0)),
    foundIn: Uint32Array.from(telling, ({ image }) => image),
    trueIn: Uint32Array.from(truth, ({ image }) => image),
  };
}

/**
 * {@link averagePrecision} of matched boxes, each picture counted `weights[image]` times, as if it were there so often (of equal scores the copies of one box come
 * together); once where `weights` is absent.
 * NaN when no true box has weight.
 */
export function weightedAveragePrecision({ isRight, foundIn, trueIn }: MatchedBoxes, weights?: ArrayLike<number>): number {
  const weightOf = (image: number) => (weights === undefined ? 1 : weights[image]!);
  let all = 0;
  for (const image of trueIn) all += weightOf(image);
  if (all === 0) return Number.NaN;
  // Recall rises and precision peaks at right boxes alone: those between cannot be the best at any recall or beyond.
  const recalls: number[] = [];
  const precisions: number[] = [];
  let [hits, calls] = [0, 0];
  for (let i = 0; i < isRight.length; i++) {
    const weight = weightOf(foundIn[i]!);
    calls += weight;
    if (isRight[i] === 0 || weight === 0) continue;
    hits += weight;
    recalls.push(hits / all);
    precisions.push(hits / calls);
  }
  for (let i = precisions.length - 2; i >= 0; i--) precisions[i] = Math.max(precisions[i]!, precisions[i + 1]!);
  let sum = 0;
  let at = 0;
  for (let i = 0; i <= 100; i++) {
    while (at < recalls.length && recalls[at]! < i * 0.01) at++;
    sum += precisions[at] ?? 0;
  }
  return sum / 101;
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

function byScore<T extends { readonly score: number }>(items: readonly T[]): T[] {
  return [...items].sort((a, b) => b.score - a.score);
}
