import { inkText, letterHeight, letterStep } from "./font.ts";

/** Red, green, blue, 0-255. */
export type Colour = readonly [number, number, number];

/** A colour picture that is being drawn: row-major, three bytes a pixel. */
export interface Bitmap {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

export function newBitmap(width: number, height: number, colour: Colour = [0, 0, 0]): Bitmap {
  const bitmap = { width, height, data: new Uint8Array(3 * width * height) };
  fillBox(bitmap, 0, 0, width, height, colour);
  return bitmap;
}

/** Sets a pixel; outside the picture nothing happens. */
function setPixel({ width, height, data }: Bitmap, x: number, y: number, colour: Colour): void {
  if (x >= 0 && y >= 0 && x < width && y < height) data.set(colour, 3 * (x + width * y));
}

export function fillBox(bitmap: Bitmap, x: number, y: number, width: number, height: number, colour: Colour): void {
  for (let v = y; v < y + height; v++) for (let u = x; u < x + width; u++) setPixel(bitmap, u, v, colour);
}

/** Copies `source` with its top left at (x, y). It must fit. */
export function pasteBitmap(bitmap: Bitmap, source: Bitmap, x: number, y: number): void {
  for (let v = 0; v < source.height; v++) {
    const row = source.data.subarray(3 * source.width * v, 3 * source.width * (v + 1));
    bitmap.data.set(row, 3 * (x + bitmap.width * (y + v)));
  }
}

/** Draws text with a dark rim, so that it can be read on any grey. */
export function drawText(bitmap: Bitmap, text: string, x: number, y: number, colour: Colour, scale = 1): void {
  const dots: [number, number][] = [];
  inkText(text, (u, v) => dots.push([x + u * scale, y + v * scale]));
  for (const [u, v] of dots) fillBox(bitmap, u - 1, v - 1, scale + 2, scale + 2, [0, 0, 0]);
  for (const [u, v] of dots) fillBox(bitmap, u, v, scale, scale, colour);
}

/** Width and height of text, pixels. */
export function textSize(text: string, scale = 1): readonly [number, number] {
  return [Math.max(0, [...text].length * letterStep - 1) * scale, letterHeight * scale];
}
