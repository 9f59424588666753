import { z } from "zod";
import { UserError } from "../core/errors.ts";
import { listed } from "../core/words.ts";
import { type ModelOptions, modelTells, modelWords } from "../models/index.ts";
import { augmentOptions } from "./augment/options.ts";
import { bagOptions, drawsCases } from "./bags/options.ts";
import { detectionLossOptions } from "./detect/options.ts";
import { initOptions } from "./init/options.ts";
import { optimizerOptions } from "./optimizer-options.ts";
import { contrastOptions, denoiseOptions, restoreOptions } from "./pretrain/options.ts";

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
export const lossOptions = z
  .strictObject({
    /** Weight of soft Dice. */
    dice: weight(1, "weight of soft Dice"),
    /** Weight of cross-entropy. */
    crossEntropy: weight(1, "weight of cross-entropy"),
    focal: focalOptions.prefault({}).describe("focal loss beside the others"),
    tversky: tverskyOptions.prefault({}).describe("Tversky loss beside the others"),
    /** What the cross-entropy of lesion pixels counts, that of others being 1; PyTorch's `pos_weight`. */
    lesionPixelWeight: weight(1, "what the cross-entropy of a lesion pixel counts, or of a slice or bag with blood, a type of it or a cell that shows it, that of any other being 1; not for task tissue"), // biome-ignore format: one line
    /** Weight of the brain's loss beside the lesion's. */
    brainLossWeight: weight(0.5, "weight of the brain's loss beside the lesion's; task lesion only"),
    /** Tissues: a pixel's cross-entropy counts by the share of its tissue in the batch to the power of minus this. */
    classBalance: z
      .number()
      .min(0)
      .max(1)
      .default(0.5)
      .describe(
        "weight of the cross-entropy: task tissue, of a pixel its tissue's share in the batch to the power of minus this; tasks classes and crops, of an image its class's share in the training images to that power (1: by inverse frequency); 0: all alike",
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
      .describe("tasks detect and regions: weights of the parts of a detector's loss; it has no other part"),
  })
  .meta({ id: "loss" });
export type LossOptions = z.output<typeof lossOptions>;

/** What a network can be trained to tell, or its encoder to see, in pretraining. */
export const taskName = z.enum([
  "lesion",
  "tissue",
  "classify",
  "detect",
  "mil",
  "classes",
  "crops",
  "regions",
  "denoise",
  "restore",
  "infoNce",
  "localInfoNce",
  "vicReg",
  "weakBinary",
  "weakTypes",
  "weakGrid",
]);
export type TaskName = z.output<typeof taskName>;

/** The tasks that end with weights for another training: nothing is predicted by them. */
const pretrainings: readonly TaskName[] = ["restore", "infoNce", "localInfoNce", "vicReg", "weakBinary", "weakTypes", "weakGrid"];

/** Whether a task is pretraining: it ends with weights for `train.init`, and nothing is predicted or evaluated by them. */
export function isPretraining(task: TaskName): boolean {
  return pretrainings.includes(task);
}

/** Options of `hemosynth train`; the `train` section of a config. */
export const trainOptions = z.strictObject({
  /**
   * `lesion`: blood, and the brain. `tissue`: the tissue of each pixel, from stacks with tissue maps (`synth.writeTissue`). `classify`: whether a slice shows blood. `detect`: a box around
   * each patch of blood. `mil`: whether a case shows blood, told that of cases alone. `classes`: which class a whole image is of; `crops`: a case, by crops of its regions. `regions`: a box
   * around each named region. `denoise`: a healthy window without noise. The others pretrain an encoder: on unlabelled slices, or (`weak…`) on what is known of whole slices.
   */
  task: taskName
    .default("lesion")
    .describe(
      "lesion: blood and the brain; tissue: the tissue of each pixel, from stacks with tissue maps (synth.writeTissue); classify: whether a slice shows blood, by a resnet or miniresnet; detect: a box around each patch of blood in a slice, by a yolov5; mil: whether a case shows blood, by a mil over its slices; classes: which of outputs a whole image shows, by a resnet or miniresnet; crops: the same of a case, by a hexanet over crops of its regions; regions: a box around each of outputs in an image, by a yolov5; denoise: healthy slices without noise, by an autoencoder, whose error on others is an anomaly map; pretraining on unlabelled slices, for train.init of another training: restore (context restoration), infoNce and vicReg (two views of a slice), localInfoNce (regions of two views); pretraining on weak labels of slices: weakBinary (whether there is blood), weakTypes (of which types), weakGrid (in which cells of a coarse grid)",
    ),
  /** What is told apart, where the dataset has the names: classes, regions, or types of lesions. */
  outputs: z
    .array(z.string().min(1).max(80))
    .min(1)
    .max(64)
    .refine((names) => new Set(names).size === names.length, { message: "must name each once" })
    .nullable()
    .default(null)
    .describe(
      "what the network tells apart, by the names of the dataset. Tasks classes and crops: classes, normal first, where other is every class that is not named; regions: regions, at most 6; weakTypes: types of lesions, at most 6; null for every other task",
    ),
  /** Where the first weights come from; null: all start at random. */
  init: initOptions.nullable().default(null).describe("where the first weights come from; null: all start at random"),
  /** Decides the first weights, the order of slices and their augmentation; null: the seed of the experiment, which decides data and bleeds too. */
  seed: z
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .nullable()
    .default(null)
    .describe(
      "decides what is random in training: first weights, order of slices, augmentation; null: the seed of the experiment, which decides data and bleeds too",
    ),
  /** Gradient steps. */
  steps: z.int().min(1).max(10_000_000).default(800).describe("gradient steps"),
  /** Slices a step. */
  batchSize: z
    .int()
    .min(1)
    .max(4096)
    .default(8)
    .describe("slices a step; of task mil bags, of pretraining by views slices of which each gives two"),
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
    .describe(
      "tasks detect and regions: anchors are fitted to the training boxes where those of the model can learn less than 98 % of them",
    ),
  bags: bagOptions.prefault({}).describe("task mil: what a bag has in training"),
  denoise: denoiseOptions.prefault({}).describe("task denoise: the noise that is added"),
  restore: restoreOptions.prefault({}).describe("task restore: the patches that change places"),
  contrast: contrastOptions
    .prefault({})
    .describe(
      "tasks infoNce, localInfoNce and vicReg: two views of each slice; its head is that of weakBinary and weakTypes, too",
    ),
  weakCells: z.int().min(1).max(64).default(4).describe("task weakGrid: cells a side of the grid"),
  sampling: samplingOptions.prefault({}).describe("which slices make a batch; not for tasks mil and crops"),
  augment: augmentOptions.prefault({}).describe("how training slices are varied"),
  /** Share of the training subjects that is used: of a smaller share all are among those of a larger one. */
  share: z
    .number()
    .gt(0)
    .max(1)
    .default(1)
    .describe(
      "share of the training subjects that is used, in (0, 1], of each class alike; with the same seed the subjects of a smaller share are among those of a larger one",
    ),
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

type Told = ReturnType<typeof modelTells>;

/** What a network must tell of to learn a task, and one that does. */
const taught: Readonly<Record<TaskName, { readonly of: readonly Told[]; readonly by: ModelOptions["kind"] }>> = {
  lesion: { of: ["pixels"], by: "unet" },
  tissue: { of: ["pixels"], by: "unet" },
  classify: { of: ["slices"], by: "resnet18" },
  detect: { of: ["boxes"], by: "yolov5" },
  mil: { of: ["bags"], by: "mil" },
  classes: { of: ["slices"], by: "resnet34" },
  crops: { of: ["sets"], by: "hexanet" },
  regions: { of: ["boxes"], by: "yolov5" },
  denoise: { of: ["images", "pixels"], by: "autoencoder" },
  restore: { of: ["pixels", "images", "slices", "bags"], by: "unet" },
  infoNce: { of: ["pixels", "images", "slices", "bags"], by: "unet" },
  localInfoNce: { of: ["pixels"], by: "unet" },
  vicReg: { of: ["pixels", "images", "slices", "bags"], by: "unet" },
  weakBinary: { of: ["pixels", "images", "slices", "bags"], by: "unet" },
  weakTypes: { of: ["pixels", "images", "slices", "bags"], by: "unet" },
  weakGrid: { of: ["pixels", "images", "slices", "bags"], by: "unet" },
};

/** How what a network tells of is said. */
const told: Readonly<Record<Told, string>> = {
  pixels: "tells of pixels",
  slices: "tells of whole slices",
  bags: "tells of bags of slices",
  sets: "tells of crops of regions",
  boxes: "finds boxes",
  images: "gives images back",
};

/** Why a network cannot learn a task, or null. */
export function taskMisfit(model: ModelOptions, task: TaskName): string | null {
  const { of, by } = taught[task];
  const own = modelTells(model);
  if (task === "localInfoNce" && model.kind !== "unet")
    return `localInfoNce compares places of a unet's way up; got a ${model.kind}`;
  if (of.includes(own)) return null;
  if (own === "pixels") return `${task} needs a model that ${told[of[0]!]}, such as { kind: ${by} }; got a ${model.kind}`;
  const able = taskName.options.filter((name) => taught[name].of.includes(own));
  return `must be ${listed(able, "or")} for a ${model.kind}, which ${told[own]}; got ${task}`;
}

/** The tasks whose loss is of one kind: of `train.loss` they read the gains of a detector, `classBalance` (classes and crops) or `lesionPixelWeight` (weak*), and no weight of a part. */
const ownLosses: Readonly<Partial<Record<TaskName, string>>> = {
  detect: "is detection",
  regions: "is detection",
  classes: "is the cross-entropy of the classes",
  crops: "is the cross-entropy of the classes",
  denoise: "is the mean squared error",
  restore: "is the mean squared error",
  infoNce: "is InfoNCE",
  localInfoNce: "is InfoNCE",
  vicReg: "is VICReg",
  weakBinary: "is the binary cross-entropy",
  weakTypes: "is the binary cross-entropy",
  weakGrid: "is the binary cross-entropy",
};

/** What is wrong where no part of the loss that a task uses has a weight, or a part has one that it does not use; else null. */
export function lossMisfit({ dice, crossEntropy, focal, tversky, detection }: LossOptions, task: TaskName): string | null {
  const own = ownLosses[task];
  if (own !== undefined) {
    if (focal.weight + tversky.weight > 0) return `focal and tversky must have weight 0 for task ${task}, whose loss ${own}`;
    const finds = task === "detect" || task === "regions";
    return !finds || detection.objectGain > 0 ? null : `detection.objectGain must be above 0 for task ${task}; got 0`;
  }
  const hasMasks = task !== "classify" && task !== "mil";
  if (!hasMasks && tversky.weight > 0) return `tversky.weight must be 0 for task ${task}, which has no masks`;
  const used = crossEntropy + focal.weight + (hasMasks ? dice + tversky.weight : 0);
  return used > 0 ? null : `must give a part that task ${task} uses a weight above 0; got none`;
}

/** What of the options of a training one task asks of another; null where they fit. `path` is that of the one to change, below `train`. */
export function batchMisfit(model: ModelOptions, train: TrainOptions): { readonly path: string; readonly rule: string } | null {
  const { task, batchSize, cropSize, augment, restore, contrast } = train;
  const names = outputsMisfit(train);
  if (train.share < 1 && train.freshEvery !== null)
    return { path: "share", rule: `must be 1 with freshEvery, whose stacks are of all training subjects; got ${train.share}` };
  if (names !== null) return { path: "outputs", rule: names };
  if (!drawsCases(task) && Object.values(train.sampling).every((share) => share === 0))
    return { path: "sampling", rule: "must give a kind of window a weight above 0; got 0 for each" };
  const isViews = task === "infoNce" || task === "vicReg" || task === "localInfoNce";
  if ((isViews || task === "mil" || task === "classes" || task === "crops") && augment.mosaicShare > 0)
    return { path: "augment.mosaicShare", rule: `must be 0 for task ${task}; got ${augment.mosaicShare}` };
  if ((task === "infoNce" || task === "vicReg") && batchSize < 2)
    return { path: "batchSize", rule: `must be at least 2 for task ${task}, which tells slices apart; got ${batchSize}` };
  if (task === "mil" && model.kind === "mil" && model.pooling.kind === "persistence" && !train.bags.inOrder)
    return { path: "bags.inOrder", rule: "must be true for model.pooling persistence, which looks at runs of neighbours; got false" }; // biome-ignore format: one line
  if (task === "restore" && 3 * restore.sidePixels[1] > cropSize)
    return { path: "restore.sidePixels", rule: `must be at most a third of train.cropSize, ${Math.floor(cropSize / 3)}; got ${restore.sidePixels[1]}` }; // biome-ignore format: one line
  if (task === "weakGrid") return gridMisfit(model, train);
  if (task !== "localInfoNce" || !("channels" in model)) return null;
  const highest = model.channels.length - 2;
  if (contrast.level > highest)
    return { path: "contrast.level", rule: `must be at most ${highest} for model.channels of ${highest + 2} levels; got ${contrast.level}` }; // biome-ignore format: one line
  const across = cropSize / 2 ** contrast.level - contrast.regionPlaces + 1;
  if (across ** 2 >= contrast.regions && across > 0) return null;
  return { path: "contrast.regions", rule: `must be at most the ${Math.max(0, across) ** 2} that maps of ${cropSize / 2 ** contrast.level} places a side hold; got ${contrast.regions}` }; // biome-ignore format: one line
}

/** The most regions or types of lesions: a pixel keeps a bit for each. */
export const mostFlags = 6;

/** How many names the tasks that need some take. */
const named: Readonly<Partial<Record<TaskName, readonly [number, number]>>> = {
  classes: [2, 64],
  crops: [2, 64],
  regions: [1, mostFlags],
  weakTypes: [1, mostFlags],
};

function outputsMisfit({ task, outputs }: TrainOptions): string | null {
  const range = named[task];
  if (range === undefined) return outputs === null ? null : `must be null for task ${task}; got ${outputs.join(", ")}`;
  const [least, most] = range;
  if (outputs !== null && outputs.length >= least && outputs.length <= most) return null;
  return `must name ${least} to ${most} for task ${task}; got ${outputs === null ? "none" : outputs.length}`;
}

function gridMisfit(model: ModelOptions, { cropSize, weakCells }: TrainOptions) {
  if (!("channels" in model)) return null;
  const maps = cropSize / 2 ** (model.channels.length - 1);
  return maps % weakCells === 0
    ? null
    : { path: "weakCells", rule: `must divide the ${maps} places a side of the coarsest maps; got ${weakCells}` };
}

/** @throws {UserError} (usage) If a network cannot learn the task, or a batch does not fit it. */
export function checkTask(model: ModelOptions, train: TrainOptions): void {
  const misfit = taskMisfit(model, train.task);
  if (misfit !== null) throw new UserError("usage", `train.task ${misfit}. Set one of them.`);
  const batch = batchMisfit(model, train);
  if (batch !== null) throw new UserError("usage", `train.${batch.path} ${batch.rule}. Set it so.`);
}

/**
 * Checks the window against the network.
 * @param sizeMultiple - Of the model: height and width of its input must be multiples of it.
 * @throws {UserError} (usage) If the window does not fit the model.
 */
export function checkSizes(model: ModelOptions, { cropSize }: TrainOptions, sizeMultiple: number): void {
  if (cropSize % sizeMultiple === 0) return;
  const up = Math.ceil(cropSize / sizeMultiple) * sizeMultiple;
  const fewer = "channels" in model ? ", or use fewer model.channels" : "";
  throw new UserError(
    "usage",
    `train.cropSize must be a multiple of ${sizeMultiple} for a ${modelWords(model)}; got ${cropSize}. Set it to ${up}${fewer}.`,
  );
}
