import { join } from "node:path";
import type { Image, Volume } from "../../core/volume.ts";
import { csvLine } from "../../data/csv.ts";
import { writeAtomic } from "../../data/files.ts";
import { imageKind } from "../../data/image-name.ts";
import { writeNifti } from "../../data/nifti.ts";
import { encodeGreyPng } from "../../data/png.ts";
import type { PreprocessOptions } from "../../data/preprocess.ts";
import type { Detection } from "../../models/index.ts";
import type { Bitmap } from "../../picture/bitmap.ts";
import { encodePng } from "../../picture/png.ts";
import { detectionsFile } from "../detect/coco.ts";
import type { HeatedScores } from "./classify.ts";
import type { VolumeBoxes } from "./detect.ts";
import type { Faithfulness } from "./heatmap/faithfulness.ts";
import type { Job } from "./load.ts";
import type { PredictOptions } from "./options.ts";
import { boxesPicture, heatPicture, overlayPicture } from "./picture.ts";
import type { VolumePrediction } from "./volume.ts";

/** Where the boxes of a volume are: the file, and the number of its first slice as a picture there. */
export interface BoxesPlace {
  readonly file: string;
  readonly firstImage: number;
}

/** Writes the maps and the picture of a segmented volume. */
export async function writePrediction(
  out: string,
  job: Job,
  volume: Volume,
  prediction: VolumePrediction,
  options: PredictOptions,
  window: PreprocessOptions["window"],
) {
  await writeNifti(join(out, `${job.id}_lesionprob.nii.gz`), prediction.lesion);
  if (options.writeBrain && prediction.brain !== null)
    await writeNifti(join(out, `${job.id}_brainprob.nii.gz`), prediction.brain);
  if (imageKind(job.image.file) === "picture")
    await writeAtomic(join(out, `${job.id}_lesionprob.png`), await encodeGreyPng(asPicture(prediction.lesion)));
  await writeOverlay(out, job, overlayPicture(job.id, volume, prediction, options.overlays, window));
}

async function writeOverlay(out: string, { id }: Job, picture: Bitmap | null): Promise<void> {
  if (picture !== null) await writeAtomic(join(out, "overlays", `${id}.png`), await encodePng(picture));
}

/** Writes the heat of a classified volume and its picture. */
export async function writeHeat(
  out: string,
  job: Job,
  volume: Volume,
  prediction: HeatedScores & { readonly heat: Volume },
  { overlays }: PredictOptions,
  window: PreprocessOptions["window"],
): Promise<void> {
  await writeNifti(join(out, `${job.id}_heatmap.nii.gz`), prediction.heat);
  await writeOverlay(out, job, heatPicture(job.id, volume, prediction, overlays, window));
}

/** Deletion and insertion of every slice, a line each. */
export function formatFaithfulness(cases: readonly { readonly id: string; readonly slices: readonly Faithfulness[] }[]): string {
  const head = ["case", "slice", "deletion", "insertion", "random_deletion", "random_insertion"];
  const lines = cases.flatMap(({ id, slices }) =>
    slices.map((of, slice) => csvLine([id, slice, of.deletion, of.insertion, of.randomDeletion, of.randomInsertion])),
  );
  return [head.join(","), ...lines, ""].join("\n");
}

/** Probabilities of a lone slice as a 16-bit picture that lies as its input: 65535 is 1. */
function asPicture({ data, shape }: Volume): Image<Uint16Array> {
  return { data: Uint16Array.from(data, (p) => Math.round(65535 * p)), width: shape[0], height: shape[1] };
}

/**
 * Draws the boxes of a volume and adds them to those of its file. Pictures are numbered from 1 in each split, as the COCO export numbers them.
 * @param all - Boxes of each slice, by file.
 */
export async function keepBoxes(
  out: string,
  job: Job,
  volume: Volume,
  prediction: VolumeBoxes,
  { overlays }: PredictOptions,
  window: PreprocessOptions["window"],
  all: Map<string, VolumeBoxes["detections"][number][]>,
): Promise<BoxesPlace> {
  await writeOverlay(out, job, boxesPicture(job.id, volume, prediction, overlays, window));
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
