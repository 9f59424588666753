import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { UserError } from "../core/errors.ts";
import { sha256 } from "../core/hash.ts";
import { fileRef, readJson } from "./dataset.ts";
import { readBytes } from "./files.ts";
import { type PreprocessOptions, preprocessOptions } from "./preprocess.ts";
import { decodeSafetensors, type FloatTensor, floatsOf } from "./safetensors.ts";

/** The content of `model.json`, written last: a folder without it is not a trained model. */
export const modelFileSchema = z.strictObject({
  schemaVersion: z.literal(1),
  /** Options of the architecture, for `modelOptions` of models/index.ts. */
  model: z.record(z.string(), z.json()),
  inChannels: z.int().positive(),
  /** Meaning of the output channels, in order; logits. */
  outputs: z.array(z.string()).min(1),
  /** Of a classifier: height and width of the middle of a slice that it sees, pixels. */
  window: z.int().positive().optional(),
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
    map50: z.number().nullable().optional(),
  }),
});
export type ModelFile = z.output<typeof modelFileSchema>;

/** A trained model as plain values. */
export interface ModelFolder {
  readonly file: ModelFile;
  readonly preprocess: PreprocessOptions;
  /** Every weight by name, row-major float32. */
  readonly weights: ReadonlyMap<string, FloatTensor>;
  /** Path of the weights, for messages. */
  readonly where: string;
}

/** The folder that holds `model.json`: the one given, or `train/` in it; null where neither does. */
export function modelFolderIn(folder: string): string | null {
  return [folder, join(folder, "train")].find((place) => existsSync(join(place, "model.json"))) ?? null;
}

/**
 * Reads a folder that training wrote: `train/`, or the run folder above it.
 * @throws {UserError} (data) If there is no whole model, or the weights are damaged.
 */
export async function readModelFolder(folder: string): Promise<ModelFolder> {
  const place = modelFolderIn(folder) ?? folder;
  const file = await readJson(join(place, "model.json"), modelFileSchema, "run `hemosynth train` to the end");
  const where = join(place, file.weights.path);
  const bytes = await readBytes(where, "train again");
  if (sha256(bytes) !== file.weights.sha256)
    throw new UserError(
      "data",
      `${where}: must be the weights that model.json names; their SHA-256 differs. Restore them, or train again.`,
    );
  const { tensors } = decodeSafetensors(bytes, where);
  const weights = new Map([...tensors].map(([name, t]) => [name, { shape: t.shape, data: floatsOf(t, name, where) }]));
  return { file, preprocess: file.preprocess, weights, where };
}
