import { keepMask, maskKeys } from "../../backend/mask.ts";
import { type Tensor, type Tensor1D, tf } from "../../backend/tf.ts";
import { type Rng, seededRng } from "../../core/rng.ts";
import type { Scope } from "./scope.ts";

/** Keys for one training step, for `mode.keys`: fork the stream by the number of the step. */
export function drawKeys(rng: Rng): number[] {
  return Array.from({ length: maskKeys }, () => rng.below(4096));
}

/**
 * In training sets each value to 0 with probability `rate` and divides the others by `1 - rate`, as PyTorch's `Dropout`; else gives `x`.
 * The mask is decided by `mode.keys` and the layer's name: a layer more or less changes no other's, and every backend drops the same values.
 *
 * @param rate - In [0, 1).
 * @throws {RangeError} If `rate` is out of range, or `mode.keys` are missing in training.
 *
 * Source: Srivastava et al. 2014, jmlr.org/papers/v15/srivastava14a.html.
 */
export function dropout<T extends Tensor>({ mode }: Pick<Scope, "mode">, name: string, x: T, rate: number): T {
  if (!(rate >= 0 && rate < 1)) throw new RangeError(`dropout: rate must be in [0, 1); got ${rate}`);
  if (!mode.training || rate === 0) return x;
  if (mode.keys === undefined) throw new RangeError(`dropout: ${name} needs mode.keys in training; got none`);
  const own = tf.add(mode.keys, tf.tensor1d(drawKeys(seededRng(name))));
  const keys = tf.sub(own, tf.mul(tf.cast(tf.greater(own, 4095), "float32"), 4096)) as Tensor1D;
  return tf.mul(x, tf.mul(keepMask(x.shape, 1 - rate, keys), 1 / (1 - rate))) as T;
}
