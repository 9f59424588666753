import { type Scalar, type Tensor4D, tf } from "../backend/tf.ts";

/**
 * Loss of logits at several resolutions: the weighted mean, each level counting half of the one before.
 *
 * @param logits - Finest first, each of half the height and width of the one before.
 * @param target - Of the finest. A coarser level is held to every second pixel of it, every fourth and so on: the one below and right of the centre.
 *
 * Source: nnU-Net's DeepSupervisionWrapper and DownsampleSegForDSTransform (github.com/MIC-DKFZ/nnUNet).
 */
export function deepLoss(
  logits: readonly Tensor4D[],
  target: Tensor4D,
  loss: (logits: Tensor4D, target: Tensor4D) => Scalar,
): Scalar {
  if (logits.length === 1) return loss(logits[0]!, target);
  const all = logits.reduce((sum, _, level) => sum + 0.5 ** level, 0);
  return tf.tidy(() => {
    const losses = logits.map((z, level) => tf.mul(loss(z, thinned(target, 2 ** level)), 0.5 ** level / all));
    return tf.addN(losses) as Scalar;
  });
}

/** One pixel of each square of `step` x `step`. */
function thinned(target: Tensor4D, step: number): Tensor4D {
  if (step === 1) return target;
  return tf.stridedSlice(target, [0, step / 2, step / 2, 0], target.shape, [1, step, step, 1]) as Tensor4D;
}
