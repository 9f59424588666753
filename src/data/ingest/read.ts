import { join } from "node:path";
import { sha256 } from "../../core/hash.ts";
import type { Image } from "../../core/volume.ts";
import { dicomFiles, readDicomSeries } from "../dicom.ts";
import { dataFault } from "../faults.ts";
import { imageKind } from "../image-name.ts";
import { decodeLabelPicture } from "../label-picture.ts";
import { type NiftiReading, readNifti } from "../nifti.ts";
import { type PicturePlace, pictureVolume } from "../picture-volume.ts";
import { decodePicture } from "../png.ts";
import { readRegularFile } from "../regular-file.ts";
import type { Companion } from "./layout.ts";

/** A file of a case as a volume, whatever it is stored as. */
export type Reading = Pick<NiftiReading, "volume" | "warnings" | "sha256"> & { readonly modality?: string };

/** Fewer pixels than this along a side are no slice of a brain. Our choice. */
const fewestPixels = 16;

/**
 * Reads an image or what belongs to it: a NIfTI volume, a DICOM series, or a picture as a volume one voxel thick.
 * In a picture of a mask one number above 0, such as 255, counts as 1.
 *
 * @param folder - The folder that the plan's paths start from.
 * @param place - Of a picture; null for a volume or a series.
 * @throws {UserError} (data) If it cannot be read, or a picture is too small.
 */
export async function readCaseFile(
  folder: string,
  file: string,
  kind: "image" | Companion,
  place: PicturePlace | null,
): Promise<Reading> {
  if (imageKind(file) === "series") return await readDicomSeries(join(folder, file), await dicomFiles(join(folder, file)), file);
  if (place === null) return await readNifti(join(folder, file), file);
  const bytes = await readRegularFile(join(folder, file), file);
  const picture = kind === "image" ? await decodePicture(bytes, file) : await decodeLabelPicture(bytes, file);
  if (Math.min(picture.width, picture.height) < fewestPixels)
    throw dataFault(file, `a slice must have at least ${fewestPixels} x ${fewestPixels} pixels`, `${picture.width} x ${picture.height}`, "Export it at its full size"); // biome-ignore format: one line
  const data = Float32Array.from(kind === "image" || kind === "labels" ? picture.data : binary(picture));
  return { volume: pictureVolume({ ...picture, data }, place), warnings: [], sha256: sha256(bytes) };
}

/** 0 and 1 of a mask drawn with 0 and another number; as it is where there are more, for the check to refuse. */
function binary({ data }: Image<Float32Array | Uint16Array>): ArrayLike<number> {
  const white = data.find((value) => value !== 0);
  return data.some((value) => value !== 0 && value !== white) ? data : data.map((value) => (value === 0 ? 0 : 1));
}
