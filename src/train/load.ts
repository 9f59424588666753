import { join } from "node:path";
import type { StageContext } from "../core/context.ts";
import { throwIfStopped } from "../core/context.ts";
import { UserError } from "../core/errors.ts";
import { sha256 } from "../core/hash.ts";
import { mapParallel } from "../core/parallel.ts";
import type { Rng } from "../core/rng.ts";
import { abnormalOf, placeOfClass } from "../data/classes.ts";
import {
  type Case,
  casesOfSplit,
  type Dataset,
  placeOfRegion,
  readDataset,
  readSplits,
  type SplitName,
} from "../data/dataset.ts";
import { readBytes } from "../data/files.ts";
import { assertNoLeak } from "../data/leaks.ts";
import type { PreprocessOptions } from "../data/preprocess.ts";
import { shareOfSubjects, subjectsOf } from "../data/splits.ts";
import { imagesOfSet, type ModelOptions } from "../models/index.ts";
import { bagsOf } from "./bags/draw.ts";
import { learnsFrom } from "./learns-from.ts";
import loadCase, { type LoadJob } from "./load-job.ts";
import type { TaskName, TrainOptions } from "./options.ts";
import { classShift, healthyAlone, minLesionPixels, preparedBytes, type TrainSlice } from "./slices.ts";

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
 * @param rng - Decides which subjects are used, where not all are.
 * @throws {UserError} (data) If a split is empty, a mask missing or a patient on two sides of the split; (usage) if the slices would need more than `memoryMb`.
 */
export async function planData(
  folder: string,
  preprocess: PreprocessOptions,
  options: Pick<TrainOptions, "memoryMb" | "task" | "freshEvery" | "outputs" | "share">,
  rng: Rng,
): Promise<TrainPlan> {
  const { memoryMb, task, freshEvery } = options;
  const dataset = await readDataset(folder);
  const splits = await readSplits(folder);
  assertNoLeak({ dataset, splits, where: folder, alike: task === "crops" }); // what crops are cut from was compared
  const isHealthy = (c: Case) => c.lesionMask !== null || (c.grade ?? 0) === 0; // what is not known is taken for healthy
  const ofUse = (c: Case) => learnsFrom[task] !== "healthy" || isHealthy(c);
  const of = (name: SplitName) => casesOfSplit(dataset, splits, name).filter(ofUse);
  const used = new Set(shareOfSubjects(rng.fork("share"), subjectsOf(of("train")), options.share));
  const [train, val] = [of("train").filter(({ subject }) => used.has(subject)), of("val")];
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
  const job = (c: Case) => loadJob(folder, dataset, c, preprocess, options);
  const hash = async (name: string) => sha256(await readBytes(join(folder, name)));
  return {
    task,
    jobs: { train: train.map(job), val: val.map(job) },
    hashes: { dataset: await hash("dataset.json"), splits: await hash("splits.json") },
  };
}

type Learnt = Pick<TrainOptions, "task" | "outputs">;

function loadJob(folder: string, dataset: Dataset, c: Case, preprocess: PreprocessOptions, learnt: Learnt): LoadJob {
  const truth = truthOf(folder, dataset, c, learnt);
  return { id: c.id, root: join(folder, dataset.root), image: c.image, truth, preprocess };
}

/** The files of a case that a task learns from. */
function truthOf(folder: string, dataset: Dataset, c: Case, { task, outputs }: Learnt): LoadJob["truth"] {
  const { labelScheme } = dataset;
  const { lesionMask, brainMask, labels } = c;
  const lacks = (name: string, wayOut: string) =>
    new UserError("data", `${folder}: every case needs a ${name} to train ${wayOut}`);
  switch (learnsFrom[task]) {
    case "tissues":
      if (labels === null || labelScheme === null)
        throw lacks("tissue map", `tissues on; ${c.id} has none. Train on the output of synth with synth.writeTissue: true.`);
      return { task: "tissue", labels, scheme: labelScheme };
    case "masks":
      for (const [name, mask] of Object.entries({ lesion: lesionMask, brain: brainMask }))
        if (mask === null) throw lacks(`${name} mask`, `on; ${c.id} has none. Train on the output of synth.`);
      return { task: "lesion", lesionMask, brainMask };
    case "lesions":
      if (lesionMask === null && c.grade !== 0)
        throw lacks("lesion mask, or grade 0,", `bags on; ${c.id} has neither. Train on the output of synth.`);
      return { task: "lesion", lesionMask, brainMask, ...wholeLabel(c, dataset) };
    case "healthy":
      return { task: "lesion", lesionMask, brainMask };
    case "none":
      return { task: "lesion", lesionMask: null, brainMask };
    case "types":
      if (lesionMask === null && c.grade !== 0) throw lacks("lesion mask", `types of lesions on; ${c.id} has none.`);
      return { task: "lesion", lesionMask, brainMask, types: typesOf(folder, dataset, outputs!) };
    case "classes":
      if (c.class === undefined) throw lacks("class", `classes on; ${c.id} has none.`);
      return { task: "lesion", lesionMask: null, brainMask, label: labelOf(folder, c.id, c.class, outputs!) };
    case "boxes":
      if (c.boxes === undefined) throw lacks("list of boxes", `regions on; ${c.id} has none.`);
      return { task: "lesion", lesionMask: null, brainMask, boxes: boxesOf(folder, dataset, c, outputs!) };
    default:
      return learnsFrom[task] satisfies never;
  }
}

/** What its class says of a bag, where that is told of all. */
function wholeLabel(c: Case, { classes }: Dataset): { readonly label?: number } {
  const label = abnormalOf(c.class, classes);
  return label === null ? {} : { label };
}

/** Which output is a case's class. @throws {UserError} (usage) If none is. */
function labelOf(folder: string, id: string, name: string, outputs: readonly string[]): number {
  const label = placeOfClass(name, outputs);
  if (label >= 0) return label;
  throw new UserError(
    "usage",
    `train.outputs must name every class of ${folder}, or have other; got ${name} for ${id}. Name it, or add other.`,
  );
}

/** @throws {UserError} (usage) If a name is none of the dataset's. */
function refuseUnknown(folder: string, known: readonly string[], wanted: readonly string[], what: string): void {
  const stray = wanted.find((name) => !known.includes(name));
  if (stray === undefined) return;
  throw new UserError(
    "usage",
    `train.outputs must be ${what} of ${folder}; got ${stray}. They are ${known.join(", ") || "none"}.`,
  );
}

/** Place among the outputs of each type of lesion of a dataset. */
function typesOf(folder: string, { lesionTypes = [] }: Dataset, outputs: readonly string[]): number[] {
  refuseUnknown(folder, lesionTypes, outputs, "types of lesions");
  return lesionTypes.map((name) => outputs.indexOf(name));
}

function boxesOf(folder: string, { regions = [] }: Dataset, { boxes = [] }: Case, outputs: readonly string[]) {
  refuseUnknown(folder, regions, outputs, "regions");
  return boxes.flatMap((one) => {
    const place = outputs.indexOf(one.name);
    return place < 0 ? [] : [{ place, slice: one.slice, box: placeOfRegion(one) }];
  });
}

/**
 * Reads and cuts all cases, in worker threads where there is more than one; the result does not depend on how many.
 * @throws {UserError} (data) If a file is damaged or has changed, or the slices do not show what the task learns from.
 */
export async function loadData({ jobs, task }: TrainPlan, context: StageContext): Promise<TrainData> {
  const all = [...jobs.train, ...jobs.val];
  const onDone = (done: number) => context.reporter.progress("load", done, all.length);
  const cases = context.workers > 1 ? await inWorkers(all, context, onDone) : await inTurn(all, context, onDone);
  const of = (some: readonly TrainSlice[][]) => (learnsFrom[task] === "healthy" ? healthyAlone(some.flat()) : some.flat());
  const [train, val] = [of(cases.slice(0, jobs.train.length)), of(cases.slice(jobs.train.length))];
  checkTruth(task, train, val);
  return { train, val, cases: { train: bagsOf(train).length, val: bagsOf(val).length } };
}

/** @throws {UserError} (data) If slices do not show what a task learns from. */
function checkTruth(task: TaskName, train: readonly TrainSlice[], val: readonly TrainSlice[]): void {
  const refuse = (rule: string, got: string, wayOut: string) => new UserError("data", `the ${rule}; got ${got}. ${wayOut}.`);
  switch (learnsFrom[task]) {
    case "types":
    case "masks":
      if (train.some((s) => s.lesionPixels >= minLesionPixels)) return;
      throw refuse(`train split must have a slice with at least ${minLesionPixels} lesion pixels`, `none in ${train.length} slices`, "Make bleeds with synth"); // biome-ignore format: one line
    case "lesions": {
      const bags = bagsOf(train);
      const positives = bags.filter(({ label }) => label === 1).length;
      if (positives > 0 && positives < bags.length) return;
      throw refuse("train split must have cases with and without blood to learn bags from", `${positives} with and ${bags.length - positives} without`, "Set synth.healthyShare between 0 and 1, or use more subjects"); // biome-ignore format: one line
    }
    case "healthy":
      for (const [name, slices] of Object.entries({ train, val }))
        if (slices.length === 0)
          throw refuse(`${name} split must have a case without blood to learn what is healthy from`, "none", "Make healthy ones with synth, or use more subjects"); // biome-ignore format: one line
      return;
    case "classes": {
      const seen = new Set(train.map(({ label }) => label));
      if (seen.size > 1) return;
      throw refuse("train split must have cases of several classes", "one", "Use more subjects, or other outputs");
    }
    case "boxes":
      if (train.some(({ masks }) => masks.some((bits) => bits >> classShift > 0))) return;
      throw refuse("train split must have a slice with a region", `none in ${train.length} slices`, "Use other outputs");
    case "tissues":
    case "none":
      return;
    default:
      learnsFrom[task] satisfies never;
  }
}

/** @throws {UserError} (data) If a case has not one slice for each region, where the network is told of regions. */
export function checkRegions(folder: string, model: ModelOptions, { train, val }: Pick<TrainData, "train" | "val">): void {
  const regions = imagesOfSet(model);
  if (regions === null) return;
  const odd = bagsOf([...train, ...val]).find(({ slices }) => slices.length !== regions);
  if (odd === undefined) return;
  const got = odd.slices.length;
  throw new UserError(
    "data",
    `${folder}: every case must have ${regions} slices, one for each of model.regions; got ${got} in ${odd.caseId}. Set model.regions to ${got}.`,
  );
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
