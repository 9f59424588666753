import { z } from "zod";
import { relu } from "../backend/ops.ts";
import { type Tensor4D, tf } from "../backend/tf.ts";
import { conv2d, conv2dWeights, doubleSize, doubleSizeWeights } from "./layers/conv.ts";
import { batchNormWeights, convNorm } from "./layers/norm.ts";
import type { Scope } from "./layers/scope.ts";
import type { Model, ModelShape } from "./model.ts";
import { createWeights, disposeWeights, trainableNames, type WeightSpec } from "./weights.ts";

/** Options of {@link buildUNet}; also the `model` section of a config with `kind: unet`. */
export const unetOptions = z.strictObject({
  kind: z.literal("unet").describe("architecture"),
  /** Feature maps at each level, finest first. Each level after the first halves the resolution. */
  channels: z
    .array(z.int().min(1).max(2048))
    .min(2)
    .max(8)
    .default([16, 32, 64, 128, 256])
    .describe("feature maps at each level, finest first; each level after the first halves the resolution"),
});
export type UNetOptions = z.output<typeof unetOptions>;

/**
 * A plain U-Net: at each level two 3 x 3 convolutions, each with batch normalisation and ReLU; 2 x 2 max pooling on the way down,
 * a learned 2 x 2 transposed convolution and the level's own features beside it on the way up; a 1 x 1 convolution at the end.
 *
 * Differs from Ronneberger et al. 2015, doi:10.1007/978-3-319-24574-4_28, by zero padding (output as large as the input) and batch normalisation.
 *
 * @returns A model from N x H x W x inChannels to N x H x W x outChannels logits (no sigmoid); H and W multiples of 2^(levels - 1).
 */
export function buildUNet(options: UNetOptions, shape: ModelShape): Model {
  const specs = unetWeights(options.channels, shape);
  const weights = createWeights(specs, shape.seed);
  return {
    kind: options.kind,
    weights,
    trainable: trainableNames(specs),
    sizeMultiple: 2 ** (options.channels.length - 1),
    apply: (x, mode) => tf.tidy(() => unet({ weights: mode.weights ?? weights, mode }, options.channels.length, x)),
    dispose: () => disposeWeights(weights),
  };
}

function unet(scope: Scope, levels: number, image: Tensor4D): Tensor4D {
  const { skips, bottom } = unetEncode(scope, levels, image);
  return unetDecode(scope, levels, bottom, skips);
}

/** The way down: what each level but the coarsest gives, finest first, and what the coarsest gives. */
export function unetEncode(scope: Scope, levels: number, image: Tensor4D): { skips: Tensor4D[]; bottom: Tensor4D } {
  const skips: Tensor4D[] = [];
  let x = image;
  for (let level = 0; level < levels - 1; level++) {
    x = block(scope, `down${level}`, x);
    skips.push(x);
    x = tf.maxPool(x, 2, 2, "valid");
  }
  return { skips, bottom: block(scope, "bottom", x) };
}

/** The way up, from the coarsest level to the logits. @param skips - Put beside what comes up, finest level first; without them a decoder has its input alone. */
export function unetDecode(scope: Scope, levels: number, bottom: Tensor4D, skips?: readonly Tensor4D[]): Tensor4D {
  return conv2d(scope, "logits", unetClimb(scope, levels, bottom, skips));
}

/** The same up to the features of a level, by itself the finest. */
export function unetClimb(scope: Scope, levels: number, bottom: Tensor4D, skips?: readonly Tensor4D[], finest = 0): Tensor4D {
  let x = bottom;
  for (let level = levels - 2; level >= finest; level--) {
    x = doubleSize(scope, `up${level}.resize`, x);
    x = block(scope, `up${level}`, skips === undefined ? x : tf.concat([skips[level]!, x], 3));
  }
  return x;
}

function block(scope: Scope, name: string, input: Tensor4D): Tensor4D {
  let x = input;
  for (const i of [0, 1]) x = relu(convNorm(scope, `${name}.conv${i}`, `${name}.norm${i}`, x));
  return x;
}

/** Every weight of {@link buildUNet} in the order of the forward pass. */
export function unetWeights(channels: readonly number[], { inChannels, outChannels }: Omit<ModelShape, "seed">): WeightSpec[] {
  return [...unetEncoderWeights(channels, inChannels), ...unetDecoderWeights(channels, outChannels, true)];
}

/** The weights of {@link unetEncode}. */
export function unetEncoderWeights(channels: readonly number[], inChannels: number): WeightSpec[] {
  const last = channels.length - 1;
  return channels.flatMap((width, level) =>
    blockWeights(level < last ? `down${level}` : "bottom", level === 0 ? inChannels : channels[level - 1]!, width),
  );
}

/** The weights of {@link unetDecode}, with skips or without. */
export function unetDecoderWeights(channels: readonly number[], outChannels: number, hasSkips: boolean): WeightSpec[] {
  return [...unetClimbWeights(channels, hasSkips), ...conv2dWeights("logits", channels[0]!, outChannels, 1, true)];
}

/** The weights of {@link unetClimb}. */
export function unetClimbWeights(channels: readonly number[], hasSkips: boolean, finest = 0): WeightSpec[] {
  const specs: WeightSpec[] = [];
  for (let level = channels.length - 2; level >= finest; level--) {
    const width = channels[level]!;
    specs.push(
      ...doubleSizeWeights(`up${level}.resize`, channels[level + 1]!, width),
      ...blockWeights(`up${level}`, hasSkips ? 2 * width : width, width),
    );
  }
  return specs;
}

function blockWeights(name: string, inChannels: number, width: number): WeightSpec[] {
  return [0, 1].flatMap((i) => [
    ...conv2dWeights(`${name}.conv${i}`, i === 0 ? inChannels : width, width, 3, false),
    ...batchNormWeights(`${name}.norm${i}`, width),
  ]);
}
