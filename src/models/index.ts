import { z } from "zod";
import { tf } from "../backend/tf.ts";
import { autoencoderOptions, autoencoderWeights, buildAutoencoder } from "./autoencoder.ts";
import { buildRegionModel, hexanetOptions, hexanetWeights } from "./hexanet.ts";
import { buildBagModel, milOptions, milWeights } from "./mil.ts";
import { buildMiniResNet, miniresnetOptions, miniresnetWeights } from "./miniresnet.ts";
import type { Classifier, Model, ModelShape } from "./model.ts";
import { buildNnUNet, nnunetOptions, nnunetWeights } from "./nnunet.ts";
import { buildPretrained, isItsOwnPretext, pretrainedWeights } from "./pretrain.ts";
import { buildResNet, resnetOptions, resnetWeights } from "./resnet.ts";
import { type GivenWeights, type StartWeights, takeWeights } from "./start.ts";
import { buildUNet, unetOptions, unetWeights } from "./unet.ts";
import type { WeightSpec } from "./weights.ts";
import { headModule, yoloOptions } from "./yolo/design.ts";
import { buildYolo, type Detector, yoloWeights } from "./yolo/network.ts";
import { rowsOf } from "./yolo/rows.ts";

export { type AutoencoderOptions, anomalyMap, autoencoderOptions, buildAutoencoder } from "./autoencoder.ts";
export { type ClassActivation, classActivation } from "./class-activation.ts";
export { type Encoder, imageFeatures } from "./classifier.ts";
export { type EncoderOptions, encoderOptions } from "./encoder.ts";
export { globalHead, type HeadOptions, headOptions, headWeights, localHead, restore, restoreWeights } from "./heads.ts";
export { buildHexaNet, type HexaNetOptions, hexanetOptions } from "./hexanet.ts";
export { importKerasResNet } from "./import/keras.ts";
export type { FileTensor } from "./import/state-dict.ts";
export { importResNet } from "./import/torchvision.ts";
export { type ImportedYolo, importYolo } from "./import/yolo.ts";
export { forInference } from "./inference.ts";
export { batchNormMomentum } from "./layers/norm.ts";
export { buildBagModel, buildMil, type MilOptions, milOptions } from "./mil.ts";
export { buildMiniResNet, type MiniResNetOptions, miniresnetOptions } from "./miniresnet.ts";
export type {
  ApplyMode,
  BagOutput,
  BatchStatistics,
  Classifier,
  ImageSetNetwork,
  Model,
  ModelShape,
  WeightArray,
} from "./model.ts";
export { type NnUNetOptions, nnunetOptions } from "./nnunet.ts";
export {
  bagOutputs,
  bleedOutputs,
  denoisedOutputs,
  embeddingOutputs,
  hemorrhageOutputs,
  isPretextOutput,
  lesionOutputs,
  outputOfTissue,
  restoredOutputs,
  type TissueOutput,
  tissueOfOutput,
  tissueOutputs,
  weakOutputs,
} from "./outputs.ts";
export { encoderStride, type Pretext } from "./pretrain.ts";
export { buildResNet, type ResNetKind, type ResNetOptions, resnetKinds, resnetOptions } from "./resnet.ts";
export {
  bagLogits,
  mirrorMean,
  type SliceOptions,
  sliceLogits,
  windowsABatch,
} from "./slice-logits.ts";
export type { GivenWeights, StartWeights } from "./start.ts";
export { type UNetOptions, unetOptions } from "./unet.ts";
export { assignWeights, readWeights, setWeights } from "./weights.ts";
export { type DecodedBoxes, decodeMaps } from "./yolo/decode.ts";
export { type AnchorSize, type YoloKind, type YoloOptions, yoloKinds, yoloOptions, yoloSizes } from "./yolo/design.ts";
export { detectorForInference } from "./yolo/inference.ts";
export { buildYolo, type Detector, type RawMaps } from "./yolo/network.ts";
export { detectInRows, mapsOf, type RowsOptions } from "./yolo/rows.ts";
export { type Detection, type DetectionOptions, detectionOptions, detectionsOf, evaluatedDetections } from "./yolo/suppress.ts";

/** The `model` section of a config: the closed list of architectures, told apart by `kind`. */
export const modelOptions = z
  .discriminatedUnion("kind", [
    unetOptions,
    nnunetOptions,
    autoencoderOptions,
    miniresnetOptions,
    resnetOptions,
    milOptions,
    hexanetOptions,
    yoloOptions,
  ])
  .meta({ id: "model" });
export type ModelOptions = z.output<typeof modelOptions>;

/** Builds the model that `options.kind` names. To add one: a file, a line above, a case below. */
export function buildModel(options: ModelOptions, shape: ModelShape): Model {
  const { pretext } = shape;
  if (pretext !== undefined && !isItsOwnPretext(options, pretext)) return buildPretrained(options, pretext, shape);
  switch (options.kind) {
    case "unet":
      return buildUNet(options, shape);
    case "nnunet":
      return buildNnUNet(options, shape);
    case "autoencoder":
      return buildAutoencoder(options, shape);
    case "mil":
      return buildBagModel(options, shape);
    case "hexanet":
      return buildRegionModel(options, shape);
    case "miniresnet":
      return onePixel(buildMiniResNet(options, shape));
    case "resnet18":
    case "resnet34":
    case "resnet50":
      return onePixel(buildResNet(options, shape));
    case "yolov5":
      return oneRow(buildYolo(options, shape));
    default:
      return options satisfies never; // a new kind without a case fails to compile here
  }
}

/** Number of weights of the model that `options.kind` names, running statistics included. */
export function weightCount(options: ModelOptions, shape: Omit<ModelShape, "seed">): number {
  return specsOf(options, shape).reduce((sum, spec) => sum + spec.shape.reduce((a, b) => a * b, 1), 0);
}

function specsOf(options: ModelOptions, shape: Omit<ModelShape, "seed">): WeightSpec[] {
  const { pretext } = shape;
  if (pretext !== undefined && !isItsOwnPretext(options, pretext)) return pretrainedWeights(options, pretext, shape);
  switch (options.kind) {
    case "unet":
      return unetWeights(options.channels, shape);
    case "nnunet":
      return nnunetWeights(options, shape);
    case "autoencoder":
      return autoencoderWeights(options, shape);
    case "mil":
      return milWeights(options, { ...shape, outChannels: 1 });
    case "hexanet":
      return hexanetWeights(options, shape);
    case "miniresnet":
      return miniresnetWeights(options, shape);
    case "resnet18":
    case "resnet34":
    case "resnet50":
      return resnetWeights(options, shape);
    case "yolov5":
      return yoloWeights(options, shape);
    default:
      return options satisfies never;
  }
}

/**
 * Fits weights of another training to the model that `options.kind` names: see {@link takeWeights}.
 * @param only - Begins of the names of those to take; none: all.
 * @throws {UserError} (data) If they do not fit or are not finite; (usage) if a prefix begins no name of the model.
 */
export function fitWeights(
  options: ModelOptions,
  shape: Omit<ModelShape, "seed">,
  given: GivenWeights,
  only: readonly string[] = [],
): StartWeights {
  return takeWeights({ kind: modelWords(options), specs: specsOf(options, shape), head: headOf(options, shape) }, given, only);
}

/** Begin of the names of the layers whose size is that of what the model tells. */
function headOf(options: ModelOptions, { pretext }: Pick<ModelShape, "pretext">): string {
  if (pretext !== undefined && !isItsOwnPretext(options, pretext)) return pretext.kind === "restore" ? "logits." : "head.";
  const { kind } = options;
  switch (kind) {
    case "unet":
    case "autoencoder":
      return "logits.";
    case "nnunet":
      return "decoder.seg_layers.";
    case "mil":
    case "hexanet":
    case "miniresnet":
    case "resnet18":
    case "resnet34":
    case "resnet50":
      return "fc.";
    case "yolov5":
      return `model.${headModule}.`;
    default:
      return kind satisfies never;
  }
}

/** What a model tells something of: each pixel, a whole slice, bags of slices, sets of crops in their order, or boxes that it finds; an autoencoder gives the image back. */
export function modelTells({ kind }: ModelOptions): "pixels" | "slices" | "bags" | "sets" | "boxes" | "images" {
  switch (kind) {
    case "unet":
    case "nnunet":
      return "pixels";
    case "miniresnet":
    case "resnet18":
    case "resnet34":
    case "resnet50":
      return "slices";
    case "mil":
      return "bags";
    case "hexanet":
      return "sets";
    case "yolov5":
      return "boxes";
    case "autoencoder":
      return "images";
    default:
      return kind satisfies never;
  }
}

/** Images that a model takes together as one set, in their order; null where each image stands by itself. */
export function imagesOfSet(options: ModelOptions): number | null {
  return options.kind === "hexanet" ? options.regions : null;
}

/** Where a ResNet-50 in a model has its strides, which its weights do not show; null without one. */
export function strideOf(options: ModelOptions): string | null {
  const encoder = "encoder" in options ? options.encoder : options;
  return encoder.kind === "resnet50" ? encoder.strideIn : null;
}

/** Such as `unet 16-32-64` or `resnet18 of width 64`. */
export function modelWords(options: ModelOptions): string {
  if ("channels" in options) return `${options.kind} ${options.channels.join("-")}`;
  if ("encoder" in options) return `${options.kind} of a ${modelWords(options.encoder)}`;
  return `${options.kind} ${"widths" in options ? options.widths.join("-") : `of width ${options.width}`}`;
}

/** A classifier as a model that gives one pixel: N x 1 x 1 x classes. */
function onePixel(classifier: Classifier): Model {
  return {
    ...classifier,
    apply: (x, mode) =>
      tf.tidy(() => {
        const logits = classifier.apply(x, mode);
        return tf.reshape(logits, [logits.shape[0], 1, 1, logits.shape[1]]);
      }),
  };
}

/** A detector as a model that gives one row of candidates. */
function oneRow({ options: _, classes: __, ...detector }: Detector): Model {
  return { ...detector, apply: (x, mode) => tf.tidy(() => rowsOf(detector.apply(x, mode))) };
}
