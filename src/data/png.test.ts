import { readFileSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32, deflateSync } from "node:zlib";
import sharp from "sharp";
import { expect, test } from "vitest";
import { decodePicture, encodeGreyPng, readPicture } from "./png.ts";

const [width, height] = [7, 5];
const pixels = Uint8Array.from({ length: width * height }, (_, i) => (i * 37) % 256);
const raw = (data: Uint8Array | Uint16Array, channels: 1 | 2 | 3 | 4) => sharp(data, { raw: { width, height, channels } });
const spread = (channels: number, of: (i: number, c: number) => number) =>
  Uint8Array.from({ length: width * height * channels }, (_, k) => of(Math.floor(k / channels), k % channels));

/** A PNG put together by hand from its header fields and scan lines, with more chunks before the pixels if asked. */
function handmade(
  depth: number,
  colour: number,
  lines: Uint8Array,
  size = [width, height],
  chunks: readonly Buffer[] = [],
): Buffer {
  const chunk = (name: string, data: Uint8Array) => {
    const body = Buffer.concat([Buffer.from(name, "latin1"), data]);
    const [length, crc] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    crc.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, crc]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size[0]!, 0);
  header.writeUInt32BE(size[1]!, 4);
  header.set([depth, colour], 8);
  const extra = chunks.map((data) => chunk(data.toString("latin1", 0, 4), data.subarray(4)));
  const parts = [chunk("IHDR", header), ...extra, chunk("IDAT", deflateSync(lines)), chunk("IEND", Buffer.alloc(0))];
  return Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), ...parts]);
}
const lines = (bytesPerPixel: number, of: (i: number) => readonly number[]) =>
  Buffer.concat(
    Array.from({ length: height }, (_, y) =>
      Buffer.from([0, ...Array.from({ length: width }, (_, x) => of(x + width * y)).flat()]),
    ),
  ).subarray(0, height * (1 + width * bytesPerPixel));

test("8-bit and 16-bit grey come back value for value", async () => {
  const wide = Uint16Array.from(pixels, (v, i) => v * 257 - i);
  const eight = await decodePicture(await encodeGreyPng({ data: pixels, width, height }), "x.png");
  const sixteen = await decodePicture(await encodeGreyPng({ data: wide, width, height }), "x.png");
  expect(eight).toEqual({ data: Float32Array.from(pixels), width, height });
  expect([...sixteen.data]).toEqual([...wide]);
});

test("a PNG made by hand says the same: 16-bit grey, and RGB that is grey", async () => {
  const wide = handmade(
    16,
    0,
    lines(2, (i) => [i, 255 - i]),
  );
  expect([...(await decodePicture(wide, "x.png")).data]).toEqual(Array.from({ length: 35 }, (_, i) => 256 * i + 255 - i));
  const grey = handmade(
    8,
    2,
    lines(3, (i) => [pixels[i]!, pixels[i]!, pixels[i]!]),
  );
  expect([...(await decodePicture(grey, "x.png")).data]).toEqual([...pixels]);
});

test("colour is refused, what JPEG makes of grey is not; transparency is black, a grey palette is grey, a colour profile changes nothing", async () => {
  const red = await raw(spread(3, (i, c) => (i === 4 && c === 0 ? 200 : 100)), 3).png().toBuffer();
  await expect(decodePicture(red, "x.png")).rejects.toThrow(
    "x.png: must be grey: a slice has no colour; got 1 coloured pixels. Export it as grey, without marks.",
  );
  const greyish = await raw(spread(3, (i) => pixels[i]!), 3).jpeg({ quality: 60 }).toBuffer();
  const asGrey = await raw(pixels, 1).jpeg({ quality: 60 }).toBuffer();
  const [of3, of1] = [await decodePicture(greyish, "x.jpg"), await decodePicture(asGrey, "x.jpg")];
  for (const [i, value] of of3.data.entries()) expect(Math.abs(value - of1.data[i]!)).toBeLessThan(2);
  const half = await raw(spread(4, (i, c) => (c === 3 ? 51 : pixels[i]!)), 4).png().toBuffer();
  for (const [i, value] of (await decodePicture(half, "x.png")).data.entries()) expect(value).toBeCloseTo(pixels[i]! / 5, 4);
  const palette = await raw(spread(3, (i) => pixels[i]!), 3).png({ palette: true, dither: 0 }).toBuffer();
  expect((await sharp(palette).metadata()).isPalette).toBe(true);
  expect([...(await decodePicture(palette, "x.png")).data]).toEqual([...pixels]);
  const profiled = await raw(spread(3, () => 200), 3).withIccProfile("p3", { attach: true }).png().toBuffer();
  expect((await sharp(profiled).metadata()).icc).toBeDefined();
  const stored = await sharp(profiled, { ignoreIcc: true }).raw().toBuffer();
  expect((await decodePicture(profiled, "x.png")).data[0]).toBe(stored[0]);
}); // biome-ignore format: one line each

test("TIFF of 8 and 16 bits is value for value; float and several pages are refused", async () => {
  const wide = Uint16Array.from(pixels, (v) => v * 200);
  for (const data of [pixels, wide]) {
    const tiff = await raw(data, 1).toColourspace(data === wide ? "grey16" : "b-w").tiff({ compression: "none" }).toBuffer(); // biome-ignore format: one line
    expect([...(await decodePicture(tiff, "x.tif")).data]).toEqual([...data]);
  }
  const { refused } = JSON.parse(readFileSync("test/fixtures/label-pictures.json", "utf8")) as {
    refused: Record<string, string>;
  };
  for (const [got, bytes] of Object.entries(refused))
    await expect(decodePicture(Buffer.from(bytes, "base64"), "x.tif")).rejects.toThrow(`; got ${got}. `);
});

test("a JPEG that EXIF turns lies as it is seen, whatever its name says", async () => {
  const bright = spread(1, (i) => (i % width === 0 ? 255 : 0)); // bright left edge
  const turned = await raw(bright, 1).jpeg({ quality: 100 }).withMetadata({ orientation: 6 }).toBuffer(); // seen: turned right
  const file = join(await mkdtemp(join(tmpdir(), "hemosynth-")), "wrong-name.png");
  await writeFile(file, turned);
  const image = await readPicture(file);
  expect([image.width, image.height]).toEqual([height, width]);
  const rows = Array.from({ length: width }, (_, y) => image.data[y * height]! > 128);
  expect(rows).toEqual([true, ...new Array(width - 1).fill(false)]); // bright top edge
});

const png = await encodeGreyPng({ data: pixels, width, height });
const noise = Uint8Array.from({ length: 3 * 100 * 100 }, (_, i) => (i * i * 31) % 251);
const cmyk = await sharp(noise, { raw: { width: 100, height: 100, channels: 3 } })
  .toColourspace("cmyk")
  .jpeg()
  .toBuffer();
const jpeg = await sharp(noise, { raw: { width: 100, height: 100, channels: 3 } })
  .jpeg()
  .toBuffer();
const damaged = Buffer.from(png);
damaged[png.indexOf("IDAT") + 12]! ^= 0xff;

test.each([
  ["111 a pixel bomb", handmade(8, 0, Buffer.alloc(100), [60000, 60000]), /at most 50000000 pixels; got 60000 x 60000/],
  ["112 a truncated PNG", png.subarray(0, png.length - 30), /must be a whole, undamaged picture; got/],
  ["112 a truncated JPEG", jpeg.subarray(0, jpeg.length - 400), /must be a whole, undamaged picture; got/],
  ["112 a damaged PNG", damaged, /must be a whole, undamaged picture; got/],
  ["114 CMYK", cmyk, /must be grey or RGB; got CMYK/],
  [
    "115 an animated PNG",
    handmade(
      8,
      0,
      lines(1, (i) => [i]),
      [width, height],
      [Buffer.from("acTL\0\0\0\x02\0\0\0\0", "latin1")],
    ),
    /still picture; got an animated PNG/,
  ],
  [
    "116 SVG",
    Buffer.from('<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>'),
    /PNG, JPEG or TIFF picture; got SVG/,
  ],
  ["116 SVG without a prologue", Buffer.from("  <svg/>"), /PNG, JPEG or TIFF picture; got SVG/],
  ["a damaged TIFF", Buffer.from("II*\0aaaaaaaa", "latin1"), /undamaged picture; got/],
  ["a GIF", Buffer.from("GIF89a", "latin1"), /got GIF/],
  ["an empty file", Buffer.alloc(0), /got an empty file/],
  ["a text", Buffer.from("hello"), /got something else/],
])("refuses %s in one line", async (_, bytes, message) => {
  const error = await decodePicture(bytes, "x.png").catch((e: Error) => e);
  expect(error).toMatchObject({ name: "UserError", fault: "data", message: expect.stringMatching(message) });
  expect((error as Error).message).toMatch(/^x\.png: [^\n]+; got [^\n]+\. [^\n]+\.$/);
});

test("16-bit RGB and 16-bit grey with transparency keep all bits", async () => {
  const rgb = handmade(
    16,
    2,
    lines(6, (i) => [i, 9, i, 9, i, 9]),
  );
  expect([...(await decodePicture(rgb, "x.png")).data]).toEqual(Array.from({ length: 35 }, (_, i) => 256 * i + 9));
  const clear = handmade(
    16,
    4,
    lines(4, (i) => [i, 9, 0xff, 0xff]),
  );
  expect([...(await decodePicture(clear, "x.png")).data]).toEqual(Array.from({ length: 35 }, (_, i) => 256 * i + 9));
});
