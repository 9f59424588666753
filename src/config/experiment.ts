import { isAbsolute, relative, resolve } from "node:path";
import { z } from "zod";
import { backendOptions, gpuOptions } from "../backend/options.ts";
import { canonicalJson } from "../core/hash.ts";
import { preprocessOptions } from "../data/preprocess.ts";
import { foldsMisfit, splitOptions } from "../data/splits.ts";
import { evalOptions } from "../eval/options.ts";
import { predictOptions } from "../eval/predict/options.ts";
import { referenceOptions } from "../eval/reference/options.ts";
import { encoderStride, type ModelOptions, modelOptions } from "../models/index.ts";
import { synthOptions } from "../synth/options.ts";
import { priorsOptions } from "../tissue/options.ts";
import { batchMisfit, isPretraining, lossMisfit, type TrainOptions, taskMisfit, trainOptions } from "../train/options.ts";
import { bringsTruth, type DataOptions, dataOptions, readsFrom } from "./data.ts";
import { askedBy, askedOf, modalityOf, publicMisfit } from "./fits.ts";
import { checkTree, examineTree, type Loaded, type Override, parseConfig, readConfig } from "./load.ts";
import { pretrainingOptions } from "./pretraining.ts";
import { detectorTraining, type RegionsOptions, regionsOptions } from "./regions.ts";
import { type Entry, lookUp, type Mistake, type Section } from "./tree.ts";

const sections = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,79}$/)
    .default("experiment")
    .describe("what the report and the manifest call this: letters, digits, space, dot, dash, underscore; at most 80"),
  /** Absent where the config has no sizes. Not called size: that asks for one, and without sizes it is a mistake. */
  atSize: z
    .string()
    .min(1)
    .optional()
    .describe(
      "at which of its sizes the config was taken; hemosynth sets it in the config of a run, it is not to be set by hand, and no figure hangs on it",
    ),
  seed: z
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(0)
    .describe("decides everything random, 0 to 2147483647; same config and seed, same files"),
  backend: backendOptions,
  ...gpuOptions,
  data: dataOptions.describe("the normal brains to start from, or images that bring their own truth"),
  split: splitOptions.prefault({}).describe("which subjects train, validate and test"),
  priors: priorsOptions.prefault({ kind: "labels" }).describe("where the anatomy comes from that bleeds are painted into"),
  synth: synthOptions.prefault({}).describe("the lesions that are painted, and the stacks that are taken"),
  preprocess: preprocessOptions.prefault({}).describe("how a stack becomes the network's input"),
  model: modelOptions.prefault({ kind: "unet" }).describe("the network"),
  pretrain: pretrainingOptions
    .nullable()
    .default(null)
    .describe("a training before the training, which starts from its weights; null: none"),
  regions: regionsOptions
    .nullable()
    .default(null)
    .describe("crops of regions in place of whole images, for task crops; null: none"),
  train: trainOptions.prefault({}).describe("how the network is trained"),
  predict: predictOptions.prefault({}).describe("how the network is applied"),
  eval: evalOptions.prefault({}).describe("how predictions are compared with the truth"),
  assumed: z
    .array(z.string().min(1).max(400))
    .max(100)
    .default([])
    .describe("choices that a published system leaves open and this config makes: shown in the report and kept in the manifest"),
  reference: referenceOptions
    .nullable()
    .default(null)
    .describe("figures that a publication reports of its own data: shown beside the report's as theirs; null: none"),
});

/** The whole of a config: the options of every stage, each declared beside the code that it configures. */
export const experiment = sections.superRefine((value, context) => {
  const { split, model, train, predict, pretrain, regions, eval: evaluation } = value;
  const add = (path: readonly string[], message: string) => context.addIssue({ code: "custom", path: [...path], message });
  const painting = paintingMisfit(value);
  if (painting !== null) add(painting.path, painting.message);
  const divided = splitMisfit(value);
  if (divided !== null) add(divided.path, divided.message);
  if (split.folds !== null && evaluation.split !== "test")
    add(["eval", "split"], `must be test with split.folds, where every subject is tested; got ${evaluation.split}`);
  if (split.folds !== null && isPretraining(train.task))
    add(["split", "folds"], `needs a task that can be evaluated; got train.task ${train.task}, which is pretraining`);
  if (train.task === "denoise" && predict.gate === "predicted")
    add(["predict", "gate"], "must be tissue, given or none for train.task denoise, whose network finds no brain; got predicted");
  for (const { path, message } of trainingMisfits(model, train)) add(path, message);
  if (pretrain !== null) {
    const before = [
      ...trainingMisfits(pretrain.model ?? model, pretrain.train),
      ...freshMisfits(pretrain.train, "a pretraining"),
    ];
    for (const { path, message } of before) add(["pretrain", ...path], message);
    if (pretrain.data !== null && !bringsTruth(pretrain.data))
      add(["pretrain", "data", "kind"], `must be of data that bring their own truth; got ${pretrain.data.kind}`);
    if (train.init !== null) add(["train", "init"], "must be null with pretrain, whose weights the training starts from");
  }
  if (regions !== null) for (const { path, message } of regionsMisfits(regions, value)) add(path, message);
  const unfit = painting === null ? setMisfit(value) : null;
  if (unfit !== null) add(unfit.path, unfit.message);
});
export type Experiment = z.output<typeof experiment>;

/** A config of which data are made and nothing else: what is learnt from them is for another to say. */
const dataExperiment = sections.superRefine((value, context) => {
  const divided = splitMisfit(value);
  if (divided !== null) context.addIssue({ code: "custom", path: [...divided.path], message: divided.message });
});

interface Misfit {
  readonly path: readonly string[];
  readonly message: string;
}

/** Folds that data have too few subjects for, as far as it is told before they are made. */
function splitMisfit({ data, split }: Pick<Experiment, "data" | "split">): Misfit | null {
  const made = readsFrom(data) === null && "subjects" in data ? data.subjects : null;
  const folds = made === null ? null : foldsMisfit(split, made);
  return folds === null ? null : { path: ["split", "folds"], message: folds };
}

/** What of a training does not go together. Paths start from the section that holds `model` and `train`. */
function trainingMisfits(model: ModelOptions, train: TrainOptions): Misfit[] {
  const misfit = taskMisfit(model, train.task);
  const loss = lossMisfit(train.loss, train.task);
  const batch = misfit === null ? batchMisfit(model, train) : null;
  const [multiple, why] = windowMultiple(model, train);
  const crop = train.cropSize % multiple === 0 ? null : `must be a multiple of ${multiple}, ${why}; got ${train.cropSize}`;
  return [
    ...(misfit === null ? [] : [{ path: ["train", "task"], message: misfit }]),
    ...(loss === null ? [] : [{ path: ["train", "loss"], message: loss }]),
    ...(batch === null ? [] : [{ path: ["train", ...batch.path.split(".")], message: batch.rule }]),
    ...(crop === null ? [] : [{ path: ["train", "cropSize"], message: crop }]),
  ];
}

/** What the side of a training window must be a multiple of, pixels, and why. */
function windowMultiple(model: ModelOptions, { task, weakCells }: TrainOptions): readonly [number, string] {
  if ("channels" in model) return [2 ** (model.channels.length - 1), `since model.channels has ${model.channels.length} levels`];
  if (model.kind === "yolov5") return [32, "the coarsest stride of a yolov5"];
  const needsWhole = (task === "restore" || task === "weakGrid") && taskMisfit(model, task) === null;
  if (!needsWhole) return [1, "any window will do"];
  const stride = encoderStride(model);
  if (task === "restore") return [stride, `the stride of a ${model.kind}`];
  return [stride * weakCells, `the stride of a ${model.kind}, ${stride}, by train.weakCells, ${weakCells}`];
}

/** New stacks are made for the main training alone. */
function freshMisfits({ freshEvery }: TrainOptions, what: string): Misfit[] {
  if (freshEvery === null) return [];
  return [
    { path: ["train", "freshEvery"], message: `must be null for ${what}, whose images stay as they are; got ${freshEvery}` },
  ];
}

/** What does not go with crops of regions. */
function regionsMisfits(
  { names, boxes, detector }: RegionsOptions,
  { data, model, train }: Pick<Experiment, "data" | "model" | "train">,
): Misfit[] {
  const own = detector.train.outputs ?? names;
  const training = detectorTraining({ names, detector });
  const detectorMisfits =
    boxes === "given" ? [] : [...trainingMisfits(detector.model, training), ...freshMisfits(training, "a detector")];
  return [
    ...(bringsTruth(data) || data.kind === "public"
      ? []
      : [{ path: ["regions"], message: `must be null for data of kind ${data.kind}, which have no boxes` }]),
    ...(model.kind === "hexanet" && model.regions !== names.length
      ? [{ path: ["model", "regions"], message: `must be the number of regions.names, ${names.length}; got ${model.regions}` }]
      : []),
    ...(train.task === "crops" ? [] : [{ path: ["train", "task"], message: `must be crops with regions; got ${train.task}` }]),
    ...(boxes === "given" || own.join() === names.join()
      ? []
      : [
          {
            path: ["regions", "detector", "train", "outputs"],
            message: `must be regions.names, or left out; got ${own.join(", ")}`,
          },
        ]),
    ...detectorMisfits.map(({ path, message }) => ({ path: ["regions", "detector", ...path], message })),
  ];
}

/** Where public sets do not hold what is asked of them, or are of another modality than what goes with them: told before any file is looked at. */
function setMisfit(
  value: Pick<Experiment, "data" | "synth" | "train" | "regions" | "predict" | "preprocess" | "pretrain">,
): Misfit | null {
  const { data, preprocess, pretrain } = value;
  const where = ["data", data.kind === "public" ? "layout" : "kind"];
  const own = publicMisfit(data, askedOf(value));
  if (own !== null) return { path: where, message: own };
  const other = pretrain?.data ?? null;
  const before = pretrain === null ? null : publicMisfit(other ?? data, askedBy(pretrain));
  if (before !== null) return { path: other === null ? where : ["pretrain", "data", "layout"], message: before };
  if (data.kind !== "public" && other?.kind !== "public") return null; // procedural data go as they went
  const unpainted = synthMisfit(value);
  if (unpainted !== null) return unpainted;
  return (other === null ? null : modalityMisfit(data, other, where)) ?? windowMisfit(data, preprocess.window);
}

/**
 * A synthesis that is set up, and a public set of another modality than it paints: nothing would read `synth`. Its defaults ask for nothing, so that a
 * resolved config, which has them, is accepted back.
 */
function synthMisfit({ data, synth }: Pick<Experiment, "data" | "synth">): Misfit | null {
  const modality = modalityOf(data);
  if (data.kind !== "public" || modality === null || modality === "T2w") return null;
  if (canonicalJson(synth) === canonicalJson(synthOptions.parse({}))) return null;
  const message = `must be of normal T2w brains, since synth sets how bleeds are painted into them; got ${data.layout}, of ${modality}, which nothing is painted into. Start from a config of ${modality}, as docs/datasets.md names it, or set synth to {}`;
  return { path: ["data", "layout"], message };
}

/** Two modalities under one `preprocess`; the fault is of the public one. `where` is that of `data`. */
function modalityMisfit(data: DataOptions, other: DataOptions, where: readonly string[]): Misfit | null {
  const [own, its] = [modalityOf(data), modalityOf(other)];
  if (own === null || its === null || own === its) return null;
  const message = (asked: string, of: string, got: string) =>
    `must be of ${asked}, as ${of} are, since preprocess is that of both; got ${got}`;
  return other.kind === "public"
    ? { path: ["pretrain", "data", "layout"], message: message(own, "data", its) }
    : { path: where, message: message(its, "pretrain.data", own) };
}

/** A window that CT lacks, or that T2w MRI has. */
function windowMisfit(data: DataOptions, window: Experiment["preprocess"]["window"]): Misfit | null {
  const [path, modality] = [["preprocess", "window"], modalityOf(data)];
  if (modality === "CT" && window === null)
    return { path, message: "must be given for CT, whose values are HU: [-50, 150] shows the brain; got null" };
  if (modality === "T2w" && window !== null)
    return { path, message: `must be null for T2w MRI, whose values have no unit; got [${window.join(", ")}]` };
  return null;
}

/** What is asked for that data with their own truth have no synthesis for; null where nothing is. */
function paintingMisfit({ data, priors, train }: Pick<Experiment, "data" | "priors" | "train">) {
  if (!bringsTruth(data)) return null;
  const rule = (needs: string, got: string) => `${needs} for data of kind ${data.kind}, which bring their own truth; got ${got}`;
  if (priors.kind !== "labels") return { path: ["priors", "kind"], message: rule("must be labels", priors.kind) };
  if (train.freshEvery !== null)
    return { path: ["train", "freshEvery"], message: rule("must be null", String(train.freshEvery)) };
  return train.task === "tissue" ? { path: ["train", "task"], message: rule("must be another task", train.task) } : null;
}

/**
 * Reads and checks an experiment. Paths in it (`data.path`, `data.labels`, `priors.model`, `train.init.from`, also those of `pretrain` and of the
 * detector of `regions`) start from the folder of the file that names them, or from the current folder when set on the command line; in the result
 * they are absolute.
 *
 * @throws {UserError} (usage) With every mistake at once.
 */
export async function loadExperiment(file: string, overrides: readonly Override[] = []): Promise<Experiment> {
  const { tree, mistakes } = await readConfig(file, experiment, overrides);
  const { sweep, rest } = splitSweep(tree);
  const many = { at: sweep?.at ?? tree.at, message: "sweep makes many runs of one config: hemosynth sweep CONFIG --out DIR" };
  return withAbsolutePaths(checkTree(rest, experiment, sweep === null ? mistakes : [...mistakes, many]));
}

/** A config's `sweep` section apart from the rest of it; null where it has none. */
export function splitSweep(tree: Section): { readonly sweep: Entry | null; readonly rest: Section } {
  const entries = new Map(tree.entries);
  entries.delete("sweep");
  return { sweep: tree.entries.get("sweep") ?? null, rest: { ...tree, entries } };
}

/** The experiment that a tree says, paths absolute; null where it has a mistake, which is added to `mistakes`. */
export function examineExperiment(tree: Section, mistakes: Mistake[]): Experiment | null {
  const loaded = examineTree(tree, experiment, mistakes);
  return loaded && withAbsolutePaths(loaded);
}

/** The same for a text such as `data: { kind: phantom }`; `where` names it in messages. */
export function parseExperiment(text: string, where: string, overrides: readonly Override[] = []): Experiment {
  return withAbsolutePaths(parseConfig(text, where, experiment, overrides));
}

/** The same where data are made alone: whether a training can learn from them is not asked. */
export function parseDataExperiment(text: string, where: string, overrides: readonly Override[] = []): Experiment {
  return withAbsolutePaths(parseConfig(text, where, dataExperiment, overrides));
}

function withAbsolutePaths({ value, tree }: Loaded<Experiment>): Experiment {
  return mapPaths(value, (path, at) => resolve(folderOf(tree, at), path));
}

/** Changes a path of an experiment; also gets where in the config it stands. */
type ChangePath = (path: string, at: readonly string[]) => string;

/** The experiment with every path in it taken through `change`. */
function mapPaths(value: Experiment, change: ChangePath): Experiment {
  const { data, priors, train, pretrain, regions } = value;
  return {
    ...value,
    data: dataAt(data, ["data"], change),
    pretrain: pretrain && {
      ...pretrain,
      data: pretrain.data && dataAt(pretrain.data, ["pretrain", "data"], change),
      train: trainAt(pretrain.train, ["pretrain", "train"], change),
    },
    regions: regions && {
      ...regions,
      detector: { ...regions.detector, train: trainAt(regions.detector.train, ["regions", "detector", "train"], change) },
    },
    priors:
      priors.kind === "network" && priors.model !== null
        ? { ...priors, model: change(priors.model, ["priors", "model"]) }
        : priors,
    train: trainAt(train, ["train"], change),
  };
}

/** A training with the path of its first weights, if any, taken through `change`. */
function trainAt<T extends Pick<TrainOptions, "init">>(train: T, at: readonly string[], change: ChangePath): T {
  const { init } = train;
  return init === null ? train : { ...train, init: { ...init, from: change(init.from, [...at, "init", "from"]) } };
}

/** The data with the folder that they are read from, if any, taken through `change`. */
function dataAt(data: DataOptions, at: readonly string[], change: ChangePath): DataOptions {
  if ("path" in data) return { ...data, path: change(data.path, [...at, "path"]) };
  if (data.kind === "head-ct" && data.labels !== null) return { ...data, labels: change(data.labels, [...at, "labels"]) };
  return data;
}

function folderOf(tree: Section, path: readonly string[]): string {
  return lookUp(tree, path).tree.at.folder;
}

/** The experiment as a config file in `folder` would say it: paths relative to that folder. */
export function relativeTo(folder: string, value: Experiment): Experiment {
  return mapPaths(value, (path) => (isAbsolute(path) ? relative(folder, path).replaceAll("\\", "/") || "." : path));
}
