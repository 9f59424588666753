import { type Scalar, type Tensor2D, type Tensor3D, type Tensor4D, tf } from "../../backend/tf.ts";
import { infoNce, localInfoNce, vicReg } from "../losses/embeddings.ts";
import { meanSquaredError } from "../losses/pixels.ts";
import type { ContrastOptions } from "./options.ts";

// Two views of each slice go through the network as one batch, first views first: batch normalisation sees both together.

/** What `task: restore` and `task: denoise` minimise: the mean squared difference to the window as it was. */
export function restorationLoss(restored: Tensor4D, target: Tensor4D): Scalar {
  return meanSquaredError(restored, target);
}

/** What `task: infoNce` minimises. @param embeddings - 2 N x 1 x 1 x features. */
export function globalViewsLoss(embeddings: Tensor4D, { temperature }: ContrastOptions): Scalar {
  return tf.tidy(() => infoNce(...embeddedViews(embeddings), temperature));
}

/** What `task: vicReg` minimises. @param embeddings - 2 N x 1 x 1 x features, N at least 2. */
export function vicRegViewsLoss(embeddings: Tensor4D, { vicReg: weights }: ContrastOptions): Scalar {
  return tf.tidy(() => vicReg(...embeddedViews(embeddings), weights));
}

/**
 * What `task: localInfoNce` minimises: regions of each slice told from its other regions.
 *
 * @param maps - 2 N x H x W x features.
 * @param shares - N x regions x H W x 1, see regions.ts.
 */
export function localViewsLoss(maps: Tensor4D, shares: Tensor4D, { temperature }: ContrastOptions): Scalar {
  return tf.tidy(() => {
    const [slices, regions, places] = shares.shape;
    const features = maps.shape[3];
    const weights = tf.reshape(shares, [slices, regions, places]) as Tensor3D;
    const [first, second] = halves(maps).map((view) => {
      const means = tf.matMul(weights, tf.reshape(view, [slices, places, features]) as Tensor3D);
      return tf.reshape(means, [slices, 1, regions, features]) as Tensor4D;
    }) as [Tensor4D, Tensor4D];
    return localInfoNce(first, second, temperature);
  });
}

function embeddedViews(embeddings: Tensor4D): [Tensor2D, Tensor2D] {
  const [views, , , features] = embeddings.shape;
  return halves(embeddings).map((half) => tf.reshape(half, [views / 2, features])) as [Tensor2D, Tensor2D];
}

function halves(views: Tensor4D): Tensor4D[] {
  return tf.split(views, 2, 0);
}
