import { type Tensor4D, tf } from "../backend/tf.ts";
import { UserError } from "../core/errors.ts";
import { type Rng, shuffled } from "../core/rng.ts";
import { middleOf } from "../core/window.ts";
import type { Model } from "../models/index.ts";
import { type Batch, plainBatch } from "./batch.ts";
import type { Anchors } from "./detect/target.ts";
import type { TrainOptions } from "./options.ts";
import { none, scorerOf } from "./score.ts";
import { brainBit, minLesionPixels, type TrainSlice } from "./slices.ts";
import { type Objective, outputsOf, type Task } from "./task.ts";
import { uploadBatch } from "./upload.ts";

/** A fixed window of the validation slices: centred on the brain, or on the slice where there is no brain or whole slices are told of. */
export interface ValidationWindow {
  readonly slice: TrainSlice;
  readonly x: number;
  readonly y: number;
}

/** Figures of one validation. */
export interface ValidationFigures {
  /** As in training, mean over batches. */
  readonly loss: number;
  /** Mean Dice at probability 0.5 over slices with lesion, or over tissues, in [0, 1]; null where there is none. */
  readonly dice: number | null;
  /** AUROC of slices with against slices without lesion, scored by the mean of their highest logits, by their own, or by the best box, or of bags; of the cells of a grid; of classes the mean over each against the rest; null without both and for all other tasks. */
  readonly auroc: number | null;
  /** Mean average precision of boxes at an overlap of .5; null where no window has a box, and for all but detectors. */
  readonly map50: number | null;
  /** Dice of the brain over all pixels; null where there is none, found or true. */
  readonly brainDice: number | null;
}

/**
 * Chooses the slices to validate on, once: half of them with lesion where there are enough, the rest without.
 * Slices with fewer than {@link minLesionPixels} lesion pixels are left out.
 */
export function chooseValidation(
  rng: Rng,
  slices: readonly TrainSlice[],
  limit: number,
  task: Pick<Task, "draws">,
): ValidationWindow[] {
  const positive = shuffled(
    rng.fork("positive"),
    slices.filter((s) => s.lesionPixels >= minLesionPixels),
  );
  const negative = shuffled(
    rng.fork("negative"),
    slices.filter((s) => s.lesionPixels === 0),
  );
  const positives = Math.min(positive.length, Math.max(Math.ceil(limit / 2), limit - negative.length));
  const chosen = [...positive.slice(0, positives), ...negative.slice(0, limit - positives)];
  return chosen.map((slice) => ({ slice, ...(task.draws === "slices" ? middleOf(slice) : centreOf(slice)) }));
}

function centreOf(slice: TrainSlice): { x: number; y: number } {
  const { masks, width, brainPixels } = slice;
  if (brainPixels === 0) return middleOf(slice);
  let [x, y] = [0, 0];
  for (let i = 0; i < masks.length; i++) {
    if (!(masks[i]! & brainBit)) continue;
    x += i % width;
    y += Math.floor(i / width);
  }
  return { x: x / brainPixels, y: y / brainPixels };
}

/**
 * Validates a model with the weights it has now, by its running statistics.
 * @throws {UserError} (numeric) If a loss is not finite.
 */
export async function validate(
  model: Model,
  windows: readonly ValidationWindow[],
  size: number,
  batchSize: number,
  task: Task,
  options: Objective & Pick<TrainOptions, "task" | "outputs" | "weakCells">,
  anchors: Anchors | null = null,
): Promise<ValidationFigures> {
  const outputs = outputsOf(options).length;
  const scorer = scorerOf(task.name, outputs, size, anchors);
  let loss = 0;
  for (let start = 0; start < windows.length; start += batchSize) {
    const part = windows.slice(start, start + batchSize);
    const batch = plainBatch(part, size, task, { anchors, outputs, cells: options.weakCells });
    const { logits, value } = await infer(model, batch, task, options);
    checkLoss(value, "slices", batch.ids);
    loss += value * part.length;
    const each = logits.length / part.length;
    for (const [n, { slice }] of part.entries()) scorer.add(slice, logits.subarray(n * each, (n + 1) * each), batch.masks[n]!);
  }
  return { loss: loss / windows.length, ...scorer.figures() };
}

/**
 * Validates a network whose task has no figure but its loss, on batches that are drawn as in training, always the same.
 * @throws {UserError} (numeric) If a loss is not finite.
 */
export async function validateLoss(
  model: Model,
  batches: readonly Batch[],
  task: Task,
  options: Objective,
): Promise<ValidationFigures> {
  let loss = 0;
  for (const batch of batches) {
    const { value } = await infer(model, batch, task, options);
    checkLoss(value, "slices", batch.ids);
    loss += value / batches.length;
  }
  return { loss, ...none };
}

/** @throws {UserError} (numeric) If the loss is not finite; it names what it was taken on. */
export function checkLoss(loss: number, what: "slices" | "cases", ids: readonly string[]): void {
  if (Number.isFinite(loss)) return;
  const on = ids.length === 0 ? "" : ` on ${what} ${ids.join(", ")}`;
  throw new UserError(
    "numeric",
    `train: the validation loss must be finite; got ${loss}${on}. Lower train.optimizer.learningRate.`,
  );
}

async function infer(
  model: Model,
  batch: Batch,
  task: Task,
  options: Objective,
): Promise<{ logits: Float32Array; value: number }> {
  const tensors = uploadBatch(batch);
  const [logits, loss] = tf.tidy(() => {
    const y = model.apply(tensors.image, { training: false }) as Tensor4D;
    return [y, task.loss(y, tensors.target, options)];
  });
  const [values, [value]] = [(await logits!.data()) as Float32Array, await loss!.data()];
  tf.dispose([logits!, loss!, tensors.image, tensors.target]);
  return { logits: values, value: value! };
}
