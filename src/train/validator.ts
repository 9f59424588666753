import type { Rng } from "../core/rng.ts";
import type { Model } from "../models/index.ts";
import { bagsOf } from "./bags/draw.ts";
import { validateBags, validateSets } from "./bags/validate.ts";
import { drawBatch, paintBatch } from "./batch.ts";
import type { Anchors } from "./detect/target.ts";
import type { TrainOptions } from "./options.ts";
import { checkSampling, groupSlices } from "./sampler.ts";
import type { TrainSlice } from "./slices.ts";
import { tasks } from "./task.ts";
import { chooseValidation, type ValidationFigures, validate, validateLoss } from "./validate.ts";

/**
 * How a training is validated: what it looks at is chosen once, by the stream.
 * @param slices - Of the val split.
 * @throws {UserError} (usage) If windows are drawn and none can be.
 * @returns Validates the weights that the model has at the moment of the call.
 */
export function validatorOf(
  rng: Rng,
  model: Model,
  slices: readonly TrainSlice[],
  options: TrainOptions,
  anchors: Anchors | null,
): () => Promise<ValidationFigures> {
  const { cropSize, batchSize, validationSlices } = options;
  const task = tasks[options.task];
  switch (task.draws) {
    case "windows":
    case "slices": {
      const windows = chooseValidation(rng, slices, validationSlices, task);
      return () => validate(model, windows, cropSize, batchSize, task, options, anchors);
    }
    case "spoilt":
    case "views": {
      const pool = { slices, groups: groupSlices(slices) };
      checkSampling(pool.groups, options.sampling, "in the val split");
      const count = Math.ceil(validationSlices / batchSize);
      const batches = Array.from({ length: count }, (_, i) => paintBatch(drawBatch(rng, pool, i + 1, options)));
      return () => validateLoss(model, batches, task, options);
    }
    case "sets": {
      const sets = bagsOf(slices);
      return () => validateSets(model, sets, options);
    }
    case "bags": {
      const bags = bagsOf(slices);
      return () => validateBags(model, bags, options);
    }
    default:
      return task.draws satisfies never;
  }
}
