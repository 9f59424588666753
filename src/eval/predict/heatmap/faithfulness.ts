import { type Rng, shuffled } from "../../../core/rng.ts";
import type { Image } from "../../../core/volume.ts";
import { resizeImage } from "../../../data/resample.ts";
import { sigmoid } from "../score.ts";
import { logitsOf, type Seen, type Windows } from "./heat.ts";

/** How the probability follows the pixels: areas under it over the share of them, in [0, 1]. */
export interface Faithfulness {
  /** Pixels become black by falling heat: low where heat lies on what the network looks at. */
  readonly deletion: number;
  /** Pixels of a blurred picture become sharp by falling heat: high where it does. */
  readonly insertion: number;
  /** The same in an order drawn at random: what a map without knowledge reaches. */
  readonly randomDeletion: number;
  readonly randomInsertion: number;
}

/** Shares of the pixels at which the probability is asked; our choice. */
const steps = 24;
/** Detail finer than this many pixels is not in the blurred picture. */
const blurPixels = 12;

/**
 * Deletion and insertion of each window, by its heat and in a random order. Pixels of the same heat go from the upper left on.
 *
 * Source: Petsiuk, Das & Saenko 2018, *RISE* (BMVC), section 4.3; black and the blur's width: our choice.
 *
 * @param heat - Of each window, of its size. @param rngOf - Draws the random order of a window.
 */
export async function faithfulness(
  model: Seen,
  windows: Windows,
  heat: readonly Image[],
  rngOf: (window: number) => Rng,
): Promise<Faithfulness[]> {
  const blurred = blurredWindows(windows);
  const black = new Float32Array(windows.data.length);
  const byHeat = heat.map(({ data }) => Uint32Array.from(data.keys()).sort((a, b) => data[b]! - data[a]! || a - b));
  const random = heat.map(({ data }, k) => Uint32Array.from(shuffled(rngOf(k), [...data.keys()])));
  const area = (order: readonly Uint32Array[], from: Float32Array, to: Float32Array) =>
    areaUnder(model, windows, order, from, to);
  const deletion = await area(byHeat, windows.data, black);
  const insertion = await area(byHeat, blurred, windows.data);
  const randomDeletion = await area(random, windows.data, black);
  const randomInsertion = await area(random, blurred, windows.data);
  return heat.map((_, k) => ({
    deletion: deletion[k]!,
    insertion: insertion[k]!,
    randomDeletion: randomDeletion[k]!,
    randomInsertion: randomInsertion[k]!,
  }));
}

/** Area under the probability while the pixels of `from` become those of `to`, in the order given for each window (trapezoids). */
async function areaUnder(
  model: Seen,
  { count, side }: Windows,
  order: readonly Uint32Array[],
  from: Float32Array,
  to: Float32Array,
): Promise<Float64Array> {
  const pixels = side * side;
  const data = from.slice();
  const area = new Float64Array(count);
  for (let step = 0; step <= steps; step++) {
    const [first, last] = [Math.round(((step - 1) / steps) * pixels), Math.round((step / steps) * pixels)];
    for (let k = 0; k < count; k++) {
      for (const at of order[k]!.subarray(Math.max(0, first), last)) data[k * pixels + at] = to[k * pixels + at]!;
    }
    const logits = await logitsOf(model, { data, count, side });
    const share = step === 0 || step === steps ? 0.5 / steps : 1 / steps;
    for (let k = 0; k < count; k++) area[k]! += share * sigmoid(logits[k]!);
  }
  return area;
}

function blurredWindows({ data, count, side }: Windows): Float32Array {
  const out = new Float32Array(data.length);
  const small = Math.max(1, Math.round(side / blurPixels));
  for (let k = 0; k < count; k++) {
    const window = { data: data.slice(k * side * side, (k + 1) * side * side), width: side, height: side };
    out.set(resizeImage(resizeImage(window, small, small), side, side).data, k * side * side);
  }
  return out;
}
