// Pictures that several figures are put together from.
import sharp from "sharp";
import { extractSlice, type Image, sliceAxis, type Volume } from "../../src/core/volume.ts";

export const tile = 240;

/** The slice of a stack with most of a mask. */
export function largestSlice(mask: Volume): number {
  const axis = sliceAxis(mask);
  const sums = Array.from({ length: mask.shape[axis] }, (_, i) => extractSlice(mask, axis, i).data.reduce((a, b) => a + b, 0));
  return sums.indexOf(Math.max(...sums));
}

/** 1 on the rim of a mask, as a weight of {@link picture}. */
export function rimOf({ width, data }: Image): (i: number) => number {
  return (i) => (data[i] === 1 && [i - 1, i + 1, i - width, i + width].some((j) => (data[j] ?? 0) === 0) ? 1 : 0);
}

/** Grey, with a colour where `weight` is above 0; the second array axis points up. */
export async function picture(
  image: Image,
  weight: (i: number) => number,
  colour: readonly [number, number, number],
): Promise<Buffer> {
  const { width, height, data } = image;
  const rgb = Buffer.alloc(3 * width * height);
  const white = 1100;
  for (let i = 0; i < data.length; i++) {
    const to = 3 * ((i % width) + width * (height - 1 - Math.floor(i / width)));
    const w = weight(i);
    for (let c = 0; c < 3; c++) rgb[to + c] = Math.round((1 - w) * Math.min(255, (255 * data[i]!) / white) + w * colour[c]!);
  }
  return sharp(rgb, { raw: { width, height, channels: 3 } })
    .resize(tile, tile)
    .png()
    .toBuffer();
}

/** Tiles in rows, as a PNG with few colours. */
export async function writeTiles(rows: readonly (readonly Buffer[])[], out: string): Promise<void> {
  const layers = rows.flatMap((row, y) => row.map((input, x) => ({ input, left: x * tile, top: y * tile })));
  await sharp({ create: { width: rows[0]!.length * tile, height: rows.length * tile, channels: 3, background: "#000" } })
    .composite(layers)
    .png({ compressionLevel: 9, palette: true })
    .toFile(out);
}
