import { z } from "zod";
import { type Tensor4D, tf } from "../backend/tf.ts";
import type { Model, ModelShape } from "./model.ts";
import { unetDecode, unetDecoderWeights, unetEncode, unetEncoderWeights, unetOptions } from "./unet.ts";
import { createWeights, disposeWeights, trainableNames, type WeightSpec } from "./weights.ts";

/** Options of {@link buildAutoencoder}. */
export const autoencoderOptions = z.strictObject({
  kind: z.literal("autoencoder").describe("architecture"),
  channels: unetOptions.shape.channels,
  skips: z
    .boolean()
    .default(true)
    .describe("whether the features of the way down are put beside those of the way up, as in a U-Net"),
});
export type AutoencoderOptions = z.output<typeof autoencoderOptions>;

/**
 * The plain U-Net, or the same without skips, that gives an image back. As a denoising autoencoder it learns on healthy images to take noise off them;
 * what it cannot give back of a new image is an anomaly ({@link anomalyMap}).
 * Its encoder has the U-Net's names (`down0.conv0.weight`).
 *
 * Source: Kascenas et al. 2022, proceedings.mlr.press/v172/kascenas22a.html, whose network is a U-Net with skips; ours has fewer convolutions and batch normalisation.
 *
 * @param shape - `outChannels` is that of the images to give back.
 * @returns A model from N x H x W x inChannels to N x H x W x outChannels; H and W multiples of 2^(levels - 1).
 */
export function buildAutoencoder(options: AutoencoderOptions, shape: ModelShape): Model {
  const specs = autoencoderWeights(options, shape);
  const weights = createWeights(specs, shape.seed);
  const levels = options.channels.length;
  return {
    kind: options.kind,
    weights,
    trainable: trainableNames(specs),
    sizeMultiple: 2 ** (levels - 1),
    apply: (x, mode) =>
      tf.tidy(() => {
        const scope = { weights: mode.weights ?? weights, mode };
        const { skips, bottom } = unetEncode(scope, levels, x);
        return unetDecode(scope, levels, bottom, options.skips ? skips : undefined);
      }),
    dispose: () => disposeWeights(weights),
  };
}

/** Every weight of {@link buildAutoencoder} in the order of the forward pass. */
export function autoencoderWeights(
  { channels, skips }: AutoencoderOptions,
  { inChannels, outChannels }: Omit<ModelShape, "seed">,
): WeightSpec[] {
  return [...unetEncoderWeights(channels, inChannels), ...unetDecoderWeights(channels, outChannels, skips)];
}

/** How far each pixel is from what the autoencoder makes of it: the absolute difference, in the unit of the images. */
export function anomalyMap(model: Pick<Model, "apply">, x: Tensor4D): Tensor4D {
  return tf.tidy(() => tf.abs(tf.sub(x, model.apply(x, { training: false }))));
}
