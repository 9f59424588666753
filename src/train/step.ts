import { type Scalar, type Tensor, type Tensor4D, tf, type Variable } from "../backend/tf.ts";
import { type BatchStatistics, batchNormMomentum } from "../models/index.ts";
import { adamStep, clipByNorm, learningRateAt } from "./optimizer.ts";
import type { TrainOptions } from "./options.ts";
import { fillModel, flatGradient, flatStatistics, type TrainState } from "./state.ts";
import { tasks } from "./task.ts";

/** What one step learns from, on the device. */
export interface BatchTensors {
  /** N x H x W x 1. */
  readonly image: Tensor4D;
  /** N x H x W x channels of the task, 0 or 1. */
  readonly target: Tensor4D;
}

/**
 * One gradient step: loss, gradient, clipping, optimizer, running statistics, moving average.
 *
 * @param step - 1 for the first step.
 * @returns The loss before the step, still on the device: reading it waits for the GPU, so the caller decides how often.
 *   The caller disposes of it and of `batch`.
 */
export function trainStep(state: TrainState, batch: BatchTensors, step: number, options: TrainOptions): Scalar {
  const { model } = state;
  const records: BatchStatistics[] = [];
  const mode = { training: true, record: (statistics: BatchStatistics) => void records.push(statistics) };
  // Named here: without the list, variableGrads takes every variable alive in the process.
  const variables = model.trainable.map((name) => model.weights.get(name)!);
  const value = tf.tidy(() => {
    const forward = () => tasks[options.task].loss(model.apply(batch.image, mode), batch.target, options.loss);
    const { value: loss, grads } = tf.variableGrads(forward, variables);
    const gradient = flatGradient(model, grads);
    tf.dispose(grads);
    const { clipNorm } = options.optimizer;
    const clipped = clipNorm === null ? gradient : clipByNorm(gradient, clipNorm);
    adamStep(state, clipped, step, learningRateAt(step, options.steps, options.optimizer), options.optimizer);
    blend(state.statistics, flatStatistics(model, records), batchNormMomentum);
    return loss;
  });
  tf.dispose(records.flatMap(({ mean, variance }) => [mean, variance]));
  updateAverage(state, step, options.averageDecay);
  fillModel(model, state.parameters, state.statistics);
  return value;
}

/** Moves the averages towards the present weights; early steps, when weights move fast, count for more. */
function updateAverage({ average, parameters, statistics }: TrainState, step: number, decay: number): void {
  if (average === null) return;
  const share = 1 - Math.min(decay, (1 + step) / (10 + step));
  blend(average.parameters, parameters, share);
  blend(average.statistics, statistics, share);
}

/** `target += share * (towards - target)`. */
function blend(target: Variable, towards: Tensor, share: number): void {
  tf.tidy(() => target.assign(tf.add(tf.mul(target, 1 - share), tf.mul(towards, share))));
}
