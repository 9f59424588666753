import { expect, test } from "vitest";
import { keepMask, maskKeys } from "./mask.ts";
import { tf } from "./tf.ts";

/** The same by whole numbers. */
function reference(size: number, keep: number, keys: readonly number[]): number[] {
  return Array.from({ length: size }, (_, i) => {
    let [left, right] = [i >> 12, i & 4095];
    for (const key of keys) [left, right] = [right, ((((right + key - 4096) ** 2 >> 6) + left) & 4095)]; // biome-ignore format: one line
    return Number(right * 4096 + left < keep * 2 ** 24);
  });
}

test("the mask is what whole numbers give, for any shape", async () => {
  await tf.setBackend("cpu");
  for (const [shape, keys] of [
    [[3], [0, 0, 0, 0, 0]],
    [
      [2, 30, 171],
      [4095, 1, 4000, 77, 2048],
    ],
    [
      [50, 30, 20],
      [5, 4095, 4094, 0, 1],
    ],
  ] as const) {
    const mask = keepMask(shape, 0.6, tf.tensor1d([...keys]));
    expect(mask.shape).toEqual([...shape]);
    expect([...mask.dataSync()]).toEqual(reference(mask.size, 0.6, keys));
  }
  expect(() => keepMask([2 ** 25], 0.5, tf.zeros([maskKeys]))).toThrow("at most 16777216 elements");
});
