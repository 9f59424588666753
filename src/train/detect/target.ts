import { type Scalar, type Tensor1D, type Tensor2D, type Tensor4D, tf } from "../../backend/tf.ts";
import { patchesOf } from "../../core/patches.ts";
import type { Rectangle } from "../../core/rectangle.ts";
import type { Rng } from "../../core/rng.ts";
import { type AnchorSize, mapsOf, type YoloOptions } from "../../models/index.ts";
import { lesionBit, minLesionPixels, type TrainSlice } from "../slices.ts";
import { assignTargets, placeNumbers } from "./assign.ts";
import { fitAnchors, measureAnchors } from "./autoanchor.ts";
import { detectionLoss } from "./loss.ts";
import { anchorOptions, type DetectionLossOptions } from "./options.ts";

export type Anchors = YoloOptions["anchors"];

/** An anchor learns from boxes whose sides are less than this many times its own, and more than this part of them; YOLOv5's. */
const anchorRatio = 4;

/** Of a window, the largest patches so many are boxes to be found. */
const mostBoxes = 32;

/** Anchors are kept where they can learn at least this share of the boxes; YOLOv5's. */
const leastRecall = 0.98;

/** The boxes of the patches of blood in a mask, from {@link minLesionPixels} pixels on; patches that touch by a corner are one. Largest first. */
export function lesionBoxes(masks: Uint8Array, width: number, height: number): Rectangle[] {
  const blood = { data: masks.map((bits) => bits & lesionBit), width, height };
  const patches = patchesOf(blood).boxes.filter(({ pixels }) => pixels >= minLesionPixels);
  return patches.sort((a, b) => b.pixels - a.pixels).map(({ x0, y0, x1, y1 }) => ({ left: x0, top: y0, right: x1, bottom: y1 }));
}

/**
 * What a detector of one class should say of square windows with these masks, as one tensor: 1 x levels x places x (1 + numbers of a place), the first being
 * the place's cell. The shape depends on their number alone.
 */
export function boxTarget(masks: readonly Uint8Array[], size: number, anchors: Anchors) {
  const places = 9 * mostBoxes * masks.length;
  const pictures = masks.map((of) =>
    lesionBoxes(of, size, size)
      .slice(0, mostBoxes)
      .map((box) => ({ box, label: 0 })),
  );
  const levels = assignTargets(pictures, { width: size, height: size, anchors, classes: 1, places, anchorRatio });
  const numbers = placeNumbers(1);
  const data = new Float32Array(levels.length * places * (1 + numbers));
  for (const [level, of] of levels.entries()) {
    for (let i = 0; i < places; i++) {
      const at = (level * places + i) * (1 + numbers);
      data[at] = of.cells[i]!; // exact: there are fewer than 2^24 cells
      data.set(of.numbers.subarray(i * numbers, (i + 1) * numbers), at + 1);
    }
  }
  return { shape: [1, levels.length, places, 1 + numbers] as const, data };
}

/** {@link detectionLoss} of a detector of one class. @param rows - Of square windows. @param target - Of {@link boxTarget}. */
export function boxLoss(rows: Tensor4D, target: Tensor4D, options: DetectionLossOptions): Scalar {
  return tf.tidy(() => {
    const side = Math.sqrt((rows.shape[2] * 1024) / 63); // 3 (1/64 + 1/256 + 1/1024) candidates a pixel
    const levels = tf.split(target, target.shape[1], 1).map((level) => {
      const [cells, numbers] = tf.split(tf.reshape(level, target.shape.slice(2)), [1, target.shape[3] - 1], 1);
      return { cells: tf.cast(tf.reshape(cells!, [-1]), "int32") as Tensor1D, numbers: numbers as Tensor2D };
    });
    return detectionLoss(mapsOf(rows, side, side), levels, 1, options);
  });
}

/**
 * The anchors to train with: the given ones where they can learn nearly all boxes of the slices or none is to be fitted, else ones that are fitted to these.
 * @returns With the share of the boxes that they can learn; null where there is no box.
 */
export function settleAnchors(
  rng: Rng,
  slices: readonly TrainSlice[],
  given: Anchors,
  isFitted: boolean,
): { readonly anchors: Anchors; readonly isNew: boolean; readonly recall: number } {
  const sizes = slices
    .filter(({ lesionPixels }) => lesionPixels >= minLesionPixels)
    .flatMap(({ masks, width, height }) => lesionBoxes(masks, width, height))
    .map(({ left, top, right, bottom }): AnchorSize => [right - left, bottom - top]);
  const recallOf = (anchors: readonly AnchorSize[]) => measureAnchors(sizes, anchors, anchorRatio).recall;
  const before = recallOf(given.flat());
  if (!isFitted || sizes.length === 0 || before >= leastRecall) return { anchors: given, isNew: false, recall: before };
  const found = fitAnchors(rng, sizes, anchorOptions.parse({ ratio: anchorRatio }));
  const levels = [0, 3, 6].map((from) => found.slice(from, from + 3).map(([w, h]): [number, number] => [w, h]));
  return { anchors: levels as Anchors, isNew: true, recall: recallOf(found) };
}
