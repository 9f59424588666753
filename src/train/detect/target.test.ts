import { expect, test } from "vitest";
import { usable } from "../../../test/helpers/torch-cases.ts";
import { type Tensor4D, tf } from "../../backend/tf.ts";
import { seededRng } from "../../core/rng.ts";
import { modelOptions, type YoloOptions } from "../../models/index.ts";
import { rowsOf } from "../../models/yolo/rows.ts";
import { brainBit, lesionBit, type TrainSlice } from "../slices.ts";
import { assignTargets } from "./assign.ts";
import { detectionLoss, uploadTargets } from "./loss.ts";
import { drawMosaic, mosaicOptions, mosaicWindow } from "./mosaic.ts";
import { detectionLossOptions } from "./options.ts";
import { boxLoss, boxTarget, lesionBoxes, lesionTargets, settleAnchors } from "./target.ts";

const side = 64;
const { anchors } = modelOptions.parse({ kind: "yolov5" }) as YoloOptions;

/** Rectangles of blood in a brain: left, top, width, height. */
function masksOf(...rectangles: readonly (readonly [number, number, number, number])[]): Uint8Array {
  const masks = new Uint8Array(side * side).fill(brainBit);
  for (const [x, y, w, h] of rectangles)
    for (let v = y; v < y + h; v++) for (let u = x; u < x + w; u++) masks[u + side * v]! |= lesionBit;
  return masks;
}

test("boxes are those of the patches, largest first, without specks", () => {
  const boxes = lesionBoxes(masksOf([3, 4, 5, 2], [20, 30, 10, 12], [30, 42, 2, 2], [60, 60, 1, 3]), side, side);
  expect(boxes).toEqual([
    { left: 20, top: 30, right: 32, bottom: 44 }, // touched by the third at a corner
    { left: 3, top: 4, right: 8, bottom: 6 },
  ]);
  expect(lesionBoxes(masksOf(), side, side)).toEqual([]);
});

test("the loss of rows and one tensor of targets is that of maps and places", async () => {
  await usable("cpu");
  const rng = seededRng(4);
  const maps = [8, 16, 32].map((s) => {
    const data = Float32Array.from({ length: 2 * (side / s) ** 2 * 18 }, () => rng.normal());
    return tf.tensor4d(data, [2, side / s, side / s, 18]);
  }) as [Tensor4D, Tensor4D, Tensor4D];
  const masks = [masksOf([3, 4, 15, 12], [30, 30, 20, 9]), masksOf([10, 5, 30, 40])];
  const options = detectionLossOptions.parse({});
  const targetsOf = (all: readonly Uint8Array[]) => boxTarget(all.map((of) => lesionTargets(of, side, side)), side, anchors, 1); // biome-ignore format: short
  const { shape, data } = targetsOf(masks);
  const packed = boxLoss(rowsOf(maps), tf.tensor4d(data, [...shape]), options).dataSync()[0]!;
  const pictures = masks.map((of) => lesionBoxes(of, side, side).map((box) => ({ box, label: 0 })));
  const levels = assignTargets(pictures, { width: side, height: side, anchors, classes: 1, places: 27, anchorRatio: 4 });
  const plain = detectionLoss(maps, uploadTargets(levels, 1), 1, options).dataSync()[0]!;
  expect(packed / plain).toBeCloseTo(1, 6);
  expect(targetsOf([masksOf(), masksOf()]).shape).toEqual(shape); // whatever they show
});

test("anchors that can learn nearly all boxes are kept, others fitted; without boxes the given stay", () => {
  const sliceOf = (masks: Uint8Array) => ({ masks, width: side, height: side, lesionPixels: masks.filter((m) => m & lesionBit).length }) as TrainSlice; // biome-ignore format: one line
  const fitting = [sliceOf(masksOf([3, 4, 12, 13], [30, 30, 16, 25]))];
  expect(settleAnchors(seededRng(1), fitting, anchors, true)).toEqual({ anchors, isNew: false, recall: 1 });
  const thin = [sliceOf(masksOf([3, 4, 40, 2], [3, 20, 30, 1], [10, 40, 2, 20]))];
  const kept = settleAnchors(seededRng(1), thin, anchors, false);
  expect([kept.anchors, kept.isNew, kept.recall]).toEqual([anchors, false, 0]);
  const found = settleAnchors(seededRng(1), thin, anchors, true);
  expect([found.isNew, found.recall]).toEqual([true, 1]);
  expect(modelOptions.parse({ kind: "yolov5", anchors: found.anchors })).toMatchObject({ anchors: found.anchors });
  expect(settleAnchors(seededRng(1), [sliceOf(masksOf())], anchors, true)).toMatchObject({ anchors, isNew: false });
});

test("in a mosaic of windows masks stay on what they are of", () => {
  for (let seed = 0; seed < 20; seed++) {
    // Blood is bright, brain grey: wherever the image is clearly one of them, so is the mask.
    const windows = [0, 1, 2, 3].map((i) => {
      const masks = masksOf([10 + 3 * i, 12, 20, 24]);
      return { masks, image: Float32Array.from(masks, (bits) => (bits & lesionBit ? 1 : 0.5)) };
    });
    const sizes = windows.map(() => [side, side] as const);
    const { image, masks } = mosaicWindow(windows, drawMosaic(seededRng(seed), sizes, mosaicOptions.parse({}), side));
    let [blood, wrong] = [0, 0];
    for (const [i, value] of image.entries()) {
      const expected = value > 0.97 ? lesionBit | brainBit : Math.abs(value - 0.5) < 0.01 ? brainBit : value === 0 ? 0 : null;
      if (expected !== null && expected !== masks[i]) wrong++;
      if (masks[i]! & lesionBit) blood++;
    }
    expect([wrong, blood > 0]).toEqual([0, true]);
  }
});
