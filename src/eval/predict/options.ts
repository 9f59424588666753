import { z } from "zod";
import { evaluatedDetections } from "../../models/index.ts";

/** From lesion logits to the scores of slices, stacks and subjects. All scores are logits: they never saturate and hardly tie. */
export const scoreOptions = z.strictObject({
  /** A slice scores the logit that at least this area inside the gate reaches; a smaller one would score single bright pixels. */
  areaMm2: z
    .number()
    .gt(0)
    .max(10_000)
    .default(10)
    .describe("a slice scores the lesion logit that at least this area inside the gate reaches, mm²"),
  /** A stack scores the highest logit that this many neighbouring slices all reach; 1 is the maximum over slices. */
  persistence: z
    .int()
    .min(1)
    .max(100)
    .default(1)
    .describe("a stack scores the highest score that this many neighbouring slices all reach; 1: maximum over slices"),
  /** How the stacks of a subject make its score: the mean damps one deceived plane, the maximum never misses one. */
  subject: z.enum(["mean", "max"]).default("mean").describe("how the stacks of a subject make its score"),
});
export type ScoreOptions = z.output<typeof scoreOptions>;

/** Pictures of the slices with the highest scores. */
export const overlayOptions = z.strictObject({
  /** Slices in the picture of each stack; 0 makes no pictures. */
  slices: z.int().min(0).max(64).default(6).describe("slices in the picture of each stack, highest scores; 0: no pictures"),
  /** Width and height of one slice in the picture, pixels. */
  tilePx: z.int().min(64).max(1024).default(256).describe("width and height of one slice in the picture, pixels"),
});

/** Boxes of a detector: by default nearly all, as mAP asks; a slice scores its best one. */
export const boxOptions = z.strictObject({
  scoreThreshold: z
    .number()
    .min(0)
    .lt(1)
    .default(evaluatedDetections.scoreThreshold)
    .describe("boxes with a score above this are kept, in [0, 1); mAP needs nearly all"),
  iouThreshold: z
    .number()
    .min(0)
    .max(1)
    .default(evaluatedDetections.iouThreshold)
    .describe("of two boxes that overlap by more, as intersection over union, the better one stays"),
  maxDetections: z
    .int()
    .min(1)
    .max(1000)
    .default(evaluatedDetections.maxDetections)
    .describe("boxes of a slice, at most: the best; COCO counts 100"),
});

/** Where a classifier sees what speaks for blood; see docs/evaluation.md, *Heat maps*. */
export const heatmapOptions = z.strictObject({
  method: z
    .enum(["none", "grad-cam", "grad-cam++", "occlusion"])
    .default("grad-cam")
    .describe(
      "how a classifier's heat maps are made. grad-cam, grad-cam++: of the maps of its last stage; occlusion: what the logit loses under a black square; none: no maps",
    ),
  patchMm: z.number().min(1).max(100).default(12).describe("occlusion: side of the black square, mm; it moves by half of that"),
  faithfulness: z
    .boolean()
    .default(false)
    .describe(
      "also measure deletion and insertion: how the probability follows when pixels go, or come, by their heat; 100 passes for each slice",
    ),
});
export type HeatmapOptions = z.output<typeof heatmapOptions>;

export type OverlayOptions = z.output<typeof overlayOptions>;

/** Options of `hemosynth predict`; the `predict` section of a config. */
export const predictOptions = z.strictObject({
  /** Slices that go through the network at once, at most; fewer where slices are large, so that memory stays bounded. */
  batchSlices: z.int().min(1).max(1024).default(16).describe("slices that go through the network at once, at most"),
  /** Test-time augmentation: logits averaged over the slice and its mirror images. */
  flips: z
    .enum(["none", "horizontal", "all"])
    .default("none")
    .describe("logits averaged over mirror images. horizontal: the slice and its left-right mirror; all: its four mirrors"),
  /**
   * Where a lesion can be. `predicted`: the largest 3-D piece of the network's brain channel, holes closed (an input that
   * comes brain-masked is recognised by its zero background, and its own mask is used); `given`: the dataset's brain mask, or
   * `<stem>_brain.nii.gz` beside the input; `tissue`: the brain that the embedded tissue network finds (docs/tissue.md); `none`: everywhere.
   */
  gate: z
    .enum(["predicted", "given", "tissue", "none"])
    .default("predicted")
    .describe(
      "where a lesion can be. predicted: inside the brain that the network finds; given: the dataset's brain mask or <stem>_brain.nii.gz beside the input; tissue: inside the brain that the embedded tissue network finds; none: everywhere",
    ),
  /** Lesion pieces (3-D, probability 0.5) smaller than this are ignored, mm³; 0 keeps all. */
  minLesionMm3: z
    .number()
    .min(0)
    .max(1e6)
    .default(0)
    .describe("lesion pieces (3-D, probability 0.5) smaller than this are ignored, mm³; 0 keeps all"),
  scores: scoreOptions.prefault({}).describe("from lesion logits to slice, stack and subject scores"),
  /** Also write `<id>_brainprob.nii.gz`. */
  writeBrain: z.boolean().default(false).describe("also write <id>_brainprob.nii.gz"),
  /** Pixel size of PNG, JPEG and TIFF input, mm; a picture does not say. null: 1 mm, with a warning. */
  picturePixelMm: z
    .number()
    .min(0.05)
    .max(10)
    .nullable()
    .default(null)
    .describe("pixel size of PNG, JPEG and TIFF input, mm; null: 1 mm, with a warning"),
  /** For networks of bags: an examination is often a folder of pictures. */
  pictureStacks: z
    .boolean()
    .default(false)
    .describe(
      "pictures of a folder whose names agree up to the last _ are the slices of one stack, in the order of their names, by number: infant-1_COR1.png, infant-1_COR2.png …",
    ),
  boxes: boxOptions.prefault({}).describe("which boxes of a detector are kept"),
  heatmap: heatmapOptions.prefault({}).describe("heat maps of a classifier"),
  overlays: overlayOptions.prefault({}).describe("pictures of the slices with the highest scores"),
});
export type PredictOptions = z.output<typeof predictOptions>;
