import { type Tensor4D, tf } from "../backend/tf.ts";
import type { Encoder } from "./classifier.ts";
import { encoderOf } from "./encoder.ts";
import { globalHead, type HeadOptions, headWeights, localHead, restore, restoreWeights } from "./heads.ts";
import type { ModelOptions } from "./index.ts";
import { type Scope, within } from "./layers/scope.ts";
import type { Model, ModelShape } from "./model.ts";
import { encode, encoderWeights } from "./nnunet.ts";
import { unetClimb, unetClimbWeights, unetEncode, unetEncoderWeights } from "./unet.ts";
import { createWeights, disposeWeights, inside, trainableNames, type WeightSpec } from "./weights.ts";

/** What stands on an encoder while it is pretrained. The encoder's weights keep their names, so that `train.init` takes them over. */
export type Pretext =
  /** A decoder that gives the image back. A model that draws maps does so by itself, and gets none. */
  | { readonly kind: "restore" }
  /** One embedding an image: {@link globalHead} on the coarsest maps. */
  | { readonly kind: "global"; readonly head: HeadOptions }
  /** One embedding a place: {@link localHead} on the maps of a U-Net's way up, by level from 0, the finest. */
  | { readonly kind: "local"; readonly head: HeadOptions; readonly level: number }
  /** Numbers of each cell of a coarse grid of `cells` a side: {@link localHead} on the coarsest maps, averaged over each cell. */
  | { readonly kind: "grid"; readonly head: HeadOptions; readonly cells: number };

/** An encoder with what stands on it. */
interface Design {
  readonly specs: readonly WeightSpec[];
  readonly sizeMultiple: number;
  apply(scope: Scope, x: Tensor4D): Tensor4D;
}

/** Whether a model learns a pretext by its own end, and gets no other. */
export function isItsOwnPretext(options: ModelOptions, pretext: Pretext): boolean {
  return pretext.kind === "restore" && "channels" in options;
}

/**
 * The encoder of a model under what it is pretrained by.
 *
 * @returns A model from N x H x W x inChannels to N x H x W x outChannels (`restore`), N x 1 x 1 x features (`global`), maps of features (`local`) or
 *   N x cells x cells x features (`grid`).
 * @throws {RangeError} If the model has no such part.
 */
export function buildPretrained(options: ModelOptions, pretext: Pretext, shape: ModelShape): Model {
  const { specs, sizeMultiple, apply } = designOf(options, pretext, shape);
  const weights = createWeights(specs, shape.seed);
  return {
    kind: options.kind,
    weights,
    trainable: trainableNames(specs),
    sizeMultiple,
    apply: (x, mode) => tf.tidy(() => apply({ weights: mode.weights ?? weights, mode }, x)),
    dispose: () => disposeWeights(weights),
  };
}

/** Every weight of {@link buildPretrained} in the order of the forward pass. */
export function pretrainedWeights(options: ModelOptions, pretext: Pretext, shape: Omit<ModelShape, "seed">): WeightSpec[] {
  return [...designOf(options, pretext, shape).specs];
}

function designOf(options: ModelOptions, pretext: Pretext, { inChannels, outChannels }: Omit<ModelShape, "seed">): Design {
  switch (pretext.kind) {
    case "restore": {
      const { specs, features, stride, encode } = backboneOf(options, inChannels);
      const channels = halvedFrom(features, Math.log2(stride));
      return {
        specs: [...specs, ...restoreWeights(channels, outChannels)],
        sizeMultiple: stride,
        apply: (scope, x) => restore(scope, encode(scope, x), channels),
      };
    }
    case "global": {
      const { specs, features, stride, encode } = backboneOf(options, inChannels);
      return {
        specs: [...specs, ...headWeights("head", features, pretext.head)],
        sizeMultiple: "channels" in options ? stride : 1,
        apply: (scope, x) => {
          const embedding = globalHead(scope, "head", encode(scope, x), pretext.head);
          return tf.reshape(embedding, [x.shape[0], 1, 1, pretext.head.features]);
        },
      };
    }
    case "local":
      return localDesign(options, pretext, inChannels);
    case "grid": {
      const { specs, features, stride, encode } = backboneOf(options, inChannels);
      return {
        specs: [...specs, ...headWeights("head", features, pretext.head)],
        sizeMultiple: stride * pretext.cells,
        apply(scope, x) {
          const maps = localHead(scope, "head", encode(scope, x), pretext.head);
          const cell: [number, number] = [maps.shape[1] / pretext.cells, maps.shape[2] / pretext.cells];
          return tf.avgPool(maps, cell, cell, "valid");
        },
      };
    }
    default:
      return pretext satisfies never;
  }
}

function localDesign(options: ModelOptions, { head, level }: Extract<Pretext, { kind: "local" }>, inChannels: number): Design {
  if (options.kind !== "unet") throw new RangeError(`pretrain: places are compared in a unet; got a ${options.kind}`);
  const { channels } = options;
  const levels = channels.length;
  if (level > levels - 2) throw new RangeError(`pretrain: the way up has levels 0 to ${levels - 2}; got ${level}`);
  return {
    specs: [
      ...unetEncoderWeights(channels, inChannels),
      ...unetClimbWeights(channels, true, level),
      ...headWeights("head", channels[level]!, head),
    ],
    sizeMultiple: 2 ** (levels - 1),
    apply: (scope, x) => {
      const { skips, bottom } = unetEncode(scope, levels, x);
      return localHead(scope, "head", unetClimb(scope, levels, bottom, skips, level), head);
    },
  };
}

/** Channels of a way up, finest first, that ends at `features` after so many halvings of the resolution. */
function halvedFrom(features: number, halvings: number): number[] {
  return Array.from({ length: halvings + 1 }, (_, level) => Math.max(1, Math.round(features / 2 ** (halvings - level))));
}

/** Pixels of the image across a place of the maps of the part of a model that sees. @throws {RangeError} If it has no such part. */
export function encoderStride(options: ModelOptions): number {
  return backboneOf(options, 1).stride;
}

/** The part of a model that sees, under the names that its weights have in the model. */
function backboneOf(options: ModelOptions, inChannels: number): Encoder {
  switch (options.kind) {
    case "unet":
    case "autoencoder":
    case "nnunet": {
      const { channels } = options;
      const levels = channels.length;
      const isPlain = options.kind !== "nnunet";
      return {
        specs: isPlain ? unetEncoderWeights(channels, inChannels) : encoderWeights(channels, inChannels),
        features: channels.at(-1)!,
        stride: 2 ** (levels - 1),
        encode: (scope, x) => (isPlain ? unetEncode(scope, levels, x).bottom : encode(scope, levels, x).at(-1)!),
      };
    }
    case "miniresnet":
    case "resnet18":
    case "resnet34":
    case "resnet50":
      return encoderOf(options, inChannels);
    case "mil": {
      const own = encoderOf(options.encoder, inChannels);
      return {
        ...own,
        specs: inside("encoder", own.specs),
        encode: (scope, x) => own.encode(within(scope, "encoder"), x),
      };
    }
    case "hexanet":
    case "yolov5":
      throw new RangeError(`pretrain: a ${options.kind} has no encoder of its own`);
    default:
      return options satisfies never;
  }
}
