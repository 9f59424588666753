import { tf } from "../../backend/tf.ts";
import { determinant } from "../../core/affine.ts";
import { throwIfStopped } from "../../core/context.ts";
import { UserError } from "../../core/errors.ts";
import type { Image, Plane, Volume } from "../../core/volume.ts";
import { forEachInWindow, middleOf } from "../../core/window.ts";
import { type PreprocessOptions, prepareStack } from "../../data/preprocess.ts";
import { type Model, mirrorMean, windowsABatch } from "../../models/index.ts";
import type { PredictOptions } from "./options.ts";
import { scoreFloor, stackScore } from "./score.ts";

/** A trained classifier with what it needs to be applied. */
export interface SliceClassifier {
  readonly model: Pick<Model, "apply">;
  readonly preprocess: PreprocessOptions;
  /** Height and width of the middle of a slice that it sees, pixels. */
  readonly window: number;
}

/** What is told of one volume: scores, and no map. */
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

/**
 * Scores the slices of a volume, each by the window around its middle that the classifier was trained on, black beyond the slice's border.
 * @throws {UserError} (numeric) If the network gives NaN. @throws {StoppedError} If `signal` fires.
 */
export async function scoreVolume(
  { model, preprocess, window }: SliceClassifier,
  volume: Volume,
  options: Pick<PredictOptions, "batchSlices" | "flips" | "scores">,
  signal: AbortSignal,
): Promise<VolumeScores> {
  const { slices, plane } = prepareStack(volume, preprocess);
  const sliceScores: number[] = [];
  const batch = windowsABatch(options.batchSlices, slices.length, window ** 2);
  for (let start = 0; start < slices.length; start += batch) {
    throwIfStopped(signal);
    const now = slices.slice(start, start + batch);
    const windows = new Float32Array(batch * window * window); // the last batch is filled up with black: another size would be compiled anew
    now.forEach((slice, k) => void copyMiddle(slice, window, windows, k * window * window));
    const logits = tf.tidy(() => mirrorMean(model, tf.tensor4d(windows, [batch, window, window, 1]), options.flips));
    sliceScores.push(...[...(await logits.data())].slice(0, now.length));
    logits.dispose();
  }
  checkLogits(sliceScores);
  const scores = sliceScores.map((score) => Math.max(scoreFloor, score));
  const mm3 = Math.abs(determinant(volume.affine)) * volume.data.length;
  return { plane, sliceScores: scores, stackScore: stackScore(scores, options.scores), sliceMm3: null, mm3 };
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
