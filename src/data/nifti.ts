import { affineSpacing, type Vec3 } from "../core/affine.ts";
import { sha256 } from "../core/hash.ts";
import { type Volume, type Voxels, voxelCount } from "../core/volume.ts";
import { dataFault, oneLine } from "./faults.ts";
import { writeAtomic } from "./files.ts";
import { decodeVoxels } from "./nifti/datatypes.ts";
import { encodeNifti } from "./nifti/encode.ts";
import { gunzipAll, gunzipHeader, isGzip } from "./nifti/gunzip.ts";
import { checkExtensions, type NiftiHeader, type NiftiWarning, parseHeader } from "./nifti/header.ts";
import { assertRecorded } from "./recorded.ts";
import { readRegularFile } from "./regular-file.ts";

export { encodeNifti } from "./nifti/encode.ts";
export type { NiftiHeader, NiftiWarning } from "./nifti/header.ts";

/** A file read and checked, with what was odd about it. Voxels can still be NaN or infinite: see {@link voxelStatistics}. */
export interface NiftiReading {
  readonly volume: Volume<Float32Array>;
  readonly header: NiftiHeader;
  readonly warnings: readonly NiftiWarning[];
  /** SHA-256 of the file's bytes as they lie on disk. */
  readonly sha256: string;
}

/** Facts of a file without its voxels. */
export interface NiftiFacts {
  readonly shape: Vec3;
  /** mm along the array axes. */
  readonly spacing: Vec3;
  readonly datatype: string;
  readonly sha256: string;
  readonly statistics: VoxelStatistics;
  readonly warnings: readonly NiftiWarning[];
}

/** `minimum` and `maximum` are over finite voxels, NaN when there is none. */
export interface VoxelStatistics {
  readonly minimum: number;
  readonly maximum: number;
  /** Voxels that are NaN or infinite. */
  readonly notFinite: number;
}

/**
 * Reads a NIfTI-1 or NIfTI-2 file (`.nii`, `.nii.gz`) of one 3-D volume, scaled, with its affine by nibabel's rule.
 * NaN and infinite voxels come through; {@link readVolume} refuses them.
 *
 * @param where - The file's name for messages.
 * @throws {UserError} (data) If anything makes the voxels or their place in space doubtful.
 */
export async function readNifti(file: string, where: string = file): Promise<NiftiReading> {
  const stored = await readRegularFile(file, where);
  const reading = await decodeNifti(stored, where);
  return { ...reading, sha256: sha256(stored) };
}

/**
 * Decodes the bytes of a NIfTI file, zipped if `where` ends in `.gz`.
 * @param where - File name, for messages and its suffix.
 * @throws {UserError} (data) As {@link readNifti}.
 */
export async function decodeNifti(stored: Buffer, where: string): Promise<Omit<NiftiReading, "sha256">> {
  const zipped = checkSuffix(stored, where);
  const head = zipped ? gunzipHeader(stored, where) : stored;
  if (zipped && isGzip(head))
    throw dataFault(where, "must be zipped once", "a gzip file inside a gzip file", "Unzip it once with gunzip");
  const header = parseHeader(head, where);
  const count = voxelCount(header.shape);
  const expected = header.voxOffset + count * header.datatype.bytes;
  const bytes = zipped ? await gunzipAll(stored, expected, where) : stored;
  if (bytes.length < expected)
    throw dataFault(where, `must hold ${expected} bytes by its header`, bytes.length, "Copy or download it again");
  checkExtensions(bytes, header, where);
  const data = decodeVoxels(bytes.subarray(header.voxOffset), header.datatype, count, header.littleEndian, header);
  const warnings = [...header.warnings];
  if (bytes.length > expected) {
    const message = `${oneLine(where)}: ${bytes.length - expected} bytes after the voxels are passed over.`;
    warnings.push({ rule: "trailing-bytes", message });
  }
  return { volume: { data, shape: header.shape, affine: header.affine }, header, warnings };
}

/** Whether the bytes are gzip. A name that says otherwise is refused: other programs would go by the name. */
function checkSuffix(stored: Buffer, where: string): boolean {
  if (stored.length === 0)
    throw dataFault(where, "a NIfTI file has at least 348 bytes", "an empty file", "Copy or download it again");
  const zipped = isGzip(stored);
  const name = where.toLowerCase();
  if (name.endsWith(".gz") && !zipped)
    throw dataFault(where, "a .gz file must be gzip", "a file that is not", "Remove .gz from its name, or zip it");
  if (name.endsWith(".nii") && zipped)
    throw dataFault(where, "a .nii file must not be zipped", "gzip", "Add .gz to its name, or unzip it");
  return zipped;
}

/**
 * Reads an image: one 3-D volume of finite intensities, in the file's unit (`scl_slope` and `scl_inter` applied).
 *
 * @param warn - Called with a line for each thing that was mended or passed over.
 * @param recorded - SHA-256 that the file's dataset has of it.
 * @throws {UserError} (data) As {@link readNifti}, if a voxel is NaN or infinite, and if the file is not the one that was recorded.
 */
export async function readVolume(
  file: string,
  warn: (line: string) => void = () => {},
  recorded?: string,
): Promise<Volume<Float32Array>> {
  const { volume, warnings } = await readAsRecorded(file, recorded);
  const { notFinite } = voxelStatistics(volume.data);
  if (notFinite > 0) throw notFiniteFault(file, notFinite);
  for (const { message } of warnings) warn(message);
  return volume;
}

/**
 * Reads a label map or mask: one 3-D volume of whole numbers from 0 to 65535, whatever type they are stored in.
 *
 * @param warn - Called with a line for each thing that was mended or passed over.
 * @param recorded - SHA-256 that the file's dataset has of it.
 * @throws {UserError} (data) As {@link readNifti}, if a voxel is no such number, and if the file is not the one that was recorded.
 */
export async function readLabels(
  file: string,
  warn: (line: string) => void = () => {},
  recorded?: string,
): Promise<Volume<Uint16Array>> {
  const { volume, warnings } = await readAsRecorded(file, recorded);
  for (const { message } of warnings) warn(message);
  return toLabels(volume, file);
}

async function readAsRecorded(file: string, recorded: string | undefined): Promise<NiftiReading> {
  const reading = await readNifti(file);
  if (recorded !== undefined) assertRecorded(file, reading.sha256, recorded);
  return reading;
}

/**
 * Turns voxels into label ids. A millionth off a whole number is rounding of `scl_slope`; more is interpolation, which
 * makes labels that mean nothing.
 *
 * @throws {UserError} (data) If a voxel is not a whole number from 0 to 65535.
 */
export function toLabels(volume: Volume<Float32Array>, where: string): Volume<Uint16Array> {
  const { data, shape, affine } = volume;
  const out = new Uint16Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    const id = Math.round(value);
    if (!(Math.abs(value - id) <= 1e-6 * Math.max(1, id)) || id < 0 || id > 65535) {
      const wayOut = "Use the original label map, or resample it with nearest neighbour";
      throw dataFault(where, "labels must be whole numbers from 0 to 65535", Number(value.toPrecision(6)), wayOut);
    }
    out[i] = id;
  }
  return { data: out, shape, affine };
}

export function notFiniteFault(where: string, count: number): Error {
  const wayOut = "Replace them, for example by 0 with fslmaths -nan";
  return dataFault(where, "voxels must be finite numbers", `${count} that are NaN or infinite`, wayOut);
}

/** Range of the finite voxels, and how many are not finite. */
export function voxelStatistics(data: Voxels): VoxelStatistics {
  let [minimum, maximum, notFinite] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    if (!Number.isFinite(value)) notFinite++;
    else {
      if (value < minimum) minimum = value;
      if (value > maximum) maximum = value;
    }
  }
  if (notFinite === data.length) return { minimum: Number.NaN, maximum: Number.NaN, notFinite };
  return { minimum, maximum, notFinite };
}

/** Facts, hash and warnings of a file. @throws {UserError} (data) As {@link readNifti}. */
export async function inspectNifti(file: string): Promise<NiftiFacts> {
  const { volume, header, warnings, sha256: hash } = await readNifti(file);
  return {
    shape: volume.shape,
    spacing: affineSpacing(volume.affine),
    datatype: header.datatype.name,
    sha256: hash,
    statistics: voxelStatistics(volume.data),
    warnings,
  };
}

/**
 * Writes a volume as NIfTI-1, zipped if the name ends in `.gz`: float32, int16, uint8 or uint16 by its array.
 * The same volume gives the same bytes, and a reader never sees half a file.
 *
 * @returns The hash of the bytes written.
 * @throws {UserError} (data) If the file cannot be written.
 */
export async function writeNifti(file: string, volume: Volume<Voxels>): Promise<{ readonly sha256: string }> {
  const bytes = encodeNifti(volume, file.toLowerCase().endsWith(".gz"));
  await writeAtomic(file, bytes);
  return { sha256: sha256(bytes) };
}
