import { expect, test } from "vitest";
import { seededRng } from "../core/rng.ts";
import { type BatchDraw, drawBatch, paintBatch } from "./batch.ts";
import { startFeed } from "./feed.ts";
import { trainOptions } from "./options.ts";
import { groupSlices } from "./sampler.ts";
import { brainBit, lesionBit, type TrainSlice } from "./slices.ts";

const slices = Array.from({ length: 6 }, (_, index): TrainSlice => {
  const pixels = new Uint16Array(new SharedArrayBuffer(640)).map((_, i) => 900 + 7 * i + 50 * index);
  const masks = Uint8Array.from({ length: 320 }, (_, i) => (i < 9 && index % 2 === 0 ? lesionBit : 0) | (i < 90 ? brainBit : 0));
  return { caseId: "a", index, width: 20, height: 16, pixels, masks, lesionPixels: index % 2 === 0 ? 9 : 0, brainPixels: 90, maskedGain: 1 }; // biome-ignore format: one line
});
const pool = { slices, groups: groupSlices(slices) };
const options = trainOptions.parse({ cropSize: 16, batchSize: 3 });
const draw = async (n: number) => drawBatch(seededRng(4), pool, n, options);

test("batches are the same bytes with 0, 1 and 2 threads, asked for in turn, from the middle, twice and back", async () => {
  const expected = await Promise.all([1, 2, 3, 4, 5, 6, 7].map(async (n) => paintBatch(await draw(n))));
  expect(expected[0]).not.toEqual(expected[1]);
  for (const threads of [0, 1, 2]) {
    const feed = startFeed(draw, 7, threads);
    for (const n of [1, 2, 3, 4, 5, 6, 7, 7, 2, 5]) expect(await feed.batch(n)).toEqual(expected[n - 1]);
    await feed.stop();
  }
});

test("no more is drawn ahead than two batches a thread, and nothing behind the last", async () => {
  const drawn: number[] = [];
  const noted = (n: number) => {
    drawn.push(n);
    return draw(n);
  };
  const feed = startFeed(noted, 4, 1);
  await feed.batch(1);
  expect(drawn).toEqual([1, 2, 3]);
  await feed.batch(2);
  await feed.batch(3);
  expect(drawn).toEqual([1, 2, 3, 4]);
  await feed.stop();
});

test("what fails in a thread or in a draw is told to whom asks for that batch, not before", async () => {
  const [item] = (await draw(1)).items;
  const windows = [{ ...item!.windows[0]!, slice: null }];
  const broken = { task: "lesion", size: 16, anchors: null, items: [{ windows, mosaic: null }] } as unknown as BatchDraw;
  const feed = startFeed(
    async (n) => (n === 2 ? broken : n === 3 ? Promise.reject(new RangeError("no slice")) : await draw(n)),
    9,
    1,
  );
  expect((await feed.batch(1)).count).toBe(3);
  await expect(feed.batch(2)).rejects.toThrow(/null/);
  await expect(feed.batch(3)).rejects.toThrow("no slice");
  await feed.stop();
  await expect(feed.batch(8)).rejects.toMatchObject({ name: "StoppedError" });
});
