import { type Tensor4D, tf } from "../backend/tf.ts";
import { throwIfStopped } from "../core/context.ts";
import type { Image } from "../core/volume.ts";
import type { Model } from "./model.ts";
import { copyWindow, keepWindow, tileSlice } from "./tiles.ts";

/** How slices go through a network. */
export interface SliceOptions {
  /** Slices at once, at most; fewer where slices are large. */
  readonly batchSlices: number;
  /** Logits are averaged over mirror images: none, left-right, or all four. */
  readonly flips: "none" | "horizontal" | "all";
}

/** Windows of one batch hold at most this many pixels, so that the feature maps of a batch stay within a few GB. */
const batchPixels = 2 ** 20;

/** Windows of one batch: at most `most` and as many as there are, and no more than memory allows, but one at least. @param pixels - Of a window. */
export function windowsABatch(most: number, count: number, pixels: number): number {
  return Math.min(most, count, Math.max(1, Math.floor(batchPixels / pixels)));
}

/**
 * Runs slices of one size through a network, a batch at a time, and returns the logits of each output channel.
 *
 * Memory is bounded whatever the slices' size and number: large slices go in overlapping windows, see {@link tileSlice}.
 * Beyond the border of a slice there are zeros (black), as in training.
 *
 * @param channels - Number of output channels.
 * @returns For each channel its slices, of the size of the input's.
 * @throws {StoppedError} If `signal` fires.
 */
export async function sliceLogits(
  model: Pick<Model, "apply" | "sizeMultiple">,
  slices: readonly Image[],
  channels: number,
  { batchSlices, flips }: SliceOptions,
  signal: AbortSignal,
): Promise<Image[][]> {
  if (slices.length === 0) return Array.from({ length: channels }, () => []);
  const { width, height } = slices[0]!;
  const tiling = tileSlice(width, height, model.sizeMultiple);
  const pixels = tiling.width * tiling.height;
  const empty = () => slices.map(() => ({ width, height, data: new Float32Array(width * height) }));
  const out = Array.from({ length: channels }, empty);
  const jobs = slices.flatMap((slice, s) => tiling.tiles.map((tile) => ({ slice, s, tile })));
  const batch = windowsABatch(batchSlices, jobs.length, pixels);
  for (let start = 0; start < jobs.length; start += batch) {
    throwIfStopped(signal);
    const now = jobs.slice(start, start + batch);
    const windows = new Float32Array(batch * pixels); // the last batch is filled up with black: another size would be compiled anew
    now.forEach(({ slice, tile }, k) => {
      copyWindow(slice, tiling, tile, windows, k * pixels);
    });
    const logits = tf.tidy(() => mirrorMean(model, tf.tensor4d(windows, [batch, tiling.height, tiling.width, 1]), flips));
    const values = (await logits.data()) as Float32Array;
    logits.dispose();
    for (const [k, { s, tile }] of now.entries()) {
      for (const [c, channel] of out.entries()) keepWindow(values, k * pixels, c, channels, tiling, tile, channel[s]!);
    }
  }
  return out;
}

/**
 * Runs windows of one size through a network that tells something of each as a whole, a batch at a time.
 *
 * @param windows - Each `size` x `size`, row-major.
 * @returns What it tells, one window after the other.
 * @throws {StoppedError} If `signal` fires.
 */
async function windowLogits(
  model: Pick<Model, "apply">,
  windows: readonly Float32Array[],
  size: number,
  { batchSlices, flips }: SliceOptions,
  signal?: AbortSignal,
): Promise<Float32Array> {
  const batch = windowsABatch(batchSlices, windows.length, size ** 2);
  const out: Float32Array[] = [];
  for (let start = 0; start < windows.length; start += batch) {
    if (signal !== undefined) throwIfStopped(signal);
    const now = windows.slice(start, start + batch);
    const images = new Float32Array(batch * size * size); // the last batch is filled up with black: another size would be compiled anew
    for (const [k, window] of now.entries()) images.set(window, k * size * size);
    const logits = tf.tidy(() => mirrorMean(model, tf.tensor4d(images, [batch, size, size, 1]), flips));
    const values = (await logits.data()) as Float32Array;
    logits.dispose();
    out.push(values.slice(0, (values.length / batch) * now.length));
  }
  return Float32Array.from(out.flatMap((values) => [...values]));
}

/** What a network of bags tells of one bag. */
export interface ToldBag {
  readonly logit: number;
  /** Of each image by itself, and its share of the bag; the shares sum to 1. */
  readonly images: readonly { readonly logit: number; readonly attention: number }[];
}

/**
 * The windows of one bag through a network of bags.
 * @throws {RangeError} If the network is none, or the bag is empty.
 */
export async function bagLogits(
  model: Pick<Model, "apply" | "pool">,
  windows: readonly Float32Array[],
  size: number,
  options: SliceOptions,
  signal?: AbortSignal,
): Promise<ToldBag> {
  const { pool } = model;
  if (pool === undefined || windows.length === 0) throw new RangeError("bagLogits: needs a network of bags and an image");
  const told = await windowLogits(model, windows, size, options, signal);
  const [logit, attention] = tf.tidy(() => {
    const bag = pool(tf.tensor4d(told, [windows.length, 1, 1, 2]), 1);
    return [bag.logits.dataSync()[0]!, bag.attention.dataSync()];
  });
  return { logit, images: windows.map((_, i) => ({ logit: told[2 * i]!, attention: attention[i]! })) };
}

/** Axes of an NHWC batch that each mirror image turns around. */
const mirrors = { none: [[]], horizontal: [[], [2]], all: [[], [2], [1], [1, 2]] } as const;

/** Logits averaged over mirror images of the input, each turned back; what is one pixel stays. */
export function mirrorMean(model: Pick<Model, "apply">, x: Tensor4D, flips: SliceOptions["flips"]): Tensor4D {
  const logits = mirrors[flips].map((axes) => {
    const turn = (t: Tensor4D): Tensor4D => (axes.length === 0 ? t : tf.reverse(t, [...axes]));
    return turn(model.apply(turn(x), { training: false }));
  });
  return logits.length === 1 ? logits[0]! : tf.mul(tf.addN(logits), 1 / logits.length);
}
