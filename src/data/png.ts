import sharp from "sharp";
import type { Image } from "../core/volume.ts";
import { dataFault } from "./faults.ts";
import { readRegularFile } from "./regular-file.ts";

/** Pixels in one picture at most. */
export const mostPixels = 50_000_000;

/**
 * Reads a slice saved as a PNG, JPEG or TIFF picture. See {@link decodePicture}.
 * @throws {UserError} (data) If the file cannot be read or is no such picture.
 */
export async function readPicture(file: string): Promise<Image> {
  return decodePicture(await readRegularFile(file), file);
}

/**
 * Decodes a PNG, JPEG or TIFF to grey values as they are stored: 0-255, or 0-65535 for 16 bits; no colour profile is applied.
 * What counts is the content, not the name. It is turned as EXIF says, so that it lies as it is seen. Three equal channels and a grey
 * palette are grey; transparency goes to black.
 *
 * @param where - File name, for messages.
 * @throws {UserError} (data) If it is another format, coloured, CMYK, of other than 8 or 16 bits (fewer are spread over 0-255), animated or of
 *   several pages, damaged, cut off, or of more than 50 million pixels.
 */
export async function decodePicture(bytes: Buffer, where: string): Promise<Image> {
  pictureFormat(bytes, where);
  try {
    return await decode(bytes, where);
  } catch (error) {
    if (!(error instanceof Error) || error.name === "UserError") throw error;
    const got = error.message.split("\n")[0]!.trim();
    throw dataFault(where, "must be a whole, undamaged picture", got, "Export or copy it again");
  }
}

async function decode(bytes: Buffer, where: string): Promise<Image> {
  const source = sharp(bytes, { limitInputPixels: false, failOn: "warning", ignoreIcc: true });
  const { width, height, space, depth, channels, pages = 1 } = await source.metadata(); // the header alone: no pixel is decoded yet
  if (width * height > mostPixels) {
    throw dataFault(where, `must have at most ${mostPixels} pixels`, `${width} x ${height}`, "Crop it or save it smaller");
  }
  if (space === "cmyk") throw dataFault(where, "must be grey or RGB", "CMYK", "Save it as grey PNG");
  if (pages > 1) throw dataFault(where, "must be one picture", `${pages} pages`, "Save each slice by itself, or give NIfTI");
  if (depth !== "uchar" && depth !== "ushort")
    throw dataFault(where, "pixels must be of 8 or 16 bits without sign", depth, "Save it as 16-bit grey PNG, or give NIfTI");
  const wide = depth === "ushort";
  // Unless it is told a 16-bit space, sharp hands out the upper 8 bits of 16-bit pictures.
  const kept = wide ? source.toColourspace(channels >= 3 ? "rgb16" : "grey16") : source;
  const upright = kept.autoOrient().raw({ depth: wide ? "ushort" : "uchar" });
  const { data, info } = await upright.toBuffer({ resolveWithObject: true });
  const values = wide ? new Uint16Array(data.buffer, data.byteOffset, data.length / 2) : data;
  return { data: toGrey(values, info.channels, wide ? 65535 : 255, where), width: info.width, height: info.height };
}

/** How far apart the channels of a grey picture may lie, as a share of white: what JPEG's rounding does. Our choice. */
const mostColour = 4 / 255;

/**
 * Grey times opacity; equal channels stay exactly what they are.
 * @throws {UserError} (data) If the channels differ: a colour is no T2 signal, but a map, a caliper or a photograph.
 */
function toGrey(values: Uint8Array | Uint16Array, channels: number, top: number, where: string): Float32Array {
  const out = new Float32Array(values.length / channels);
  const colour = channels >= 3;
  const alpha = channels === 2 || channels === 4;
  let coloured = 0;
  for (let i = 0; i < out.length; i++) {
    const at = i * channels;
    const [red, green, blue] = [values[at]!, values[at + (colour ? 1 : 0)]!, values[at + (colour ? 2 : 0)]!];
    if (Math.max(red, green, blue) - Math.min(red, green, blue) > mostColour * top) coloured++;
    const grey = green === red && blue === red ? red : (red + green + blue) / 3;
    out[i] = alpha ? (grey * values[at + channels - 1]!) / top : grey;
  }
  if (coloured === 0) return out;
  throw dataFault(
    where,
    "must be grey: a slice has no colour",
    `${coloured} coloured pixels`,
    "Export it as grey, without marks",
  );
}

/** How the files of a format start, as latin-1 text. */
const signatures: readonly (readonly [string, (start: string) => boolean])[] = [
  ["PNG", (s) => s.startsWith("\x89PNG\r\n\x1a\n")],
  ["JPEG", (s) => s.startsWith("\xff\xd8\xff")],
  ["GIF", (s) => s.startsWith("GIF8")],
  ["TIFF", (s) => s.startsWith("II*\0") || s.startsWith("MM\0*")],
  ["WebP", (s) => s.startsWith("RIFF") && s.startsWith("WEBP", 8)],
  ["BMP", (s) => s.startsWith("BM")],
  ["a gzip file", (s) => s.startsWith("\x1f\x8b")],
  ["DICOM", (s) => s.startsWith("DICM", 128)],
  ["SVG", (s) => /^(?:\xef\xbb\xbf)?\s*<(?:\?xml|!--|!DOCTYPE svg|svg)/i.test(s)],
];

/** The format of a picture by its content. @throws {UserError} (data) If it is none that is read. */
export function pictureFormat(bytes: Buffer, where: string): "PNG" | "JPEG" | "TIFF" {
  const start = bytes.toString("latin1", 0, 512);
  const format = signatures.find(([, matches]) => matches(start))?.[0];
  if (format !== "PNG" && format !== "JPEG" && format !== "TIFF") {
    const got = bytes.length === 0 ? "an empty file" : (format ?? "something else");
    throw dataFault(where, "must be a PNG, JPEG or TIFF picture", got, "Save it as PNG, or give NIfTI");
  }
  if (format === "PNG" && isAnimated(bytes)) {
    throw dataFault(where, "must be a still picture", "an animated PNG", "Save one frame as PNG");
  }
  return format;
}

/** Whether an `acTL` chunk comes before the pixels. */
function isAnimated(png: Buffer): boolean {
  for (let at = 8; at + 8 <= png.length; at += 12 + png.readUInt32BE(at)) {
    const chunk = png.toString("latin1", at + 4, at + 8);
    if (chunk === "acTL") return true;
    if (chunk === "IDAT") return false;
  }
  return false;
}

/** Colours of a PNG, 8 bits each: red, green and blue of every pixel, row by row. @throws {UserError} (data) If it is no whole PNG of 8 bits. */
export async function readColours(file: string): Promise<Image<Uint8Array>> {
  const bytes = await readRegularFile(file);
  const format = pictureFormat(bytes, file);
  if (format !== "PNG") throw dataFault(file, "colours that are labels must be a PNG", format, "Save the original as PNG");
  try {
    const source = sharp(bytes, { limitInputPixels: mostPixels, failOn: "warning", ignoreIcc: true })
      .removeAlpha()
      .toColourspace("srgb");
    const { data, info } = await source.raw().toBuffer({ resolveWithObject: true });
    return { data, width: info.width, height: info.height };
  } catch (error) {
    const got = (error as Error).message.split("\n")[0]!.trim();
    throw dataFault(file, "must be a whole, undamaged picture", got, "Export or copy it again");
  }
}

/** The bytes of a grey PNG of 8 or 16 bits by the image's array. The same image gives the same bytes with the same sharp. */
export function encodeGreyPng({ data, width, height }: Image<Uint8Array> | Image<Uint16Array>): Promise<Buffer> {
  const grey = sharp(data, { raw: { width, height, channels: 1 } });
  return grey
    .toColourspace(data instanceof Uint16Array ? "grey16" : "b-w")
    .png({ compressionLevel: 9 })
    .toBuffer();
}
