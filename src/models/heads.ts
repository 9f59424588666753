import { z } from "zod";
import { relu } from "../backend/ops.ts";
import { type Tensor2D, type Tensor4D, tf } from "../backend/tf.ts";
import { conv2d, conv2dWeights } from "./layers/conv.ts";
import { batchNormWeights, convNorm } from "./layers/norm.ts";
import type { Scope } from "./layers/scope.ts";
import { unetDecode, unetDecoderWeights } from "./unet.ts";
import type { WeightSpec } from "./weights.ts";

// What stands on an encoder while it is pretrained and is thrown away afterwards. The encoder's weights keep the names that they have in its own model
// (`down0.conv0.weight`, `layer1.0.conv1.weight`), those of a head begin with the name given, so that by name the former go over.

/** Options of {@link globalHead} and {@link localHead}: a perceptron. */
export const headOptions = z.strictObject({
  hidden: z
    .array(z.int().min(1).max(8192))
    .max(3)
    .default([512])
    .describe("features of each hidden layer; none: one linear layer"),
  features: z.int().min(1).max(8192).default(128).describe("features of an embedding"),
  batchNorm: z.boolean().default(false).describe("batch normalisation in the hidden layers, as VICReg's expander has it"),
});
export type HeadOptions = z.output<typeof headOptions>;

/** The weights of {@link globalHead} and {@link localHead}, which are the same: 1 x 1 convolutions. @param inside - Channels of the encoder's maps. */
export function headWeights(name: string, inside: number, { hidden, features, batchNorm }: HeadOptions): WeightSpec[] {
  const widths = [inside, ...hidden];
  return [
    ...hidden.flatMap((width, i) => [
      ...conv2dWeights(`${name}.conv${i}`, widths[i]!, width, 1, !batchNorm),
      ...(batchNorm ? batchNormWeights(`${name}.norm${i}`, width) : []),
    ]),
    ...conv2dWeights(`${name}.out`, widths.at(-1)!, features, 1, true),
  ];
}

/**
 * An embedding of each place: the same perceptron (ReLU between its layers) at every pixel of a feature map.
 *
 * @param maps - N x H x W x channels.
 * @returns N x H x W x features.
 *
 * Source: Chaitanya et al. 2020, arXiv:2006.10511, whose local head is of 1 x 1 convolutions.
 */
export function localHead(scope: Scope, name: string, maps: Tensor4D, { hidden, batchNorm }: HeadOptions): Tensor4D {
  let x = maps;
  for (const i of hidden.keys()) {
    const conv = `${name}.conv${i}`;
    x = relu(batchNorm ? convNorm(scope, conv, `${name}.norm${i}`, x) : conv2d(scope, conv, x));
  }
  return conv2d(scope, `${name}.out`, x);
}

/**
 * An embedding of each image: the perceptron on the mean of its feature map.
 *
 * @param maps - N x H x W x channels.
 * @returns N x features, not of unit length.
 *
 * Sources: Chen et al. 2020, arXiv:2002.05709, section 4.2; with batch normalisation Bardes et al. 2022, arXiv:2105.04906.
 */
export function globalHead(scope: Scope, name: string, maps: Tensor4D, options: HeadOptions): Tensor2D {
  const embedding = localHead(scope, name, tf.mean(maps, [1, 2], true) as Tensor4D, options);
  return tf.reshape(embedding, [maps.shape[0], options.features]);
}

/** Feature maps of {@link restore} by level, finest first; the coarsest is the encoder's own. */
export type RestoreChannels = readonly number[];

/** The weights of {@link restore}. @param channels - At least two; the last is what the encoder gives. */
export function restoreWeights(channels: RestoreChannels, outChannels: number): WeightSpec[] {
  return unetDecoderWeights(channels, outChannels, false);
}

/**
 * The decoder for context restoration: from an encoder's coarsest map alone back to an image, by the way up of the plain U-Net without skips,
 * and under its names (`up0.conv0.weight`). A U-Net that is pretrained with skips is restored by the whole U-Net instead.
 *
 * @param maps - N x H x W x `channels.at(-1)`.
 * @returns N x 2^k H x 2^k W x outChannels for `channels.length` of k + 1, no activation.
 *
 * Source: Chen et al. 2019, doi:10.1016/j.media.2019.101539.
 */
export function restore(scope: Scope, maps: Tensor4D, channels: RestoreChannels): Tensor4D {
  return unetDecode(scope, channels.length, maps);
}
