import { join } from "node:path";
import type { StageContext } from "../core/context.ts";
import { throwIfStopped } from "../core/context.ts";
import { UserError } from "../core/errors.ts";
import { sha256 } from "../core/hash.ts";
import { mapParallel } from "../core/parallel.ts";
import { type Case, casesOfSplit, type Dataset, readDataset, readSplits, type SplitName } from "../data/dataset.ts";
import { readBytes } from "../data/files.ts";
import { assertNoLeak } from "../data/leaks.ts";
import type { PreprocessOptions } from "../data/preprocess.ts";
import loadCase, { type LoadJob } from "./load-job.ts";
import type { TaskName, TrainOptions } from "./options.ts";
import { minLesionPixels, preparedBytes, type TrainSlice } from "./slices.ts";

/** What training reads from a dataset folder. */
export interface TrainData {
  readonly train: readonly TrainSlice[];
  readonly val: readonly TrainSlice[];
  readonly cases: { readonly train: number; readonly val: number };
}

/** A dataset to train on, its files not yet read. */
export interface TrainPlan {
  readonly task: TaskName;
  readonly jobs: { readonly train: readonly LoadJob[]; readonly val: readonly LoadJob[] };
  /** SHA-256 of `dataset.json`, which holds that of every file, and of `splits.json`. */
  readonly hashes: { readonly dataset: string; readonly splits: string };
}

/**
 * Looks at a dataset: are both splits there, every mask, and memory enough?
 * @throws {UserError} (data) If a split is empty, a mask missing or a patient on two sides of the split; (usage) if the slices would need more than `memoryMb`.
 */
export async function planData(
  folder: string,
  preprocess: PreprocessOptions,
  { memoryMb, task, freshEvery }: Pick<TrainOptions, "memoryMb" | "task" | "freshEvery">,
): Promise<TrainPlan> {
  const dataset = await readDataset(folder);
  const splits = await readSplits(folder);
  assertNoLeak({ dataset, splits, where: folder });
  const of = (name: SplitName) => casesOfSplit(dataset, splits, name);
  const [train, val] = [of("train"), of("val")];
  for (const [name, cases] of Object.entries({ train, val })) {
    if (cases.length === 0)
      throw new UserError(
        "data",
        `${folder}: the ${name} split must have a case; got none. Set split.${name} higher, or use more subjects.`,
      );
  }
  const kept = freshEvery === null ? train : [...train, ...train, ...train]; // these, the round in use, and the next
  const bytes = [...kept, ...val].reduce((sum, c) => sum + preparedBytes(c.shape, c.spacing, preprocess), 0);
  const needed = Math.ceil(bytes / 1e6);
  if (needed > memoryMb)
    throw new UserError(
      "usage",
      `train.memoryMb is ${memoryMb}, but the slices of ${train.length + val.length} cases take ${needed} MB at preprocess.pixelMm ${preprocess.pixelMm}. ` +
        `Raise train.memoryMb to ${needed} or preprocess.pixelMm, or use fewer cases.`,
    );
  const job = (c: Case) => loadJob(folder, dataset, c, preprocess, task);
  const hash = async (name: string) => sha256(await readBytes(join(folder, name)));
  return {
    task,
    jobs: { train: train.map(job), val: val.map(job) },
    hashes: { dataset: await hash("dataset.json"), splits: await hash("splits.json") },
  };
}

function loadJob(
  folder: string,
  dataset: Dataset,
  { id, image, lesionMask, brainMask, labels }: Case,
  preprocess: PreprocessOptions,
  task: TaskName,
): LoadJob {
  const root = join(folder, dataset.root);
  if (task === "tissue") {
    if (labels === null || dataset.labelScheme === null)
      throw new UserError(
        "data",
        `${folder}: every case needs a tissue map to train tissues on; ${id} has none. Train on the output of synth with synth.writeTissue: true.`,
      );
    return { id, root, image, truth: { task, labels, scheme: dataset.labelScheme }, preprocess };
  }
  for (const [name, mask] of Object.entries({ lesion: lesionMask, brain: brainMask })) {
    if (mask === null)
      throw new UserError(
        "data",
        `${folder}: every case needs a ${name} mask to train on; ${id} has none. Train on the output of synth.`,
      );
  }
  return { id, root, image, truth: { task: "lesion", lesionMask: lesionMask!, brainMask: brainMask! }, preprocess };
}

/**
 * Reads and cuts all cases, in worker threads where there is more than one; the result does not depend on how many.
 * @throws {UserError} (data) If a file is damaged or has changed, or no training slice has a lesion.
 */
export async function loadData({ jobs, task }: TrainPlan, context: StageContext): Promise<TrainData> {
  const all = [...jobs.train, ...jobs.val];
  const onDone = (done: number) => context.reporter.progress("load", done, all.length);
  const cases = context.workers > 1 ? await inWorkers(all, context, onDone) : await inTurn(all, context, onDone);
  const train = cases.slice(0, jobs.train.length).flat();
  if (task !== "tissue" && !train.some((s) => s.lesionPixels >= minLesionPixels))
    throw new UserError(
      "data",
      `the train split must have a slice with at least ${minLesionPixels} lesion pixels; got none in ${train.length} slices. Make bleeds with synth.`,
    );
  const val = cases.slice(jobs.train.length).flat();
  return { train, val, cases: { train: jobs.train.length, val: jobs.val.length } };
}

function inWorkers(
  jobs: readonly LoadJob[],
  { workers, signal }: StageContext,
  onDone: (done: number) => void,
): Promise<TrainSlice[][]> {
  return mapParallel(new URL("./load-job.ts", import.meta.url), jobs, { workers, signal, onDone });
}

async function inTurn(
  jobs: readonly LoadJob[],
  { signal }: StageContext,
  onDone: (done: number) => void,
): Promise<TrainSlice[][]> {
  const out: TrainSlice[][] = [];
  for (const job of jobs) {
    throwIfStopped(signal);
    out.push(await loadCase(job));
    onDone(out.length);
  }
  return out;
}
