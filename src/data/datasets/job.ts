import { join, posix } from "node:path";
import { affineSpacing } from "../../core/affine.ts";
import { UserError } from "../../core/errors.ts";
import { sha256 } from "../../core/hash.ts";
import type { Image, Volume, Voxels } from "../../core/volume.ts";
import { writeImage } from "../case-files.ts";
import type { Case, Modality } from "../dataset.ts";
import { readDicomSeries } from "../dicom.ts";
import { dataFault } from "../faults.ts";
import { gridsApart, mostApart } from "../grid.ts";
import { readLabels, readVolume } from "../nifti.ts";
import { pictureVolume } from "../picture-volume.ts";
import { readColours, readPicture } from "../png.ts";
import { fromBorder, skullCavity } from "./cavity.ts";
import type { PublicCase, RelativeBox } from "./plan.ts";

/** One image of a public set to read, check and write as a volume; run in a worker thread. */
export interface PublicJob {
  /** Folder of the dataset, and of the set. */
  readonly out: string;
  readonly path: string;
  readonly case: PublicCase;
  /** Of the set; undefined where it does not tell. */
  readonly modality: Modality | undefined;
}

/** What a job did: the entry for dataset.json and what a user should know, or the fault that a user can mend. */
export type PublicResult = PublicRead | { readonly fault: string };

/** `voxels` is the SHA-256 of the image's values alone: the same picture is known again by it, whatever pixel size a table gives it. */
export interface PublicRead {
  readonly case: Case;
  readonly warnings: readonly string[];
  readonly voxels: string;
}

/** Reads one case and writes its volume and masks. Faults of the data come back, so that all of a set's are told at once. */
export default async function readPublic(job: PublicJob): Promise<PublicResult> {
  try {
    return await makeCase(job);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { fault: error.message };
  }
}

async function makeCase({ out, path, case: from, modality }: PublicJob): Promise<PublicResult> {
  const warnings: string[] = [];
  const image = await readSource(path, from.source, warnings);
  const lesion = from.lesion === null ? null : await readLesion(path, from.lesion, image, warnings);
  const cavity = from.outline === null && modality === "CT" ? cavityOf(from, image, warnings) : null;
  const inside = from.outline === null ? cavity : await readOutline(path, from.outline, image);
  const boxes = from.relativeBoxes?.map((relative) => pixelBox(relative, image)) ?? from.boxes;
  checkBoxes(from, image);
  const write = (suffix: string, volume: Volume<Voxels>) => writeImage(out, `volumes/${from.id}${suffix}`, volume);
  const data = Int16Array.from(image.data, (value) => Math.max(-32768, Math.min(32767, Math.round(value))));
  const found = from.classByMask?.[lesion?.data.some((value) => value > 0) ? 1 : 0] ?? from.class;
  const entry: Case = {
    ...{
      id: from.id,
      subject: from.subject,
      session: null,
      gestationalAge: null,
      labels: null,
      sidecar: null,
      grade: null,
      sources: [],
    },
    image: await write("", { ...image, data }),
    brainMask: inside === null ? null : await write("_brain", inside),
    lesionMask: lesion === null ? null : await write("_lesion", lesion),
    shape: [...image.shape],
    spacing: affineSpacing(image.affine).map((s) => Number(s.toPrecision(6))) as [number, number, number],
    ...(found === undefined ? {} : { class: found }),
    ...(boxes === undefined ? {} : { boxes }),
    ...(from.plane === undefined ? {} : { plane: from.plane }),
  };
  return { case: entry, warnings, voxels: sha256(new Uint8Array(data.buffer)) };
}

/** The inside of the skull in a head CT. */
function cavityOf({ id }: PublicCase, image: Volume, warnings: string[]): Volume<Uint8Array> | null {
  const found = skullCavity(image);
  if (found === null) warnings.push(`${id}: no inside of a skull was found, so it has no brain mask.`);
  return found;
}

async function readSource(path: string, source: PublicCase["source"], warnings: string[]): Promise<Volume<Float32Array>> {
  switch (source.kind) {
    case "nifti":
      // Warnings are kept with the dataset, where a path of this machine would say nothing.
      return await readVolume(join(path, source.file), (line) => warnings.push(line.replace(join(path, "/"), "")));
    case "series": {
      const series = await readDicomSeries(join(path, source.folder), source.files, source.folder);
      for (const { message } of series.warnings) warnings.push(message);
      return series.volume;
    }
    case "picture": {
      const { data, width, height } = await readColours(join(path, source.file));
      const grey = Float32Array.from(
        { length: width * height },
        (_, i) => (data[3 * i]! + data[3 * i + 1]! + data[3 * i + 2]!) / 3,
      );
      return picture({ data: grey, width, height }, source.pixelMm);
    }
    case "greyPicture": {
      const { data, width, height } = await readPicture(join(path, source.file));
      return picture({ data: Float32Array.from(data), width, height }, source.pixelMm);
    }
    default:
      return source satisfies never;
  }
}

/** A box in whole pixels of the picture, at least one wide and high. */
function pixelBox({ name, box }: RelativeBox, { shape: [width, height] }: Volume): NonNullable<Case["boxes"]>[number] {
  const [left, top, right, bottom] = box.map((share, a) => Math.round(share * [width, height][a % 2]!)) as [number, number, number, number]; // biome-ignore format: one line
  const [x0, y0] = [Math.min(Math.max(0, left), width - 1), Math.min(Math.max(0, top), height - 1)];
  return { name, slice: 0, box: [x0, y0, Math.min(width, Math.max(right, x0 + 1)), Math.min(height, Math.max(bottom, y0 + 1))] };
}

/** A picture as a volume one voxel thick; it says nothing of the patient's sides. */
function picture<Data extends Voxels>(image: Image<Data>, pixelMm: number): Volume<Data> {
  return pictureVolume(image, { pixelMm: [pixelMm, pixelMm], thicknessMm: 1, axes: "LP", side: null });
}

async function readLesion(
  path: string,
  { file, values }: NonNullable<PublicCase["lesion"]>,
  image: Volume,
  warnings: string[],
): Promise<Volume<Uint8Array>> {
  const where = join(path, file);
  const mask = await readLabels(where);
  if (mask.shape.some((n, a) => n !== image.shape[a]))
    throw dataFault(
      where,
      `must have its image's shape, ${image.shape.join(" x ")}`,
      mask.shape.join(" x "),
      "Download both again",
    );
  const apart = gridsApart(image, mask);
  // Sets are published as pairs of arrays, and headers of masks were not always kept: said, not refused.
  if (apart > mostApart)
    warnings.push(
      `${file}: lies a corner ${apart.toPrecision(2)} voxels away from its image by its header; taken voxel by voxel.`,
    );
  const stray = values === null ? undefined : mask.data.find((value) => value !== 0 && values[value] === undefined);
  if (stray !== undefined)
    throw dataFault(where, `values must be 0 or ${Object.keys(values!).join(", ")}`, stray, "Download it again");
  return {
    ...mask,
    affine: image.affine,
    data: Uint8Array.from(mask.data, (value) => (value === 0 ? 0 : (values?.[value] ?? 1))),
  };
}

/** What an outline encloses, itself among it: all that cannot be reached from the border without crossing it. */
async function readOutline(path: string, file: string, image: Volume): Promise<Volume<Uint8Array>> {
  const where = join(path, file);
  const { data, width, height } = await readColours(where);
  if (width !== image.shape[0] || height !== image.shape[1])
    throw dataFault(
      where,
      `must be as large as its picture, ${image.shape[0]} x ${image.shape[1]}`,
      `${width} x ${height}`,
      "Download both again",
    );
  const inside = fromBorder((i) => data[3 * i]! < 128, [width, height]).map((outside) => 1 - outside);
  return { data: inside, shape: image.shape, affine: image.affine };
}

function checkBoxes({ boxes = [], source }: PublicCase, image: Volume): void {
  const [width, height] = image.shape;
  const beyond = boxes.find(({ box: [, , x1, y1] }) => x1 > width || y1 > height);
  if (beyond === undefined || source.kind !== "picture") return;
  throw dataFault(
    posix.normalize(source.file),
    `boxes must lie in the picture, ${width} x ${height}`,
    `${beyond.name} at ${beyond.box.join(", ")}`,
    "Correct the table of boxes",
  );
}
