import { z } from "zod";
import { UserError } from "../core/errors.ts";
import { type ModelOptions, modelTells, modelWords } from "../models/index.ts";
import { augmentOptions } from "./augment/options.ts";
import { detectionLossOptions } from "./detect/options.ts";
import { initOptions } from "./init/options.ts";
import { optimizerOptions } from "./optimizer-options.ts";

const weight = (value: number, words: string) => z.number().min(0).max(1000).default(value).describe(words);

/** How slices are chosen for a batch: the share of each kind. Shares are relative; a kind that the data lacks gives its share to the others. */
export const samplingOptions = z.strictObject({
  /** Windows around blood. */
  lesion: weight(0.5, "relative share of windows around blood"),
  /** Windows around brain on slices without blood. */
  brain: weight(0.3, "relative share of windows around brain on slices without blood"),
  /** Windows anywhere, on slices without brain where there are any. */
  noBrain: weight(0.2, "relative share of windows anywhere, on slices without brain where there are any"),
});
export type SamplingOptions = z.output<typeof samplingOptions>;

/** Focal loss, for where most pixels are easy. */
const focalOptions = z.strictObject({
  weight: weight(0, "weight of focal loss; 0: none"),
  gamma: z.number().min(0).max(10).default(2).describe("how little counts what is right already; 0: cross-entropy"),
  alpha: z.number().min(0).max(1).nullable().default(null).describe("weight of what is true, that of the rest being 1 - alpha; null: alike. Not for task tissue"), // biome-ignore format: one line
});

/** Tversky loss, soft Dice with a price for either mistake. */
const tverskyOptions = z.strictObject({
  weight: weight(0, "weight of Tversky loss over the batch; 0: none"),
  falsePositive: z.number().min(0).max(10).default(0.3).describe("price of what is called and not true"),
  falseNegative: z.number().min(0).max(10).default(0.7).describe("price of what is true and not called"),
});

/**
 * The loss: a weighted sum of soft Dice, cross-entropy, focal and Tversky loss. Of `task: lesion` for the lesion, and the same for the brain; of
 * `task: tissue` the mean over all tissues, and one softmax.
 */
export const lossOptions = z.strictObject({
  /** Weight of soft Dice. */
  dice: weight(1, "weight of soft Dice"),
  /** Weight of cross-entropy. */
  crossEntropy: weight(1, "weight of cross-entropy"),
  focal: focalOptions.prefault({}).describe("focal loss beside the others"),
  tversky: tverskyOptions.prefault({}).describe("Tversky loss beside the others"),
  /** What the cross-entropy of lesion pixels counts, that of others being 1; PyTorch's `pos_weight`. */
  lesionPixelWeight: weight(
    1,
    "what the cross-entropy of a lesion pixel counts, or of a slice with blood, that of any other being 1; not for task tissue",
  ),
  /** Weight of the brain's loss beside the lesion's. */
  brainLossWeight: weight(0.5, "weight of the brain's loss beside the lesion's; task lesion only"),
  /** Tissues: a pixel's cross-entropy counts by the share of its tissue in the batch to the power of minus this. */
  classBalance: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe(
      "task tissue: weight of a pixel's cross-entropy is its tissue's share in the batch to the power of minus this; 0: all alike",
    ),
  /** `batch`: one Dice over all pixels of the batch; `slice`: the mean of one a slice. */
  diceOver: z
    .enum(["batch", "slice"])
    .default("batch")
    .describe("batch: one Dice over all pixels of the batch; slice: the mean of one a slice"),
  /** Added to numerator and denominator of Dice, pixels. */
  smoothing: z.number().min(1e-6).max(1e6).default(1).describe("added to numerator and denominator of Dice, pixels"),
  /** Probabilities in the denominator of Dice are taken to this power; Spahr et al. 2023 use 2. */
  dicePower: z
    .union([z.literal(1), z.literal(2)])
    .default(1)
    .describe("probabilities in the denominator of Dice are taken to this power, 1 or 2"),
  /** What the loss of a slice with an empty mask is multiplied with in the mean of `diceOver: slice`; Spahr et al. 2023 use 0.2. */
  emptySliceWeight: z
    .number()
    .min(0)
    .max(1)
    .default(1)
    .describe("what the Dice loss of a slice with an empty mask is multiplied with under `diceOver: slice`, in [0, 1]"),
  /** Of a detector, which has no other part. */
  detection: detectionLossOptions
    .prefault({})
    .describe("task detect: weights of the parts of a detector's loss; it has no other part"),
});
export type LossOptions = z.output<typeof lossOptions>;

/** What a network can be trained to tell. */
export const taskName = z.enum(["lesion", "tissue", "classify", "detect"]);
export type TaskName = z.output<typeof taskName>;

/** Options of `hemosynth train`; the `train` section of a config. */
export const trainOptions = z.strictObject({
  /** `lesion`: blood, and the brain. `tissue`: the tissue of each pixel, from stacks with tissue maps (`synth.writeTissue`). `classify`: whether a slice shows blood. `detect`: a box around each patch of blood. */
  task: taskName
    .default("lesion")
    .describe(
      "lesion: blood and the brain; tissue: the tissue of each pixel, from stacks with tissue maps (synth.writeTissue); classify: whether a slice shows blood, by a resnet or miniresnet; detect: a box around each patch of blood in a slice, by a yolov5",
    ),
  /** Where the first weights come from; null: all start at random. */
  init: initOptions.nullable().default(null).describe("where the first weights come from; null: all start at random"),
  /** Gradient steps. */
  steps: z.int().min(1).max(10_000_000).default(800).describe("gradient steps"),
  /** Slices a step. */
  batchSize: z.int().min(1).max(4096).default(8).describe("slices a step"),
  /** Width and height of the window that the network sees in training, pixels of preprocess.pixelMm. */
  cropSize: z
    .int()
    .min(16)
    .max(4096)
    .default(128)
    .describe("width and height of the training window, pixels of preprocess.pixelMm"),
  optimizer: optimizerOptions.prefault({}).describe("optimizer and learning rate"),
  loss: lossOptions.prefault({}).describe("what is minimised"),
  /** On native TensorFlow, a step is one function that TensorFlow optimises (`graph`), or that XLA compiles too (`xla`), or runs op by op (`off`). */
  compile: z
    .enum(["off", "graph", "xla"])
    .default("graph")
    .describe("on native TensorFlow, run a step as one optimised function (graph), compiled by XLA too (xla), or op by op (off)"),
  /** Decay of the moving average of the weights that is validated and kept; 0 keeps the weights themselves. */
  averageDecay: z
    .number()
    .min(0)
    .lt(1)
    .default(0.99)
    .describe("decay of the moving average of the weights that is validated and kept; 0: the weights themselves"),
  /** YOLOv5's automatic anchors. */
  autoAnchor: z
    .boolean()
    .default(true)
    .describe("task detect: anchors are fitted to the training boxes where those of the model can learn less than 98 % of them"),
  sampling: samplingOptions.prefault({}).describe("which slices make a batch"),
  augment: augmentOptions.prefault({}).describe("how training slices are varied"),
  /** Steps after which the training stacks give way to new ones, made meanwhile from the same cases: the next `synth.copies` of each. null: never. */
  freshEvery: z
    .int()
    .min(1)
    .nullable()
    .default(null)
    .describe("steps after which the training stacks give way to new ones, made meanwhile from the same normal cases: the next synth.copies of each; null: never"), // biome-ignore format: one line
  /** Steps between validations; the last step is always validated. */
  validateEvery: z.int().min(1).default(100).describe("steps between validations"),
  /** Validation slices, chosen once; half of them with blood where there are enough. */
  validationSlices: z.int().min(1).default(128).describe("validation slices, half of them with blood where there are enough"),
  /** Validations in a row without a better one after which training ends; null never. */
  patience: z
    .int()
    .min(1)
    .nullable()
    .default(null)
    .describe("validations in a row without a better one after which training ends; null: never"),
  /** Weights of so many of the best validations are kept, not the best alone. */
  keepBest: z
    .int()
    .min(1)
    .max(100)
    .default(1)
    .describe("weights of so many of the best validations are kept; above 1 in weights/step-N.safetensors, too"),
  /** Steps between checkpoints that training can resume from. */
  checkpointEvery: z.int().min(1).default(100).describe("steps between checkpoints that training can resume from"),
  /** Memory that the prepared slices may take, MB. More is refused before it is loaded. With `freshEvery`, those of the train split are there three times. */
  memoryMb: z.int().min(1).default(4000).describe("memory that the prepared slices may take, MB"),
});
export type TrainOptions = z.output<typeof trainOptions>;

/** What a network must tell of to learn a task, and one that does. */
const taught = {
  lesion: { of: "pixels", by: "unet" },
  tissue: { of: "pixels", by: "unet" },
  classify: { of: "slices", by: "resnet18" },
  detect: { of: "boxes", by: "yolov5" },
} as const satisfies Readonly<Record<TaskName, { of: ReturnType<typeof modelTells>; by: ModelOptions["kind"] }>>;

/** How what a network tells of is said, and the tasks that it can learn. */
const told = {
  pixels: { words: "tells of pixels", tasks: "lesion or tissue" },
  slices: { words: "tells of whole slices", tasks: "classify" },
  boxes: { words: "finds boxes", tasks: "detect" },
} as const;

/** Why a network cannot learn a task, or null. */
export function taskMisfit(model: ModelOptions, task: TaskName): string | null {
  const { of, by } = taught[task];
  const own = modelTells(model);
  if (own === of) return null;
  if (own === "pixels") return `${task} needs a model that ${told[of].words}, such as { kind: ${by} }; got a ${model.kind}`;
  return `must be ${told[own].tasks} for a ${model.kind}, which ${told[own].words}; got ${task}`;
}

/** What is wrong where no part of the loss that a task uses has a weight, or a part has one that it does not use; else null. */
export function lossMisfit({ dice, crossEntropy, focal, tversky, detection }: LossOptions, task: TaskName): string | null {
  if (task === "detect") {
    if (focal.weight + tversky.weight > 0) return "focal and tversky must have weight 0 for task detect, whose loss is detection";
    return detection.objectGain > 0 ? null : "detection.objectGain must be above 0 for task detect; got 0";
  }
  if (task === "classify" && tversky.weight > 0) return "tversky.weight must be 0 for task classify, which has no masks";
  const used = crossEntropy + focal.weight + (task === "classify" ? 0 : dice + tversky.weight);
  return used > 0 ? null : `must give a part that task ${task} uses a weight above 0; got none`;
}

/**
 * Checks what one option asks of another.
 * @param sizeMultiple - Of the model: height and width of its input must be multiples of it.
 * @throws {UserError} (usage) If the window or the task does not fit the model.
 */
export function checkSizes(model: ModelOptions, { cropSize, task }: TrainOptions, sizeMultiple: number): void {
  const misfit = taskMisfit(model, task);
  if (misfit !== null) throw new UserError("usage", `train.task ${misfit}. Set one of them.`);
  if (cropSize % sizeMultiple === 0) return;
  const up = Math.ceil(cropSize / sizeMultiple) * sizeMultiple;
  const fewer = modelTells(model) === "pixels" ? ", or use fewer model.channels" : "";
  throw new UserError(
    "usage",
    `train.cropSize must be a multiple of ${sizeMultiple} for a ${modelWords(model)}; got ${cropSize}. Set it to ${up}${fewer}.`,
  );
}
