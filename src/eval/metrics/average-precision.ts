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
 * truth is empty. From the best score down each box takes the true box of its picture that it overlaps most, of those not taken, if by at least `overlap`.
 * Equal scores keep the order of their pictures, then their own.
 *
 * Source: the same as pycocotools (COCO's evaluation; Lin et al. 2014, arXiv:1405.0312), all areas, no crowds.
 */
export function averagePrecision(truth: readonly TrueBox[], found: readonly FoundBox[], overlap: number): number {
  const right = matched(truth, found, overlap);
  const recalls: number[] = [];
  const precisions: number[] = [];
  let hits = 0;
  for (const [i, isRight] of right.entries()) {
    if (isRight) hits++;
    recalls.push(hits / truth.length);
    precisions.push(hits / (i + 1));
  }
  for (let i = precisions.length - 2; i >= 0; i--) precisions[i] = Math.max(precisions[i]!, precisions[i + 1]!);
  if (truth.length === 0) return Number.NaN;
  let sum = 0;
  let at = 0;
  for (let i = 0; i <= 100; i++) {
    while (at < recalls.length && recalls[at]! < i * 0.01) at++;
    sum += precisions[at] ?? 0;
  }
  return sum / 101;
}

/** Whether each box that counts found a true one, from the best score down. */
function matched(truth: readonly TrueBox[], found: readonly FoundBox[], overlap: number): boolean[] {
  const least = Math.min(overlap, 1 - 1e-10); // an overlap of 1 survives rounding; pycocotools' number
  const images = [...new Set(found.map(({ image }) => image))].sort((a, b) => a - b);
  const results = images.flatMap((image) => {
    const free = truth.filter((box) => box.image === image);
    return byScore(found.filter((box) => box.image === image))
      .slice(0, perPicture)
      .map(({ box, score }) => {
        let best = -1;
        let most = least;
        for (const [i, other] of free.entries()) {
          const shared = rectangleIou(box, other.box);
          if (shared >= most) [best, most] = [i, shared];
        }
        if (best >= 0) free.splice(best, 1);
        return { score, isRight: best >= 0 };
      });
  });
  return byScore(results).map(({ isRight }) => isRight);
}

function byScore<T extends { readonly score: number }>(items: readonly T[]): T[] {
  return [...items].sort((a, b) => b.score - a.score);
}
