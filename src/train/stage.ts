import { join } from "node:path";
import { machineMemory } from "../backend/machine-memory.ts";
import { computesOnGpu } from "../backend/native.ts";
import type { StageContext, StageResult } from "../core/context.ts";
import { canonicalJson } from "../core/hash.ts";
import { seededRng } from "../core/rng.ts";
import { writeAtomic } from "../data/files.ts";
import type { ModelFile } from "../data/model-folder.ts";
import type { PreprocessOptions } from "../data/preprocess.ts";
import { assignWeights, buildModel, forInference, type ModelOptions, strideOf } from "../models/index.ts";
import { drawsCases } from "./bags/options.ts";
import { type Batch, classWeightsOf, drawBatch } from "./batch.ts";
import { encodeCheckpoint, type Fingerprint, restoreCheckpoint } from "./checkpoint.ts";
import { type Anchors, settleAnchors } from "./detect/target.ts";
import { startFeed } from "./feed.ts";
import {
  appendLog,
  bestWeightsRef,
  clearFolder,
  readCheckpoint,
  recordLosses,
  recordScenes,
  recordValidation,
  rewindRecords,
  trainFiles,
} from "./folder.ts";
import { type InitFacts, initWords, provenance, readInit } from "./init/load.ts";
import { checkRegions, loadData, planData, type TrainData, type TrainPlan } from "./load.ts";
import { checkMemory } from "./memory.ts";
import { checkSizes, checkTask, type TrainOptions } from "./options.ts";
import { type FreshScene, type FreshScenes, startRounds } from "./rounds.ts";
import { type Progress, type TrainRun, train } from "./run.ts";
import { minLesionPixels } from "./slices.ts";
import { createState, disposeState, type TrainState } from "./state.ts";
import { networkShape, outputsOf, tasks } from "./task.ts";
import { validatorOf } from "./validator.ts";
import { mainFigure, resultOf } from "./words.ts";

/** What {@link runTrain} needs. */
export interface TrainRequest {
  /** Dataset folder with lesion and brain masks (made by synth). */
  readonly data: string;
  /** Folder to write: weights/, metrics.csv, log.jsonl, tb/, and model.json last. */
  readonly out: string;
  readonly model: ModelOptions;
  readonly preprocess: PreprocessOptions;
  readonly options: TrainOptions;
  readonly seed: number;
  /** Go on from `weights/last.safetensors`; from the start where there is none. */
  readonly resume: boolean;
  /** Where new stacks come from, with `freshEvery`; null without. */
  readonly fresh?: FreshScenes | null;
}

/**
 * Trains a network for the task of the options on the train split of a dataset and validates it on the val split; the test split is not read.
 * The backend must be ready. The same request gives the same bytes, in one go or killed and resumed any number of times.
 *
 * @throws {UserError} (data) If the dataset cannot be trained on; (usage) if options do not fit it, each other, or the checkpoint;
 *   (numeric) if a loss is not finite.
 * @throws {StoppedError} If the signal fired; `resume: true` goes on from there.
 */
export async function runTrain(request: TrainRequest, context: StageContext): Promise<StageResult> {
  const { out, options } = request;
  if ((options.freshEvery !== null) !== (request.fresh != null))
    throw new RangeError("runTrain: fresh scenes go with train.freshEvery, and it with them");
  checkTask(request.model, options);
  if (!computesOnGpu()) checkMemory(request.model, options, machineMemory());
  const found = await planData(request.data, request.preprocess, options, seededRng(request.seed).fork("train"));
  const { model, init } = await startModel(request, context);
  const plan = { ...found, init };
  const state = createState(model, options);
  try {
    checkSizes(request.model, options, model.sizeMultiple);
    const start = await begin(request, state, plan, context);
    const data = await loadData(plan, context);
    checkRegions(request.data, request.model, data);
    const anchors = anchorsOf(request, plan, data, context);
    const work = (feed: TimedFeed) => train(trainRun(request, state, plan, data, anchors, start, feed, context));
    const end = await fed(request, data, anchors, context, work);
    await writeAtomic(join(out, trainFiles.model), `${canonicalJson(await modelFile(request, plan, anchors, end), 1)}\n`);
    return resultOf(data, end, options);
  } finally {
    disposeState(state);
    model.dispose();
  }
}

/** What a training is of: its data, and what its first weights are. */
interface Plan extends TrainPlan {
  /** Null where all of them are drawn. */
  readonly init: InitFacts | null;
}

/** The network as it starts. Where a training is resumed, the checkpoint's weights come over these. */
async function startModel({ model: kind, options, seed }: TrainRequest, { reporter }: StageContext) {
  const shape = networkShape(options);
  const init = options.init === null ? null : await readInit(options.init, kind, shape, options.task);
  const model = forInference(buildModel(kind, { ...shape, seed })); // for the validations; the steps are traced by themselves
  if (init === null) return { model, init };
  assignWeights(model, init.weights);
  reporter.info(`train: ${initWords(init)}`);
  return { model, init: init.facts };
}

/** Clears the folder for a new training, or restores the state of the one that it holds. */
async function begin(request: TrainRequest, state: TrainState, plan: Plan, { reporter }: StageContext): Promise<Progress> {
  const { out, resume } = request;
  const bytes = resume ? await readCheckpoint(out) : null;
  if (resume && bytes === null) reporter.info(`${out} has no checkpoint yet: training starts from the beginning`);
  let start: Progress = { step: 0, lossSum: 0, lossCount: 0, kept: [] };
  if (bytes === null) await clearFolder(out);
  else start = restoreCheckpoint(bytes, join(out, trainFiles.last), state, fingerprint(request, plan), reporter.warn);
  await rewindRecords(out, start.step);
  if (start.step > 0) reporter.info(`training goes on after step ${start.step} of ${request.options.steps}`);
  return start;
}

/** What decides the numbers of a training. How often it is saved, how much memory it may take and where the file of its first weights lies do not. */
function fingerprint({ model, preprocess, options, seed, fresh }: TrainRequest, plan: Plan): Fingerprint {
  const { checkpointEvery: _, memoryMb: __, init, ...train } = options;
  return {
    ...{ model, preprocess, train, seed, data: plan.hashes },
    ...(fresh == null ? {} : { fresh: fresh.origin }),
    ...(init === null ? {} : { init: { only: init.only, into: init.into, weights: plan.init!.sha256 } }),
  };
}

/** The batches of a training, and what of its time they cost. */
interface TimedFeed {
  readonly batch: (n: number) => Promise<Batch>;
  /** Milliseconds that were spent waiting for batches so far. */
  readonly waited: () => number;
}

/** Threads that prepare batches, at most: one alone is faster than most networks learn. */
const mostFeeding = 4;

/** Trains with batches prepared in other threads, where there may be others, and says how long it waited for them. */
async function fed<T>(
  { out, options, seed, fresh = null }: TrainRequest,
  data: TrainData,
  anchors: Anchors | null,
  { signal, workers, reporter }: StageContext,
  work: (feed: TimedFeed) => Promise<T>,
): Promise<T> {
  const { accumulate } = options.optimizer;
  const every = options.freshEvery ?? options.steps;
  const roundOf = (step: number) => Math.floor((step - 1) / every);
  const roundAt = startRounds(data.train, fresh, roundOf(options.steps), signal, samplingOf(options));
  const rng = seededRng(seed).fork("train");
  const classWeights = classWeightsOf(data.train, options);
  const scenes = new Map<number, readonly FreshScene[]>(); // by round
  const draw = async (n: number) => {
    const r = roundOf(Math.ceil(n / accumulate));
    const round = await roundAt(r);
    scenes.set(r, round.scenes);
    return drawBatch(rng, { ...round, classWeights }, n, options, anchors);
  };
  const feed = startFeed(draw, options.steps * accumulate, Math.min(workers - 1, mostFeeding));
  const from = performance.now();
  let waited = 0;
  const batch = async (n: number) => {
    const asked = performance.now();
    const made = await feed.batch(n);
    waited += performance.now() - asked;
    const step = (n - 1) / accumulate + 1; // of the first batch of a step
    if (step > every && (step - 1) % every === 0) await recordScenes(out, step, scenes.get(roundOf(step))!);
    return made;
  };
  try {
    const result = await work({ batch, waited: () => waited });
    const total = performance.now() - from;
    reporter.info(`train: ${((100 * (total - waited)) / total).toFixed(1)} % of ${(total / 1000).toFixed(0)} s at work, the rest waiting for batches`); // biome-ignore format: one line
    return result;
  } finally {
    await feed.stop();
  }
}

/** How slices are drawn; null where whole cases are. */
function samplingOf({ task, sampling }: TrainOptions): TrainOptions["sampling"] | null {
  return drawsCases(task) ? null : sampling;
}

/** The anchors that a detector is trained with; null for every other network. */
function anchorsOf(
  { model, options, seed }: TrainRequest,
  { init }: Plan,
  { train, val }: TrainData,
  { reporter }: StageContext,
): Anchors | null {
  if (model.kind !== "yolov5") return null;
  const rng = seededRng(seed).fork("train").fork("anchors");
  const { anchors, isNew, recall } = settleAnchors(
    rng,
    train,
    init?.anchors ?? model.anchors,
    options.autoAnchor,
    options.outputs?.length,
  );
  const sizes = anchors.flat().map((sides) => sides.map(Math.round).join("x"));
  reporter.info(`anchors ${sizes.join(" ")} pixels${isNew ? ", fitted to the training boxes" : ""}: ${(100 * recall).toFixed(1)} % of these can be learnt`); // biome-ignore format: one line
  if (options.task === "detect" && !val.some((slice) => slice.lesionPixels >= minLesionPixels))
    reporter.warn("the val split shows no lesion: mAP@0.5 is not defined, and the weights of the lowest loss are kept");
  return anchors;
}

function trainRun(
  request: TrainRequest,
  state: TrainState,
  plan: Plan,
  data: TrainData,
  anchors: Anchors | null,
  start: Progress,
  feed: TimedFeed,
  context: StageContext,
): TrainRun {
  const { out, options, seed } = request;
  const rng = seededRng(seed).fork("train").fork("validation");
  const facts = weightFacts(request, anchors);
  const clock = { waited: 0, since: performance.now(), step: start.step };
  let note = "";
  return {
    state,
    options,
    start,
    signal: context.signal,
    batch: feed.batch,
    validate: validatorOf(rng, state.model, data.val, options, anchors),
    async onLosses(losses) {
      const { step, loss } = losses.at(-1)!;
      const { seconds, waiting } = lap(clock, step, feed.waited());
      context.reporter.progress("train", step, options.steps, `loss ${loss.toFixed(3)}${note}, ${seconds.toFixed(2)} s a step`);
      await recordLosses(out, losses);
      await appendLog(out, { step, loss, secondsPerStep: seconds, secondsWaiting: waiting });
    },
    async onValidation(row, standing) {
      note = `, val ${mainFigure(row)}`;
      await recordValidation(out, row, standing, { model: state.model, facts, keepsMore: options.keepBest > 1 });
      await appendLog(out, { ...row, best: standing.best, validationSeconds: (performance.now() - clock.since) / 1000 });
      clock.since = performance.now();
    },
    async onCheckpoint(progress) {
      await writeAtomic(join(out, trainFiles.last), await encodeCheckpoint(state, progress, fingerprint(request, plan)));
    },
  };
}

/** Seconds of each step since the last look at the clock, and how many of them were waiting; the clock then starts from here. */
function lap(clock: { waited: number; since: number; step: number }, step: number, waited: number) {
  const now = performance.now();
  const seconds = (now - clock.since) / 1000 / (step - clock.step);
  const waiting = (waited - clock.waited) / 1000 / (step - clock.step);
  Object.assign(clock, { waited, since: now, step });
  return { seconds, waiting };
}

/** What the file of the best weights says of them. */
function weightFacts({ model, options: { task } }: TrainRequest, anchors: Anchors | null): Record<string, string> {
  const strideIn = strideOf(model);
  return {
    task,
    ...(anchors === null ? {} : { anchors: JSON.stringify(anchors) }),
    ...(strideIn === null ? {} : { strideIn }),
  };
}

async function modelFile(
  { model, preprocess, options, seed, out }: TrainRequest,
  { hashes, init }: Plan,
  anchors: Anchors | null,
  { step: steps, kept }: Progress,
): Promise<ModelFile> {
  const { step, loss, dice, auroc, brainDice, map50 } = kept[0]!;
  return {
    schemaVersion: 1,
    model: anchors === null ? model : { ...model, anchors },
    inChannels: 1,
    task: options.task,
    outputs: outputsOf(options),
    ...(["slices", "bags", "sets"].includes(tasks[options.task].draws) ? { window: options.cropSize } : {}),
    preprocess,
    weights: await bestWeightsRef(out),
    data: hashes,
    ...(init === null ? {} : { init: provenance(init) }),
    seed,
    steps,
    validation: { step, loss, dice, auroc, brainDice, ...(map50 === null ? {} : { map50 }) },
  };
}
