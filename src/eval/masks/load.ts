import { stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { affineSpacing, axisAlignedAffine, type Vec3 } from "../../core/affine.ts";
import { UserError } from "../../core/errors.ts";
import { sha256 } from "../../core/hash.ts";
import { flatAxisOf, sliceAxis, type Volume, type Voxels } from "../../core/volume.ts";
import { dataFault } from "../../data/faults.ts";
import { fileFault } from "../../data/files.ts";
import { ontoGrid } from "../../data/grid.ts";
import { imageKind } from "../../data/image-name.ts";
import { listFiles } from "../../data/ingest/walk.ts";
import { decodeLabelPicture } from "../../data/label-picture.ts";
import { notFiniteFault, readNifti, toLabels, voxelStatistics } from "../../data/nifti.ts";
import { readRegularFile } from "../../data/regular-file.ts";
import type { CaseImages } from "./measure-case.ts";
import type { MasksOptions } from "./options.ts";
import type { CasePaths, Source } from "./pair.ts";

/** A folder, or a file as a folder of that file alone. */
export interface Place extends Source {
  readonly folder: string;
}

/**
 * Lists a folder and all below it; of a file, that file.
 * @throws {UserError} (data) If it cannot be read.
 */
export async function listPlace(path: string): Promise<Place> {
  try {
    if ((await stat(path)).isDirectory()) {
      const { files, unreadable } = await listFiles(path);
      if (unreadable.length > 0) throw dataFault(path, "must be readable", unreadable[0]!, "Mend that");
      return { where: path, folder: path, files };
    }
  } catch (error) {
    throw fileFault(path, "read", error, "check the path");
  }
  return { where: path, folder: dirname(path), files: [basename(path)] };
}

/** Images of a case by every prediction, with hashes of the files in the order read: the reference first. */
export interface LoadedCase {
  readonly images: readonly CaseImages[];
  readonly hashes: readonly string[];
}

/**
 * Reads a reference and the predictions of the same case. They must lie on one grid: what differs by half a voxel at a corner is another place.
 *
 * @param warn - Gets a line for each thing that was mended or passed over.
 * @throws {UserError} (data) Naming the file: it cannot be read, is no label map (or no probability map), or lies elsewhere.
 */
export async function loadCase(
  { reference, predicted }: CasePaths,
  [ourPlace, ...theirPlaces]: readonly Place[],
  options: MasksOptions,
  warn: (line: string) => void,
): Promise<LoadedCase> {
  const truth = await readMask(join(ourPlace!.folder, reference), options, warn);
  const { volume } = truth;
  const flat = flatAxisOf(volume.shape);
  const spacing = truth.spacing;
  const images: CaseImages[] = [];
  const hashes = [truth.sha256];
  for (const [i, path] of predicted.entries()) {
    const file = join(theirPlaces[i]!.folder, path);
    const read = options.threshold === null ? await readPrediction(file, options, warn) : await readProbability(file, warn);
    const onGrid = ontoGrid<Volume<Voxels>>(
      read.volume,
      volume,
      file,
      "a prediction must be on its reference's grid",
      "Predict on the reference's grid, or resample with nearest neighbour",
    );
    const data = onGrid.data as CaseImages["predicted"];
    images.push({ shape: volume.shape, spacing, flat, sliceAxis: sliceAxis(volume), reference: volume.data, predicted: data });
    hashes.push(read.sha256);
  }
  return { images, hashes };
}

interface ReadMask {
  readonly volume: Volume<Uint16Array>;
  /** mm; NaN across a picture of unknown thickness. */
  readonly spacing: Vec3;
  readonly sha256: string;
}

async function readMask(file: string, { spacing }: MasksOptions, warn: (line: string) => void): Promise<ReadMask> {
  if (imageKind(file) === "nifti") {
    const { volume, warnings, sha256: hash } = await readNifti(file);
    for (const { message } of warnings) warn(message);
    return { volume: toLabels(volume, file), spacing: affineSpacing(volume.affine), sha256: hash };
  }
  if (spacing === null)
    throw dataFault(
      file,
      "a picture says nothing of its pixel size",
      "no --spacing",
      "Give --spacing COLUMNS ROWS [THICKNESS], in mm",
    );
  const bytes = await readRegularFile(file);
  const { data, width, height } = await decodeLabelPicture(bytes, file);
  const shape: Vec3 = [width, height, 1];
  const [across, down, thickness = Number.NaN] = spacing;
  const affine = axisAlignedAffine(shape, [across, down, 1]);
  return { volume: { data, shape, affine }, spacing: [across, down, thickness], sha256: sha256(bytes) };
}

/** A mask; whoever gives a probability map for one is told how. */
async function readPrediction(file: string, options: MasksOptions, warn: (line: string) => void): Promise<ReadMask> {
  try {
    return await readMask(file, options, warn);
  } catch (error) {
    if (!(error instanceof UserError) || !error.message.includes("whole numbers")) throw error;
    throw new UserError("data", `${error.message} If it is a probability map, give --threshold.`);
  }
}

async function readProbability(
  file: string,
  warn: (line: string) => void,
): Promise<{ volume: Volume<Float32Array>; sha256: string }> {
  if (imageKind(file) !== "nifti")
    throw dataFault(file, "a probability map must be NIfTI", "a picture", "Give masks as pictures, without --threshold");
  const { volume, warnings, sha256: hash } = await readNifti(file);
  for (const { message } of warnings) warn(message);
  const { minimum, maximum, notFinite } = voxelStatistics(volume.data);
  if (notFinite > 0) throw notFiniteFault(file, notFinite);
  if (minimum < 0 || maximum > 1)
    throw dataFault(
      file,
      "a probability must be in [0, 1]",
      `${minimum} to ${maximum}`,
      "Give probabilities, or masks without --threshold",
    );
  return { volume, sha256: hash };
}
