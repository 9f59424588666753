import { determinant } from "../../core/affine.ts";
import { throwIfStopped } from "../../core/context.ts";
import { UserError } from "../../core/errors.ts";
import { seededRng } from "../../core/rng.ts";
import type { Image, Plane, Volume } from "../../core/volume.ts";
import { forEachInWindow, middleOf } from "../../core/window.ts";
import { type PreprocessOptions, prepareStack, restoreStack } from "../../data/preprocess.ts";
import { windowsABatch } from "../../models/index.ts";
import { softmax } from "../metrics/softmax.ts";
import { type Faithfulness, faithfulness } from "./heatmap/faithfulness.ts";
import { asAbnormal, heatOf, logitsOf, type Seen } from "./heatmap/heat.ts";
import type { PredictOptions } from "./options.ts";
import { scoreFloor, stackScore } from "./score.ts";

/** A trained classifier with what it needs to be applied. */
export interface SliceClassifier {
  readonly model: Seen;
  readonly preprocess: PreprocessOptions;
  /** Height and width of the middle of a slice that it sees, pixels. */
  readonly window: number;
  /** Logits that it gives: 1, or one for each class, normal first. */
  readonly outputs: number;
}

/** What is told of one volume: scores, and no map of probability. */
export interface VolumeScores {
  readonly plane: Plane;
  /** Logit of each slice, at least {@link scoreFloor}. */
  readonly sliceScores: readonly number[];
  readonly stackScore: number;
  /** There is no map to measure. */
  readonly sliceMm3: null;
  /** Volume of what was looked at, mm³: all. */
  readonly mm3: number;
}

/** What a classifier tells of one volume. */
export interface HeatedScores extends VolumeScores {
  /** Where it sees what speaks for blood, on the volume's own grid, in logits, 0 beyond its window; null where no heat maps are wanted. */
  readonly heat: Volume | null;
  /** Of a classifier of several classes: their probabilities in each slice, or in the case where that is told of as a whole; else empty. */
  readonly probabilities: readonly (readonly number[])[];
  /** Of each slice; empty where it was not asked for. */
  readonly faithfulness: readonly Faithfulness[];
}

/**
 * Scores the slices of a volume, each by the window around its middle that the classifier was trained on, black beyond the slice's border.
 * @throws {UserError} (numeric) If the network gives NaN. @throws {StoppedError} If `signal` fires.
 */
export async function scoreVolume(
  { model, preprocess, window, outputs }: SliceClassifier,
  volume: Volume,
  options: Pick<PredictOptions, "batchSlices" | "flips" | "scores" | "heatmap">,
  signal: AbortSignal,
): Promise<HeatedScores> {
  const { slices, plane, pixelMm } = prepareStack(volume, preprocess);
  const { method, patchMm } = options.heatmap;
  const patch = Math.max(1, Math.round(patchMm / Math.max(...pixelMm)));
  const rng = seededRng("faithfulness"); // of no case and no run: the order of a random map, by slice
  const sliceLogits: number[][] = [];
  const seen = outputs === 1 ? model : asAbnormal(model);
  const heat: Image[] = [];
  const faithful: Faithfulness[] = [];
  const batch = windowsABatch(options.batchSlices, slices.length, window ** 2);
  for (let start = 0; start < slices.length; start += batch) {
    throwIfStopped(signal);
    const now = slices.slice(start, start + batch);
    const windows = middlesOf(now, batch, window);
    const logits = await logitsOf(model, windows, options.flips);
    sliceLogits.push(...now.map((_, k) => [...logits.subarray(k * outputs, (k + 1) * outputs)]));
    if (method === "none") continue;
    const hot = await heatOf(seen, windows, method, patch);
    heat.push(...now.map((slice, k) => inSlice(slice, hot[k]!)));
    if (options.heatmap.faithfulness)
      faithful.push(...(await faithfulness(seen, windows, hot, (k) => rng.fork(start + k))).slice(0, now.length));
  }
  checkLogits(sliceLogits.flat());
  const scores = sliceLogits.map((logits) => Math.max(scoreFloor, oneLogit(logits)));
  return {
    plane,
    sliceScores: scores,
    stackScore: stackScore(scores, options.scores),
    sliceMm3: null,
    mm3: Math.abs(determinant(volume.affine)) * volume.data.length,
    heat: method === "none" ? null : restoreStack(heat, volume, preprocess),
    probabilities: outputs === 1 ? [] : sliceLogits.map(softmax),
    faithfulness: faithful,
  };
}

/** The middles of slices as a batch of `count`, filled up with black: another size would be compiled anew. */
function middlesOf(slices: readonly Image[], count: number, window: number) {
  const data = new Float32Array(count * window * window);
  slices.forEach((slice, k) => void copyMiddle(slice, window, data, k * window * window));
  return { data, count, side: window };
}

/** The logit itself where there is one; of several classes, normal first, that of all others together. */
function oneLogit(logits: readonly number[]): number {
  const [first, ...others] = logits as [number, ...number[]];
  if (others.length === 0) return first;
  const highest = Math.max(...others);
  return highest + Math.log(others.reduce((sum, logit) => sum + Math.exp(logit - highest), 0)) - first;
}

/**
 * Scores a volume as one set of all its slices, each the crop of a region: every slice has the score of the whole.
 * @throws {UserError} (numeric) If the network gives NaN.
 */
export async function scoreSet(
  { model, preprocess, window }: Omit<SliceClassifier, "outputs">,
  volume: Volume,
): Promise<HeatedScores> {
  const { windows, plane, mm3 } = middles(volume, preprocess, window);
  const data = new Float32Array(windows.length * window * window);
  for (const [i, one] of windows.entries()) data.set(one, i * window * window);
  const logits = [...(await logitsOf(model, { data, count: windows.length, side: window }))];
  checkLogits(logits);
  const stackScore = Math.max(scoreFloor, oneLogit(logits));
  const sliceScores = windows.map(() => stackScore);
  return { plane, sliceScores, stackScore, sliceMm3: null, mm3, heat: null, probabilities: [softmax(logits)], faithfulness: [] };
}

/** The way back of {@link copyMiddle}: a window in a picture of the slice's size, 0 around it. */
function inSlice(slice: Image, { data, width: size }: Image): Image {
  const out = new Float32Array(slice.data.length);
  forEachInWindow(slice, middleOf(slice), size, (to, from) => {
    out[to] = data[from]!;
  });
  return { ...slice, data: out };
}

/** The windows around the middles of the slices of a volume, and what else of it is told with the scores. */
export function middles(
  volume: Volume,
  preprocess: PreprocessOptions,
  window: number,
): Pick<VolumeScores, "plane" | "mm3"> & { readonly windows: Float32Array[] } {
  const { slices, plane } = prepareStack(volume, preprocess);
  const windows = slices.map((slice) => {
    const out = new Float32Array(window * window);
    copyMiddle(slice, window, out, 0);
    return out;
  });
  return { windows, plane, mm3: Math.abs(determinant(volume.affine)) * volume.data.length };
}

/** @throws {UserError} (numeric) If one is not finite. */
export function checkLogits(logits: ArrayLike<number>): void {
  const broken = Array.prototype.find.call(logits, (logit: number) => !Number.isFinite(logit));
  if (broken === undefined) return;
  throw new UserError("numeric", `the network must give finite logits; got ${broken}. Its weights are damaged: train again.`);
}

/** Writes the window of `size` x `size` around the middle of a slice to `out` from `at` on; `out` holds zeros. The same pixels as in validation. */
export function copyMiddle(slice: Image, size: number, out: Float32Array, at: number): void {
  forEachInWindow(slice, middleOf(slice), size, (from, to) => {
    out[at + to] = slice.data[from]!;
  });
}
