import sharp from "sharp";
import type { Bitmap } from "./bitmap.ts";

/** The bytes of a PNG file. The same picture gives the same bytes with the same sharp. */
export function encodePng({ width, height, data }: Bitmap): Promise<Buffer> {
  return sharp(data, { raw: { width, height, channels: 3 } })
    .png({ compressionLevel: 9, adaptiveFiltering: true })
    .toBuffer();
}
