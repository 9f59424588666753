import { mean } from "simple-statistics";
import { type Tensor4D, tf } from "../backend/tf.ts";
import { UserError } from "../core/errors.ts";
import { type Rng, shuffled } from "../core/rng.ts";
import { aurocScore } from "../eval/metrics/auroc.ts";
import { diceOf } from "../eval/metrics/dice.ts";
import type { Model } from "../models/index.ts";
import { type Batch, plainBatch } from "./batch.ts";
import { segmentationLoss } from "./losses.ts";
import type { LossOptions } from "./options.ts";
import { brainBit, minLesionPixels, type TrainSlice } from "./slices.ts";
import { uploadBatch } from "./upload.ts";

/** A fixed window of the validation slices: centred on the brain, or on the slice where there is no brain. */
export interface ValidationWindow {
  readonly slice: TrainSlice;
  readonly x: number;
  readonly y: number;
}

/** Figures of one validation. */
export interface ValidationFigures {
  /** As in training, mean over batches. */
  readonly loss: number;
  /** Mean Dice at probability 0.5 over slices with lesion, in [0, 1]; null where there is none. */
  readonly dice: number | null;
  /** AUROC of slices with against slices without lesion, scored by the mean of their {@link topLogits} highest logits; null without both. */
  readonly auroc: number | null;
  /** Dice of the brain over all pixels; null where there is none, found or true. */
  readonly brainDice: number | null;
}

/** A slice scores the mean of this many logits: one pixel alone must not decide. */
const topLogits = 10;

/**
 * Chooses the slices to validate on, once: half of them with lesion where there are enough, the rest without.
 * Slices with fewer than {@link minLesionPixels} lesion pixels are left out.
 */
export function chooseValidation(rng: Rng, slices: readonly TrainSlice[], limit: number): ValidationWindow[] {
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
  return chosen.map((slice) => ({ slice, ...centreOf(slice) }));
}

function centreOf({ masks, width, height, brainPixels }: TrainSlice): { x: number; y: number } {
  if (brainPixels === 0) return { x: width / 2, y: height / 2 };
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
  options: LossOptions,
): Promise<ValidationFigures> {
  const dices: number[] = [];
  const scores: { label: 0 | 1; score: number }[] = [];
  const brain = { both: 0, predictedOnly: 0, truthOnly: 0 };
  let loss = 0;
  for (let start = 0; start < windows.length; start += batchSize) {
    const part = windows.slice(start, start + batchSize);
    const batch = plainBatch(part, size);
    const { logits, value } = await infer(model, batch, options);
    if (!Number.isFinite(value))
      throw new UserError(
        "numeric",
        `train: the validation loss must be finite; got ${value} on slices ${batch.ids.join(", ")}. Lower train.optimizer.learningRate.`,
      );
    loss += value * part.length;
    for (const [n, { slice }] of part.entries()) {
      const score = scoreSlice(logits, batch.target, n * size * size, size * size);
      if (slice.lesionPixels > 0) dices.push(diceOf(score.lesion));
      scores.push({ label: slice.lesionPixels > 0 ? 1 : 0, score: score.top });
      for (const key of ["both", "predictedOnly", "truthOnly"] as const) brain[key] += score.brain[key];
    }
  }
  const dice = dices.length === 0 ? Number.NaN : mean(dices);
  const orNull = (value: number) => (Number.isNaN(value) ? null : value);
  return { loss: loss / windows.length, dice: orNull(dice), auroc: orNull(aurocScore(scores)), brainDice: orNull(diceOf(brain)) };
}

async function infer(model: Model, batch: Batch, options: LossOptions): Promise<{ logits: Float32Array; value: number }> {
  const tensors = uploadBatch(batch);
  const [logits, loss] = tf.tidy(() => {
    const y = model.apply(tensors.image, { training: false }) as Tensor4D;
    return [y, segmentationLoss(y, tensors.target, options)];
  });
  const [values, [value]] = [(await logits!.data()) as Float32Array, await loss!.data()];
  tf.dispose([logits!, loss!, tensors.image, tensors.target]);
  return { logits: values, value: value! };
}

interface Counts {
  both: number;
  predictedOnly: number;
  truthOnly: number;
}

/** Reads `pixels` pixels of two channels, lesion and brain, from pixel `first` on. */
function scoreSlice(logits: Float32Array, target: Float32Array, first: number, pixels: number) {
  const counts: [Counts, Counts] = [
    { both: 0, predictedOnly: 0, truthOnly: 0 },
    { both: 0, predictedOnly: 0, truthOnly: 0 },
  ];
  const top = new Float64Array(Math.min(topLogits, pixels)).fill(Number.NEGATIVE_INFINITY); // ascending
  for (let i = 2 * first; i < 2 * (first + pixels); i++) {
    const count = counts[i % 2]!;
    const [predicted, truth] = [logits[i]! > 0, target[i]! > 0];
    if (predicted && truth) count.both++;
    else if (predicted) count.predictedOnly++;
    else if (truth) count.truthOnly++;
    if (i % 2 === 0 && logits[i]! > top[0]!) {
      top[0] = logits[i]!;
      for (let k = 1; k < top.length && top[k]! < top[k - 1]!; k++) [top[k - 1], top[k]] = [top[k]!, top[k - 1]!];
    }
  }
  return { lesion: counts[0], brain: counts[1], top: mean([...top]) };
}
