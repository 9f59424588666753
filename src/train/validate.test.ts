import { expect, test } from "vitest";
import { readyBackend } from "../backend/index.ts";
import { type Tensor4D, tf } from "../backend/tf.ts";
import { silentReporter } from "../core/context.ts";
import { seededRng } from "../core/rng.ts";
import type { Model } from "../models/index.ts";
import { trainOptions } from "./options.ts";
import { brainBit, lesionBit, quantum, type TrainSlice } from "./slices.ts";
import { tasks } from "./task.ts";
import { chooseValidation, validate } from "./validate.ts";

/** A slice of 24 x 20: a brain of 10 x 10 at (8, 6), in it a lesion of `lesion` x 4 at (9, 7); `shown` x 4 of it is bright. */
function slice(index: number, lesion: number, shown: number, brain = true): TrainSlice {
  const [pixels, masks] = [new Uint16Array(480), new Uint8Array(480)];
  for (let i = 0; i < 480; i++) {
    const [x, y] = [i % 24, Math.floor(i / 24)];
    const inside = (x0: number, y0: number, w: number, h: number) => x >= x0 && y >= y0 && x < x0 + w && y < y0 + h;
    if (brain && inside(8, 6, 10, 10)) masks[i] = brainBit;
    if (inside(9, 7, lesion, 4)) masks[i]! |= lesionBit;
    pixels[i] = inside(9, 7, shown, 4) ? quantum : 0;
  }
  return {
    caseId: "a",
    index,
    width: 24,
    height: 20,
    pixels,
    masks,
    lesionPixels: 4 * lesion,
    brainPixels: brain ? 100 : 0,
    maskedGain: 1,
  };
}

/** A "network" that calls bright pixels lesion, with logit `10 * intensity - 5`, and everything brain. */
const brightness = {
  apply: (x: Tensor4D) => tf.tidy(() => tf.concat([tf.sub(tf.mul(x, 10), 5), tf.onesLike(x)], 3)),
} as unknown as Model;

test("Dice is the mean over slices with lesion, AUROC ranks slices, the brain's Dice is over all pixels", async () => {
  await readyBackend("cpu", silentReporter);
  const slices = [slice(0, 4, 2), slice(1, 4, 4), slice(2, 4, 0), slice(3, 0, 1), slice(4, 0, 0)];
  const windows = slices.map((s) => ({ slice: s, x: 12.5, y: 10.5 }));
  const figures = await validate(brightness, windows, 16, 2, tasks.lesion, trainOptions.parse({}));
  expect(figures.dice).toBeCloseTo((2 / 3 + 1 + 0) / 3, 6); // 8 of 16 found; all; none
  // Mean of ten logits, 5 where bright and -5 elsewhere: 3, 5, -5 with lesion against -1 and -5.
  expect(figures.auroc).toBeCloseTo((1 + 1 + 1 + 1 + 0 + 0.5) / 6, 6);
  expect(figures.brainDice).toBeCloseTo((2 * 500) / (500 + 5 * 256), 6);
  const alone = await validate(brightness, windows.slice(3), 16, 8, tasks.lesion, trainOptions.parse({}));
  expect([alone.dice, alone.auroc]).toEqual([null, null]);
});

test("half of the slices validated have lesion where there are enough, and the choice is the seed's", () => {
  const slices = Array.from({ length: 60 }, (_, i) => slice(i, i < 10 ? 4 : 0, 0, i < 40));
  const positives = (limit: number) =>
    chooseValidation(seededRng(1), slices, limit, tasks.lesion).filter((w) => w.slice.lesionPixels > 0).length;
  expect([positives(8), positives(20), positives(40), positives(100)]).toEqual([4, 10, 10, 10]);
  expect(chooseValidation(seededRng(1), slices, 100, tasks.lesion)).toHaveLength(60);
  const ids = (seed: number) => chooseValidation(seededRng(seed), slices, 12, tasks.lesion).map((w) => w.slice.index);
  expect(ids(1)).toEqual(ids(1));
  expect(ids(1)).not.toEqual(ids(2));
  const many = Array.from({ length: 30 }, (_, i) => slice(i, i < 28 ? 4 : 0, 0));
  expect(chooseValidation(seededRng(1), many, 20, tasks.lesion).filter((w) => w.slice.lesionPixels === 0)).toHaveLength(2); // all there are; the rest lesions
  const [brain, none] = [slice(0, 0, 0), slice(1, 0, 0, false)].map(
    (s) => chooseValidation(seededRng(1), [s], 1, tasks.lesion)[0]!,
  );
  expect([brain!.x, brain!.y, none!.x, none!.y]).toEqual([12.5, 10.5, 12, 10]);
});
