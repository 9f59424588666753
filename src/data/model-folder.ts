import { z } from "zod";
import { fileRef } from "./dataset.ts";
import { type PreprocessOptions, preprocessOptions } from "./preprocess.ts";

/** The content of `model.json`, written last: a folder without it is not a trained model. */
export const modelFileSchema = z.strictObject({
  schemaVersion: z.literal(1),
  /** Options of the architecture, for `modelOptions` of models/index.ts. */
  model: z.record(z.string(), z.json()),
  inChannels: z.int().positive(),
  /** Meaning of the output channels, in order; logits. */
  outputs: z.array(z.string()).min(1),
  preprocess: preprocessOptions,
  /** The weights to predict with. */
  weights: fileRef,
  /** What it was trained on: SHA-256 of `dataset.json` and of `splits.json`. */
  data: z.strictObject({ dataset: z.string(), splits: z.string() }),
  seed: z.int(),
  steps: z.int(),
  /** Figures on the validation slices at the step whose weights were kept; null where undefined. */
  validation: z.strictObject({
    step: z.int(),
    loss: z.number(),
    dice: z.number().nullable(),
    auroc: z.number().nullable(),
    brainDice: z.number().nullable(),
  }),
});
export type ModelFile = z.output<typeof modelFileSchema>;

/** A trained model as plain values. */
export interface ModelFolder {
  readonly file: ModelFile;
  readonly preprocess: PreprocessOptions;
  /** Every weight by name, row-major float32. */
  readonly weights: ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: Float32Array }>;
}

/**
 * Reads a folder that training wrote: `train/`, or the run folder above it.
 * @throws {UserError} (data) If there is no whole model, or the weights are damaged.
 */
export async function readModelFolder(folder: string): Promise<ModelFolder> {
  throw new Error(`readModelFolder: not written yet ${folder}`);
}
