import { type Tensor, type Tensor2D, type Tensor3D, tf } from "../../backend/tf.ts";
import { type AnchorSize, headNumbers, type YoloOptions, yoloStrides } from "./design.ts";
import type { RawMaps } from "./network.ts";

/** What {@link decodeMaps} gives for each of the candidates of a picture: levels from fine to coarse, then rows, columns, anchors. */
export interface DecodedBoxes {
  /** N x candidates x 4: left, top, right, bottom, pixels of the network's input. */
  readonly boxes: Tensor3D;
  /** N x candidates x classes: probability that there is an object, times that of the class. In [0, 1]. */
  readonly scores: Tensor3D;
}

/**
 * Boxes and scores of raw maps. A box's middle is at most one and a half cells from the corner of its cell, its sides up to four times the anchor's.
 *
 * Source: YOLOv5 v3 and later: middle 2 sigmoid(t) - .5, size (2 sigmoid(t))² of the anchor.
 */
export function decodeMaps(maps: RawMaps, { anchors }: Pick<YoloOptions, "anchors">, classes: number): DecodedBoxes {
  return tf.tidy(() => {
    const levels = maps.map((map, level) => {
      const [batch, height, width] = map.shape;
      const numbers = tf.sigmoid(tf.reshape(map, [batch, height * width * 3, headNumbers(classes)])) as Tensor3D;
      const [middle, size, object, each] = tf.split(numbers, [2, 2, 1, classes], 2) as [Tensor, Tensor, Tensor, Tensor];
      const { corner, anchor } = candidates(height, width, yoloStrides[level]!, anchors[level]!);
      const centre = tf.add(tf.mul(middle, 2 * yoloStrides[level]!), corner);
      return { boxes: boxesAround(centre, size, anchor), scores: tf.mul(each, object) };
    });
    const along = (key: "boxes" | "scores") =>
      tf.concat(
        levels.map((of) => of[key]),
        1,
      ) as Tensor3D;
    return { boxes: along("boxes"), scores: along("scores") };
  });
}

/** Left, top, right and bottom around a middle. @param size - In (0, 1): the sigmoid of the head's number; a side is (2 size)² of the anchor's. */
export function boxesAround(middle: Tensor, size: Tensor, anchor: Tensor): Tensor {
  const half = tf.mul(tf.square(size), tf.mul(anchor, 2));
  return tf.concat([tf.sub(middle, half), tf.add(middle, half)], -1);
}

/** For each candidate of a level: where half a cell before its cell lies, and its anchor. Pixels. */
function candidates(
  height: number,
  width: number,
  stride: number,
  anchors: readonly AnchorSize[],
): { corner: Tensor2D; anchor: Tensor2D } {
  const corner = new Float32Array(height * width * 6);
  const anchor = new Float32Array(height * width * 6);
  let at = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (const size of anchors) {
        corner.set([(x - 0.5) * stride, (y - 0.5) * stride], at);
        anchor.set(size, at);
        at += 2;
      }
    }
  }
  return { corner: tf.tensor2d(corner, [at / 2, 2]), anchor: tf.tensor2d(anchor, [at / 2, 2]) };
}
