import { basename, join, resolve } from "node:path";
import { z } from "zod";
import type { BackendInfo } from "../../backend/ready.ts";
import { bringsTruth, readsFrom } from "../../config/data.ts";
import { type Experiment, loadExperiment, parseDataExperiment } from "../../config/experiment.ts";
import { experimentToPredict } from "../../config/predicting.ts";
import { UserError } from "../../core/errors.ts";
import { canonicalJson } from "../../core/hash.ts";
import { decimals } from "../../core/words.ts";
import { assertApart } from "../../data/apart.ts";
import { readJson, type SplitName, splitNames } from "../../data/dataset.ts";
import { readText } from "../../data/files.ts";
import { modelFolder, weightsPath } from "../../data/model-folder.ts";
import { type Calls, callStacks } from "../../eval/calls.ts";
import type { Shard } from "../../synth/stage.ts";
import type { CacheOptions } from "../cache/options.ts";
import { askedCache, throughCache } from "../cache/stage.ts";
import { assertDivided } from "../holds.ts";
import { assertFree } from "../lock.ts";
import { assertSameBackend, assertSameOutputs, readLocked } from "../locked.ts";
import { checkRunFolder, hasConfig, keepRun, readManifest } from "../manifest.ts";
import { followRuns } from "../mlflow/follow.ts";
import { type Pass, planPass, runPass, type StageReport } from "../pipeline.ts";
import { backendOnce, type CommonOptions, inFolder, type Outcome, overridesOf, type Session, stageLine } from "../session.ts";
import { runShard } from "../shard.ts";
import { changedSource, inputHash, isDataset, runFolderOf } from "../sources.ts";
import { dataAlone, type Stage, type StageName, seenStage, stages, stagesOf } from "../stages.ts";
import { assertOneSplit, assertPredicts, crossValidate } from "./folds.ts";

/** What `run` takes. */
type RunOptions = CommonOptions & CacheOptions & { readonly folds?: readonly number[]; readonly mlflow?: string };

/** `hemosynth run CONFIG`: every stage, those that are up to date skipped; with `split.folds`, in every fold. */
export async function run(config: string, options: RunOptions & { locked?: boolean }, session: Session): Promise<Outcome> {
  const { out } = options;
  const experiment = await loadExperiment(config, overridesOf(options));
  const untold = options.dryRun === true ? undefined : options.mlflow;
  const end = followRuns(untold, experiment.name, [{ name: basename(resolve(out)), root: out, experiment }], session.reporter);
  let isDone = false;
  try {
    const outcome = await runHeld(experiment, options, session);
    isDone = true;
    return outcome;
  } finally {
    await end(() => isDone);
  }
}

async function runHeld(experiment: Experiment, options: RunOptions & { locked?: boolean }, session: Session): Promise<Outcome> {
  const { out } = options;
  if (options.locked !== true) return await runAll(experiment, options, session);
  const manifest = await readLocked(out, experiment);
  const checkBackend = (info: BackendInfo) => assertSameBackend(out, manifest, info);
  const outcome = await runAll(experiment, options, { ...session, checkBackend });
  assertSameOutputs(out, manifest, await readManifest(out));
  return outcome;
}

async function runAll(experiment: Experiment, options: RunOptions, session: Session): Promise<Outcome> {
  const { out } = options;
  const wrap = throughCache(options.dryRun === true ? null : await askedCache(options, out));
  await checkRunFolder(out, experiment, options.existOk === true);
  const policy = { replace: options.existOk === true || (await hasConfig(out)), resume: true };
  if (experiment.split.folds !== null) return await crossValidate(experiment, policy, options, session, wrap);
  if (options.folds !== undefined)
    throw new UserError("usage", "--folds: goes with split.folds; got a config without. Pass --set split.folds=5, say.");
  const pass = { experiment, root: out, stages: stagesOf(experiment).map(wrap), folders: {}, policy, check: assertDivided };
  return await perform("run", pass, options, session);
}

/** `hemosynth synth CONFIG`: the config's normal data where it is missing, then pseudo-hemorrhages in it. */
export async function synth(config: string, options: SynthOptions, session: Session): Promise<Outcome> {
  return await perform("synth", await synthPass(config, options), options, session);
}

/** `hemosynth synth CONFIG --shard 2/8`: the same, and of the pseudo-hemorrhages a part; the whole is made by {@link synth}. */
export async function synthShard(config: string, options: SynthOptions, shard: Shard, session: Session): Promise<Outcome> {
  const { out, workers } = options;
  const pass = await synthPass(config, options);
  await checkApart(pass);
  const headline = await runShard(pass, shard, workers, session);
  const text = `synth: ${headline}\nin ${out}; the same command without --shard makes what is missing, and the dataset`;
  return { text, json: { schemaVersion: 1, command: "synth", out, shard, headline } };
}

type SynthOptions = CommonOptions & { readonly data?: string };

async function synthPass(config: string, options: SynthOptions): Promise<Pass> {
  const experiment = await loadExperiment(config, overridesOf(options));
  assertPaints(experiment);
  const names: StageName[] = options.data === undefined ? ["data", "tissue", "synth"] : ["tissue", "synth"];
  return passOf(experiment, names, options, { data: options.data });
}

/** @throws {UserError} (usage) If the data of a config bring their own truth. */
function assertPaints({ data }: Experiment): void {
  if (!bringsTruth(data)) return;
  throw new UserError(
    "usage",
    `synth: paints into normal cases; got data of kind ${data.kind}, which bring their own truth. Go on with train, or run.`,
  );
}

/** What synthesis of a config paints into: the stages before it are brought up to date. */
export async function normalData(
  config: string,
  options: CommonOptions & { data?: string },
  session: Session,
): Promise<{ experiment: Experiment; data: string }> {
  const experiment = await loadExperiment(config, overridesOf(options));
  assertPaints(experiment);
  const names: StageName[] = options.data === undefined ? ["data", "tissue"] : ["tissue"];
  const pass = passOf(experiment, names, options, { data: options.data });
  if (pass.stages.length > 0) await perform("synth", pass, options, session);
  const last = pass.stages.at(-1)?.name ?? "data";
  return { experiment, data: pass.folders[last] ?? join(options.out, last) };
}

/** `hemosynth train CONFIG`. */
export async function train(
  config: string,
  options: CommonOptions & { data?: string; resume?: boolean },
  session: Session,
): Promise<Outcome> {
  const experiment = await loadExperiment(config, overridesOf(options));
  assertOneSplit(experiment, "train");
  const pass = passOf(experiment, ["train"], options, { [seenStage(experiment)]: options.data });
  const policy = { ...pass.policy, resume: options.resume === true };
  return await perform("train", { ...pass, policy }, options, session);
}

/** `hemosynth eval CONFIG`. */
export async function evaluate(
  config: string,
  options: CommonOptions & { data?: string; in?: string },
  session: Session,
): Promise<Outcome> {
  const experiment = await loadExperiment(config, overridesOf(options));
  assertOneSplit(experiment, "eval");
  assertPredicts(experiment, "eval");
  return await perform(
    "eval",
    passOf(experiment, ["eval"], options, { [seenStage(experiment)]: options.data, predict: options.in }),
    options,
    session,
  );
}

/** `hemosynth phantom`: a dataset of procedural brains in `--out`. */
export async function phantom(options: CommonOptions, session: Session): Promise<Outcome> {
  const experiment = parseDataExperiment("data: { kind: phantom }", "phantom", overridesOf(options));
  return await dataset("phantom", experiment, options, session);
}

/** `hemosynth ingest FOLDER`: a dataset in `--out` that points to the volumes of a folder. */
export async function ingest(folder: string, options: CommonOptions, session: Session): Promise<Outcome> {
  await assertApart(folder, options.out);
  const text = `data: { kind: folder, path: ${JSON.stringify(folder)} }`;
  return await dataset("ingest", parseDataExperiment(text, "ingest", overridesOf(options)), options, session);
}

async function dataset(verb: string, experiment: Experiment, options: CommonOptions, session: Session): Promise<Outcome> {
  const pass = { ...passOf(experiment, [], options, { data: options.out }), stages: [dataAlone] };
  return await perform(verb, pass, options, session);
}

/** `hemosynth predict`: with `--in`, any input into `--out`; without, the run folder `--out` predicts its own synthetic stacks. */
export async function predict(
  options: CommonOptions & { model?: string; in?: string; split?: readonly string[] },
  session: Session,
): Promise<Outcome> {
  if (options.in === undefined) return await predictRun(options, session);
  if (options.model === undefined)
    throw new UserError("usage", "predict: --in needs --model, the run folder of a trained model; got none.");
  if (resolve(options.in) === resolve(options.out)) {
    throw new UserError("usage", `--out: must be another folder than the one that is read; got ${options.out} for both.`);
  }
  const model = await modelFolder(options.model);
  const run = runFolderOf(model);
  const config = run !== null && (await hasConfig(run)) ? join(run, "config.yaml") : null;
  const experiment = await experimentToPredict(config, overridesOf(options), session.reporter.warn);
  const stage = predictAnything(model, options.in, splitsOf(options.split));
  const pass = { ...passOf(experiment, [], options, { predict: options.out }), stages: [stage] };
  const outcome = await perform("predict", pass, options, session);
  return options.dryRun === true || run === null ? outcome : withCalls(outcome, await callsOf(run, options.out));
}

/** The part of predict.json that a threshold hangs on. */
const scoredBy = z.object({
  model: z.object({ weights: z.string() }),
  options: z.object({ scores: z.unknown(), flips: z.unknown() }),
});

/** What the model's own evaluation would call among the predictions; null where it was not evaluated, or other weights or scores were. */
async function callsOf(run: string, out: string): Promise<Calls | null> {
  const file = join(run, "eval", "results.json");
  const { resultsSchema } = await import("../../eval/results.ts");
  const results = await readJson(file, resultsSchema, "run eval again").catch(() => null); // not evaluated, or by another version
  const evaluated = await readJson(join(run, "predict", "predict.json"), scoredBy, "run predict again").catch(() => null);
  const here = await readJson(join(out, "predict.json"), scoredBy, "predict again");
  if (results === null || evaluated === null || canonicalJson(evaluated) !== canonicalJson(here)) return null;
  const scores = join(out, "scores.csv");
  const { parseScores } = await import("../../eval/scores.ts");
  return callStacks(parseScores(await readText(scores, "predict again"), scores), results);
}

function withCalls({ text, json }: Outcome, calls: Calls | null): Outcome {
  if (calls === null) return { text, json: { ...(json as object), calls } };
  return { text: `${text}\n${callWords(calls)}`, json: { ...(json as object), calls } };
}

/** Which stacks would be called, at most ten by name. */
export function callWords({ threshold, stacks, called }: Calls): string {
  const names =
    called.length === 0
      ? ""
      : `: ${called.slice(0, 10).join(", ")}${called.length > 10 ? ` and ${called.length - 10} more` : ""}`;
  return `At the stack threshold of the model's evaluation, a score of ${decimals(threshold, 2)}, ${called.length} of ${stacks} would be called${names}.`;
}

async function predictRun(
  options: CommonOptions & { model?: string; split?: readonly string[] },
  session: Session,
): Promise<Outcome> {
  const { out } = options;
  if (options.split !== undefined)
    throw new UserError("usage", "--split: goes with --in; a run folder predicts val and what eval.split names.");
  if (!(await hasConfig(out))) {
    throw new UserError(
      "usage",
      `${out}: without --in, predict needs a run folder with config.yaml; got none. Pass --model RUN --in PATH.`,
    );
  }
  const experiment = await loadExperiment(join(out, "config.yaml"), overridesOf(options));
  assertOneSplit(experiment, "predict");
  assertPredicts(experiment, "predict");
  const model = options.model === undefined ? undefined : await modelFolder(options.model);
  return await perform("predict", passOf(experiment, ["predict"], options, { train: model }), options, session);
}

/** The predict stage for any input, read from outside a run folder. */
export function predictAnything(model: string, input: string, splits: readonly SplitName[] | null): Stage {
  return {
    ...stages.predict,
    reads: [],
    options: (experiment) => ({ predict: experiment.predict, splits }),
    sources: async () => ({ model: await inputHash(model, "train one"), input: await inputHash(input, "check --in") }),
    stale: async () => ((await isDataset(input)) ? await changedSource(input) : null),
    plan: () => `what is in ${input}`,
    async run({ experiment, out }, context) {
      const { runPredict } = await import("../../eval/predict/stage.ts");
      return await runPredict({ model, input, splits, out, options: experiment.predict }, context);
    },
  };
}

function splitsOf(names: readonly string[] | undefined): readonly SplitName[] | null {
  return names === undefined ? null : splitNames.filter((name) => names.includes(name));
}

function passOf(
  experiment: Experiment,
  names: readonly StageName[],
  options: CommonOptions,
  named: Readonly<Partial<Record<StageName, string | undefined>>>,
): Pass {
  const folders = Object.fromEntries(Object.entries(named).filter(([, folder]) => folder !== undefined));
  const policy = { replace: options.existOk === true, resume: false };
  return {
    experiment,
    root: options.out,
    stages: stagesOf(experiment).filter(({ name }) => names.includes(name)),
    folders,
    policy,
  };
}

/** Plans or runs a pass; keeps the config, the manifest and the lock of the run folder. */
async function perform(verb: string, pass: Pass, options: CommonOptions, session: Session): Promise<Outcome> {
  const { root, experiment } = pass;
  await checkApart(pass);
  if (options.dryRun === true) {
    await assertFree(root);
    return outcomeOf(verb, pass, await planPass(pass), true);
  }
  const isRun = pass.stages.some((stage) => pass.folders[stage.name] !== root);
  const reports = await inFolder(root, options.workers, session, async (context) => {
    const bring = (stages: readonly Stage[]) => runPass({ ...pass, stages }, context, backendOnce(session));
    return isRun ? await keepRun(root, experiment, (noting) => bring(pass.stages.map(noting))) : await bring(pass.stages);
  });
  return outcomeOf(verb, pass, reports, false);
}

/** @throws {UserError} (usage) If a stage would write into what it reads, or around it. */
async function checkApart({ experiment, root, stages: chosen, folders }: Pass): Promise<void> {
  const folderOf = (name: StageName) => folders[name] ?? join(root, name);
  for (const { name, reads } of chosen) {
    const given = name === "data" ? experiment.data : name === "pool" ? experiment.pretrain!.data : null;
    const volumes = [given === null ? null : readsFrom(given)].filter((folder) => folder !== null);
    const from = firstWeights(experiment, name);
    const weights = from === null ? [] : [await weightsPath(from)];
    for (const input of [...volumes, ...weights, ...reads.map(folderOf)]) await assertApart(input, folderOf(name));
  }
}

/** Where the config lets a stage's network start; null where it starts at random, by an earlier stage, or where there is none. */
function firstWeights({ train, pretrain, regions }: Experiment, name: StageName): string | null {
  const trainings: Partial<Record<StageName, Experiment["train"] | undefined>> = { train, pretrain: pretrain?.train, detect: regions?.detector.train }; // biome-ignore format: one line
  return trainings[name]?.init?.from ?? null;
}

function outcomeOf(verb: string, { root }: Pass, reports: readonly StageReport[], dryRun: boolean): Outcome {
  const report = !dryRun && reports.some(({ stage }) => stage === "eval") ? join(root, "report.html") : null;
  const lines = reports.map((one) => stageLine(one.stage, one, dryRun));
  const text = [...lines, report === null ? `in ${root}` : `report: ${report}`].join("\n");
  return { text, json: { schemaVersion: 1, command: verb, out: root, dryRun, stages: reports, report } };
}
