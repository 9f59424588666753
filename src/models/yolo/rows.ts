import { type Tensor4D, tf } from "../../backend/tf.ts";
import { decodeMaps } from "./decode.ts";
import { headNumbers, type YoloOptions, yoloStrides } from "./design.ts";
import type { RawMaps } from "./network.ts";
import { type Detection, type DetectionOptions, detectionsOf } from "./suppress.ts";

/** Raw maps as one tensor, N x 1 x candidates x (5 + classes): levels from fine to coarse, then rows, columns, anchors. */
export function rowsOf(maps: RawMaps): Tensor4D {
  return tf.tidy(() => {
    const levels = maps.map((map) => {
      const [batch, height, width, numbers] = map.shape;
      return tf.reshape(map, [batch, 1, height * width * 3, numbers / 3]);
    });
    return tf.concat(levels, 2) as Tensor4D;
  });
}

/** The maps of {@link rowsOf}, of an input of `height` x `width` pixels. @throws {RangeError} If there are not as many candidates as that has. */
export function mapsOf(rows: Tensor4D, height: number, width: number): RawMaps {
  const [batch, , candidates, numbers] = rows.shape;
  const sizes = yoloStrides.map((stride) => [height / stride, width / stride] as const);
  const counts = sizes.map(([h, w]) => 3 * h * w);
  const needed = counts.reduce((a, b) => a + b);
  if (candidates !== needed)
    throw new RangeError(`mapsOf: ${height} x ${width} pixels have ${needed} candidates; got ${candidates}`);
  return tf.tidy(() =>
    tf.split(rows, counts, 2).map((level, i) => tf.reshape(level, [batch, ...sizes[i]!, 3 * numbers])),
  ) as RawMaps;
}

/** What rows are of. */
export interface RowsOptions extends Pick<YoloOptions, "anchors"> {
  /** Of the network's input, pixels. */
  readonly height: number;
  readonly width: number;
  readonly classes: number;
}

/**
 * The objects of one picture, best first, boxes in pixels of the network's input.
 * @param row - Candidates x (5 + classes), as {@link rowsOf} has them.
 */
export function detectInRows(
  row: Float32Array,
  { height, width, classes, anchors }: RowsOptions,
  options: DetectionOptions,
): Detection[] {
  const numbers = headNumbers(classes);
  const [boxes, scores] = tf.tidy(() => {
    const maps = mapsOf(tf.tensor4d(row, [1, 1, row.length / numbers, numbers]), height, width);
    const decoded = decodeMaps(maps, { anchors }, classes);
    return [decoded.boxes.dataSync(), decoded.scores.dataSync()] as const;
  });
  return detectionsOf(boxes, scores, classes, options);
}
