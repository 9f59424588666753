import { realpath, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { type StageContext, type StageResult, throwIfStopped } from "../../core/context.ts";
import { UserError } from "../../core/errors.ts";
import { canonicalJson } from "../../core/hash.ts";
import { sliceAxis, type Volume } from "../../core/volume.ts";
import { many } from "../../core/words.ts";
import { splitNames } from "../../data/dataset.ts";
import { tissueModel } from "../../data/embedded.ts";
import { dataFault } from "../../data/faults.ts";
import { makeFolder, writeAtomic } from "../../data/files.ts";
import { readModelFolder } from "../../data/model-folder.ts";
import type { PreprocessOptions } from "../../data/preprocess.ts";
import { shownPlane } from "../../data/shown-plane.ts";
import { buildTissueNetwork } from "../../tissue/network.ts";
import { cocoResults, detectionsFile } from "../detect/coco.ts";
import { formatScores, type ScoreRow } from "../scores.ts";
import { attentionHeader, attentionLines } from "./bag.ts";
import { type ClassProbabilities, classesFile, formatClasses } from "./classes.ts";
import type { HeatedScores } from "./classify.ts";
import type { VolumeBoxes } from "./detect.ts";
import { type BoxesPlace, formatFaithfulness, keepBoxes, writeHeat, writePrediction } from "./folder.ts";
import { findJobs, type Job, type PredictRequest, picturesOf, pixelSizeWarning, readInput, readMask } from "./load.ts";
import { readyNetwork, type Told, tellsOfSlices } from "./network.ts";
import type { PredictOptions } from "./options.ts";
import { stackRows, subjectRows } from "./rows.ts";

export type { PredictRequest } from "./load.ts";

/** Of a network of bags: the share of each slice in its stack's score. */
const attentionFile = "attention.csv";

/** What predict.json keeps of a volume. */
interface Predicted {
  readonly id: string;
  readonly input: string;
  /** null for ultrasound of which nobody says it. */
  readonly plane: string | null;
  readonly gate: { readonly source: string; readonly mm3: number };
  /** Of a detector. */
  readonly boxes?: BoxesPlace;
}

/** What the volumes gave so far, for the files that are of all of them. */
interface Found {
  readonly rows: ScoreRow[];
  readonly predicted: Predicted[];
  /** Boxes of each slice, by file. */
  readonly boxes: Map<string, VolumeBoxes["detections"][number][]>;
  readonly faithfulness: Parameters<typeof formatFaithfulness>[0][number][];
  /** Lines of each volume. */
  readonly attention: string[];
  readonly classes: ClassProbabilities[];
}

/**
 * Predicts lesion probabilities and scores; by a classifier scores and heat maps, by a network of bags scores and the share of each slice in them, by a detector scores and boxes. The backend must be ready.
 *
 * @throws {UserError} (usage) If the output is where the input is; (data) if model or input cannot be read.
 * @throws {StoppedError} When asked to stop; then there is no scores.csv.
 */
export async function runPredict(request: PredictRequest, context: StageContext): Promise<StageResult> {
  const { out } = request;
  const folder = await readModelFolder(request.model);
  const options: PredictOptions = tellsOfSlices(folder) ? { ...request.options, gate: "none" } : request.options; // it sees the whole slice
  const { window } = folder.preprocess;
  const jobs = await findJobs({ ...request, options });
  await refuseInputAsOutput(request);
  await removeStale(out);
  const sizeless = pixelSizeWarning(request.input, jobs, options);
  if (sizeless !== null) context.reporter.warn(sizeless);
  const { model, slices, predict } = readyNetwork(folder, request.model);
  const finder = options.gate === "tissue" ? buildTissueNetwork(await readModelFolder(tissueModel), tissueModel) : null;
  const found: Found = { rows: [], predicted: [], boxes: new Map(), faithfulness: [], attention: [], classes: [] };
  try {
    for (const [index, job] of jobs.entries()) {
      throwIfStopped(context.signal);
      context.reporter.progress("predict", index, jobs.length, job.id);
      const volume = await readInput(job, options, context);
      checkSlices(job, volume, slices);
      const mask = await readMask(job, volume);
      const { prediction, plane, gate } = await predict(volume, mask, options, context.signal, finder);
      const places = await keep(out, job, volume, prediction, options, window, found);
      found.predicted.push({ id: job.id, input: basename(job.image.file), plane: shownPlane(job, plane), gate, ...places });
    }
  } finally {
    model.dispose();
    finder?.model.dispose();
  }
  context.reporter.progress("predict", jobs.length, jobs.length);
  await writeTables(out, found, folder.file.outputs);
  const { weights, steps, task, outputs } = folder.file;
  const told = { weights: weights.sha256, steps, outputs, ...(task === undefined ? {} : { task }) };
  const record = { schemaVersion: 1, model: told, options, volumes: found.predicted };
  await writeAtomic(join(out, "predict.json"), `${canonicalJson(record, 1)}\n`);
  await writeAtomic(join(out, "scores.csv"), formatScores([...found.rows, ...subjectRows(jobs, found.rows, options.scores)]));
  return result(jobs, found.predicted);
}

/** @throws {UserError} (data) If a volume has not the slices that a network tells of at once. */
function checkSlices({ image }: Job, volume: Volume, wanted: number | null): void {
  const got = volume.shape[sliceAxis(volume)];
  if (wanted === null || got === wanted) return;
  const rule = `must have ${many(wanted, "slice")}, one for each region that the network was trained on`;
  throw dataFault(image.file, rule, got, "Cut the regions of the case first");
}

/** Takes away the tables of an earlier prediction, scores.csv first: a folder without it is not whole. */
async function removeStale(out: string): Promise<void> {
  for (const file of ["scores.csv", "heatmaps.csv", classesFile, attentionFile, ...[...splitNames, null].map(detectionsFile)])
    await rm(join(out, file), { force: true });
}

/** Writes the maps and pictures of a volume, and adds its rows to `found`. Returns where its boxes are. */
async function keep(
  out: string,
  job: Job,
  volume: Volume,
  prediction: Told["prediction"],
  options: PredictOptions,
  window: PreprocessOptions["window"],
  found: Found,
): Promise<Pick<Predicted, "boxes">> {
  found.rows.push(...stackRows(job, prediction));
  if ("lesion" in prediction) await writePrediction(out, job, volume, prediction, options, window);
  if ("attention" in prediction) found.attention.push(attentionLines(job, prediction, picturesOf(job)));
  if ("probabilities" in prediction) found.classes.push(...classRows(job, prediction));
  if ("heat" in prediction && prediction.heat !== null) {
    await writeHeat(out, job, volume, { ...prediction, heat: prediction.heat }, options, window);
    if (prediction.faithfulness.length > 0) found.faithfulness.push({ id: job.id, slices: prediction.faithfulness });
  }
  return "detections" in prediction ? { boxes: await keepBoxes(out, job, volume, prediction, options, window, found.boxes) } : {};
}

/** Writes what the volumes gave besides scores, each file only where there is something to write. */
async function writeTables(
  out: string,
  { boxes, faithfulness, attention, classes }: Found,
  outputs: readonly string[],
): Promise<void> {
  for (const [file, slices] of boxes)
    await writeAtomic(join(out, file), cocoResults(slices.map((detections, i) => ({ image: i + 1, detections }))));
  if (faithfulness.length > 0) await writeAtomic(join(out, "heatmaps.csv"), formatFaithfulness(faithfulness));
  if (attention.length > 0) await writeAtomic(join(out, attentionFile), attentionHeader + attention.join(""));
  if (classes.length > 0) await writeAtomic(join(out, classesFile), formatClasses(outputs, classes));
}

function classRows({ subject, id }: Job, { probabilities, sliceScores }: HeatedScores): ClassProbabilities[] {
  const isWhole = probabilities.length < sliceScores.length;
  return probabilities.map((of, i) => ({ subject, case: id, slice: isWhole ? null : i, probabilities: of }));
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

async function refuseInputAsOutput({ input, out }: PredictRequest): Promise<void> {
  const folder = await realpath((await stat(input)).isDirectory() ? input : dirname(input));
  await makeFolder(out);
  if ((await realpath(out)) === folder)
    throw new UserError("usage", `${out}: the output must not be the input's folder; got the same. Name another --out.`);
}
