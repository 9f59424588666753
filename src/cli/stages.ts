import { join } from "node:path";
import { machineMemory } from "../backend/machine-memory.ts";
import { mayUseGpu } from "../backend/usable.ts";
import { type Experiment, relativeTo } from "../config/experiment.ts";
import { detectorTraining } from "../config/regions.ts";
import { experimentYaml } from "../config/show.ts";
import { canonicalJson } from "../core/hash.ts";
import { seededRng } from "../core/rng.ts";
import { many } from "../core/words.ts";
import { type SplitName, splitNames } from "../data/dataset.ts";
import { tissueModel } from "../data/embedded.ts";
import { modelFolder, weightsPath } from "../data/model-folder.ts";
import { modelWords } from "../models/index.ts";
import { initWords, readInit } from "../train/init/load.ts";
import { checkMemory, gigabytes, trainingBytes } from "../train/memory.ts";
import { isPretraining } from "../train/options.ts";
import { networkShape } from "../train/task.ts";
import { assertHolds } from "./holds.ts";
import { hashFile } from "./record.ts";
import { changedSource, inputHash, sourceHashes } from "./sources.ts";
import { casesIn, casesStage, none, type Stage, type StageName, seenStage, stageNames } from "./stage.ts";
import { surveyData } from "./survey.ts";

export { casesStage, type Stage, type StageJob, type StageName, seenStage, stageNames } from "./stage.ts";

// Stages are imported when they run: TensorFlow.js alone takes longer to load than most commands take.

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
  async plan(experiment) {
    const { words, found } = await surveyData(experiment.data);
    if (found !== null) assertHolds(experiment, found.path, found.holds);
    return words;
  },
  async run({ experiment, out }, context) {
    const { data: options, split, seed } = experiment;
    switch (options.kind) {
      case "phantom": {
        const { runPhantom } = await import("../synth/phantom/stage.ts");
        return await runPhantom({ out, options, split, seed }, context);
      }
      case "head-ct": {
        const { runHeadCt } = await import("../synth/head-ct/stage.ts");
        return await runHeadCt({ out, options, split, seed }, context);
      }
      case "public": {
        const { runPublic } = await import("../data/datasets/stage.ts");
        return await runPublic({ out, options, split, seed }, context);
      }
      case "dataset": {
        const { runDataset } = await import("../data/given/stage.ts");
        return await runDataset({ out, options, split, seed });
      }
      case "fetal-ultrasound": {
        const { runFetalUltrasound } = await import("../synth/ultrasound/fetal/stage.ts");
        return await runFetalUltrasound({ out, options, split, seed }, context);
      }
      case "cranial-ultrasound": {
        const { runCranialUltrasound } = await import("../synth/ultrasound/neonatal/stage.ts");
        return await runCranialUltrasound({ out, options, split, seed }, context);
      }
      case "folder": {
        const { runIngest } = await import("../data/ingest/stage.ts");
        return await runIngest({ out, options, split, seed }, context);
      }
      default:
        return options satisfies never;
    }
  },
};

/** The data by themselves: what could be learnt from them is not asked. */
export const dataAlone: Stage = { ...data, plan: async (experiment) => (await surveyData(experiment.data)).words };

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
  async run({ experiment, out, inputs, resume, shard }, context) {
    const { runSynth, runSynthShard } = await import("../synth/stage.ts");
    const run = { data: (inputs.tissue ?? inputs.data)!, out, options: experiment.synth, seed: experiment.seed, resume };
    return shard === undefined ? await runSynth(run, context) : await runSynthShard(run, shard, context);
  },
};

const train: Stage = {
  ...none,
  name: "train",
  reads: ["synth"],
  backend: true,
  resumes: "asked",
  // Of the file of its first weights the content counts, not where it lies.
  options: ({ model, preprocess, train: options, synth, pretrain: before }) => ({
    ...{ model, preprocess, train: { ...options, init: options.init && { only: options.init.only, into: options.init.into } } },
    ...(before === null ? {} : { pretrained: { only: before.only, into: before.into } }),
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
    const given = inputs.pretrain === undefined ? {} : { init: initFrom(experiment, inputs.pretrain) };
    const request = { data: casesIn(inputs), out, model, preprocess, options: { ...options, ...given }, seed: options.seed ?? seed, resume }; // biome-ignore format: one line
    if (options.freshEvery === null) return await runTrain(request, context);
    const { startFresh } = await import("./fresh.ts");
    const folders = { data: (inputs.tissue ?? inputs.data)!, synth: inputs.synth! };
    const { fresh, stop } = await startFresh(folders, experiment, context.workers - 1);
    return await runTrain({ ...request, fresh }, context).finally(stop);
  },
};

/** Where a training starts that comes after a pretraining. */
function initFrom({ pretrain: before }: Experiment, from: string) {
  return { from, into: before!.into, only: before!.only };
}

/** A stage that does what another does, for an experiment that is derived of the given one. */
function like(stage: Stage, name: StageName, derive: (experiment: Experiment) => Experiment): Stage {
  return {
    ...stage,
    name,
    options: (experiment, root) => stage.options(derive(experiment), root),
    sources: (experiment) => stage.sources(derive(experiment)),
    stale: (experiment, folder) => stage.stale(derive(experiment), folder),
    plan: (experiment) => stage.plan(derive(experiment)),
    run: ({ experiment, ...job }, context) => stage.run({ experiment: derive(experiment), ...job }, context),
  };
}

/** Subjects to pretrain on: none is tested. */
const poolSplit = { train: 0.9, val: 0.1, test: 0, folds: null, select: "val" } as const;

/** Other data to pretrain on. They have a seed of their own, so that none of their subjects is drawn as one of the experiment's. */
const pool = like(data, "pool", (experiment) => {
  const seed = seededRng(experiment.seed)
    .fork("pool")
    .below(2 ** 31);
  const { data: own, train: options } = experiment.pretrain!;
  const alone = { regions: null, pretrain: null, predict: { ...experiment.predict, gate: "none" } } as const; // nothing is predicted of them
  return { ...experiment, data: own!, split: poolSplit, seed, train: options, ...alone };
});

const pretrain = like(train, "pretrain", (experiment) => {
  const { model, train: options } = experiment.pretrain!;
  return { ...experiment, model: model ?? experiment.model, train: options, pretrain: null };
});

const detect = like(train, "detect", (experiment) => {
  const { detector } = experiment.regions!;
  return { ...experiment, model: detector.model, train: detectorTraining(experiment.regions!), pretrain: null };
});

const regions: Stage = {
  ...none,
  name: "regions",
  reads: ["data"],
  backend: true,
  resumes: "never",
  options: ({ regions: of, preprocess: { pixelMm }, train: { cropSize }, eval: { bootstrap } }) => {
    const { detector: _, ...crops } = of!;
    return { regions: crops, pixelMm, cropSize, bootstrap };
  },
  plan: ({ regions: of }) => `crops of ${many(of!.names.length, "region")}, by ${of!.boxes} boxes`,
  async run({ experiment, out, inputs }, context) {
    const { runRegions } = await import("../eval/regions/stage.ts");
    const { regions: of, preprocess, train: options, eval: evaluation, seed } = experiment;
    const request = { data: (inputs.synth ?? inputs.data)!, detector: inputs.detect ?? null, out, options: of! };
    const shape = { side: options.cropSize, pixelMm: preprocess.pixelMm, bootstrap: evaluation.bootstrap };
    return await runRegions({ ...request, ...shape, seed }, context);
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
    const { name, atSize, eval: options, seed, assumed, reference } = experiment;
    const config = experimentYaml(experiment, root);
    const folders = { data: casesIn(inputs), predictions: inputs.predict!, out, report: join(root, "report.html") };
    return await runEval({ ...folders, options, seed, name, atSize, config, beside: { assumed, reference } }, context);
  },
};

/** The evaluation of all folds together, by the folders of their runs. */
export function foldsEvaluation(runs: readonly string[]): Stage {
  return {
    ...evaluate,
    reads: [],
    async sources(experiment) {
      const hashes: Record<string, string> = {};
      for (const [fold, run] of runs.entries())
        for (const name of [seenStage(experiment), "predict", "eval"] as const)
          hashes[`${name} of fold ${fold}`] = await inputHash(join(run, name), "run that fold again", true);
      return hashes;
    },
    plan: ({ eval: { bootstrap } }) => `${many(runs.length, "fold")} together, ${bootstrap.resamples} resamples of patients`,
    async run({ experiment, out, root }, context) {
      const { runFoldsEval } = await import("../eval/folds/stage.ts");
      const { name, atSize, eval: options, seed, assumed, reference } = experiment;
      const folds = runs.map((run) => ({
        data: join(run, seenStage(experiment)),
        predictions: join(run, "predict"),
        evaluation: join(run, "eval"),
      }));
      const config = experimentYaml(experiment, root);
      const split = evaluatedSplit(experiment);
      return await runFoldsEval(
        { folds, out, report: join(root, "report.html"), options: { ...options, split }, seed, name, atSize, config, beside: { assumed, reference } }, // biome-ignore format: one line
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
export const stages: Readonly<Record<StageName, Stage>> = { data, pool, tissue, synth, pretrain, detect, regions, train, predict, eval: evaluate }; // biome-ignore format: one line

/**
 * The stages of an experiment in the order they run: with `priors: { kind: network }` tissues come before synthesis, which then reads these
 * cases, as does a training that makes fresh scenes of its own; data with their own truth are trained on as they are. Pretraining is the last stage:
 * nothing is predicted by it.
 */
export function stagesOf(experiment: Experiment): Stage[] {
  const { priors, train: of, pretrain: before, regions: crops } = experiment;
  const [cases, seen] = [casesStage(experiment), seenStage(experiment)];
  const normal = priors.kind === "labels" ? "data" : "tissue";
  const hasPool = before !== null && before.data !== null;
  const detects = crops !== null && crops.boxes === "detected";
  const reads: Partial<Record<StageName, readonly StageName[]>> = {
    synth: [normal],
    pretrain: [hasPool ? "pool" : cases],
    detect: [cases],
    regions: detects ? [cases, "detect"] : [cases],
    train: [seen, ...(of.freshEvery === null ? [] : ([normal] as const)), ...(before === null ? [] : (["pretrain"] as const))],
    predict: ["train", seen],
    eval: [seen, "predict"],
  };
  const without: Readonly<Partial<Record<StageName, boolean>>> = {
    pool: !hasPool,
    tissue: normal === "data",
    synth: cases === "data",
    pretrain: before === null,
    detect: !detects,
    regions: crops === null,
    predict: isPretraining(of.task),
    eval: isPretraining(of.task),
  };
  const names = stageNames.filter((name) => without[name] !== true);
  return names.map((name) => ({ ...stages[name], reads: reads[name] ?? stages[name].reads }));
}

/** Whether the folds of a cross-validation, or the runs of a sweep, may share the result of a stage: in folds what is trained on their subjects is their own. */
export function isShared(name: StageName, { split, pretrain: before }: Experiment): boolean {
  switch (name) {
    case "data":
    case "pool":
    case "tissue":
    case "synth":
      return true;
    case "pretrain":
      return split.folds === null || before?.data != null;
    case "detect":
    case "regions":
      return split.folds === null;
    case "train":
    case "predict":
    case "eval":
      return false;
    default:
      return name satisfies never;
  }
}

/** Options as plain JSON, so that a record of them reads back equal. */
export function plainOptions(stage: Stage, experiment: Experiment, root: string): Json {
  return JSON.parse(canonicalJson(stage.options(experiment, root))) as Json;
}

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
