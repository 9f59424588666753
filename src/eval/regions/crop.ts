import type { Rectangle } from "../../core/rectangle.ts";
import type { Image } from "../../core/volume.ts";
import { resizeImage } from "../../data/resample.ts";

/**
 * The square around a box, resized: the box in its middle, `margin` of its longer side around it, black beyond the picture.
 *
 * @param box - Pixels of the picture.
 * @param side - Of the crop, pixels.
 */
export function cropOf(picture: Image, { left, top, right, bottom }: Rectangle, margin: number, side: number): Image {
  const longer = Math.max(right - left, bottom - top);
  const whole = Math.max(1, Math.round(longer * (1 + 2 * margin)));
  const [x0, y0] = [Math.round((left + right - whole) / 2), Math.round((top + bottom - whole) / 2)];
  const data = new Float32Array(whole * whole);
  for (let y = Math.max(0, -y0); y < Math.min(whole, picture.height - y0); y++) {
    for (let x = Math.max(0, -x0); x < Math.min(whole, picture.width - x0); x++)
      data[x + whole * y] = picture.data[x + x0 + picture.width * (y + y0)]!;
  }
  return resizeImage({ data, width: whole, height: whole }, side, side);
}
