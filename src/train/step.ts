import { type Scalar, type Tensor, type Tensor1D, type Tensor4D, tf } from "../backend/tf.ts";
import { traced } from "../backend/traced/index.ts";
import { type BatchStatistics, batchNormMomentum } from "../models/index.ts";
import { adamNumbers, adamStep, clipByNorm } from "./optimizer.ts";
import type { TrainOptions } from "./options.ts";
import { flatStatistics, stateVectors, type TrainState, weightsOf } from "./state.ts";
import { tasks } from "./task.ts";

/** What one step learns from, on the device. */
export interface BatchTensors {
  /** N x H x W x 1. */
  readonly image: Tensor4D;
  /** N x H x W x channels of the task, 0 or 1. */
  readonly target: Tensor4D;
}

/** A gradient step of one training. */
export interface TrainStep {
  /**
   * Loss, gradient, clipping, optimizer, running statistics, moving average: moves the vectors of the state.
   *
   * @param step - 1 for the first step.
   * @returns The loss before the step, still on the device: reading it waits for the GPU, so the caller decides how often.
   *   The caller disposes of it and of `batch`.
   */
  (batch: BatchTensors, step: number): Scalar;
  /** Frees what was compiled; not the state. */
  dispose(): void;
}

/** Prepares the steps of a training: on native TensorFlow each runs as one function. */
export function makeTrainStep(state: TrainState, options: TrainOptions): TrainStep {
  const vectors = [...stateVectors(state).values()];
  const move = traced((inputs) => moved(state, options, inputs), { compile: options.compile });
  const step = (batch: BatchTensors, step: number): Scalar => {
    const numbers = [...adamNumbers(step, options.steps, options.optimizer), averageShare(step, options)].map((n) =>
      tf.scalar(n),
    );
    const [loss, ...next] = move([batch.image, batch.target, state.decayed, ...numbers, ...vectors]);
    for (const [i, vector] of vectors.entries()) vector.assign(next[i]!);
    tf.dispose([...numbers, ...next]);
    return loss as Scalar;
  };
  return Object.assign(step, { dispose: move.dispose });
}

/** The loss of a batch, and every vector of the state after the step, in the order of `stateVectors`. Changes nothing. */
function moved({ model }: TrainState, options: TrainOptions, inputs: readonly Tensor[]): Tensor[] {
  const [image, target, decayed, rate, decay, rootScale, share, ...vectors] = inputs;
  const [parameters, statistics, mean, square, ...average] = vectors as Tensor1D[];
  const records: BatchStatistics[] = [];
  const record = (of: BatchStatistics) => void records.push(of);
  const lossOf = (vector: Tensor): Scalar => {
    const mode = { training: true, record, weights: weightsOf(model, vector, statistics!) };
    return tasks[options.task].loss(model.apply(image as Tensor4D, mode), target as Tensor4D, options.loss);
  };
  const { value: loss, grad } = tf.valueAndGrad(lossOf)(parameters!);
  const { clipNorm } = options.optimizer;
  const gradient = clipNorm === null ? (grad as Tensor1D) : clipByNorm(grad as Tensor1D, clipNorm);
  const numbers = { rate: rate as Scalar, decay: decay as Scalar, rootScale: rootScale as Scalar };
  const adam = adamStep({ parameters: parameters!, mean: mean!, square: square! }, gradient, decayed as Tensor1D, numbers, options.optimizer); // biome-ignore format: short
  const running = blend(statistics!, flatStatistics(model, records), batchNormMomentum);
  tf.dispose(records.flatMap((of) => [of.mean, of.variance]));
  const ends = [adam.parameters, running];
  return [loss, ...ends, adam.mean, adam.square, ...average.map((vector, i) => blend(vector, ends[i]!, share!))];
}

/** Share of the present weights in their moving average; early steps, when weights move fast, count for more. */
function averageShare(step: number, { averageDecay }: TrainOptions): number {
  return 1 - Math.min(averageDecay, (1 + step) / (10 + step));
}

/** `from + share * (towards - from)`. */
function blend(from: Tensor, towards: Tensor, share: Tensor | number): Tensor {
  return tf.add(from, tf.mul(tf.sub(towards, from), share));
}
