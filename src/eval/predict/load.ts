import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import type { StageContext } from "../../core/context.ts";
import { UserError } from "../../core/errors.ts";
import type { Image, Volume } from "../../core/volume.ts";
import {
  type Case,
  type Dataset,
  type FileRef,
  readDataset,
  readSplits,
  type SplitName,
  splitNames,
} from "../../data/dataset.ts";
import { dicomFiles, readDicomSeries } from "../../data/dicom.ts";
import { dataFault } from "../../data/faults.ts";
import { fileFault } from "../../data/files.ts";
import { ontoGrid } from "../../data/grid.ts";
import { imageKind, imageStem } from "../../data/image-name.ts";
import { decodeLabelPicture } from "../../data/label-picture.ts";
import { readLabels, readVolume } from "../../data/nifti.ts";
import { pictureStack, usualAxes } from "../../data/picture-volume.ts";
import { readPicture } from "../../data/png.ts";
import { readRegularFile } from "../../data/regular-file.ts";
import { brainMaskOf, gatherPictures, type NamedInput, nameInputs } from "./inputs.ts";
import type { PredictOptions } from "./options.ts";

/** What {@link runPredict} needs. */
export interface PredictRequest {
  /** Folder that training wrote, or the run folder above it. */
  readonly model: string;
  /** A NIfTI file, a PNG, JPEG or TIFF picture, a folder of these or of the slices of a DICOM series, or a dataset folder. */
  readonly input: string;
  /** For a dataset: only the subjects of these splits; null for all. */
  readonly splits: readonly SplitName[] | null;
  /** Folder to write: `<id>_lesionprob.nii.gz`, a classifier's `<id>_heatmap.nii.gz` or a detector's boxes; overlays/, of a network of bags attention.csv, predict.json, and scores.csv last. */
  readonly out: string;
  readonly options: PredictOptions;
}

/** One volume to predict. */
export interface Job extends NamedInput, Pick<Dataset, "modality">, Pick<Case, "plane"> {
  readonly image: Source;
  /** Its brain mask; null where there is none or none is wanted. */
  readonly mask: Source | null;
  readonly split: SplitName | null;
}

/** A file, and the SHA-256 that a dataset has of it; absent where the input is no dataset. */
interface Source {
  readonly file: string;
  /** Pictures that are the slices of one stack, in order; `file` is then what their paths begin with. */
  readonly slices?: readonly string[];
  readonly sha256?: string;
}

/** What is no image by the end of its stem. */
const notImages = {
  always: /_(mask|dseg|probseg|lesion|lesionprob|brainprob)$/i,
  withBrain: /_(brain|mask|dseg|probseg|lesion|lesionprob|brainprob)$/i,
} as const;

/** The volumes of an input, in order. @throws {UserError} (data) If there is none, or a mask that is needed is missing; (usage) if a plain input is asked for splits. */
export async function findJobs({ input, splits, options }: PredictRequest): Promise<Job[]> {
  const info = await stat(input).catch((error) => {
    throw fileFault(input, "read", error, "check the path");
  });
  const names = info.isDirectory() ? (await readdir(input)).sort() : [basename(input)];
  if (info.isDirectory() && names.includes("dataset.json")) return datasetJobs(input, splits, options);
  if (splits !== null)
    throw new UserError(
      "usage",
      `${input}: only a dataset has splits; got a plain input. Leave the splits out, or name a dataset folder.`,
    );
  const folder = info.isDirectory() ? input : dirname(input);
  // Of a folder, what is no image by its name is left out; `_brain` may be an image without its skull (as FSL names it) or a mask.
  const noImage = options.gate === "given" ? notImages.withBrain : notImages.always;
  const isMask = (name: string) => info.isDirectory() && noImage.test(imageStem(name));
  const series = info.isDirectory() && (await dicomFiles(input)).length > 0 ? [`${basename(resolve(input))}/`] : [];
  const found = names.filter((name) => imageKind(name) !== null && !name.startsWith(".") && !isMask(name));
  const files = [...found, ...series];
  if (files.length === 0) throw dataFault(input, "must be, or hold, .nii, .nii.gz, .png, .jpg or .tif files, or DICOM slices", othersIn(names), "Name another path; subfolders are not searched"); // biome-ignore format: one line
  const beside = info.isDirectory() ? names : await readdir(folder);
  const gathered = options.pictureStacks ? gatherPictures(files) : files.map((file) => ({ name: file, files: [file] }));
  return nameInputs(gathered.map(({ name }) => name)).map((named, i) => {
    const { name: file, files: slices } = gathered[i]!;
    if (slices.length > 1) {
      const image = { file: join(folder, file), slices: slices.map((slice) => join(folder, slice)) };
      return { ...named, image, mask: givenMask(options, null, file), split: null };
    }
    const mask = brainMaskOf(file, beside);
    const given = givenMask(options, mask === null ? null : { file: join(folder, mask) }, file);
    return { ...named, image: { file: series.includes(file) ? `${input}/` : join(folder, file) }, mask: given, split: null };
  });
}

/** What a folder has that is no image. */
function othersIn(names: readonly string[]): string {
  if (names.length === 0) return "an empty folder";
  return names.length === 1 ? names[0]! : `${names.length} others`;
}

async function datasetJobs(folder: string, wanted: readonly SplitName[] | null, options: PredictOptions): Promise<Job[]> {
  const dataset = await readDataset(folder);
  const splits = await readSplits(folder);
  const splitOf = new Map(splitNames.flatMap((name) => splits[name].map((subject) => [subject, name] as const)));
  const cases = dataset.cases.filter((c) => wanted === null || wanted.includes(splitOf.get(c.subject)!));
  if (cases.length === 0) throw dataFault(folder, `must have cases in ${wanted?.join(" or ")}`, "none", "Name other splits");
  const source = ({ path, sha256 }: FileRef): Source => ({ file: join(folder, dataset.root, path), sha256 });
  return cases.map((c) => {
    return {
      id: c.id,
      subject: c.subject,
      session: c.session,
      ...(dataset.modality && { modality: dataset.modality }),
      ...(c.plane && { plane: c.plane }),
      image: source(c.image),
      mask: givenMask(options, c.brainMask && source(c.brainMask), c.id),
      split: splitOf.get(c.subject) ?? null,
    };
  });
}

function givenMask({ gate }: PredictOptions, mask: Source | null, where: string): Source | null {
  if (gate !== "given") return null;
  if (mask !== null) return mask;
  throw dataFault(
    where,
    "gate: given needs a brain mask",
    "none",
    "Put one beside it as <stem>_brain.nii.gz, or use gate: predicted",
  );
}

/** The pictures that a job's image is made of, in order of its slices; none where it is a volume of its own. */
export function picturesOf({ image: { file, slices } }: Job): readonly string[] {
  return slices ?? (imageKind(file) === "picture" ? [file] : []);
}

/** That pictures do not tell their pixel size, once for all of them; null where there are none, or it is given. */
export function pixelSizeWarning(input: string, jobs: readonly Job[], { picturePixelMm }: PredictOptions): string | null {
  const pictures = jobs.flatMap(picturesOf);
  if (picturePixelMm !== null || pictures.length === 0) return null;
  const [what, all] =
    pictures.length === 1
      ? [`${pictures[0]}: a picture does not tell its`, ""]
      : [`${input}: pictures do not tell their`, ` for all ${pictures.length}`];
  return `${what} pixel size; 1 mm is taken${all}. Set predict.picturePixelMm.`;
}

/** The image of a job. @throws {UserError} (data) If it cannot be read. */
export async function readInput(
  { image: { file, slices, sha256 } }: Job,
  options: PredictOptions,
  context: StageContext,
): Promise<Volume> {
  if (imageKind(file) === "nifti") return readVolume(file, (line) => context.reporter.warn(line), sha256);
  if (imageKind(file) === "series") {
    const { volume, warnings } = await readDicomSeries(file, await dicomFiles(file));
    for (const { message } of warnings) context.reporter.warn(message);
    return volume;
  }
  const picture = await readPicture(slices?.[0] ?? file);
  const others = await Promise.all((slices ?? []).slice(1).map(readPicture));
  const mm = options.picturePixelMm ?? 1; // pixelSizeWarning has said so
  // As thick as four pixels: its mm³ mean little.
  return pictureStack([picture, ...others], { pixelMm: [mm, mm], thicknessMm: 4 * mm, axes: usualAxes.axial, side: null });
}

/** The brain mask of a job on the grid of its image; null where it has none. */
export async function readMask({ mask }: Job, image: Volume): Promise<Volume<Uint16Array> | null> {
  if (mask === null) return null;
  const labels =
    imageKind(mask.file) === "picture"
      ? pictureOnGrid(await decodeLabelPicture(await readRegularFile(mask.file), mask.file), image)
      : await readLabels(mask.file, undefined, mask.sha256);
  return ontoGrid(labels, image, mask.file, "must be on its image's grid", "Resample it to the image");
}

/** A mask drawn over a picture: it lies where the picture lies, if it has its size. */
function pictureOnGrid({ data, width, height }: Image<Uint16Array>, { affine }: Volume): Volume<Uint16Array> {
  return { data, shape: [width, height, 1], affine };
}
