import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { z } from "zod";
import { UserError } from "../core/errors.ts";
import { sha256 } from "../core/hash.ts";
import { fileRef, readJson } from "./dataset.ts";
import { dataFault } from "./faults.ts";
import { readBytes } from "./files.ts";
import { type PreprocessOptions, preprocessOptions } from "./preprocess.ts";
import { readRegularFile } from "./regular-file.ts";
import { allFloats, decodeSafetensors, type FloatTensor } from "./safetensors.ts";

/** The content of `model.json`, written last: a folder without it is not a trained model. */
export const modelFileSchema = z.strictObject({
  schemaVersion: z.literal(1),
  /** Options of the architecture, for `modelOptions` of models/index.ts. */
  model: z.record(z.string(), z.json()),
  /** What it was trained to tell; absent in files of earlier versions. */
  task: z.string().optional(),
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
  /** Where its first weights came from, without this key at random: SHA-256 of the file, and names of weights. */
  init: z
    .strictObject({
      sha256: z.string(),
      taken: z.array(z.string()),
      /** Those of `taken` that are sums over the input channels of the file's kernel. */
      summed: z.array(z.string()),
      /** Those that started at random. */
      random: z.array(z.string()),
    })
    .optional(),
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

/** The folder of a trained model, absolute: the one given, or `train/` in a run folder. @throws {UserError} (data) If neither has a model. */
export async function modelFolder(path: string): Promise<string> {
  const folder = modelFolderIn(path);
  if (folder !== null) return resolve(folder);
  const fold = join(path, "folds", "0");
  const wayOut =
    modelFolderIn(fold) === null
      ? `run \`hemosynth train CONFIG --out ${path}\` first`
      : `name one of its folds, such as ${fold}`;
  throw new UserError("data", `${path}: no trained model (model.json) here or in train/; ${wayOut}.`);
}

/** A file of weights in our layout. */
export interface WeightsFile {
  /** Path, for messages. */
  readonly where: string;
  readonly sha256: string;
  readonly metadata: ReadonlyMap<string, string>;
  /** Every weight by name, row-major float32; of a checkpoint without what else it holds. */
  readonly weights: ReadonlyMap<string, FloatTensor>;
}

/**
 * Path of a file of weights: the one given, or in a folder the best weights of the trained model there.
 * @throws {UserError} (data) If it is neither.
 */
export async function weightsPath(path: string): Promise<string> {
  return (await locateWeights(path)).where;
}

/** A file of weights, with the SHA-256 that it must have, where a model says so. */
async function locateWeights(path: string): Promise<{ where: string; expected: string | null }> {
  const found = await stat(path).catch(() => null);
  if (found === null)
    throw dataFault(path, "must be a safetensors file or the folder of a trained model", "nothing there", "Check the path");
  if (!found.isDirectory()) return { where: path, expected: null };
  const folder = await modelFolder(path);
  const { weights } = await readModelFile(folder);
  return { where: join(folder, weights.path), expected: weights.sha256 };
}

async function readModelFile(folder: string): Promise<ModelFile> {
  return await readJson(join(folder, "model.json"), modelFileSchema, "run `hemosynth train` to the end");
}

/** The SHA-256 of weights. @throws {UserError} (data) If it is another than expected. */
function checkedHash(bytes: Uint8Array, where: string, expected: string | null): string {
  const hash = sha256(bytes);
  if (expected === null || hash === expected) return hash;
  throw new UserError(
    "data",
    `${where}: must be the weights that model.json names; their SHA-256 differs. Restore them, or train again.`,
  );
}

/**
 * Reads weights from a safetensors file in our layout, or the best ones of a trained model by its folder.
 * @throws {UserError} (data) If there are none, or they are damaged, in another format or in PyTorch's layout.
 */
export async function readWeightsFile(path: string): Promise<WeightsFile> {
  const { where, expected } = await locateWeights(path);
  const bytes = await readRegularFile(where);
  const hash = checkedHash(bytes, where, expected);
  const { metadata, tensors } = decodeSafetensors(bytes, where);
  // A kernel of another layout may have a shape that fits: nothing but the file itself can tell.
  const format = metadata.get("format");
  if (format !== "hemosynth" && !metadata.has("hemosynth"))
    throw dataFault(
      where,
      "weights must be in the layout of hemosynth, and say so by `format: hemosynth` in their metadata",
      format === undefined ? "no format there" : `format: ${format}`,
      "Turn those of torchvision, timm or YOLOv5 by `hemosynth import-weights FILE --model KIND --out OUT`",
    );
  const own = [...tensors].filter(([name]) => !name.startsWith(checkpointPrefix));
  const weights = allFloats(own, where);
  return { where, sha256: hash, metadata, weights };
}

/** Tensors of a training's checkpoint that are not weights begin so. */
export const checkpointPrefix = "state/";

/**
 * Reads a folder that training wrote: `train/`, or the run folder above it.
 * @throws {UserError} (data) If there is no whole model, or the weights are damaged.
 */
export async function readModelFolder(folder: string): Promise<ModelFolder> {
  const place = modelFolderIn(folder) ?? folder;
  const file = await readModelFile(place);
  const where = join(place, file.weights.path);
  const bytes = await readBytes(where, "train again");
  checkedHash(bytes, where, file.weights.sha256);
  const { tensors } = decodeSafetensors(bytes, where);
  return { file, preprocess: file.preprocess, weights: allFloats(tensors, where), where };
}
