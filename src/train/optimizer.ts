import { type Tensor1D, tf } from "../backend/tf.ts";
import type { OptimizerOptions } from "./options.ts";
import type { TrainState } from "./state.ts";

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

/**
 * One step of Adam or AdamW on the parameters of a state. Weight decay touches kernels only.
 *
 * @param step - 1 for the first step.
 *
 * Source: Kingma & Ba 2015, arXiv:1412.6980; Loshchilov & Hutter 2019, arXiv:1711.05101; the order of operations is PyTorch's.
 */
export function adamStep(state: TrainState, gradient: Tensor1D, step: number, rate: number, options: OptimizerOptions): void {
  const { beta1, beta2, epsilon, weightDecay } = options;
  tf.tidy(() => {
    let parameters = state.parameters as unknown as Tensor1D;
    let g = gradient;
    if (weightDecay > 0) {
      const decayed = tf.mul(parameters, state.decayed);
      if (options.kind === "adamw") parameters = tf.sub(parameters, tf.mul(decayed, rate * weightDecay));
      else g = tf.add(g, tf.mul(decayed, weightDecay));
    }
    const mean = tf.add(tf.mul(state.gradientMean, beta1), tf.mul(g, 1 - beta1));
    const square = tf.add(tf.mul(state.gradientSquare, beta2), tf.mul(tf.square(g), 1 - beta2));
    const root = tf.add(tf.mul(tf.sqrt(square), 1 / Math.sqrt(1 - beta2 ** step)), epsilon);
    const move = tf.mul(tf.div(mean, root), rate / (1 - beta1 ** step));
    state.gradientMean.assign(mean);
    state.gradientSquare.assign(square);
    state.parameters.assign(tf.sub(parameters, move));
  });
}
