import { gatherRows, relu, scatterFixed } from "../../backend/ops.ts";
import { type Scalar, type Tensor, type Tensor1D, type Tensor2D, tf } from "../../backend/tf.ts";
import { boxesAround } from "../../models/yolo/decode.ts";
import { headNumbers } from "../../models/yolo/design.ts";
import type { RawMaps } from "../../models/yolo/network.ts";
import { completeIouLoss } from "../losses/boxes.ts";
import { sigmoidCrossEntropy } from "../losses/pixels.ts";
import { type LevelTargets, placeNumbers } from "./assign.ts";
import type { DetectionLossOptions } from "./options.ts";

/** Weight of the objectness at strides 8, 16 and 32: fine levels have many more anchors, and their mean is the smaller for it. */
const levelBalance = [4, 1, 0.4] as const;

/** {@link LevelTargets} on the device: places, and places x numbers. */
export interface TargetTensors {
  readonly cells: Tensor1D;
  readonly numbers: Tensor2D;
}

/** Puts the targets of a batch on the device. The caller disposes of them. */
export function uploadTargets(levels: readonly LevelTargets[], classes: number): TargetTensors[] {
  return levels.map(({ cells, numbers }) => ({
    cells: tf.tensor1d(cells, "int32"),
    numbers: tf.tensor2d(numbers, [cells.length, placeNumbers(classes)]),
  }));
}

/**
 * Loss of raw maps against the targets of {@link assignTargets}: complete IoU of the boxes that were assigned, cross-entropy of their classes where there are several,
 * and cross-entropy of every anchor's objectness with the overlap that its own box has, 0 where it has none. Each is a mean over what it is taken of, times the batch.
 * The same ops for all targets of one shape, so that it can be traced.
 *
 * Source: YOLOv5 v3 and later.
 */
export function detectionLoss(
  maps: RawMaps,
  targets: readonly TargetTensors[],
  classes: number,
  { boxGain, objectGain, classGain }: DetectionLossOptions,
): Scalar {
  return tf.tidy(() => {
    const [batch, height, width] = maps[0].shape;
    const objects = objectGain * ((64 * height * width) / 640 ** 2);
    const parts = maps.flatMap((map, level) => {
      const { box, object, label } = levelLoss(tf.reshape(map, [-1, headNumbers(classes)]), targets[level]!, classes);
      const weighted = [tf.mul(box, boxGain), tf.mul(object, objects * levelBalance[level]!)];
      return classes > 1 ? [...weighted, tf.mul(label, (classGain * classes) / 80)] : weighted;
    });
    return tf.mul(tf.addN(parts), batch) as Scalar;
  });
}

/** @param rows - Anchors of all cells x numbers of the head. */
function levelLoss(
  rows: Tensor2D,
  { cells, numbers }: TargetTensors,
  classes: number,
): Record<"box" | "object" | "label", Tensor> {
  const [counts, owns, anchor, box, truth] = tf.split(numbers, [1, 1, 2, 4, classes], 1) as [
    Tensor2D,
    Tensor2D,
    Tensor2D,
    Tensor2D,
    Tensor2D,
  ];
  const [place, size, , label] = tf.split(gatherRows(rows, cells), [2, 2, 1, classes], 1) as [
    Tensor2D,
    Tensor2D,
    Tensor2D,
    Tensor2D,
  ];
  const middle = tf.sub(tf.mul(tf.sigmoid(place), 2), 0.5);
  const apart = completeIouLoss(boxesAround(middle, tf.sigmoid(size), anchor) as Tensor2D, box);
  const number = tf.maximum(tf.sum(counts), 1);
  const overlap = tf.mul(relu(tf.sub(1, apart)), tf.reshape(owns, [-1]));
  const objectness = tf.reshape(tf.slice(rows, [0, 4], [-1, 1]), [-1]);
  const wanted = scatterFixed(overlap as Tensor1D, cells, rows.shape[0]);
  return {
    box: tf.div(tf.sum(tf.mul(apart, tf.reshape(counts, [-1]))), number),
    object: tf.mean(sigmoidCrossEntropy(objectness, wanted)),
    label: tf.div(tf.sum(tf.mul(sigmoidCrossEntropy(label, truth), counts)), tf.mul(number, classes)),
  };
}
