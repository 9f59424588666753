import { type Tensor4D, tf } from "../../backend/tf.ts";
import { UserError } from "../../core/errors.ts";
import { middleOf } from "../../core/window.ts";
import { aurocScore } from "../../eval/metrics/auroc.ts";
import { bagLogits, type Model } from "../../models/index.ts";
import { plainWindow } from "../augment/apply.ts";
import type { TrainOptions } from "../options.ts";
import { tasks } from "../task.ts";
import type { ValidationFigures } from "../validate.ts";
import type { Bag } from "./draw.ts";

/**
 * Validates a network of bags with the weights it has now, on every slice of each case.
 * @returns `loss` is the mean over cases, `auroc` is of cases; null with one class alone.
 * @throws {UserError} (numeric) If a loss is not finite.
 */
export async function validateBags(model: Model, bags: readonly Bag[], options: TrainOptions): Promise<ValidationFigures> {
  const { cropSize: size, bags: bagged } = options;
  const scores: { label: 0 | 1; score: number }[] = [];
  for (const { label, slices } of bags) {
    const windows = slices.map((slice) => plainWindow(slice, middleOf(slice), size).image);
    const { logit } = await bagLogits(model, windows, size, { batchSlices: bagged.images, flips: "none" });
    scores.push({ label, score: logit });
  }
  const loss = tf.tidy(() => {
    const column = (values: readonly number[]) => tf.tensor4d([...values], [bags.length, 1, 1, 1]) as Tensor4D;
    return tasks.mil.loss(column(scores.map((s) => s.score)), column(scores.map((s) => s.label)), options).dataSync()[0]!;
  });
  if (!Number.isFinite(loss)) {
    const broken = bags.filter((_, i) => !Number.isFinite(scores[i]!.score)).map(({ caseId }) => caseId);
    throw new UserError("numeric", `train: the validation loss must be finite; got ${loss} on cases ${broken.join(", ")}. Lower train.optimizer.learningRate.`); // biome-ignore format: one line
  }
  const auroc = aurocScore(scores);
  return { loss, dice: null, auroc: Number.isNaN(auroc) ? null : auroc, map50: null, brainDice: null };
}
