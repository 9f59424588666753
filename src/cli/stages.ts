import { join, relative } from "node:path";
import { machineMemory } from "../backend/machine-memory.ts";
import { mayUseGpu } from "../backend/usable.ts";
import { bringsTruth, type Experiment, relativeTo } from "../config/experiment.ts";
import { experimentYaml } from "../config/show.ts";
import type { StageContext, StageResult } from "../core/context.ts";
import { canonicalJson } from "../core/hash.ts";
import { many } from "../core/words.ts";
import { readDataset, readSplits, type SplitName, type Splits, splitNames, writeDataset, writeSplits } from "../data/dataset.ts";
import { tissueModel } from "../data/embedded.ts";
import { modelFolder, weightsPath } from "../data/model-folder.ts";
import { splitWords } from "../data/splits.ts";
import { modelWords } from "../models/index.ts";
import { initWords, readInit } from "../train/init/load.ts";
import { checkMemory, gigabytes, trainingBytes } from "../train/memory.ts";
import { isPretraining } from "../train/options.ts";
import { networkShape } from "../train/task.ts";
import { hashFile } from "./record.ts";
import { changedSource, inputHash, sourceHashes } from "./sources.ts";

export const stageNames = ["data", "tissue", "synth", "train", "predict", "eval"] as const;
export type StageName = (typeof stageNames)[number];

/** What a stage is given to work on. Folders are as the user wrote them, from the current folder. */
export interface StageJob {
  readonly experiment: Experiment;
  /** The run folder. */
  readonly root: string;
  /** The stage's own folder. */
  readonly out: string;
  /** Where the results of the stages that it reads lie. */
  readonly inputs: Readonly<Partial<Record<StageName, string>>>;
  /** Go on with what an interrupted run left. */
  readonly resume: boolean;
}

/** One stage of the pipeline, as the command line sees it. */
export interface Stage {
  readonly name: StageName;
  /** Stages whose results it reads. */
  readonly reads: readonly StageName[];
  /** Whether it computes on a TensorFlow.js backend. */
  readonly backend: boolean;
  /** Whether it goes on from where an interrupted run stopped: never, when asked, or always, since the result is the same bytes. */
  readonly resumes: "never" | "asked" | "always";
  /** Files that it writes outside its folder, relative to it. */
  readonly beside: readonly string[];
  /** The part of the experiment that its result depends on, beside the seed. */
  options(experiment: Experiment, root: string): unknown;
  /** What it reads from outside the run folder, hashed, by a name for messages. */
  sources(experiment: Experiment): Promise<Readonly<Record<string, string>>>;
  /** Why a whole result no longer fits what it was made from, or null; beside what the key already says. */
  stale(experiment: Experiment, folder: string): Promise<string | null>;
  /** A few words on how much there is to do; the place to refuse what can be told without doing it. */
  plan(experiment: Experiment): string | Promise<string>;
  run(job: StageJob, context: StageContext): Promise<StageResult>;
}

/** The stage whose cases are trained on, predicted and evaluated: synthesis, or the data themselves where they bring their own truth. */
export function casesStage({ data }: Pick<Experiment, "data">): "synth" | "data" {
  return bringsTruth(data) ? "data" : "synth";
}

const casesIn = ({ synth, data: own }: StageJob["inputs"]) => (synth ?? own)!;

// Stages are imported when they run: TensorFlow.js alone takes longer to load than most commands take.

const none = { beside: [], sources: async () => ({}), stale: async () => null } as const;

const data: Stage = {
  ...none,
  name: "data",
  reads: [],
  backend: false,
  resumes: "never",
  sources: sourceHashes,
  stale: async ({ data: options }, folder) => ("path" in options ? await changedSource(folder) : null),
  // However many folds there are, and whatever chooses in them: the dataset is the same.
  options: (experiment, root) => ({
    data: relativeTo(root, experiment).data,
    split: experiment.split.folds === null ? experiment.split : "folds",
  }),
  async plan({ data: options }) {
    if (options.kind === "phantom") return `${options.subjects} phantom brains of ${options.gestationalAge.join(" to ")} weeks`;
    if (options.kind === "head-ct")
      return options.labels === null ? many(options.subjects, "head CT") : `CT slices of the label pictures in ${options.labels}`;
    if (options.kind === "dataset") return `the cases of ${options.path}`;
    if (options.kind === "fetal-ultrasound")
      return `${options.pictures} ultrasound pictures of each of ${options.subjects} fetuses`;
    const { countImages } = await import("../data/ingest/stage.ts");
    return `the volumes of ${options.path}: ${await countImages(options)}`;
  },
  async run({ experiment, out }, context) {
    const { data: options, split, seed } = experiment;
    if (options.kind === "phantom") {
      const { runPhantom } = await import("../synth/phantom/stage.ts");
      return await runPhantom({ out, options, split, seed }, context);
    }
    if (options.kind === "head-ct") {
      const { runHeadCt } = await import("../synth/head-ct/stage.ts");
      return await runHeadCt({ out, options, split, seed }, context);
    }
    if (options.kind === "dataset") {
      const { runDataset } = await import("../data/given/stage.ts");
      return await runDataset({ out, options, split, seed });
    }
    if (options.kind === "fetal-ultrasound") {
      const { runFetalUltrasound } = await import("../synth/ultrasound/fetal/stage.ts");
      return await runFetalUltrasound({ out, options, split, seed }, context);
    }
    const { runIngest } = await import("../data/ingest/stage.ts");
    return await runIngest({ out, options, split, seed }, context);
  },
};

const tissue: Stage = {
  ...none,
  name: "tissue",
  reads: ["data"],
  backend: true,
  resumes: "never",
  options: (experiment, root) => ({ priors: relativeTo(root, experiment).priors }),
  sources: async ({ priors }) => ({ "the tissue network": await inputHash(await tissueFolder(priors), "check priors.model") }),
  plan: ({ priors }) =>
    `the tissues of every case, by ${priors.kind === "network" && priors.model !== null ? priors.model : "the embedded network"}`,
  async run({ experiment, out, inputs }, context) {
    const { runTissue } = await import("../tissue/stage.ts");
    return await runTissue({ data: inputs.data!, out, model: await tissueFolder(experiment.priors) }, context);
  },
};

async function tissueFolder(priors: Experiment["priors"]): Promise<string> {
  return priors.kind === "network" && priors.model !== null ? await modelFolder(priors.model) : tissueModel;
}

const synth: Stage = {
  ...none,
  name: "synth",
  reads: ["data"],
  backend: false,
  resumes: "always",
  options: (experiment) => ({ synth: experiment.synth }),
  plan: ({ synth: { copies, planes } }) => `${copies} scenes of each case, ${planes.join(", ")}`,
  async run({ experiment, out, inputs, resume }, context) {
    const { runSynth } = await import("../synth/stage.ts");
    return await runSynth(
      { data: (inputs.tissue ?? inputs.data)!, out, options: experiment.synth, seed: experiment.seed, resume },
      context,
    );
  },
};

const train: Stage = {
  ...none,
  name: "train",
  reads: ["synth"],
  backend: true,
  resumes: "asked",
  // Of the file of its first weights the content counts, not where it lies.
  options: ({ model, preprocess, train: options, synth }) => ({
    ...{ model, preprocess, train: { ...options, init: options.init && { only: options.init.only, into: options.init.into } } },
    ...(options.freshEvery === null ? {} : { synth }),
  }),
  sources: async ({ train: { init } }): Promise<Record<string, string>> =>
    init === null ? {} : { "train.init.from": await hashFile(await weightsPath(init.from)) },
  async plan({ model, train: options, backend }) {
    if (!mayUseGpu(backend)) checkMemory(model, options, machineMemory());
    const items = options.task === "mil" ? `bags of ${options.bags.images} slices` : "slices";
    const words = `${options.steps} steps of ${options.batchSize} ${items}, ${modelWords(model)}, about ${gigabytes(trainingBytes(model, options))} beside the slices`;
    if (options.init === null) return words;
    return `${words}; ${initWords(await readInit(options.init, model, networkShape(options), options.task))}`;
  },
  async run({ experiment, out, inputs, resume }, context) {
    const { runTrain } = await import("../train/stage.ts");
    const { model, preprocess, train: options, seed } = experiment;
    const request = { data: casesIn(inputs), out, model, preprocess, options, seed: options.seed ?? seed, resume };
    if (options.freshEvery === null) return await runTrain(request, context);
    const { startFresh } = await import("./fresh.ts");
    const folders = { data: (inputs.tissue ?? inputs.data)!, synth: inputs.synth! };
    const { fresh, stop } = await startFresh(folders, experiment, context.workers - 1);
    return await runTrain({ ...request, fresh }, context).finally(stop);
  },
};

const predict: Stage = {
  ...none,
  name: "predict",
  reads: ["train", "synth"],
  backend: true,
  resumes: "never",
  options: (experiment) => ({ predict: experiment.predict, splits: neededSplits(experiment) }),
  plan: (experiment) => `the stacks of the splits ${neededSplits(experiment).join(" and ")}`,
  async run({ experiment, out, inputs }, context) {
    const { runPredict } = await import("../eval/predict/stage.ts");
    const request = { model: inputs.train!, input: casesIn(inputs), splits: neededSplits(experiment) };
    return await runPredict({ ...request, out, options: experiment.predict }, context);
  },
};

/** Thresholds are chosen on the validation split, so it is always predicted. */
function neededSplits({ eval: { split } }: Experiment): SplitName[] {
  return splitNames.filter((name) => name === "val" || name === split);
}

const evaluate: Stage = {
  ...none,
  name: "eval",
  reads: ["synth", "predict"],
  backend: false,
  resumes: "never",
  beside: ["../report.html"],
  options: (experiment, root) => relativeTo(root, experiment), // the report prints the whole config
  plan: ({ eval: { split, bootstrap } }) => `the ${split} split, ${bootstrap.resamples} resamples of patients`,
  async run({ experiment, out, root, inputs }, context) {
    const { runEval } = await import("../eval/stage.ts");
    const { eval: options, seed } = experiment;
    const config = experimentYaml(experiment, root);
    const folders = { data: casesIn(inputs), predictions: inputs.predict!, out, report: join(root, "report.html") };
    return await runEval({ ...folders, options, seed, config }, context);
  },
};

/** In place of a stage whose result many runs share: its cases, by where they lie, and its splits. */
export function pointTo(name: StageName, shared: string): Stage {
  return {
    ...none,
    name,
    reads: [],
    backend: false,
    resumes: "never",
    options: () => null,
    sources: async () => ({ [sharedInput]: await inputHash(shared, "run it again", true) }),
    plan: () => "what many runs share",
    run: async ({ out }) => await writePointer(out, shared, await readSplits(shared), "that many runs share"),
  };
}

/** What a stage that only points to another calls what it reads. */
export const sharedInput = "what is shared";

/** In place of the stage that makes them: the cases that all folds share, by where they lie, with the splits of one fold. */
export function foldCases(name: "synth" | "data", shared: string, splits: Splits): Stage {
  return {
    ...pointTo(name, shared),
    options: () => ({ splits }),
    plan: () => "the cases of all folds, with the splits of this one",
    run: async ({ out }) => await writePointer(out, shared, splits, "that all folds share"),
  };
}

async function writePointer(out: string, shared: string, splits: Splits, whose: string): Promise<StageResult> {
  const dataset = await readDataset(shared);
  const root = join(relative(out, shared), dataset.root).replaceAll("\\", "/");
  await writeSplits(out, splits);
  await writeDataset(out, { ...dataset, root });
  const what = dataset.cases.some(({ sources }) => sources.length > 0) ? "stack" : "case";
  const headline = `${many(dataset.cases.length, what)} ${whose} (${splitWords(splits, { folds: null })})`;
  return { headline, summary: { splits: { ...splits } } };
}

/** The evaluation of all folds together, by the folders of their runs. */
export function foldsEvaluation(runs: readonly string[]): Stage {
  return {
    ...evaluate,
    reads: [],
    async sources(experiment) {
      const hashes: Record<string, string> = {};
      for (const [fold, run] of runs.entries())
        for (const name of [casesStage(experiment), "predict", "eval"] as const)
          hashes[`${name} of fold ${fold}`] = await inputHash(join(run, name), "run that fold again", true);
      return hashes;
    },
    plan: ({ eval: { bootstrap } }) => `${many(runs.length, "fold")} together, ${bootstrap.resamples} resamples of patients`,
    async run({ experiment, out, root }, context) {
      const { runFoldsEval } = await import("../eval/folds/stage.ts");
      const { eval: options, seed } = experiment;
      const folds = runs.map((run) => ({
        data: join(run, casesStage(experiment)),
        predictions: join(run, "predict"),
        evaluation: join(run, "eval"),
      }));
      const config = experimentYaml(experiment, root);
      const split = evaluatedSplit(experiment);
      return await runFoldsEval(
        { folds, out, report: join(root, "report.html"), options: { ...options, split }, seed, config },
        context,
      );
    },
  };
}

/** The split that a fold evaluates: where the tested subjects choose, they are its validation split. */
export function evaluatedSplit({ split: { select }, eval: { split } }: Experiment): SplitName {
  return select === "test" ? "val" : split;
}

/** The stages by name, in the order they run. */
export const stages: Readonly<Record<StageName, Stage>> = { data, tissue, synth, train, predict, eval: evaluate };

/**
 * The stages of an experiment in the order they run: with `priors: { kind: network }` tissues come before synthesis, which then reads these
 * cases, as does a training that makes fresh scenes of its own; data with their own truth are trained on as they are. Pretraining is the last stage:
 * nothing is predicted by it.
 */
export function stagesOf(experiment: Experiment): Stage[] {
  const {
    priors,
    train: { freshEvery, task },
  } = experiment;
  const cases = casesStage(experiment);
  const normal = priors.kind === "labels" ? "data" : "tissue";
  const reads: Partial<Record<StageName, readonly StageName[]>> = {
    synth: [normal],
    train: freshEvery === null ? [cases] : [cases, normal],
    predict: ["train", cases],
    eval: [cases, "predict"],
  };
  const without: readonly StageName[] = [
    ...(normal === "data" ? (["tissue"] as const) : []),
    ...(cases === "data" ? (["synth"] as const) : []),
    ...(isPretraining(task) ? (["predict", "eval"] as const) : []),
  ];
  const names = stageNames.filter((name) => !without.includes(name));
  return names.map((name) => ({ ...stages[name], reads: reads[name] ?? stages[name].reads }));
}

/** Options as plain JSON, so that a record of them reads back equal. */
export function plainOptions(stage: Stage, experiment: Experiment, root: string): Json {
  return JSON.parse(canonicalJson(stage.options(experiment, root))) as Json;
}

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
