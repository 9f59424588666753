import { relu } from "../../backend/ops.ts";
import { type Scalar, type Tensor, type Tensor2D, type Tensor4D, tf } from "../../backend/tf.ts";
import { meanSquaredError } from "./pixels.ts";

/**
 * InfoNCE of whole images, as SimCLR has it (NT-Xent): each of two views of an image is to be told from all other views in the batch by its cosine similarity.
 * Mean over all views; log(2 N - 1) where all embeddings are alike.
 *
 * @param first - N x features: one view of each image.
 * @param second - The same: another view of each, in the same order.
 * @param temperature - Above 0; similarities are divided by it.
 *
 * Sources: van den Oord et al. 2018, arXiv:1807.03748; Chen et al. 2020, arXiv:2002.05709, equation 1.
 */
export function infoNce(first: Tensor2D, second: Tensor2D, temperature: number): Scalar {
  return tf.tidy(() => {
    const [a, b] = [unitRows(first), unitRows(second)];
    const all = tf.concat([a, b], 0) as Tensor2D;
    const views = all.shape[0];
    const similarity = tf.mul(tf.matMul(all, all, false, true), 1 / temperature);
    const others = tf.sub(similarity, tf.mul(tf.eye(views), 1e9)); // a view is not compared with itself
    const partners = tf.mul(tf.sum(tf.mul(a, b)), 2 / temperature / views);
    return tf.sub(tf.mean(tf.logSumExp(others, 1)), partners) as Scalar;
  });
}

/**
 * InfoNCE of places: {@link infoNce} within each image, where the two views of a place are to be told from all other places of that image. Mean over images.
 *
 * @param first - N x H x W x features: one view of each image; keep H x W small, as every place is compared with every other.
 * @param second - The same: another view of each, brought to the same places.
 *
 * Source: Chaitanya et al. 2020, arXiv:2006.10511, equation 2, with the denominator of SimCLR.
 */
export function localInfoNce(first: Tensor4D, second: Tensor4D, temperature: number): Scalar {
  return tf.tidy(() => {
    const [images, height, width, features] = first.shape;
    const places = (x: Tensor4D, image: number) =>
      tf.reshape(tf.slice(x, [image, 0, 0, 0], [1, -1, -1, -1]), [height * width, features]) as Tensor2D;
    const losses = Array.from({ length: images }, (_, i) => infoNce(places(first, i), places(second, i), temperature));
    return tf.mul(tf.addN(losses), 1 / images) as Scalar;
  });
}

/** Each row divided by its length, or by 1e-12 where that is more, as PyTorch's `normalize`. */
function unitRows(x: Tensor2D): Tensor2D {
  const squares = tf.sum(tf.square(x), 1, true);
  return tf.div(x, tf.sqrt(tf.maximum(squares, 1e-24)));
}

/** Weights of the three parts of {@link vicReg}. */
export interface VicRegWeights {
  readonly invariance: number;
  readonly variance: number;
  readonly covariance: number;
}

/** The paper's. */
export const vicRegWeights: VicRegWeights = { invariance: 25, variance: 25, covariance: 1 };

/**
 * VICReg: two views of an image are to have the same embedding (mean squared difference), each feature a standard deviation of at least 1 over the batch,
 * and no two features a covariance. At least 0.
 *
 * @param first - N x features, N at least 2: one view of each image.
 * @param second - The same: another view of each, in the same order.
 *
 * Source: Bardes et al. 2022, arXiv:2105.04906; github.com/facebookresearch/vicreg, whose variance part is the mean over both views.
 */
export function vicReg(first: Tensor2D, second: Tensor2D, weights: VicRegWeights = vicRegWeights): Scalar {
  return tf.tidy(() => {
    const [a, b] = [spreadOf(first), spreadOf(second)];
    const invariance = tf.mul(meanSquaredError(first, second), weights.invariance);
    const variance = tf.mul(tf.add(a.variance, b.variance), weights.variance / 2);
    const covariance = tf.mul(tf.add(a.covariance, b.covariance), weights.covariance);
    return tf.addN([invariance, variance, covariance]) as Scalar;
  });
}

/** How far the standard deviations are below 1, and the squared covariances per feature. */
function spreadOf(x: Tensor2D): { variance: Tensor; covariance: Tensor } {
  const [count, features] = x.shape;
  const centred = tf.sub(x, tf.mean(x, 0, true)) as Tensor2D;
  const deviation = tf.sqrt(tf.add(tf.div(tf.sum(tf.square(centred), 0), count - 1), 1e-4));
  const covariances = tf.div(tf.matMul(centred, centred, true, false), count - 1);
  const apart = tf.mul(covariances, tf.sub(1, tf.eye(features)));
  return { variance: tf.mean(relu(tf.sub(1, deviation))), covariance: tf.div(tf.sum(tf.square(apart)), features) };
}
