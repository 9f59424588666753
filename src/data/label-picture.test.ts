import { readFileSync } from "node:fs";
import sharp from "sharp";
import { expect, test } from "vitest";
import { seededRng } from "../core/rng.ts";
import { decodeLabelPicture } from "./label-picture.ts";

interface Fixture {
  readonly name: string;
  readonly png: string;
  readonly ids: readonly (readonly number[])[];
}
const { maps } = JSON.parse(readFileSync("test/fixtures/label-pictures.json", "utf8")) as { maps: Fixture[] }; // by Pillow

test.each(maps)("$name: the stored numbers, whatever the palette shows", async ({ png, ids }) => {
  const { data, width, height } = await decodeLabelPicture(Buffer.from(png, "base64"), "x.png");
  expect([width, height]).toEqual([21, 19]);
  expect([...data]).toEqual(ids.flat());
});

const [width, height] = [37, 29];
const rng = seededRng(3);
const numbers = Uint8Array.from({ length: width * height }, (_, i) => 4 * (i % width) + rng.below(4));
const source = (channels: 1 | 3 = 1) =>
  sharp(channels === 1 ? numbers : Uint8Array.from({ length: 3 * numbers.length }, (_, k) => numbers[Math.floor(k / 3)]!), {
    raw: { width, height, channels },
  }).toColourspace(channels === 1 ? "b-w" : "srgb");

test("interlaced, filtered by rows and by TIFF: the same numbers", async () => {
  for (const bytes of [
    await source().png({ progressive: true }).toBuffer(),
    await source().png({ adaptiveFiltering: true }).toBuffer(),
    await source().tiff({ compression: "lzw" }).toBuffer(),
  ])
    expect([...(await decodeLabelPicture(bytes, "x")).data]).toEqual([...numbers]);
});

const png = await source().png().toBuffer();
const damaged = Buffer.from(png);
damaged[png.indexOf("IDAT") + 9]! ^= 1;

test.each([
  ["JPEG", await source().jpeg().toBuffer(), /kept as they are; got JPEG, which changes numbers\. Save them as PNG/],
  ["RGB", await source(3).png().toBuffer(), /grey or indexed picture of ids; got RGB/],
  ["transparency", await source().ensureAlpha().png().toBuffer(), /got (?:grey|RGB) with transparency/],
  [
    "turned by EXIF",
    await source().withMetadata({ orientation: 3 }).png().toBuffer(),
    /as they are seen; got a picture that EXIF turns/,
  ],
  ["cut off", png.subarray(0, png.length - 20), /whole, undamaged picture; got a PNG that is cut off/],
  ["a flipped bit", damaged, /undamaged picture; got a wrong checksum in IDAT/],
])("refuses %s in one line", async (_, bytes, message) => {
  await expect(decodeLabelPicture(bytes, "x.png")).rejects.toThrow(message);
});
