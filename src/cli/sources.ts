import { stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Experiment } from "../config/experiment.ts";
import { UserError } from "../core/errors.ts";
import { canonicalJson, sha256 } from "../core/hash.ts";
import { type Dataset, readDataset } from "../data/dataset.ts";
import { isNormal } from "../data/datasets/options.ts";
import { imageKind, mayBeDicom } from "../data/image-name.ts";
import { isTable } from "../data/ingest/gestational-age.ts";
import { brainMaskOf } from "../eval/predict/inputs.ts";
import { damage, filesUnder, hashFile, namesIn, readRecord } from "./record.ts";

/**
 * What the data stage reads from outside the run folder, by name, hashed. Of volumes only the names: their contents are in
 * `dataset.json`, and {@link changedSource} compares them. Pictures, DICOM slices and tables are read into the dataset: those by content.
 *
 * @throws {UserError} (data) If the folder cannot be read.
 */
export async function sourceHashes({ data }: Experiment): Promise<Record<string, string>> {
  if (data.kind === "head-ct" && data.labels !== null)
    return { "the label pictures in data.labels": await inputHash(data.labels, "check data.labels") };
  if (!("path" in data)) return {};
  const found = await stat(data.path).catch(() => null);
  if (found?.isDirectory() !== true) {
    throw new UserError(
      "data",
      `${data.path}: data.path must be a folder; got ${found === null ? "nothing there" : "a file"}. Check the path.`,
    );
  }
  if (data.kind === "dataset") {
    await readDataset(data.path); // says what is wrong with it
    return { "the dataset in data.path": await hashFile(join(data.path, "dataset.json")) };
  }
  const files = await filesUnder(data.path);
  if (data.kind === "public" && !isNormal(data.layout)) return await publicHashes(data.path, files);
  const readIn: [string, string][] = [];
  for (const file of files) {
    if (imageKind(file) === "picture" || isTable(file) || mayBeDicom(file))
      readIn.push([file, await hashFile(join(data.path, file))]);
  }
  const names = { "the list of files in data.path": sha256(canonicalJson(files)) };
  return readIn.length === 0
    ? names
    : { ...names, "the pictures, DICOM slices and tables in data.path": sha256(canonicalJson(readIn)) };
}

/** Of a public set that is read into the dataset: names and sizes of all files, for there can be a million, and its tables by content. */
async function publicHashes(folder: string, files: readonly string[]): Promise<Record<string, string>> {
  const sizes: [string, number][] = [];
  for (const file of files) sizes.push([file, (await stat(join(folder, file))).size]);
  const tables: [string, string][] = [];
  for (const file of files.filter((name) => /\.csv$/i.test(name))) tables.push([file, await hashFile(join(folder, file))]);
  return {
    "the names and sizes of the files in data.path": sha256(canonicalJson(sizes)),
    "the tables in data.path": sha256(canonicalJson(tables)),
  };
}

/** True if a folder holds a dataset. */
export async function isDataset(path: string): Promise<boolean> {
  return (await stat(join(path, "dataset.json")).catch(() => null)) !== null;
}

/** The first source file of a dataset whose content is not what the dataset recorded, or null. */
export async function changedSource(folder: string): Promise<string | null> {
  const dataset = await readDataset(folder);
  for (const { path, sha256: recorded } of refsOf(dataset)) {
    const file = join(folder, dataset.root, path);
    const actual = await hashFile(file).catch(() => null);
    if (actual !== recorded) return `${path} ${actual === null ? "is missing" : "has changed"}`;
  }
  return null;
}

function refsOf(dataset: Dataset) {
  return dataset.cases.flatMap((c) => [c.image, c.labels, c.brainMask, c.lesionMask, c.sidecar].filter((ref) => ref !== null));
}

/**
 * SHA-256 over what a stage reads: the recorded outputs of a stage folder, which must still be so; all files of a dataset or model; the files
 * that lie in any other folder itself; or a file.
 *
 * @param wayOut - How to get the input, for the message where it is missing.
 * @param wasLookedAt - The files of a stage folder were compared with its record just before: they are not read again.
 * @throws {UserError} (data) If it is missing, half-made, or not as the stage that made it left it.
 */
export async function inputHash(path: string, wayOut: string, wasLookedAt = false): Promise<string> {
  const found = await stat(path).catch(() => null);
  if (found === null) throw new UserError("data", `${path}: no such file or folder; ${wayOut}.`);
  if (!found.isDirectory()) return await fileHash(path);
  const names = (await namesIn(path)) ?? [];
  if (names.includes("stage.partial.json"))
    throw new UserError("data", `${path}: the stage that makes it did not finish; ${wayOut}.`);
  if (names.includes("stage.json")) {
    const { outputs } = await readRecord(path);
    const why = wasLookedAt ? null : await damage(path, outputs);
    if (why !== null) throw new UserError("data", `${path}: must be as the stage that made it left it; ${why}; ${wayOut}.`);
    return sha256(canonicalJson(outputs));
  }
  // Of a folder of scans only what lies in it itself is read: it may be the root of a large archive.
  const isOurs = names.includes("dataset.json") || names.includes("model.json");
  const files = await filesUnder(path, isOurs);
  const hashes = [];
  for (const file of files) hashes.push([file, await hashFile(join(path, file))]);
  return sha256(canonicalJson(hashes));
}

/** A file, with the brain mask that may lie beside an image. */
async function fileHash(file: string): Promise<string> {
  const folder = dirname(file);
  const mask = brainMaskOf(basename(file), (await namesIn(folder)) ?? []);
  return sha256(canonicalJson([await hashFile(file), mask === null ? null : await hashFile(join(folder, mask))]));
}

/** The run folder that a model folder belongs to; null for a model that was taken out of its run. */
export function runFolderOf(model: string): string | null {
  return basename(model) === "train" ? dirname(model) : null;
}
