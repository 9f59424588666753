import { movedRectangle, type Rectangle } from "../core/rectangle.ts";
import type { Image } from "../core/volume.ts";
import { resizeImage } from "./resample.ts";

/** How a picture comes into a network's input, fully decided: resized to `inner`, then laid into `outer` with its corner at (`left`, `top`). Pixels. */
export interface Letterbox {
  readonly picture: readonly [width: number, height: number];
  readonly inner: readonly [width: number, height: number];
  readonly outer: readonly [width: number, height: number];
  readonly left: number;
  readonly top: number;
}

/**
 * The largest fit of a picture into `side` x `side` that keeps its shape to the pixel, in the middle; with `multiple` the margins end at the next multiple of it
 * in place of the square.
 *
 * @param multiple - Divides `side`.
 * @throws {RangeError} If a size is not a positive integer, or `multiple` does not divide `side`.
 */
export function planLetterbox([width, height]: readonly [number, number], side: number, multiple = side): Letterbox {
  for (const size of [width, height, side, multiple])
    if (!Number.isInteger(size) || size < 1)
      throw new RangeError(`planLetterbox: a size must be a positive integer; got ${size}`);
  if (side % multiple !== 0) throw new RangeError(`planLetterbox: multiple must divide the side of ${side}; got ${multiple}`);
  const scale = Math.min(side / width, side / height);
  const resized = (size: number) => Math.min(side, Math.max(1, Math.round(size * scale)));
  const inner = [resized(width), resized(height)] as const;
  const outer = [multiple * Math.ceil(inner[0] / multiple), multiple * Math.ceil(inner[1] / multiple)] as const;
  const before = (axis: 0 | 1) => Math.floor((outer[axis] - inner[axis]) / 2);
  return { picture: [width, height], inner, outer, left: before(0), top: before(1) };
}

/** The picture within its margins. @param fill - What the margins hold, in the unit of the image. @throws {RangeError} If the image is of another size. */
export function applyLetterbox(image: Image, { picture, inner, outer, left, top }: Letterbox, fill = 0): Image {
  if (image.width !== picture[0] || image.height !== picture[1])
    throw new RangeError(`applyLetterbox: planned for ${picture.join(" x ")} pixels; got ${image.width} x ${image.height}`);
  const small = resizeImage(image, inner[0], inner[1]).data;
  const data = new Float32Array(outer[0] * outer[1]).fill(fill);
  for (let y = 0; y < inner[1]; y++) data.set(small.subarray(y * inner[0], (y + 1) * inner[0]), (y + top) * outer[0] + left);
  return { data, width: outer[0], height: outer[1] };
}

/** Where a box of the picture lies in the network's input. */
export function intoLetterbox(box: Rectangle, { picture, inner, left, top }: Letterbox): Rectangle {
  return movedRectangle(box, [inner[0] / picture[0], inner[1] / picture[1]], [left, top]);
}

/** Where a box of the network's input lies in the picture: the inverse of {@link intoLetterbox}. */
export function outOfLetterbox(box: Rectangle, { picture, inner, left, top }: Letterbox): Rectangle {
  return movedRectangle(movedRectangle(box, [1, 1], [-left, -top]), [picture[0] / inner[0], picture[1] / inner[1]], [0, 0]);
}
