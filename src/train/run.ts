import { setImmediate } from "node:timers/promises";
import { type Scalar, tf } from "../backend/tf.ts";
import { StoppedError, UserError } from "../core/errors.ts";
import type { Batch } from "./batch.ts";
import type { TrainOptions } from "./options.ts";
import { learningRateAt } from "./schedule.ts";
import { fillModel, type TrainState } from "./state.ts";
import { makeTrainStep, type TrainStep } from "./step.ts";
import { uploadBatch } from "./upload.ts";
import type { ValidationFigures } from "./validate.ts";

/** What training knows besides the vectors of its state. Plain JSON: a checkpoint holds it. */
export interface Progress {
  /** Steps done. */
  readonly step: number;
  /** Of the steps since the last validation. */
  readonly lossSum: number;
  readonly lossCount: number;
  /** The `keepBest` best validations so far, best first. */
  readonly kept: readonly ValidationRow[];
}

/** What a validation is among those before it. */
export interface Standing {
  /** The best so far. */
  readonly best: boolean;
  /** Among the `keepBest` best. */
  readonly kept: boolean;
  /** Step of the validation that is no longer among them; null where there is none. */
  readonly dropped: number | null;
}

/** One row of metrics.csv. */
export interface ValidationRow extends ValidationFigures {
  readonly step: number;
  /** Mean over the steps since the row before. */
  readonly trainLoss: number;
  readonly learningRate: number;
}

/** Training with its effects as arguments. */
export interface TrainRun {
  readonly state: TrainState;
  readonly options: TrainOptions;
  readonly start: Progress;
  readonly signal: AbortSignal;
  /** The n-th batch, from 1; asking twice gives the same. A step takes `accumulate` of them. Throws {@link StoppedError} if the signal fires while it waits. */
  readonly batch: (n: number) => Batch | Promise<Batch>;
  /** Validates the weights that the model has at the moment of the call. */
  readonly validate: () => Promise<ValidationFigures>;
  /** Losses read from the device, oldest first; the last is of the step just done. */
  readonly onLosses: (losses: readonly StepLoss[]) => Promise<void>;
  /** The model holds the weights that were validated at the moment of the call. */
  readonly onValidation: (row: ValidationRow, standing: Standing) => Promise<void>;
  /** Everything up to and with `progress.step` is done and the model holds the weights themselves; called when a checkpoint is due, at the end and at a stop. */
  readonly onCheckpoint: (progress: Progress) => Promise<void>;
}

export interface StepLoss {
  readonly step: number;
  readonly loss: number;
}

/** Losses stay on the device for this many steps: reading one waits for it. */
export const readEvery = 10;

/**
 * Trains to the last step, or until `patience` validations in a row were no better. Everything that happens in training is on this screen.
 *
 * @throws {UserError} (numeric) If a loss is not finite; nothing later than the last good checkpoint is saved.
 * @throws {StoppedError} If the signal fired; a checkpoint is saved first.
 */
export async function train(run: TrainRun): Promise<Progress> {
  const step = makeTrainStep(run.state, run.options);
  try {
    return await trainBy(step, run);
  } finally {
    step.dispose();
  }
}

async function trainBy(trainStep: TrainStep, run: TrainRun): Promise<Progress> {
  const { state, options, signal } = run;
  let { step, lossSum, lossCount, kept } = run.start;
  let unread: { step: number; loss: Scalar }[] = [];
  const read = async () => {
    const losses = await readLosses(unread, run);
    unread = [];
    for (const { loss } of losses) lossSum += loss;
    lossCount += losses.length;
    if (losses.length > 0) await run.onLosses(losses);
  };
  const save = async () => {
    fillModel(state.model, state.parameters, state.statistics);
    await run.onCheckpoint({ step, lossSum, lossCount, kept });
  };
  let ended = step === options.steps || isExhausted(step, kept, options);
  while (!ended) {
    const batches = await batchesOf(step + 1, run).catch(async (error: unknown) => {
      if (error instanceof StoppedError) await read().then(save);
      throw error;
    });
    step++;
    const [first, ...more] = batches.map(uploadBatch);
    unread.push({ step, loss: trainStep(first!, step, more) });
    tf.dispose([first!, ...more].flatMap(({ image, target }) => [image, target]));
    await setImmediate(); // lets signals in
    const stops = signal.aborted && step < options.steps;
    const validates = step % options.validateEvery === 0 || step === options.steps;
    const isDue = step % options.checkpointEvery === 0 || step === options.steps || stops;
    if (step % readEvery === 0 || validates || isDue) await read();
    if (validates) {
      kept = await validated(run, step, lossSum / lossCount, kept);
      [lossSum, lossCount] = [0, 0];
    }
    ended = step === options.steps || (validates && isExhausted(step, kept, options));
    if (isDue || ended) await save();
    if (stops && !ended) throw new StoppedError(`stopped after step ${step} of ${options.steps}`);
  }
  return { step, lossSum, lossCount, kept };
}

/** Validates the averaged weights, tells the result, and gives the best validations with this one among them. */
async function validated(
  run: TrainRun,
  step: number,
  trainLoss: number,
  before: readonly ValidationRow[],
): Promise<readonly ValidationRow[]> {
  const { state, options } = run;
  const average = state.average ?? state;
  fillModel(state.model, average.parameters, average.statistics);
  const figures = await run.validate();
  const row = { step, trainLoss, learningRate: learningRateAt(step, options.steps, options.optimizer), ...figures };
  const place = before.findIndex((other) => isBetter(row, other));
  const ranked = before.toSpliced(place < 0 ? before.length : place, 0, row);
  const kept = ranked.slice(0, options.keepBest);
  const dropped = before.find((other) => !kept.includes(other))?.step ?? null;
  await run.onValidation(row, { best: kept[0] === row, kept: kept.includes(row), dropped });
  return kept;
}

/** Whether the last `patience` validations up to a step were all no better than the best. */
function isExhausted(step: number, [best]: readonly ValidationRow[], { patience, validateEvery }: TrainOptions): boolean {
  if (patience === null || best === undefined) return false;
  return Math.floor(step / validateEvery) - best.step / validateEvery >= patience;
}

/** The batches that a step learns from. */
async function batchesOf(step: number, { batch, options }: Pick<TrainRun, "batch" | "options">): Promise<Batch[]> {
  const { accumulate } = options.optimizer;
  const out: Batch[] = [];
  for (let i = 1; i <= accumulate; i++) out.push(await batch((step - 1) * accumulate + i));
  return out;
}

async function readLosses(
  unread: readonly { step: number; loss: Scalar }[],
  run: Pick<TrainRun, "batch" | "options">,
): Promise<StepLoss[]> {
  const out: StepLoss[] = [];
  for (const { step, loss } of unread) {
    const value = (await loss.data())[0]!;
    loss.dispose();
    out.push({ step, loss: value });
  }
  const broken = out.find(({ loss }) => !Number.isFinite(loss));
  if (broken === undefined) return out;
  const ids = (await batchesOf(broken.step, run)).flatMap((batch) => batch.ids);
  throw new UserError(
    "numeric",
    `train: the loss must be finite; got ${broken.loss} at step ${broken.step}, slices ${ids.join(", ")}. ` +
      `Look at these slices, or lower train.optimizer.learningRate.`,
  );
}

/** By Dice where it is defined, else by mAP, AUROC and the loss, each where those before are equal, as 1 may be early, or not defined; a later equal is not better. */
function isBetter(row: ValidationFigures, other: ValidationFigures): boolean {
  if (row.dice !== null && other.dice !== null) return row.dice > other.dice;
  for (const figure of ["map50", "auroc"] as const) {
    const [now, before] = [row[figure], other[figure]];
    if (now !== null && before !== null && now !== before) return now > before;
  }
  return row.loss < other.loss;
}
