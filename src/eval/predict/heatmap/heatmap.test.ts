import { beforeAll, expect, test } from "vitest";
import { type Tensor4D, tf } from "../../../backend/tf.ts";
import type { Affine } from "../../../core/affine.ts";
import { seededRng } from "../../../core/rng.ts";
import { preprocessOptions } from "../../../data/preprocess.ts";
import { scoreVolume } from "../classify.ts";
import { predictOptions } from "../options.ts";
import { faithfulness } from "./faithfulness.ts";
import { heatOf, type Seen, type Windows } from "./heat.ts";

beforeAll(async () => void (await tf.setBackend("cpu")));

const side = 12;
const rng = seededRng(7);
const windows: Windows = { data: Float32Array.from({ length: 2 * side * side }, () => rng.uniform()), count: 2, side };

/** Its logit is the picture times a pattern, less a constant. */
function linear(pattern: Float32Array, constant = 0): Seen {
  const w = tf.tensor4d(pattern, [1, side, side, 1]);
  const apply = (x: Tensor4D) => tf.reshape(tf.sub(tf.sum(tf.mul(x, w), [1, 2, 3]), constant), [-1, 1, 1, 1]) as Tensor4D;
  return { apply, weights: new Map() };
}

test.each([3, 4, 5, 12, 40])(
  "occlusion by squares of %i pixels is the loss averaged over the squares that cover a pixel",
  async (patch) => {
    const pattern = Float32Array.from({ length: side * side }, () => rng.uniform() - 0.3);
    const heat = await heatOf(linear(pattern), windows, "occlusion", patch);
    const step = Math.max(1, Math.floor(patch / 2));
    const last = Math.max(0, side - patch);
    const starts: number[] = [];
    for (let s = 0; s < last; s += step) starts.push(s);
    starts.push(last);
    const covers = (s: number, v: number) => v >= s && v < s + patch;
    for (let k = 0; k < 2; k++) {
      for (let at = 0; at < side * side; at++) {
        const [x, y] = [at % side, Math.floor(at / side)];
        const losses = starts
          .filter((s) => covers(s, y))
          .flatMap((top) =>
            starts
              .filter((s) => covers(s, x))
              .map((left) => {
                let lost = 0;
                for (let i = 0; i < side * side; i++)
                  if (covers(left, i % side) && covers(top, Math.floor(i / side)))
                    lost += pattern[i]! * windows.data[k * side * side + i]!;
                return lost;
              }),
          );
        const mean = losses.reduce((a, b) => a + b, 0) / losses.length;
        expect(heat[k]!.data[at]).toBeCloseTo(Math.max(0, mean), 4);
      }
    }
  },
);

test("a network that sees one pixel: its heat deletes at once and inserts at once, and a wrong map does so last", async () => {
  const at = 5 + side * 7;
  const pattern = new Float32Array(side * side);
  pattern[at] = 1000;
  const bright = windows.data.slice();
  for (const k of [0, 1]) bright[k * side * side + at] = 1;
  const [model, picture] = [linear(pattern, 900), { ...windows, data: bright }];
  const map = (hot: number) => [0, 1].map(() => ({ data: Float32Array.from({ length: side * side }, (_, i) => (i === at ? hot : 0)), width: side, height: side })); // biome-ignore format: one line
  const of = (hot: number) => faithfulness(model, picture, map(hot), (k) => seededRng(k));
  const [right, wrong] = [await of(1), await of(-1)];
  expect(right[0]!.deletion).toBeCloseTo(0.5 / 24, 6); // the probability is 1 before the first of 24 steps and 0 after it
  expect(wrong[0]!.deletion).toBeCloseTo(1 - 0.5 / 24, 6);
  expect(wrong[0]!.insertion).toBeCloseTo(0.5 / 24, 6);
  expect(right[0]!.insertion).toBeCloseTo(1 - 0.5 / 24, 6);
  expect(right[0]!.randomDeletion).toBe(wrong[0]!.randomDeletion);
  expect(right[0]!.randomDeletion).not.toBe(right[1]!.randomDeletion); // each its own order
});

test.each(["canonical", "stored"] as const)("heat lies in the volume where what made it lies, slices %s", async (orientation) => {
  const shape = [14, 20, 3] as const;
  const affine: Affine = [0, -1.5, 0, 30, 1, 0, 0, -9, 0, 0, 4, 2]; // rows run to the left, columns to the front: turned when hung
  const data = new Float32Array(14 * 20 * 3).fill(0.1);
  const at = (x: number, y: number, z: number) => x + 14 * (y + 20 * z);
  const spots = [at(4, 7, 0), at(10, 13, 1), at(6, 12, 2)];
  for (const spot of spots) data[spot] = 1;
  const preprocess = preprocessOptions.parse({ pixelMm: 1, orientation, whitePercentile: 100 });
  const options = predictOptions.parse({ heatmap: { method: "occlusion", patchMm: 3 } });
  const sum: Seen = { apply: (x) => tf.sum(x, [1, 2, 3]).reshape([-1, 1, 1, 1]) as Tensor4D, weights: new Map() };
  const volume = { data, shape, affine };
  const { heat } = await scoreVolume(
    { model: sum, preprocess, window: 24, outputs: 1 },
    volume,
    options,
    new AbortController().signal,
  );
  for (const [z, spot] of spots.entries()) {
    const slice = heat!.data.subarray(at(0, 0, z), at(0, 0, z + 1));
    const hottest = slice.reduce((best, v, i) => (v > slice[best]! ? i : best), 0);
    const [x, y] = [hottest % 14, Math.floor(hottest / 14)];
    const [u, v] = [spot % 14, Math.floor(spot / 14) % 20];
    expect(Math.hypot(x - u, 1.5 * (y - v))).toBeLessThanOrEqual(2); // within the square that covers it
  }
});
