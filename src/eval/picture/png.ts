import sharp from "sharp";
import type { Image } from "../../core/volume.ts";
import { dataFault } from "../../data/faults.ts";
import type { Bitmap } from "./bitmap.ts";

/** The bytes of a PNG file. */
export function encodePng({ width, height, data }: Bitmap): Promise<Buffer> {
  return sharp(data, { raw: { width, height, channels: 3 } })
    .png({ compressionLevel: 9, adaptiveFiltering: true })
    .toBuffer();
}

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const mostPixels = 50_000_000;

/**
 * Decodes a PNG file to grey, 0-255 or 0-65535 by its depth. Colour is turned to grey, transparency goes to black, and of an
 * animated PNG the first picture is taken.
 *
 * @param where - File name, for messages.
 * @throws {UserError} (data) If it is no PNG, damaged, or of more than 50 million pixels.
 */
export async function decodePng(bytes: Buffer, where: string): Promise<Image> {
  if (!bytes.subarray(0, 8).equals(signature))
    throw dataFault(where, "must be a PNG file", "something else", "Convert it to PNG or NIfTI");
  try {
    const image = sharp(bytes, { limitInputPixels: mostPixels, failOn: "warning" });
    const wide = (await image.metadata()).depth === "ushort";
    const grey = image.flatten({ background: "#000" }).toColourspace(wide ? "grey16" : "b-w");
    const { data, info } = await grey.raw({ depth: wide ? "ushort" : "uchar" }).toBuffer({ resolveWithObject: true });
    if (info.channels !== 1) throw new Error(`${info.channels} channels`);
    const values = wide ? new Uint16Array(data.buffer, data.byteOffset, data.length / 2) : data;
    return { data: Float32Array.from(values), width: info.width, height: info.height };
  } catch (error) {
    const got = (error as Error).message.split("\n")[0]!;
    throw dataFault(where, `must be a whole PNG of at most ${mostPixels} pixels`, got, "Export it again");
  }
}
