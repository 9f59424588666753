import { z } from "zod";
import type { Model, ModelShape } from "./model.ts";
import { buildNnUNet, nnunetOptions, nnunetWeights } from "./nnunet.ts";
import { buildUNet, unetOptions, unetWeights } from "./unet.ts";

export type { TorchTensor } from "./import/state-dict.ts";
export { importResNet } from "./import/torchvision.ts";
export { type ImportedYolo, importYolo } from "./import/yolo.ts";
export { forInference } from "./inference.ts";
export { batchNormMomentum } from "./layers/norm.ts";
export type { ApplyMode, BatchStatistics, Classifier, Model, ModelShape, WeightArray } from "./model.ts";
export { type NnUNetOptions, nnunetOptions } from "./nnunet.ts";
export { lesionOutputs, outputOfTissue, type TissueOutput, tissueOfOutput, tissueOutputs } from "./outputs.ts";
export { buildResNet, type ResNetKind, type ResNetOptions, resnetKinds, resnetOptions } from "./resnet.ts";
export { type SliceOptions, sliceLogits } from "./slice-logits.ts";
export { type UNetOptions, unetOptions } from "./unet.ts";
export { readWeights, setWeights } from "./weights.ts";
export { type DecodedBoxes, decodeMaps } from "./yolo/decode.ts";
export { type YoloKind, type YoloOptions, yoloKinds, yoloOptions, yoloSizes } from "./yolo/design.ts";
export { detectorForInference } from "./yolo/inference.ts";
export { buildYolo, type Detector, type RawMaps } from "./yolo/network.ts";
export { type Detection, type DetectionOptions, detectionOptions, detectionsOf } from "./yolo/suppress.ts";

/** The `model` section of a config: the closed list of architectures, told apart by `kind`. */
export const modelOptions = z.discriminatedUnion("kind", [unetOptions, nnunetOptions]);
export type ModelOptions = z.output<typeof modelOptions>;

/** Builds the model that `options.kind` names. To add one: a file, a line above, a case below. */
export function buildModel(options: ModelOptions, shape: ModelShape): Model {
  switch (options.kind) {
    case "unet":
      return buildUNet(options, shape);
    case "nnunet":
      return buildNnUNet(options, shape);
    default:
      return options satisfies never; // a new kind without a case fails to compile here
  }
}

/** Number of weights of the model that `options.kind` names, running statistics included. */
export function weightCount(options: ModelOptions, shape: Omit<ModelShape, "seed">): number {
  const specs = options.kind === "unet" ? unetWeights(options.channels, shape) : nnunetWeights(options, shape);
  return specs.reduce((sum, spec) => sum + spec.shape.reduce((a, b) => a * b, 1), 0);
}
