import { type Scalar, type Tensor1D, type Tensor2D, type Tensor4D, tf } from "../../backend/tf.ts";
import { patchesOf } from "../../core/patches.ts";
import type { Rectangle } from "../../core/rectangle.ts";
import type { Rng } from "../../core/rng.ts";
import type { Image } from "../../core/volume.ts";
import { type AnchorSize, mapsOf, type YoloOptions } from "../../models/index.ts";
import { headNumbers } from "../../models/yolo/design.ts";
import { hasFlag, lesionBit, minLesionPixels, type TrainSlice } from "../slices.ts";
import { assignTargets, type BoxTarget, placeNumbers } from "./assign.ts";
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
  return patchBoxes({ data: masks.map((bits) => bits & lesionBit), width, height });
}

function patchBoxes(mask: Image<Uint8Array>): Rectangle[] {
  const patches = patchesOf(mask).boxes.filter(({ pixels }) => pixels >= minLesionPixels);
  return patches.sort((a, b) => b.pixels - a.pixels).map(({ x0, y0, x1, y1 }) => ({ left: x0, top: y0, right: x1, bottom: y1 }));
}

/** {@link lesionBoxes} as what a detector of one class finds. */
export function lesionTargets(masks: Uint8Array, width: number, height: number): BoxTarget[] {
  return lesionBoxes(masks, width, height).map((box) => ({ box, label: 0 }));
}

/** The boxes of regions, as their flags have come through augmentation: of a box that is turned, the one around it. */
export function flaggedTargets(masks: Uint8Array, width: number, height: number, regions: number): BoxTarget[] {
  return Array.from({ length: regions }, (_, label) =>
    patchBoxes({ data: masks.map((bits) => (hasFlag(bits, label) ? 1 : 0)), width, height }).map((box) => ({ box, label })),
  ).flat();
}

/**
 * What a detector should say of square windows with these boxes, as one tensor: 1 x levels x places x (1 + numbers of a place), the first being
 * the place's cell. The shape depends on their number alone.
 */
export function boxTarget(boxes: readonly (readonly BoxTarget[])[], size: number, anchors: Anchors, classes: number) {
  const places = 9 * mostBoxes * boxes.length;
  const pictures = boxes.map((of) => of.slice(0, mostBoxes));
  const levels = assignTargets(pictures, { width: size, height: size, anchors, classes, places, anchorRatio });
  const numbers = placeNumbers(classes);
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

/** {@link detectionLoss}. @param rows - Of square windows. @param target - Of {@link boxTarget}. */
export function boxLoss(rows: Tensor4D, target: Tensor4D, options: DetectionLossOptions): Scalar {
  return tf.tidy(() => {
    const side = Math.sqrt((rows.shape[2] * 1024) / 63); // 3 (1/64 + 1/256 + 1/1024) candidates a pixel
    const levels = tf.split(target, target.shape[1], 1).map((level) => {
      const [cells, numbers] = tf.split(tf.reshape(level, target.shape.slice(2)), [1, target.shape[3] - 1], 1);
      return { cells: tf.cast(tf.reshape(cells!, [-1]), "int32") as Tensor1D, numbers: numbers as Tensor2D };
    });
    return detectionLoss(mapsOf(rows, side, side), levels, rows.shape[3] - headNumbers(0), options);
  });
}

/**
 * The anchors to train with: the given ones where they can learn nearly all boxes of the slices or none is to be fitted, else ones that are fitted to these.
 * @param regions - How many regions the boxes are of; 0: they are around blood.
 * @returns With the share of the boxes that they can learn; null where there is no box.
 */
export function settleAnchors(
  rng: Rng,
  slices: readonly TrainSlice[],
  given: Anchors,
  isFitted: boolean,
  regions = 0,
): { readonly anchors: Anchors; readonly isNew: boolean; readonly recall: number } {
  const boxesOf = ({ masks, width, height, lesionPixels }: TrainSlice): Rectangle[] => {
    if (regions > 0) return flaggedTargets(masks, width, height, regions).map(({ box }) => box);
    return lesionPixels < minLesionPixels ? [] : lesionBoxes(masks, width, height);
  };
  const sizes = slices.flatMap(boxesOf).map(({ left, top, right, bottom }): AnchorSize => [right - left, bottom - top]);
  const recallOf = (anchors: readonly AnchorSize[]) => measureAnchors(sizes, anchors, anchorRatio).recall;
  const before = recallOf(given.flat());
  if (!isFitted || sizes.length === 0 || before >= leastRecall) return { anchors: given, isNew: false, recall: before };
  const found = fitAnchors(rng, sizes, anchorOptions.parse({ ratio: anchorRatio }));
  const levels = [0, 3, 6].map((from) => found.slice(from, from + 3).map(([w, h]): [number, number] => [w, h]));
  return { anchors: levels as Anchors, isNew: true, recall: recallOf(found) };
}
