import { realpath, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { type StageContext, type StageResult, throwIfStopped } from "../../core/context.ts";
import { UserError } from "../../core/errors.ts";
import { canonicalJson } from "../../core/hash.ts";
import { many } from "../../core/words.ts";
import { splitNames } from "../../data/dataset.ts";
import { tissueModel } from "../../data/embedded.ts";
import { makeFolder, writeAtomic } from "../../data/files.ts";
import { readModelFolder } from "../../data/model-folder.ts";
import { buildTissueNetwork } from "../../tissue/network.ts";
import { cocoResults, detectionsFile } from "../detect/coco.ts";
import { formatScores, type ScoreRow } from "../scores.ts";
import { attentionHeader, attentionLines } from "./bag.ts";
import { type ClassProbabilities, classesFile, formatClasses } from "./classes.ts";
import type { HeatedScores } from "./classify.ts";
import type { VolumeBoxes } from "./detect.ts";
import { type BoxesPlace, formatFaithfulness, keepBoxes, writeHeat, writePrediction } from "./folder.ts";
import { findJobs, type Job, type PredictRequest, readInput, readMask } from "./load.ts";
import { readyNetwork, tellsOfSlices } from "./network.ts";
import type { PredictOptions } from "./options.ts";
import { stackRows, subjectRows } from "./rows.ts";

export type { PredictRequest } from "./load.ts";

/** Of a network of bags: the share of each slice in its stack's score. */
const attentionFile = "attention.csv";

/** What predict.json keeps of a volume. */
interface Predicted {
  readonly id: string;
  readonly input: string;
  readonly plane: string;
  readonly gate: { readonly source: string; readonly mm3: number };
  /** Of a detector. */
  readonly boxes?: BoxesPlace;
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
  for (const stale of ["scores.csv", "heatmaps.csv", classesFile, attentionFile, ...[...splitNames, null].map(detectionsFile)])
    await rm(join(out, stale), { force: true }); // a folder without the first is not whole
  const { model, predict } = readyNetwork(folder, request.model);
  const finder = options.gate === "tissue" ? buildTissueNetwork(await readModelFolder(tissueModel), tissueModel) : null;
  const rows: ScoreRow[] = [];
  const predicted: Predicted[] = [];
  const boxes = new Map<string, VolumeBoxes["detections"][number][]>();
  const faithfulness: Parameters<typeof formatFaithfulness>[0][number][] = [];
  const attention: string[] = [];
  const classes: ClassProbabilities[] = [];
  try {
    for (const [index, job] of jobs.entries()) {
      throwIfStopped(context.signal);
      context.reporter.progress("predict", index, jobs.length, job.id);
      const volume = await readInput(job, options, context);
      const mask = await readMask(job, volume);
      const { prediction, plane, gate } = await predict(volume, mask, options, context.signal, finder);
      if ("lesion" in prediction) await writePrediction(out, job, volume, prediction, options, window);
      if ("probabilities" in prediction) classes.push(...classRows(job, prediction));
      if ("heat" in prediction && prediction.heat !== null) {
        await writeHeat(out, job, volume, { ...prediction, heat: prediction.heat }, options, window);
        if (prediction.faithfulness.length > 0) faithfulness.push({ id: job.id, slices: prediction.faithfulness });
      }
      const places =
        "detections" in prediction ? { boxes: await keepBoxes(out, job, volume, prediction, options, window, boxes) } : {};
      if ("attention" in prediction) attention.push(attentionLines(job, prediction));
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
  if (faithfulness.length > 0) await writeAtomic(join(out, "heatmaps.csv"), formatFaithfulness(faithfulness));
  if (attention.length > 0) await writeAtomic(join(out, attentionFile), attentionHeader + attention.join(""));
  if (classes.length > 0) await writeAtomic(join(out, classesFile), formatClasses(folder.file.outputs, classes));
  const { weights, steps, task, outputs } = folder.file;
  const told = { weights: weights.sha256, steps, outputs, ...(task === undefined ? {} : { task }) };
  const record = { schemaVersion: 1, model: told, options, volumes: predicted };
  await writeAtomic(join(out, "predict.json"), `${canonicalJson(record, 1)}\n`);
  await writeAtomic(join(out, "scores.csv"), formatScores([...rows, ...subjects]));
  return result(jobs, predicted);
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
