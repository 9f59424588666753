import { tf } from "../../backend/tf.ts";
import { determinant } from "../../core/affine.ts";
import { throwIfStopped } from "../../core/context.ts";
import type { Image, Volume } from "../../core/volume.ts";
import { type PreprocessOptions, prepareStack, restoreRectangle } from "../../data/preprocess.ts";
import { type Detection, detectInRows, type Model, windowsABatch, type YoloOptions } from "../../models/index.ts";
import { withinPicture } from "../detect/detect.ts";
import { checkLogits, type VolumeScores } from "./classify.ts";
import type { PredictOptions } from "./options.ts";
import { scoreFloor, stackScore } from "./score.ts";

/** A trained detector with what it needs to be applied. */
export interface SliceDetector extends Pick<YoloOptions, "anchors"> {
  readonly model: Pick<Model, "apply" | "sizeMultiple">;
  readonly preprocess: PreprocessOptions;
  readonly classes: number;
}

/** What a detector tells of one volume. */
export interface VolumeBoxes extends VolumeScores {
  /** Of each slice, best first. Pixels of the stored slice: x is the first in-plane array axis. */
  readonly detections: readonly (readonly Detection[])[];
}

/**
 * Finds boxes in the slices of a volume, each seen whole with black beyond its right and lower border. A slice scores the logit of its best box.
 * @throws {UserError} (numeric) If the network gives NaN. @throws {StoppedError} If `signal` fires.
 */
export async function detectVolume(
  { model, preprocess, classes, anchors }: SliceDetector,
  volume: Volume,
  options: Pick<PredictOptions, "batchSlices" | "boxes" | "scores">,
  signal: AbortSignal,
): Promise<VolumeBoxes> {
  const { slices, plane } = prepareStack(volume, preprocess);
  const up = (side: number) => model.sizeMultiple * Math.ceil(side / model.sizeMultiple);
  const [width, height] = [up(slices[0]!.width), up(slices[0]!.height)];
  const batch = windowsABatch(options.batchSlices, slices.length, width * height);
  const detections: Detection[][] = [];
  for (let start = 0; start < slices.length; start += batch) {
    throwIfStopped(signal);
    const now = slices.slice(start, start + batch);
    const windows = new Float32Array(batch * width * height); // the last batch is filled up with black: another size would be compiled anew
    now.forEach((slice, k) => void copyInto(slice, width, windows, k * width * height));
    const rows = tf.tidy(() => model.apply(tf.tensor4d(windows, [batch, height, width, 1]), { training: false }));
    const values = (await rows.data()) as Float32Array;
    rows.dispose();
    checkLogits(values);
    const each = values.length / batch;
    for (const [k, slice] of now.entries()) {
      const row = values.subarray(k * each, (k + 1) * each);
      const found = detectInRows(row, { height, width, classes, anchors }, { ...options.boxes, labels: "best" });
      detections.push(withinPicture(found, slice).map((one) => ({ ...one, box: restoreRectangle(one.box, volume, preprocess) })));
    }
  }
  const sliceScores = detections.map(([best]) => (best === undefined ? scoreFloor : logitOf(best.score)));
  const mm3 = Math.abs(determinant(volume.affine)) * volume.data.length;
  return { plane, detections, sliceScores, stackScore: stackScore(sliceScores, options.scores), sliceMm3: null, mm3 };
}

/** Writes a slice to the left upper corner of a window of that width. */
function copyInto(slice: Image, width: number, out: Float32Array, at: number): void {
  for (let y = 0; y < slice.height; y++) out.set(slice.data.subarray(y * slice.width, (y + 1) * slice.width), at + y * width);
}

/** A score as a logit; float32 has no probability nearer to 1 than 6e-8. */
function logitOf(score: number): number {
  const p = Math.min(score, 1 - 2 ** -24);
  return Math.max(scoreFloor, Math.log(p / (1 - p)));
}
