import { basename } from "node:path";
import type { Volume } from "../../core/volume.ts";
import { csvLine } from "../../data/csv.ts";
import { bagLogits, type Model } from "../../models/index.ts";
import { checkLogits, middles, type SliceClassifier, type VolumeScores } from "./classify.ts";
import type { NamedInput } from "./inputs.ts";
import type { PredictOptions } from "./options.ts";
import { scoreFloor } from "./score.ts";

/** What a network of bags tells of one volume. */
export interface VolumeBag extends VolumeScores {
  /** The share of each slice in the stack's score; sums to 1. */
  readonly attention: readonly number[];
}

/**
 * Scores a volume as one bag of all its slices, each seen by the window around its middle. A slice scores what it would alone, and the stack their mean by attention.
 * @throws {UserError} (numeric) If the network gives NaN. @throws {StoppedError} If `signal` fires.
 */
export async function scoreBag(
  { model, preprocess, window }: Omit<SliceClassifier, "model" | "outputs"> & { readonly model: Pick<Model, "apply" | "pool"> },
  volume: Volume,
  options: Pick<PredictOptions, "batchSlices" | "flips">,
  signal: AbortSignal,
): Promise<VolumeBag> {
  const { windows, plane, mm3 } = middles(volume, preprocess, window);
  const { logit, images } = await bagLogits(model, windows, window, options, signal);
  checkLogits([logit, ...images.map((image) => image.logit)]);
  const floored = (score: number) => Math.max(scoreFloor, score);
  return {
    plane,
    sliceScores: images.map((image) => floored(image.logit)),
    stackScore: floored(logit),
    sliceMm3: null,
    mm3,
    attention: images.map((image) => image.attention),
  };
}

/** First line of `attention.csv`. */
export const attentionHeader = "subject,case,slice,attention,logit,picture\n";

/**
 * The lines of `attention.csv` of one volume; numbers have 9 digits, as many as float32 has.
 * @param pictures - Paths of its slices, in order; none where it is one file.
 */
export function attentionLines(
  { subject, id }: NamedInput,
  { attention, sliceScores }: VolumeBag,
  pictures: readonly string[],
): string {
  const digits = (value: number) => Number(value.toPrecision(9));
  const lines = attention.map((share, i) =>
    csvLine([subject, id, i, digits(share), digits(sliceScores[i]!), basename(pictures[i] ?? "")]),
  );
  return lines.map((line) => `${line}\n`).join("");
}
