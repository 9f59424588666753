import { UserError } from "../core/errors.ts";
import { imagesOfSet, type ModelOptions, modelTells, modelWords, weightCount } from "../models/index.ts";
import type { TrainOptions } from "./options.ts";
import { networkShape, tasks } from "./task.ts";

/** Memory of Node.js and TensorFlow before a network is there, bytes. */
export const idleBytes = 0.46e9;

/** Bytes of a weight at the peak: itself, its gradient, the optimizer's memory, its average, and copies of all of these on the way. */
const bytesPerWeight = { pixels: 4 * 30, images: 4 * 30, slices: 4 * 18, bags: 4 * 18, sets: 4 * 18, boxes: 4 * 18 };

/**
 * Peak memory of training beside the prepared slices (at most `memoryMb`), bytes. Our estimate, from peaks measured on native TensorFlow's CPU
 * (`npx tsx bench/memory.ts`), within a fifth of those; on a GPU and on WebAssembly nothing was measured.
 */
export function trainingBytes(model: ModelOptions, options: Sized): number {
  const pixels = imagesOf(model, options) * options.cropSize ** 2;
  const perWeight = bytesPerWeight[modelTells(model)];
  return idleBytes + perWeight * weightCount(model, networkShape(options)) + pixels * bytesPerPixel(model);
}

/** What memory depends on. */
type Sized = Pick<TrainOptions, "task" | "outputs" | "contrast" | "weakCells" | "bags" | "batchSize" | "cropSize">;

/** Images of a batch. */
function imagesOf(model: ModelOptions, { task, batchSize, bags }: Sized): number {
  switch (tasks[task].draws) {
    case "windows":
    case "slices":
    case "spoilt":
      return batchSize;
    case "views":
      return 2 * batchSize;
    case "bags":
      return batchSize * bags.images;
    case "sets":
      return batchSize * (imagesOfSet(model) ?? 1);
    default:
      return tasks[task].draws satisfies never;
  }
}

/** Bytes of feature maps at the peak for a pixel of the input. Of an encoder in pretraining as of the whole model. */
function bytesPerPixel(model: ModelOptions): number {
  switch (model.kind) {
    case "unet":
    case "autoencoder": // as unet's: not measured
      return 4 * 4.7 * featuresPerPixel(model.channels);
    case "nnunet":
      return 4 * 9.7 * featuresPerPixel(model.channels);
    case "miniresnet":
      return 4 * 9.7 * residualPerPixel(model.widths, model.blocks); // as nnunet's: not measured
    case "resnet18":
    case "resnet34":
    case "resnet50":
      return resnetBytes[model.kind] * (0.2 + (0.8 * model.width) / 64);
    case "mil":
    case "hexanet":
      return bytesPerPixel(model.encoder);
    case "yolov5":
      return 900 * (0.2 + 0.8 * (model.width / 0.25)) * (0.5 + (0.5 * model.depth) / 0.33); // our guess, not measured
    default:
      return model satisfies never;
  }
}

/** The same of ResNets of the reference's width. */
const resnetBytes = { resnet18: 1200, resnet34: 1500, resnet50: 4450 } as const;

/** Values that the convolutions of a Mini-ResNet give for a pixel of the input. */
function residualPerPixel(widths: readonly number[], blocks: number): number {
  return widths.reduce((sum, width, stage) => sum + (width * (2 * blocks + 1)) / 4 ** stage, 0);
}

/** Values that the convolutions of a U-Net give for a pixel of the input, and those put beside one another on the way up. */
function featuresPerPixel(channels: readonly number[]): number {
  const last = channels.length - 1;
  return channels.reduce((sum, width, level) => sum + (width * (level < last ? 7 : 2)) / 4 ** level, 0);
}

/**
 * Refuses a training that cannot fit; the estimate may be a fifth too high, and is given that much.
 * @param limit - Memory of the machine, bytes.
 * @throws {UserError} (usage) With what it would need and what there is.
 */
export function checkMemory(model: ModelOptions, options: Sized & Pick<TrainOptions, "optimizer">, limit: number): void {
  const needed = trainingBytes(model, options);
  if (needed <= 1.2 * limit) return;
  const fits = [...Array(options.batchSize).keys()].findLast(
    (n) => n > 0 && trainingBytes(model, { ...options, batchSize: n }) <= limit,
  );
  const way =
    fits === undefined
      ? `Lower train.cropSize, or use ${"channels" in model ? "fewer model.channels" : "a smaller model"}`
      : `Lower train.batchSize to ${fits} (with train.optimizer.accumulate ${Math.ceil((options.batchSize * options.optimizer.accumulate) / fits)} a step learns from as many slices), or train.cropSize`;
  throw new UserError(
    "usage",
    `train: ${imagesOf(model, options)} slices of ${options.cropSize} x ${options.cropSize} pixels in a ${modelWords(model)} take about ${gigabytes(needed)}; ` +
      `the machine has ${gigabytes(limit)}. ${way}.`,
  );
}

/** Such as `2.5 GB`. */
export function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
