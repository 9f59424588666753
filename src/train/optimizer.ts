import { type Scalar, type Tensor, type Tensor1D, tf } from "../backend/tf.ts";
import type { AdamOptions, OptimizerOptions, SgdOptions } from "./optimizer-options.ts";
import { learningRateAt } from "./schedule.ts";

/**
 * Scales a gradient down to a norm of at most `clipNorm`. A gradient that is not finite stays so.
 * Source: Pascanu et al. 2013, arXiv:1211.5063; PyTorch's `clip_grad_norm_`.
 */
export function clipByNorm(gradient: Tensor1D, clipNorm: number): Tensor1D {
  return tf.tidy(() => {
    const norm = tf.sqrt(tf.sum(tf.square(gradient)));
    return tf.mul(gradient, tf.minimum(1, tf.div(clipNorm, tf.add(norm, 1e-6))));
  });
}

/** Names of the vectors that an optimizer remembers from step to step, each as long as the parameters and zeros at first. */
export function memoryNames(options: OptimizerOptions): readonly string[] {
  switch (options.kind) {
    case "adam":
    case "adamw":
      return ["mean", "square"]; // moving means of the gradient and of its square
    case "sgd":
      return options.momentum > 0 ? ["velocity"] : [];
    default:
      return options satisfies never;
  }
}

/** The numbers of an optimizer that change from step to step, and so are inputs of a step; always as many. */
export function optimizerNumbers(step: number, steps: number, options: OptimizerOptions): number[] {
  const rate = learningRateAt(step, steps, options);
  switch (options.kind) {
    case "adam":
    case "adamw": {
      const { kind, beta1, beta2, weightDecay } = options;
      const decay = kind === "adamw" ? rate * weightDecay : weightDecay;
      return [rate / (1 - beta1 ** step), decay, 1 / Math.sqrt(1 - beta2 ** step)];
    }
    case "sgd":
      return [rate];
    default:
      return options satisfies never;
  }
}

/** Flat vectors of one length that an optimizer moves. */
export interface OptimizerVectors {
  readonly parameters: Tensor1D;
  /** In the order of {@link memoryNames}. */
  readonly memory: readonly Tensor1D[];
}

/** How the parameters differ from one another: flat vectors of their length. */
export interface ParameterFactors {
  /** 1 where weight decay applies, else 0. */
  readonly decayed: Tensor1D;
  /** What the learning rate is multiplied with; null where it is 1 for all. */
  readonly rate: Tensor1D | null;
}

/**
 * One step of an optimizer.
 * @param numbers - {@link optimizerNumbers} of the step, as scalars.
 */
export function optimizerStep(
  before: OptimizerVectors,
  gradient: Tensor1D,
  factors: ParameterFactors,
  numbers: readonly Scalar[],
  options: OptimizerOptions,
): OptimizerVectors {
  switch (options.kind) {
    case "adam":
    case "adamw":
      return adamStep(before, gradient, factors, numbers, options);
    case "sgd":
      return sgdStep(before, gradient, factors, numbers, options);
    default:
      return options satisfies never;
  }
}

/** Source: Kingma & Ba 2015, arXiv:1412.6980; Loshchilov & Hutter 2019, arXiv:1711.05101; the order of operations is PyTorch's. */
function adamStep(
  before: OptimizerVectors,
  gradient: Tensor1D,
  { decayed, rate: groupRate }: ParameterFactors,
  numbers: readonly Scalar[],
  { kind, beta1, beta2, epsilon, weightDecay }: AdamOptions,
): OptimizerVectors {
  const [rate, decay, rootScale] = numbers as [Scalar, Scalar, Scalar];
  const [oldMean, oldSquare] = before.memory as [Tensor1D, Tensor1D];
  let { parameters } = before;
  let g = gradient;
  if (weightDecay > 0) {
    const shrink = tf.mul(tf.mul(parameters, decayed), decay) as Tensor1D;
    if (kind === "adamw") parameters = tf.sub(parameters, scaled(shrink, groupRate));
    else g = tf.add(g, shrink);
  }
  const mean = tf.add(tf.mul(oldMean, beta1), tf.mul(g, 1 - beta1)) as Tensor1D;
  const square = tf.add(tf.mul(oldSquare, beta2), tf.mul(tf.square(g), 1 - beta2)) as Tensor1D;
  const root = tf.add(tf.mul(tf.sqrt(square), rootScale), epsilon);
  const move = scaled(tf.mul(tf.div(mean, root), rate), groupRate);
  return { parameters: tf.sub(parameters, move), memory: [mean, square] };
}

/** Source: Sutskever et al. 2013, proceedings.mlr.press/v28/sutskever13.html; the form is PyTorch's, whose velocity holds no learning rate. */
function sgdStep(
  { parameters, memory }: OptimizerVectors,
  gradient: Tensor1D,
  { decayed, rate: groupRate }: ParameterFactors,
  [rate]: readonly Scalar[],
  { momentum, nesterov, weightDecay }: SgdOptions,
): OptimizerVectors {
  let g = gradient;
  if (weightDecay > 0) g = tf.add(g, tf.mul(tf.mul(parameters, decayed), weightDecay));
  const velocity = memory.map((old) => tf.add(tf.mul(old, momentum), g) as Tensor1D);
  let direction = g;
  if (velocity.length > 0) direction = nesterov ? tf.add(g, tf.mul(velocity[0]!, momentum)) : velocity[0]!;
  const move = scaled(tf.mul(direction, rate!), groupRate);
  return { parameters: tf.sub(parameters, move), memory: velocity };
}

function scaled(move: Tensor, factor: Tensor1D | null): Tensor1D {
  return (factor === null ? move : tf.mul(move, factor)) as Tensor1D;
}
