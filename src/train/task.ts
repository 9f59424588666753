import type { Scalar, Tensor4D } from "../backend/tf.ts";
import {
  bagOutputs,
  bleedOutputs,
  denoisedOutputs,
  embeddingOutputs,
  hemorrhageOutputs,
  lesionOutputs,
  type ModelShape,
  type Pretext,
  restoredOutputs,
  tissueOutputs,
} from "../models/index.ts";
import type { AugmentedWindow } from "./augment/apply.ts";
import { type Anchors, boxLoss, boxTarget } from "./detect/target.ts";
import { bleedLoss, segmentationLoss, tissueLoss } from "./losses.ts";
import type { TaskName, TrainOptions } from "./options.ts";
import { globalViewsLoss, localViewsLoss, restorationLoss, vicRegViewsLoss } from "./pretrain/losses.ts";
import { type Regions, regionShares } from "./pretrain/regions.ts";
import { brainBit, classShift, lesionBit, minLesionPixels } from "./slices.ts";

/** Numbers that a network is held to, and how they lie. */
export interface Target {
  readonly shape: readonly [number, number, number, number];
  readonly data: Float32Array;
}

/** What a target is made of besides the windows. */
export interface TargetFacts {
  /** Height and width of a window. */
  readonly size: number;
  /** Of a detector; null for every other network. */
  readonly anchors: Anchors | null;
  /** Of bags: whether each shows blood. */
  readonly bags?: readonly (0 | 1)[];
  /** Of views whose places are compared. */
  readonly regions?: Regions;
}

/** The options that a loss has. */
export type Objective = Pick<TrainOptions, "loss" | "contrast">;

/** What a network is trained to tell, and how that is written as numbers. */
export interface Task {
  readonly name: TaskName;
  /**
   * What an item of a batch is. `windows`: around a pixel; `slices`: the middle of a slice, of which one thing is told; `spoilt`: a window that is to be given back
   * as it was; `views`: two windows of one place, each varied by itself; `bags`: the middles of slices of one case, of all of which one thing is told.
   */
  readonly draws: "windows" | "slices" | "spoilt" | "views" | "bags";
  /** What of the truth is read. `lesions` are those of a case as a whole; `healthy`: nothing but which cases have none; `none`: no lesion is looked at. */
  readonly learnsFrom: "masks" | "tissues" | "lesions" | "healthy" | "none";
  /** What the output channels mean, in order; of a detector its classes. */
  readonly outputs: readonly string[];
  /** The target of some windows, as they are before they are spoilt. */
  target(windows: readonly AugmentedWindow[], facts: TargetFacts): Target;
  loss(logits: Tensor4D, target: Tensor4D, options: Objective): Scalar;
}

/** The closed list of tasks. */
export const tasks: Readonly<Record<TaskName, Task>> = {
  lesion: {
    name: "lesion",
    draws: "windows",
    learnsFrom: "masks",
    outputs: lesionOutputs,
    target: (windows, { size }) =>
      perPixel(windows, size, lesionOutputs.length, (bits, target, at) => {
        if (bits & lesionBit) target[at] = 1;
        if (bits & brainBit) target[at + 1] = 1;
      }),
    loss: (logits, target, { loss }) => segmentationLoss(logits, target, loss),
  },
  tissue: {
    name: "tissue",
    draws: "windows",
    learnsFrom: "tissues",
    outputs: tissueOutputs,
    target: (windows, { size }) =>
      perPixel(windows, size, tissueOutputs.length, (bits, target, at) => {
        target[at + (bits >> classShift)] = 1;
      }),
    loss: (logits, target, { loss }) => tissueLoss(logits, target, loss),
  },
  classify: {
    name: "classify",
    draws: "slices",
    learnsFrom: "masks",
    outputs: bleedOutputs,
    target: (windows) => column(windows.map(({ masks }) => (showsLesion(masks) ? 1 : 0))),
    loss: (logits, target, { loss }) => bleedLoss(logits, target, loss),
  },
  detect: {
    name: "detect",
    draws: "windows",
    learnsFrom: "masks",
    outputs: hemorrhageOutputs,
    target(windows, { size, anchors }) {
      if (anchors === null) throw new RangeError("task detect: a detector has anchors; got null");
      const masks = windows.map((window) => window.masks);
      return boxTarget(masks, size, anchors);
    },
    loss: (rows, target, { loss: { detection } }) => boxLoss(rows, target, detection),
  },
  mil: {
    name: "mil",
    draws: "bags",
    learnsFrom: "lesions",
    outputs: bagOutputs,
    target: (_, { bags = [] }) => column(bags),
    loss: (logits, target, { loss }) => bleedLoss(logits, target, loss),
  },
  denoise: {
    name: "denoise",
    draws: "spoilt",
    learnsFrom: "healthy",
    outputs: denoisedOutputs,
    target: asItWas,
    loss: restorationLoss,
  },
  restore: {
    name: "restore",
    draws: "spoilt",
    learnsFrom: "none",
    outputs: restoredOutputs,
    target: asItWas,
    loss: restorationLoss,
  },
  infoNce: {
    name: "infoNce",
    draws: "views",
    learnsFrom: "none",
    outputs: embeddingOutputs,
    target: () => column([0]), // each view is the other's
    loss: (embeddings, _, { contrast }) => globalViewsLoss(embeddings, contrast),
  },
  localInfoNce: {
    name: "localInfoNce",
    draws: "views",
    learnsFrom: "none",
    outputs: embeddingOutputs,
    target(_, { regions }) {
      if (regions === undefined) throw new RangeError("task localInfoNce: views have regions; got none");
      return regionShares(regions);
    },
    loss: (maps, shares, { contrast }) => localViewsLoss(maps, shares, contrast),
  },
  vicReg: {
    name: "vicReg",
    draws: "views",
    learnsFrom: "none",
    outputs: embeddingOutputs,
    target: () => column([0]),
    loss: (embeddings, _, { contrast }) => vicRegViewsLoss(embeddings, contrast),
  },
};

/** Channels of the network that learns a task, grey slices in and the task's outputs out, and what it is pretrained by. */
export function networkShape(options: Pick<TrainOptions, "task" | "contrast">): Omit<ModelShape, "seed"> {
  const pretext = pretextOf(options);
  const shape = { inChannels: 1, outChannels: tasks[options.task].outputs.length };
  return pretext === null ? shape : { ...shape, pretext };
}

function pretextOf({ task, contrast: { head, level } }: Pick<TrainOptions, "task" | "contrast">): Pretext | null {
  switch (task) {
    case "restore":
      return { kind: "restore" };
    case "infoNce":
    case "vicReg":
      return { kind: "global", head };
    case "localInfoNce":
      return { kind: "local", head, level };
    case "lesion":
    case "tissue":
    case "classify":
    case "detect":
    case "mil":
    case "denoise":
      return null;
    default:
      return task satisfies never;
  }
}

/** One target a pixel: `write` puts that of a pixel with these bits to `target` from `at` on, one number a channel; it holds zeros. */
function perPixel(
  windows: readonly AugmentedWindow[],
  size: number,
  channels: number,
  write: (bits: number, target: Float32Array, at: number) => void,
): Target {
  const data = new Float32Array(windows.length * size * size * channels);
  let at = 0;
  for (const { masks } of windows) {
    for (let i = 0; i < masks.length; i++, at += channels) write(masks[i]!, data, at);
  }
  return { shape: [windows.length, size, size, channels], data };
}

/** One number each. */
function column(values: readonly number[]): Target {
  return { shape: [values.length, 1, 1, 1], data: Float32Array.from(values) };
}

/** The windows themselves. */
function asItWas(windows: readonly AugmentedWindow[], { size }: TargetFacts): Target {
  const data = new Float32Array(windows.length * size * size);
  for (const [n, { image }] of windows.entries()) data.set(image, n * size * size);
  return { shape: [windows.length, size, size, 1], data };
}

/** Whether a window shows a lesion at all: from {@link minLesionPixels} pixels on. */
export function showsLesion(masks: Uint8Array): boolean {
  let lesion = 0;
  for (const bits of masks) if (bits & lesionBit) lesion++;
  return lesion >= minLesionPixels;
}
