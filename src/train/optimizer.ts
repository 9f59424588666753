import { type Scalar, type Tensor1D, tf } from "../backend/tf.ts";
import type { OptimizerOptions } from "./options.ts";

/**
 * Learning rate of a step: a straight climb over the warm-up, then half a cosine from the highest rate to `finalShare` of it.
 *
 * @param step - 1 for the first step.
 * @param steps - All steps of the training.
 *
 * Source: Loshchilov & Hutter 2017, arXiv:1608.03983, without restarts.
 */
export function learningRateAt(step: number, steps: number, options: OptimizerOptions): number {
  const { learningRate, finalShare } = options;
  const warmup = Math.min(options.warmupSteps, Math.floor(steps / 2));
  if (step <= warmup) return (learningRate * step) / warmup;
  const done = (step - warmup) / Math.max(1, steps - warmup);
  return learningRate * (finalShare + (1 - finalShare) * 0.5 * (1 + Math.cos(Math.PI * done)));
}

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

/** What Adam moves: flat vectors of one length. */
export interface AdamVectors {
  readonly parameters: Tensor1D;
  /** Moving means of the gradient and of its square. */
  readonly mean: Tensor1D;
  readonly square: Tensor1D;
}

/** The numbers of Adam that change from step to step, and so are inputs of a step: learning rate over the first bias, decay, root of the second bias. */
export function adamNumbers(
  step: number,
  steps: number,
  options: OptimizerOptions,
): [rate: number, decay: number, rootScale: number] {
  const rate = learningRateAt(step, steps, options);
  const { kind, beta1, beta2, weightDecay } = options;
  const decay = kind === "adamw" ? rate * weightDecay : weightDecay;
  return [rate / (1 - beta1 ** step), decay, 1 / Math.sqrt(1 - beta2 ** step)];
}

/**
 * One step of Adam or AdamW. Weight decay touches kernels only.
 *
 * @param decayed - 1 where weight decay applies, else 0.
 * @param numbers - {@link adamNumbers} of the step, as scalars.
 *
 * Source: Kingma & Ba 2015, arXiv:1412.6980; Loshchilov & Hutter 2019, arXiv:1711.05101; the order of operations is PyTorch's.
 */
export function adamStep(
  before: AdamVectors,
  gradient: Tensor1D,
  decayed: Tensor1D,
  { rate, decay, rootScale }: Readonly<Record<"rate" | "decay" | "rootScale", Scalar>>,
  { kind, beta1, beta2, epsilon, weightDecay }: OptimizerOptions,
): AdamVectors {
  let { parameters } = before;
  let g = gradient;
  if (weightDecay > 0) {
    const shrink = tf.mul(tf.mul(parameters, decayed), decay) as Tensor1D;
    if (kind === "adamw") parameters = tf.sub(parameters, shrink);
    else g = tf.add(g, shrink);
  }
  const mean = tf.add(tf.mul(before.mean, beta1), tf.mul(g, 1 - beta1)) as Tensor1D;
  const square = tf.add(tf.mul(before.square, beta2), tf.mul(tf.square(g), 1 - beta2)) as Tensor1D;
  const root = tf.add(tf.mul(tf.sqrt(square), rootScale), epsilon);
  return { parameters: tf.sub(parameters, tf.mul(tf.div(mean, root), rate)), mean, square };
}
