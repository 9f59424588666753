import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { type Tensor4D, tf } from "../../backend/tf.ts";
import { seededRng } from "../../core/rng.ts";
import type { Image } from "../../core/volume.ts";
import { sliceLogits } from "./network.ts";
import { tileSlice } from "./tiles.ts";

beforeAll(async () => {
  await tf.setBackend("cpu");
});

const rng = seededRng(1);
const noise = (width: number, height: number): Image => ({
  width,
  height,
  data: Float32Array.from({ length: width * height }, () => rng.uniform()),
});

/** A network that sees one pixel to each side, unequal left and right: channel 0 its answer, channel 1 the image. */
const kernel = [0, 0, 0, 0.7, 1, 0.1, 0, 0.4, 0];
const seeing = {
  sizeMultiple: 16,
  apply: (x: Tensor4D) => tf.concat([tf.conv2d(x, tf.tensor4d(kernel, [3, 3, 1, 1]), 1, "same"), x], 3) as Tensor4D,
};
const run = (slices: readonly Image[], flips: "none" | "horizontal" | "all" = "none", batchSlices = 2, model = seeing) =>
  sliceLogits(model, slices, 2, { batchSlices, flips }, new AbortController().signal);
const at = ({ data, width, height }: Image, x: number, y: number) =>
  x < 0 || y < 0 || x >= width || y >= height ? 0 : data[x + width * y]!;

test("any size, padded or in windows, gives what the network gives pixel by pixel, black beyond the border", async () => {
  for (const [width, height] of [
    [1, 1],
    [17, 33],
    [16, 16],
    [1500, 20],
  ] as const) {
    const slices = [noise(width, height), noise(width, height), noise(width, height)];
    const [answer, same] = await run(slices);
    slices.forEach((slice, s) => {
      expect(same![s]!.data).toEqual(slice.data);
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const direct = 0.7 * at(slice, x - 1, y) + at(slice, x, y) + 0.1 * at(slice, x + 1, y) + 0.4 * at(slice, x, y + 1);
          if (Math.abs(answer![s]!.data[x + width * y]! - direct) > 1e-5)
            expect([x, y, answer![s]!.data[x + width * y]]).toEqual([x, y, direct]);
        }
      }
    });
  }
});

test("the batch size changes nothing", async () => {
  const slices = Array.from({ length: 5 }, () => noise(20, 20));
  expect(await run(slices, "none", 5)).toEqual(await run(slices, "none", 1));
});

test("averaged over all mirrors, a mirrored slice gives the mirrored answer", async () => {
  const slice = noise(24, 18);
  const mirror = (image: Image): Image => ({
    ...image,
    data: image.data.map((_, i) => at(image, image.width - 1 - (i % image.width), Math.floor(i / image.width))),
  });
  const difference = async (flips: "none" | "horizontal" | "all") => {
    const [[plain], [turned]] = [(await run([slice], flips))[0]!, (await run([mirror(slice)], flips))[0]!];
    return Math.max(...mirror(plain!).data.map((v, i) => Math.abs(v - turned!.data[i]!)));
  };
  expect(await difference("none")).toBeGreaterThan(0.1);
  expect(await difference("horizontal")).toBeLessThan(1e-6);
  expect(await difference("all")).toBeLessThan(1e-6);
});

test("no tensor is left behind", async () => {
  const before = tf.memory().numTensors;
  await run([noise(20, 20)], "all");
  expect(tf.memory().numTensors).toBe(before);
});

test("windows are small multiples, inside reach, and keep every pixel once", () => {
  const size = fc.integer({ min: 1, max: 5000 });
  fc.assert(
    fc.property(size, size, fc.constantFrom(1, 8, 16, 48), (width, height, multiple) => {
      const { tiles, ...window } = tileSlice(width, height, multiple);
      expect(window.width % multiple === 0 && window.height % multiple === 0).toBe(true);
      expect(Math.max(window.width, window.height)).toBeLessThan(1024 + multiple);
      let kept = 0;
      for (const tile of tiles) {
        kept += (tile.right - tile.left) * (tile.bottom - tile.top);
        expect(
          tile.left >= tile.x &&
            tile.right <= tile.x + window.width &&
            tile.top >= tile.y &&
            tile.bottom <= tile.y + window.height,
        ).toBe(true);
        expect(tile.left === 0 || tile.left - tile.x >= 100).toBe(true);
        expect(tile.right === width || tile.x + window.width - tile.right >= 100).toBe(true);
      }
      expect(kept).toBe(width * height);
    }),
  );
});

test("a stop is honoured between batches", async () => {
  const controller = new AbortController();
  controller.abort();
  await expect(sliceLogits(seeing, [noise(8, 8)], 2, { batchSlices: 1, flips: "none" }, controller.signal)).rejects.toThrow(
    "stopped",
  );
});
