import { type Scalar, type Tensor, type Tensor1D, type Tensor4D, tf } from "../backend/tf.ts";
import { type Traced, traced } from "../backend/traced/index.ts";
import { type ApplyMode, type BatchStatistics, batchNormMomentum, type Model } from "../models/index.ts";
import { deepLoss } from "./deep.ts";
import { clipByNorm, optimizerNumbers, optimizerStep } from "./optimizer.ts";
import type { TrainOptions } from "./options.ts";
import { flatStatistics, stateVectors, type TrainState, weightsOf } from "./state.ts";
import { tasks } from "./task.ts";

/** What one step learns from, on the device. */
export interface BatchTensors {
  /** N x H x W x 1. */
  readonly image: Tensor4D;
  /** What the task makes of the batch: N x H x W x channels of 0 and 1, or see task.ts. */
  readonly target: Tensor4D;
}

/** A gradient step of one training. */
export interface TrainStep {
  /**
   * Loss, gradient, clipping, optimizer, running statistics, moving average: moves the vectors of the state.
   *
   * @param step - 1 for the first step.
   * @param more - Further batches of the same size, whose losses and gradients are averaged with the first's; each moves the running statistics.
   * @returns The loss before the step, still on the device: reading it waits for the GPU, so the caller decides how often.
   *   The caller disposes of it and of the batches.
   */
  (batch: BatchTensors, step: number, more?: readonly BatchTensors[]): Scalar;
  /** Frees what was compiled; not the state. */
  dispose(): void;
}

/** Prepares the steps of a training: on native TensorFlow each runs as one function, or as one for each batch where they are accumulated. */
export function makeTrainStep(state: TrainState, options: TrainOptions): TrainStep {
  const vectors = [...stateVectors(state).values()];
  const move = traced((inputs) => moved(state, options, inputs), { compile: options.compile });
  const gather = traced((inputs) => gathered(state, options, inputs), { compile: options.compile });
  const factors = Object.values(state.factors).filter((factor) => factor !== null);
  const step = (last: BatchTensors, step: number, more: readonly BatchTensors[] = []): Scalar => {
    const sum = gatherAll(gather, state, more);
    const numbers = [...optimizerNumbers(step, options.steps, options.optimizer), averageShare(step, options)].map((n) =>
      tf.scalar(n),
    );
    const [loss, ...next] = move([last.image, last.target, ...factors, ...numbers, ...vectors, ...sum]);
    for (const [i, vector] of vectors.entries()) vector.assign(next[i]!);
    tf.dispose([...numbers, ...next, ...sum]);
    return loss as Scalar;
  };
  const dispose = () => [move, gather].forEach((made) => void made.dispose());
  return Object.assign(step, { dispose });
}

/** Sum of the losses and sum of the gradients of some batches, and how many they are; nothing for none. Moves the running statistics. */
function gatherAll(gather: Traced, state: TrainState, batches: readonly BatchTensors[]): Tensor[] {
  if (batches.length === 0) return [];
  let sum: Tensor[] = [tf.scalar(0), tf.zerosLike(state.parameters), tf.scalar(0)];
  for (const { image, target } of batches) {
    const [statistics, ...next] = gather([image, target, state.parameters, state.statistics, ...sum]);
    state.statistics.assign(statistics!);
    tf.dispose([statistics!, ...sum]);
    sum = next;
  }
  return sum;
}

function gathered(state: TrainState, options: TrainOptions, inputs: readonly Tensor[]): Tensor[] {
  const [image, target, parameters, statistics, losses, gradients, count] = inputs as Tensor[];
  const { loss, gradient, running } = gradientOf(state, options, { image: image as Tensor4D, target: target as Tensor4D }, parameters as Tensor1D, statistics!); // biome-ignore format: short
  return [running, tf.add(losses!, loss), tf.add(gradients!, gradient), tf.add(count!, 1)];
}

/** The loss of a batch, and every vector of the state after the step, in the order of `stateVectors`. Changes nothing. */
function moved(state: TrainState, options: TrainOptions, inputs: readonly Tensor[]): Tensor[] {
  const take = takerOf(inputs);
  const [image, target] = take(2) as [Tensor4D, Tensor4D];
  const [decayed, rate = null] = take(state.factors.rate === null ? 1 : 2) as Tensor1D[];
  const numbers = take(optimizerNumbers(1, 1, options.optimizer).length) as Scalar[];
  const [share] = take(1);
  const [parameters, statistics] = take(2) as Tensor1D[];
  const memory = take(state.memory.size) as Tensor1D[];
  const average = take(state.average === null ? 0 : 2);
  const own = gradientOf(state, options, { image, target }, parameters!, statistics!);
  const { loss, gradient } = meanWith(own, take(3));
  const { clipNorm } = options.optimizer;
  const clipped = clipNorm === null ? gradient : clipByNorm(gradient, clipNorm);
  const after = optimizerStep({ parameters: parameters!, memory }, clipped, { decayed: decayed!, rate }, numbers, options.optimizer); // biome-ignore format: short
  const ends = [after.parameters, own.running];
  return [loss, ...ends, ...after.memory, ...average.map((vector, i) => blend(vector, ends[i]!, share!))];
}

/** Takes so many from the front of a list, then so many from what is left, and so on; fewer where there are none left. */
function takerOf(list: readonly Tensor[]): (count: number) => Tensor[] {
  let at = 0;
  return (count) => {
    at += count;
    return list.slice(at - count, at);
  };
}

interface Gradient {
  readonly loss: Scalar;
  readonly gradient: Tensor1D;
}

/** The mean of a batch's loss and gradient and of those gathered before, given as sums and count; its own where nothing was gathered. */
function meanWith({ loss, gradient }: Gradient, [losses, gradients, count]: readonly Tensor[]): Gradient {
  if (count === undefined) return { loss, gradient };
  const share = tf.div(1, tf.add(count, 1));
  const mean = (sum: Tensor, last: Tensor) => tf.mul(tf.add(sum, last), share);
  return { loss: mean(losses!, loss) as Scalar, gradient: mean(gradients!, gradient) as Tensor1D };
}

/** Loss and gradient of a batch, and the running statistics after it. The gradient of frozen weights is 0. */
function gradientOf(
  { model, frozen }: TrainState,
  options: TrainOptions,
  { image, target }: BatchTensors,
  parameters: Tensor1D,
  statistics: Tensor,
): Gradient & { readonly running: Tensor } {
  const records: BatchStatistics[] = [];
  const record = (of: BatchStatistics) => void records.push(of);
  const still = frozen.size === 0 ? null : weightsOf(model, tf.clone(parameters), statistics); // outside of the tape
  const lossOf = (vector: Tensor): Scalar => {
    const weights = weightsOf(model, vector, statistics);
    for (const name of frozen) weights.set(name, still!.get(name)!);
    const mode = { training: true, record, weights };
    return deepLoss(told(model, image, target, mode), target, (z, t) => tasks[options.task].loss(z, t, options));
  };
  const { value: loss, grad } = tf.valueAndGrad(lossOf)(parameters);
  const running = blend(statistics, flatStatistics(model, records), model.normMomentum ?? batchNormMomentum);
  tf.dispose(records.flatMap((of) => [of.mean, of.variance]));
  return { loss, gradient: grad as Tensor1D, running };
}

/** What a network tells in training: at several resolutions where it has them, and of bags, whose images come one bag after the other, one logit each. */
function told(model: Model, image: Tensor4D, target: Tensor4D, mode: ApplyMode): Tensor4D[] {
  if (model.applyDeep !== undefined) return model.applyDeep(image, mode);
  const each = model.apply(image, mode);
  if (model.pool === undefined) return [each];
  const bags = target.shape[0];
  return [tf.reshape(model.pool(each, bags).logits, [bags, 1, 1, 1])];
}

/** Share of the present weights in their moving average; early steps, when weights move fast, count for more. */
function averageShare(step: number, { averageDecay }: TrainOptions): number {
  return 1 - Math.min(averageDecay, (1 + step) / (10 + step));
}

/** `from + share * (towards - from)`. */
function blend(from: Tensor, towards: Tensor, share: Tensor | number): Tensor {
  return tf.add(from, tf.mul(tf.sub(towards, from), share));
}
