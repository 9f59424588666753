import { z } from "zod";
import { leakyRelu } from "../backend/ops.ts";
import { type Tensor4D, tf } from "../backend/tf.ts";
import { conv2d, conv2dWeights, doubleSize, doubleSizeWeights } from "./layers/conv.ts";
import { affineWeights, instanceNorm } from "./layers/norm.ts";
import type { Scope } from "./layers/scope.ts";
import type { ApplyMode, Model, ModelShape } from "./model.ts";
import { createWeights, disposeWeights, type WeightSpec } from "./weights.ts";

/** Options of {@link buildNnUNet}; also the `model` section of a config with `kind: nnunet`. */
export const nnunetOptions = z.strictObject({
  kind: z.literal("nnunet").describe("architecture: nnU-Net's plain U-Net, with instance normalisation"),
  /** Feature maps at each level, finest first. Each level after the first halves the resolution. */
  channels: z
    .array(z.int().min(1).max(2048))
    .min(2)
    .max(8)
    .default([32, 64, 128, 256, 512])
    .describe("feature maps at each level, finest first; each level after the first halves the resolution"),
  /** In training the levels below the finest are held to the truth as well. */
  deepSupervision: z.boolean().default(true).describe("in training, hold the coarser levels to the truth as well"),
});
export type NnUNetOptions = z.output<typeof nnunetOptions>;

/** Slope of the leaky ReLU below 0. */
const slope = 0.01;

/** Convolutions a level, on the way down and on the way up. */
const convs = [0, 1];

/**
 * The 2-D U-Net that nnU-Net plans: at each level two 3 x 3 convolutions with bias, instance normalisation and leaky ReLU, the first of a coarser
 * level with stride 2; 2 x 2 transposed convolutions on the way up; a 1 x 1 convolution to logits at each level but the coarsest. Names, weights
 * and numbers are those of `PlainConvUNet` of dynamic-network-architectures.
 *
 * With `deepSupervision` {@link Model.applyDeep} gives the logits of all levels but the last two, as nnU-Net's loss counts them: of the coarsest
 * logits it takes none.
 *
 * Source: Isensee et al. 2021, doi:10.1038/s41592-020-01008-z; github.com/MIC-DKFZ/dynamic-network-architectures.
 *
 * @returns A model from N x H x W x inChannels to N x H x W x outChannels logits (no sigmoid); H and W multiples of 2^(levels - 1).
 */
export function buildNnUNet(options: NnUNetOptions, shape: ModelShape): Model {
  const specs = nnunetWeights(options, shape);
  const weights = createWeights(specs, shape.seed);
  const levels = options.channels.length;
  const scopeOf = (mode: ApplyMode): Scope => ({ weights: mode.weights ?? weights, mode });
  const deep = Math.max(1, levels - 2); // logits of the finest levels
  const model: Model = {
    kind: options.kind,
    weights,
    trainable: specs.map((spec) => spec.name),
    sizeMultiple: 2 ** (levels - 1),
    apply: (x, mode) => tf.tidy(() => nnunet(scopeOf(mode), levels, x, 1)[0]!),
    dispose: () => disposeWeights(weights),
  };
  if (!options.deepSupervision) return model;
  return { ...model, applyDeep: (x, mode) => tf.tidy(() => nnunet(scopeOf(mode), levels, x, deep)) };
}

/** Logits of the `count` finest levels, finest first. */
function nnunet(scope: Scope, levels: number, image: Tensor4D, count: number): Tensor4D[] {
  const features = encode(scope, levels, image);
  const logits: Tensor4D[] = [];
  let x = features[levels - 1]!;
  for (let stage = 0; stage < levels - 1; stage++) {
    const level = levels - 2 - stage;
    x = doubleSize(scope, `decoder.transpconvs.${stage}`, x);
    x = block(scope, `decoder.stages.${stage}`, tf.concat([x, features[level]!], 3), 1);
    if (level < count) logits.unshift(conv2d(scope, `decoder.seg_layers.${stage}`, x));
  }
  return logits;
}

/** The features of every level on the way down, finest first: the encoder alone. */
export function encode(scope: Scope, levels: number, image: Tensor4D): Tensor4D[] {
  const features: Tensor4D[] = [];
  let x = image;
  for (let level = 0; level < levels; level++) {
    x = block(scope, `encoder.stages.${level}.0`, x, level === 0 ? 1 : 2);
    features.push(x);
  }
  return features;
}

function block(scope: Scope, name: string, input: Tensor4D, stride: number): Tensor4D {
  let x = input;
  for (const i of convs) {
    const of = `${name}.convs.${i}`;
    x = leakyRelu(instanceNorm(scope, `${of}.norm`, conv2d(scope, `${of}.conv`, x, i === 0 ? stride : 1)), slope);
  }
  return x;
}

/** Every weight of {@link buildNnUNet} in the order of the forward pass. */
export function nnunetWeights({ channels }: Pick<NnUNetOptions, "channels">, shape: Omit<ModelShape, "seed">): WeightSpec[] {
  const specs = encoderWeights(channels, shape.inChannels);
  for (let stage = 0; stage < channels.length - 1; stage++) {
    const [below, width] = [channels.at(-stage - 1)!, channels.at(-stage - 2)!];
    specs.push(
      ...started(doubleSizeWeights(`decoder.transpconvs.${stage}`, below, width), 4 * width), // PyTorch's fan-in of a transposed kernel
      ...blockWeights(`decoder.stages.${stage}`, 2 * width, width),
      ...started(conv2dWeights(`decoder.seg_layers.${stage}`, width, shape.outChannels, 1, true), width),
    );
  }
  return specs;
}

/** The weights of {@link encode}. */
export function encoderWeights(channels: readonly number[], inChannels: number): WeightSpec[] {
  return channels.flatMap((width, level) =>
    blockWeights(`encoder.stages.${level}.0`, level === 0 ? inChannels : channels[level - 1]!, width),
  );
}

function blockWeights(name: string, inChannels: number, width: number): WeightSpec[] {
  return convs.flatMap((i) => {
    const inside = i === 0 ? inChannels : width;
    const kernel = started(conv2dWeights(`${name}.convs.${i}.conv`, inside, width, 3, true), 9 * inside);
    return [...kernel, ...affineWeights(`${name}.convs.${i}.norm`, width)];
  });
}

/** Kernels that start He-normal for a leaky ReLU: variance 2 / ((1 + slope²) fan). */
function started(specs: readonly WeightSpec[], fan: number): WeightSpec[] {
  const initial = { heNormal: { fan: fan * (1 + slope ** 2) } };
  return specs.map((spec) => (spec.shape.length === 4 ? { ...spec, initial } : spec));
}
