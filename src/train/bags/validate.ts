import { type Tensor4D, tf } from "../../backend/tf.ts";
import { middleOf } from "../../core/window.ts";
import { aurocScore } from "../../eval/metrics/auroc.ts";
import { orNull } from "../../eval/metrics/or-null.ts";
import { bagLogits, type Model } from "../../models/index.ts";
import { plainWindow } from "../augment/apply.ts";
import { plainBatch } from "../batch.ts";
import type { TrainOptions } from "../options.ts";
import { none, scorerOf } from "../score.ts";
import { outputsOf, tasks } from "../task.ts";
import { checkLoss, type ValidationFigures } from "../validate.ts";
import type { Bag } from "./draw.ts";

/**
 * Validates a network of sets with the weights it has now, on all cases.
 * @returns `loss` is the mean over cases, `auroc` the mean over the classes, each against the rest; null where a class has no case.
 * @throws {UserError} (numeric) If a loss is not finite.
 */
export async function validateSets(model: Model, sets: readonly Bag[], options: TrainOptions): Promise<ValidationFigures> {
  const { cropSize: size } = options;
  const outputs = outputsOf(options).length;
  const scorer = scorerOf(options.task, outputs, size, null);
  let sum = 0;
  for (const { caseId, slices } of sets) {
    const { image, target, count } = plainBatch(slices.map((slice) => ({ slice, ...middleOf(slice) })), size, tasks[options.task], { anchors: null, outputs }); // biome-ignore format: one line
    const [logits, loss] = tf.tidy(() => {
      const told = model.apply(tf.tensor4d(image, [count, size, size, 1]), { training: false });
      const one = tf.tensor4d(target.data.subarray(0, outputs), [1, 1, 1, outputs]);
      return [told.dataSync() as Float32Array, tasks[options.task].loss(told, one, options).dataSync()[0]!];
    });
    checkLoss(loss, "cases", [caseId]);
    scorer.add(slices[0]!, logits, slices[0]!.masks);
    sum += loss;
  }
  return { loss: sum / sets.length, ...scorer.figures() };
}

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
  const broken = bags.filter((_, i) => !Number.isFinite(scores[i]!.score)).map(({ caseId }) => caseId);
  checkLoss(loss, "cases", broken);
  return { loss, ...none, auroc: orNull(aurocScore(scores)) };
}
