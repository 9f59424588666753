import { crc32, inflateSync } from "node:zlib";
import sharp from "sharp";
import type { Image } from "../core/volume.ts";
import { dataFault } from "./faults.ts";
import { decodePicture, mostPixels, pictureFormat } from "./png.ts";

/**
 * The ids in a label map or mask saved as a picture: the stored numbers of a grey or indexed PNG of any bit depth, whatever colours its palette
 * gives them, or of a grey TIFF. libvips hands out a palette's colours and spreads 1, 2 and 4 bits over 0-255, so PNG is decoded here.
 *
 * @param where - File name, for messages.
 * @throws {UserError} (data) If it is JPEG (which changes numbers), has colours or transparency, is turned by EXIF, damaged or cut off.
 * Source: PNG, third edition, W3C 2025.
 */
export async function decodeLabelPicture(bytes: Buffer, where: string): Promise<Image<Uint16Array>> {
  const format = pictureFormat(bytes, where);
  if (format === "JPEG")
    throw dataFault(where, "labels and masks must be kept as they are", "JPEG, which changes numbers", "Save them as PNG");
  const { orientation = 1 } = await sharp(bytes, { limitInputPixels: false }).metadata().catch(() => ({ orientation: 1 })); // biome-ignore format: one line
  if (orientation !== 1)
    throw dataFault(where, "labels must lie as they are seen", "a picture that EXIF turns", "Save it again without EXIF");
  if (format === "PNG") return decodePng(bytes, where);
  const { data, width, height } = await decodePicture(bytes, where);
  return { data: Uint16Array.from(data), width, height };
}

/** What a PNG's header says. */
interface PngHeader {
  readonly width: number;
  readonly height: number;
  /** Bits of a pixel; there is one channel. */
  readonly depth: number;
  readonly interlaced: boolean;
}

const damaged = (where: string, got: string) =>
  dataFault(where, "must be a whole, undamaged picture", got, "Export or copy it again");

function decodePng(bytes: Buffer, where: string): Image<Uint16Array> {
  const chunks = chunksOf(bytes, where);
  const header = headerOf(chunks.find(({ name }) => name === "IHDR")?.data, where);
  const packed = Buffer.concat(chunks.filter(({ name }) => name === "IDAT").map(({ data }) => data));
  const passes = passesOf(header).map((pass) => ({ ...pass, rowBytes: Math.ceil((pass.width * header.depth) / 8) }));
  const expected = passes.reduce((sum, { rowBytes, height }) => sum + height * (1 + rowBytes), 0);
  const lines = inflate(packed, expected, where);
  const data = new Uint16Array(header.width * header.height);
  let at = 0;
  for (const { x0, y0, dx, dy, width, height, rowBytes } of passes) {
    let above: Uint8Array = new Uint8Array(rowBytes);
    for (let row = 0; row < height; row++, at += 1 + rowBytes) {
      above = unfiltered(lines[at]!, lines.subarray(at + 1, at + 1 + rowBytes), above, Math.ceil(header.depth / 8), where);
      for (let i = 0; i < width; i++) data[x0 + i * dx + header.width * (y0 + row * dy)] = sampleOf(above, i, header.depth);
    }
  }
  return { data, width: header.width, height: header.height };
}

/** The chunks up to IEND, checked. */
function chunksOf(bytes: Buffer, where: string): { readonly name: string; readonly data: Buffer }[] {
  const chunks = [];
  for (let at = 8; at + 12 <= bytes.length; ) {
    const end = at + 8 + bytes.readUInt32BE(at);
    if (end + 4 > bytes.length) break;
    const name = bytes.toString("latin1", at + 4, at + 8);
    if (crc32(bytes.subarray(at + 4, end)) !== bytes.readUInt32BE(end)) throw damaged(where, `a wrong checksum in ${name}`);
    if (name === "IEND") return chunks;
    chunks.push({ name, data: bytes.subarray(at + 8, end) });
    at = end + 4;
  }
  throw damaged(where, "a PNG that is cut off");
}

const colourNames = new Map([[2, "RGB"], [4, "grey with transparency"], [6, "RGB with transparency"]]); // biome-ignore format: a list

function headerOf(data: Buffer | undefined, where: string): PngHeader {
  if (data?.length !== 13) throw damaged(where, "a PNG without a header");
  const [width, height] = [data.readUInt32BE(0), data.readUInt32BE(4)];
  const [depth, colour, , , interlace] = data.subarray(8) as unknown as [number, number, number, number, number];
  if (colour !== 0 && colour !== 3) {
    const got = colourNames.get(colour) ?? `colour type ${colour}`;
    throw dataFault(where, "a label map or mask must be a grey or indexed picture of ids", got, "Save the ids as grey PNG");
  }
  if (width * height > mostPixels)
    throw dataFault(where, `must have at most ${mostPixels} pixels`, `${width} x ${height}`, "Crop it or save it smaller");
  if (width === 0 || height === 0 || ![1, 2, 4, 8, 16].includes(depth))
    throw damaged(where, `${width} x ${height}, ${depth} bits`);
  return { width, height, depth, interlaced: interlace === 1 };
}

/** First column and row of each pass of Adam7, and the steps between its pixels. */
const adam7 = [[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]] as const; // biome-ignore format: a table

function passesOf({ width, height, interlaced }: PngHeader) {
  const all = interlaced ? adam7 : ([[0, 0, 1, 1]] as const);
  return all
    .map(([x0, y0, dx, dy]) => ({ x0, y0, dx, dy, width: Math.ceil((width - x0) / dx), height: Math.ceil((height - y0) / dy) }))
    .filter((pass) => pass.width > 0 && pass.height > 0);
}

function inflate(packed: Buffer, expected: number, where: string): Buffer {
  try {
    const lines = inflateSync(packed, { maxOutputLength: expected + 65536 });
    if (lines.length >= expected) return lines;
  } catch {
    // said below
  }
  throw damaged(where, "pixels that cannot be unpacked");
}

/** A row of bytes from what a filter left of it. `step`: bytes of a pixel, at least 1. */
function unfiltered(filter: number, row: Uint8Array, above: Uint8Array, step: number, where: string): Uint8Array {
  const out = new Uint8Array(row.length);
  for (let i = 0; i < row.length; i++) {
    const [a, b, c] = [i < step ? 0 : out[i - step]!, above[i]!, i < step ? 0 : above[i - step]!];
    out[i] = row[i]! + predictorOf(filter, a, b, c, where);
  }
  return out;
}

/** What a filter predicts from the bytes to the left (a), above (b) and above to the left (c). */
function predictorOf(filter: number, a: number, b: number, c: number, where: string): number {
  switch (filter) {
    case 0:
      return 0;
    case 1:
      return a;
    case 2:
      return b;
    case 3:
      return (a + b) >> 1;
    case 4: {
      const [pa, pb, pc] = [Math.abs(b - c), Math.abs(a - c), Math.abs(a + b - 2 * c)];
      return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
    }
    default:
      throw damaged(where, `filter ${filter}`);
  }
}

/** Pixel `i` of a row, packed from the highest bit on; 16 bits have the higher byte first. */
function sampleOf(row: Uint8Array, i: number, depth: number): number {
  if (depth === 16) return 256 * row[2 * i]! + row[2 * i + 1]!;
  const bit = i * depth;
  return (row[bit >> 3]! >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
}
