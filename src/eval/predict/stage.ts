import { readdir, realpath, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { type StageContext, type StageResult, throwIfStopped } from "../../core/context.ts";
import { UserError } from "../../core/errors.ts";
import { canonicalJson } from "../../core/hash.ts";
import type { Image, Volume } from "../../core/volume.ts";
import { many } from "../../core/words.ts";
import { type FileRef, readDataset, readSplits, type SplitName, splitNames } from "../../data/dataset.ts";
import { tissueModel } from "../../data/embedded.ts";
import { dataFault } from "../../data/faults.ts";
import { fileFault, makeFolder, writeAtomic } from "../../data/files.ts";
import { ontoGrid } from "../../data/grid.ts";
import { imageKind, imageStem } from "../../data/image-name.ts";
import { decodeLabelPicture } from "../../data/label-picture.ts";
import { type ModelFolder, readModelFolder } from "../../data/model-folder.ts";
import { readLabels, readVolume, writeNifti } from "../../data/nifti.ts";
import { pictureVolume, usualAxes } from "../../data/picture-volume.ts";
import { encodeGreyPng, readPicture } from "../../data/png.ts";
import { readRegularFile } from "../../data/regular-file.ts";
import {
  bleedOutputs,
  buildModel,
  type Detection,
  forInference,
  hemorrhageOutputs,
  type Model,
  modelOptions,
  setWeights,
} from "../../models/index.ts";
import { encodePng } from "../../picture/png.ts";
import { buildTissueNetwork } from "../../tissue/network.ts";
import type { TissueNetwork } from "../../tissue/segment.ts";
import { cocoResults, detectionsFile } from "../detect/coco.ts";
import { formatScores, type ScoreRow } from "../scores.ts";
import { scoreVolume, type VolumeScores } from "./classify.ts";
import { detectVolume, type VolumeBoxes } from "./detect.ts";
import { brainMaskOf, type NamedInput, nameInputs } from "./inputs.ts";
import type { PredictOptions } from "./options.ts";
import { boxesPicture, overlayPicture } from "./picture.ts";
import { stackRows, subjectRows } from "./rows.ts";
import { predictVolume, type VolumePrediction } from "./volume.ts";

/** What {@link runPredict} needs. */
export interface PredictRequest {
  /** Folder that training wrote, or the run folder above it. */
  readonly model: string;
  /** A NIfTI file, a PNG, JPEG or TIFF picture, a folder of these, or a dataset folder. */
  readonly input: string;
  /** For a dataset: only the subjects of these splits; null for all. */
  readonly splits: readonly SplitName[] | null;
  /** Folder to write: `<id>_lesionprob.nii.gz`, or a detector's boxes, and overlays/ (a classifier draws neither), predict.json, and scores.csv last. */
  readonly out: string;
  readonly options: PredictOptions;
}

/** One volume to predict. */
interface Job extends NamedInput {
  readonly image: Source;
  /** Its brain mask; null where there is none or none is wanted. */
  readonly mask: Source | null;
  readonly split: SplitName | null;
}

/** A file, and the SHA-256 that a dataset has of it; absent where the input is no dataset. */
interface Source {
  readonly file: string;
  readonly sha256?: string;
}

/** What predict.json keeps of a volume. */
interface Predicted {
  readonly id: string;
  readonly input: string;
  readonly plane: string;
  readonly gate: { readonly source: string; readonly mm3: number };
  /** Of a detector: the file of its boxes, and the number of its first slice as a picture there. */
  readonly boxes?: { readonly file: string; readonly firstImage: number };
}

/**
 * Predicts lesion probabilities and scores; by a classifier scores alone, by a detector scores and boxes. The backend must be ready.
 *
 * @throws {UserError} (usage) If the output is where the input is; (data) if model or input cannot be read.
 * @throws {StoppedError} When asked to stop; then there is no scores.csv.
 */
export async function runPredict(request: PredictRequest, context: StageContext): Promise<StageResult> {
  const { out } = request;
  const folder = await readModelFolder(request.model);
  const options: PredictOptions = tellsOfSlices(folder) ? { ...request.options, gate: "none" } : request.options; // it sees the whole slice
  const jobs = await findJobs({ ...request, options });
  await refuseInputAsOutput(request);
  for (const stale of ["scores.csv", ...[...splitNames, null].map(detectionsFile)]) await rm(join(out, stale), { force: true }); // a folder without the first is not whole
  const { model, predict } = readyNetwork(folder, request.model);
  const finder = options.gate === "tissue" ? buildTissueNetwork(await readModelFolder(tissueModel), tissueModel) : null;
  const rows: ScoreRow[] = [];
  const predicted: Predicted[] = [];
  const boxes = new Map<string, VolumeBoxes["detections"][number][]>();
  try {
    for (const [index, job] of jobs.entries()) {
      throwIfStopped(context.signal);
      context.reporter.progress("predict", index, jobs.length, job.id);
      const volume = await readInput(job, options, context);
      const mask = await readMask(job, volume);
      const { prediction, plane, gate } = await predict(volume, mask, options, context.signal, finder);
      if ("lesion" in prediction) await writePrediction(out, job, volume, prediction, options);
      const places = "detections" in prediction ? { boxes: await keepBoxes(out, job, volume, prediction, options, boxes) } : {};
      rows.push(...stackRows(job, prediction));
      predicted.push({ id: job.id, input: basename(job.image.file), plane, gate, ...places });
    }
  } finally {
    model.dispose();
    finder?.model.dispose();
  }
  context.reporter.progress("predict", jobs.length, jobs.length);
  const subjects = subjectRows(jobs, rows, options.scores);
  for (const [file, slices] of boxes)
    await writeAtomic(join(out, file), cocoResults(slices.map((detections, i) => ({ image: i + 1, detections }))));
  const { weights, steps } = folder.file;
  const record = { schemaVersion: 1, model: { weights: weights.sha256, steps }, options, volumes: predicted };
  await writeAtomic(join(out, "predict.json"), `${canonicalJson(record, 1)}\n`);
  await writeAtomic(join(out, "scores.csv"), formatScores([...rows, ...subjects]));
  return result(jobs, predicted);
}

function result(jobs: readonly Job[], predicted: readonly Predicted[]): StageResult {
  const subjects = new Set(jobs.map((job) => job.subject)).size;
  const empty = predicted.filter((p) => p.gate.mm3 === 0).map((p) => p.id);
  const note = empty.length > 0 ? `; no brain found in ${empty.length}` : "";
  return {
    headline: `predicted ${many(jobs.length, "volume")} of ${many(subjects, "subject")}${note}`,
    summary: { volumes: jobs.length, subjects, withoutBrain: empty },
  };
}

/** A network as it is applied to a volume. */
interface Network {
  readonly model: Model;
  predict(
    volume: Volume,
    mask: Volume<Uint16Array> | null,
    options: PredictOptions,
    signal: AbortSignal,
    finder: TissueNetwork | null,
  ): Promise<Pick<Predicted, "plane" | "gate"> & { readonly prediction: VolumePrediction | VolumeScores | VolumeBoxes }>;
}

/** Whether a network draws no map: a classifier of slices, or a detector. */
function tellsOfSlices({ file }: Pick<ModelFolder, "file">): boolean {
  return file.outputs.join() === bleedOutputs.join() || file.outputs.join() === hemorrhageOutputs.join();
}

function readyNetwork({ file, preprocess, weights }: ModelFolder, where: string): Network {
  const options = modelOptions.safeParse(file.model);
  const { window, outputs } = file;
  const classifies = tellsOfSlices({ file }) && window !== undefined;
  const detector = options.data?.kind === "yolov5" ? options.data : null;
  const usable = options.success && file.inChannels === 1 && (classifies || detector !== null || outputs.includes("lesion"));
  if (!usable)
    throw dataFault(
      where,
      "must be a segmenter of one channel with a lesion output, a classifier of slices, or a detector",
      "another model",
      "Train one with this version",
    );
  const model = forInference(buildModel(options.data, { inChannels: 1, outChannels: file.outputs.length, seed: file.seed }));
  setWeights(model, weights, where);
  if (classifies)
    return {
      model,
      async predict(volume, _, options, signal) {
        const prediction = await scoreVolume({ model, preprocess, window }, volume, options, signal);
        return { prediction, plane: prediction.plane, gate: { source: "none", mm3: Math.round(prediction.mm3) } };
      },
    };
  if (detector !== null)
    return {
      model,
      async predict(volume, _, options, signal) {
        if (options.flips !== "none")
          throw new UserError(
            "usage",
            `predict.flips must be none for a detector, which sees each slice once; got ${options.flips}.`,
          );
        const { anchors } = detector;
        const prediction = await detectVolume({ model, preprocess, anchors, classes: outputs.length }, volume, options, signal);
        return { prediction, plane: prediction.plane, gate: { source: "none", mm3: Math.round(prediction.mm3) } };
      },
    };
  return {
    model,
    async predict(volume, mask, options, signal, finder) {
      const prediction = await predictVolume({ model, preprocess, outputs }, volume, mask, options, signal, finder);
      const gate = { source: prediction.gateSource, mm3: Math.round(prediction.gateMm3) };
      return { prediction, plane: prediction.plane, gate };
    },
  };
}

/** What is no image by the end of its stem. */
const notImages = {
  always: /_(mask|dseg|probseg|lesion|lesionprob|brainprob)$/i,
  withBrain: /_(brain|mask|dseg|probseg|lesion|lesionprob|brainprob)$/i,
} as const;

async function findJobs({ input, splits, options }: PredictRequest): Promise<Job[]> {
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
  const files = names.filter((name) => imageKind(name) !== null && !name.startsWith(".") && !isMask(name));
  if (files.length === 0) throw dataFault(input, "must be, or hold, .nii, .nii.gz, .png, .jpg or .tif files", names.length === 1 ? names[0]! : `${names.length} others`, "Name another path; subfolders are not searched"); // biome-ignore format: one line
  const beside = info.isDirectory() ? names : await readdir(folder);
  return nameInputs(files).map((named, i) => {
    const file = files[i]!;
    const mask = brainMaskOf(file, beside);
    const given = givenMask(options, mask === null ? null : { file: join(folder, mask) }, file);
    return { ...named, image: { file: join(folder, file) }, mask: given, split: null };
  });
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

async function refuseInputAsOutput({ input, out }: PredictRequest): Promise<void> {
  const folder = await realpath((await stat(input)).isDirectory() ? input : dirname(input));
  await makeFolder(out);
  if ((await realpath(out)) === folder)
    throw new UserError("usage", `${out}: the output must not be the input's folder; got the same. Name another --out.`);
}

async function readInput({ image: { file, sha256 } }: Job, options: PredictOptions, context: StageContext): Promise<Volume> {
  if (imageKind(file) === "nifti") return readVolume(file, (line) => context.reporter.warn(line), sha256);
  const picture = await readPicture(file);
  const mm = options.picturePixelMm ?? 1;
  if (options.picturePixelMm === null)
    context.reporter.warn(`${file}: a picture does not tell its pixel size; 1 mm is taken. Set predict.picturePixelMm.`);
  // As thick as four pixels: its mm³ mean little.
  return pictureVolume(picture, { pixelMm: [mm, mm], thicknessMm: 4 * mm, axes: usualAxes.axial, side: null });
}

async function readMask({ mask }: Job, image: Volume): Promise<Volume<Uint16Array> | null> {
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

async function writePrediction(out: string, job: Job, volume: Volume, prediction: VolumePrediction, options: PredictOptions) {
  await writeNifti(join(out, `${job.id}_lesionprob.nii.gz`), prediction.lesion);
  if (options.writeBrain && prediction.brain !== null)
    await writeNifti(join(out, `${job.id}_brainprob.nii.gz`), prediction.brain);
  if (imageKind(job.image.file) === "picture")
    await writeAtomic(join(out, `${job.id}_lesionprob.png`), await encodeGreyPng(asPicture(prediction.lesion)));
  const picture = overlayPicture(job.id, volume, prediction, options.overlays);
  if (picture !== null) await writeAtomic(join(out, "overlays", `${job.id}.png`), await encodePng(picture));
}

/** Probabilities of a lone slice as a 16-bit picture that lies as its input: 65535 is 1. */
function asPicture({ data, shape }: Volume): Image<Uint16Array> {
  return { data: Uint16Array.from(data, (p) => Math.round(65535 * p)), width: shape[0], height: shape[1] };
}

/**
 * Draws the boxes of a volume and adds them to those of its file. Pictures are numbered from 1 in each split, as the COCO export numbers them.
 * @param all - Boxes of each slice, by file.
 */
async function keepBoxes(
  out: string,
  job: Job,
  volume: Volume,
  prediction: VolumeBoxes,
  { overlays }: PredictOptions,
  all: Map<string, VolumeBoxes["detections"][number][]>,
): Promise<NonNullable<Predicted["boxes"]>> {
  const picture = boxesPicture(job.id, volume, prediction, overlays);
  if (picture !== null) await writeAtomic(join(out, "overlays", `${job.id}.png`), await encodePng(picture));
  const file = detectionsFile(job.split);
  const before = all.get(file) ?? [];
  all.set(file, [...before, ...prediction.detections.map((of) => of.map(shortened))]);
  return { file, firstImage: before.length + 1 };
}

/** A detection with edges to a hundredth of a pixel, and six digits of its score: what is written. */
function shortened({ box: { left, top, right, bottom }, score, label }: Detection): Detection {
  const short = (edge: number) => Math.round(100 * edge) / 100;
  return {
    box: { left: short(left), top: short(top), right: short(right), bottom: short(bottom) },
    score: Number(score.toPrecision(6)),
    label,
  };
}
