import type { Rectangle } from "../core/rectangle.ts";
import type { Image } from "../core/volume.ts";
import { resizeImage } from "../data/resample.ts";
import { type Bitmap, type Colour, newBitmap } from "./bitmap.ts";
import { resizeCubic } from "./cubic.ts";

/** A part of a slice, pixels: from (x, y), `side` wide and high. It may reach over the border, where it is black. */
export interface Crop {
  readonly x: number;
  readonly y: number;
  readonly side: number;
}

/** A mask shown by its outline. Drawn inside of one mask and outside of another, outlines that agree are both seen. */
export interface Outline {
  readonly mask: Image<Uint8Array>;
  readonly colour: Colour;
  readonly where: "inside" | "outside";
}

/** Orange and light blue: told apart with any colour vision, on grey and on paper. */
export const predictionColour: Colour = [255, 158, 27];
export const truthColour: Colour = [70, 199, 255];

/**
 * Draws a part of a slice in grey, probabilities over it in colour, and outlines on top.
 *
 * Grey goes from the 1st to the 99.5th percentile of the part that is shown, black where nothing is.
 *
 * @param layers - All of one size.
 * @param side - Width and height of the picture, pixels.
 */
export function drawOverlay(
  layers: { readonly grey: Image; readonly probability: Image | null; readonly outlines: readonly Outline[] },
  crop: Crop,
  side: number,
): Bitmap {
  const grey = resizeCubic(cropImage(layers.grey, crop), side, side);
  const [black, white] = greyWindow(cropImage(layers.grey, crop).data);
  const bitmap = newBitmap(side, side);
  const probability = layers.probability && resizeImage(cropImage(layers.probability, crop), side, side).data;
  for (let i = 0; i < side * side; i++) {
    const level = white > black ? Math.min(1, Math.max(0, (grey.data[i]! - black) / (white - black))) : 0;
    const [colour, share] = heat(probability?.[i] ?? 0);
    for (let c = 0; c < 3; c++) bitmap.data[3 * i + c] = Math.round((1 - share) * 255 * level + share * colour[c]!);
  }
  for (const outline of layers.outlines) drawOutline(bitmap, outline, crop);
  return bitmap;
}

/** Colour and opacity of a probability: clear below 0.05, yellow to red, never hiding the image. */
export function heat(p: number): readonly [Colour, number] {
  if (!(p >= 0.05)) return [[0, 0, 0], 0];
  return [[255, Math.round(235 - 190 * p), Math.round(60 - 30 * p)], 0.15 + 0.35 * p];
}

/**
 * A square around the set pixels of masks with a margin, at least `leastSide`; the whole of the slice where none is set.
 * @param size - Of the slices, and of the masks if there are any.
 */
export function cropAround(
  { width, height }: Pick<Image, "width" | "height">,
  masks: readonly Image<Uint8Array>[],
  margin: number,
  leastSide: number,
): Crop {
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (const mask of masks) {
    for (let i = 0; i < mask.data.length; i++) {
      if (mask.data[i] === 0) continue;
      const [x, y] = [i % width, Math.floor(i / width)];
      [left, top, right, bottom] = [Math.min(left, x), Math.min(top, y), Math.max(right, x), Math.max(bottom, y)];
    }
  }
  if (right < 0) [left, top, right, bottom] = [0, 0, width - 1, height - 1];
  const whole = right - left + 1 === width && bottom - top + 1 === height;
  const side = Math.max(right - left + 1, bottom - top + 1, whole ? 1 : leastSide) + (whole ? 0 : 2 * margin);
  return { x: Math.round((left + right + 1 - side) / 2), y: Math.round((top + bottom + 1 - side) / 2), side };
}

function cropImage(image: Image, { x, y, side }: Crop): Image {
  const data = new Float32Array(side * side);
  for (let v = 0; v < side; v++) {
    const row = y + v;
    if (row < 0 || row >= image.height) continue;
    for (let u = Math.max(0, -x); u < side && x + u < image.width; u++)
      data[u + side * v] = image.data[x + u + image.width * row]!;
  }
  return { data, width: side, height: side };
}

function greyWindow(data: Float32Array): readonly [number, number] {
  const values = data.filter((v) => v > 0).sort();
  const at = (share: number) => values[Math.round(share * (values.length - 1))] ?? 0;
  return [Math.min(at(0.01), 0.5 * at(0.5)), at(0.995)];
}

/** A rectangle as a mask whose outline can be drawn: the pixels whose middle it holds, and one at least. */
export function rectangleMask(box: Rectangle, { width, height }: Pick<Image, "width" | "height">): Image<Uint8Array> {
  const data = new Uint8Array(width * height);
  const [left, top] = [Math.min(width - 1, Math.round(box.left)), Math.min(height - 1, Math.round(box.top))];
  for (let y = top; y < Math.max(top + 1, Math.round(box.bottom)); y++)
    data.fill(1, left + width * y, width * y + Math.max(left + 1, Math.round(box.right)));
  return { data, width, height };
}

/** Two pixels wide, along where at least half of a pixel is mask. */
function drawOutline({ data, width: side }: Bitmap, { mask, colour, where }: Outline, crop: Crop): void {
  const share = resizeImage(cropImage({ ...mask, data: Float32Array.from(mask.data) }, crop), side, side).data;
  const inside = (x: number, y: number) => x >= 0 && y >= 0 && x < side && y < side && share[x + side * y]! >= 0.5;
  const own = where === "inside";
  const reach = [-2, -1, 1, 2];
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      if (inside(x, y) !== own) continue;
      if (reach.some((d) => inside(x + d, y) !== own || inside(x, y + d) !== own)) data.set(colour, 3 * (x + side * y));
    }
  }
}
