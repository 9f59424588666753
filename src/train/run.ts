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
  /** The best validation so far, null before the first. */
  readonly best: ValidationRow | null;
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
  /** The n-th batch, from 1; asking twice gives the same. A step takes `accumulate` of them. */
  readonly batch: (n: number) => Batch;
  /** Validates the weights that the model has at the moment of the call. */
  readonly validate: () => Promise<ValidationFigures>;
  /** Losses read from the device, oldest first; the last is of the step just done. */
  readonly onLosses: (losses: readonly StepLoss[]) => Promise<void>;
  /** `best`: the model holds the best weights so far at the moment of the call. */
  readonly onValidation: (row: ValidationRow, best: boolean) => Promise<void>;
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
 * Trains to the last step. Everything that happens in training is on this screen.
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
  let { step, lossSum, lossCount, best } = run.start;
  let unread: { step: number; loss: Scalar }[] = [];
  while (step < options.steps) {
    step++;
    const [first, ...more] = batchesOf(step, run).map(uploadBatch);
    unread.push({ step, loss: trainStep(first!, step, more) });
    tf.dispose([first!, ...more].flatMap(({ image, target }) => [image, target]));
    await setImmediate(); // lets signals in
    const stops = signal.aborted && step < options.steps;
    const validates = step % options.validateEvery === 0 || step === options.steps;
    const saves = step % options.checkpointEvery === 0 || step === options.steps || stops;
    if (step % readEvery === 0 || validates || saves) {
      const losses = await readLosses(unread, run);
      unread = [];
      for (const { loss } of losses) lossSum += loss;
      lossCount += losses.length;
      await run.onLosses(losses);
    }
    if (validates) {
      const average = state.average ?? state;
      fillModel(state.model, average.parameters, average.statistics);
      const figures = await run.validate();
      const learningRate = learningRateAt(step, options.steps, options.optimizer);
      const row = { step, trainLoss: lossSum / lossCount, learningRate, ...figures };
      const improved = isBetter(row, best);
      if (improved) best = row;
      [lossSum, lossCount] = [0, 0];
      await run.onValidation(row, improved);
    }
    if (saves) {
      fillModel(state.model, state.parameters, state.statistics);
      await run.onCheckpoint({ step, lossSum, lossCount, best });
    }
    if (stops) throw new StoppedError(`stopped after step ${step} of ${options.steps}`);
  }
  return { step, lossSum, lossCount, best };
}

/** The batches that a step learns from. */
function batchesOf(step: number, { batch, options }: Pick<TrainRun, "batch" | "options">): Batch[] {
  const { accumulate } = options.optimizer;
  return Array.from({ length: accumulate }, (_, i) => batch((step - 1) * accumulate + i + 1));
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
  const ids = batchesOf(broken.step, run).flatMap((batch) => batch.ids);
  throw new UserError(
    "numeric",
    `train: the loss must be finite; got ${broken.loss} at step ${broken.step}, slices ${ids.join(", ")}. ` +
      `Look at these slices, or lower train.optimizer.learningRate.`,
  );
}

/** By Dice where it is defined, else by the loss; a later equal is not better. */
function isBetter(row: ValidationFigures, best: ValidationFigures | null): boolean {
  if (best === null) return true;
  if (row.dice === null || best.dice === null) return row.loss < best.loss;
  return row.dice > best.dice;
}
