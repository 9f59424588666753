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
  weakOutputs,
} from "../models/index.ts";
import type { AugmentedWindow } from "./augment/apply.ts";
import { type Anchors, boxLoss, boxTarget, flaggedTargets, lesionTargets } from "./detect/target.ts";
import { classLoss, presenceLoss } from "./losses/classes.ts";
import { bleedLoss, segmentationLoss, tissueLoss } from "./losses.ts";
import type { TaskName, TrainOptions } from "./options.ts";
import { globalViewsLoss, localViewsLoss, restorationLoss, vicRegViewsLoss } from "./pretrain/losses.ts";
import { type Regions, regionShares } from "./pretrain/regions.ts";
import { brainBit, classShift, hasFlag, lesionBit, minLesionPixels } from "./slices.ts";

/** Numbers that a network is held to, and how they lie. */
export interface Target {
  readonly shape: readonly [number, number, number, number];
  readonly data: Float32Array;
}

/** What a target is made of besides the windows. */
export interface TargetFacts {
  /** Height and width of a window. */
  readonly size: number;
  /** What the network tells, by number. */
  readonly outputs: number;
  /** Of images or sets with a class: its place among the outputs. */
  readonly labels?: readonly number[];
  /** What an image of each class counts; absent: all alike. */
  readonly classWeights?: readonly number[];
  /** Cells a side, of the task that tells of a grid. */
  readonly cells?: number;
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
   * as it was; `views`: two windows of one place, each varied by itself; `bags`: the middles of slices of one case, of all of which one thing is told;
   * `sets`: the middles of all slices of one case, in their order.
   */
  readonly draws: "windows" | "slices" | "spoilt" | "views" | "bags" | "sets";
  /** What the output channels mean, in order; of a detector its classes. Those that the options name follow, see {@link outputsOf}. */
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
    outputs: bleedOutputs,
    target: (windows) => column(windows.map(({ masks }) => (showsLesion(masks) ? 1 : 0))),
    loss: (logits, target, { loss }) => bleedLoss(logits, target, loss),
  },
  detect: {
    name: "detect",
    draws: "windows",
    outputs: hemorrhageOutputs,
    target(windows, { size, anchors }) {
      if (anchors === null) throw new RangeError("task detect: a detector has anchors; got null");
      return boxTarget(windows.map(({ masks }) => lesionTargets(masks, size, size)), size, anchors, 1); // biome-ignore format: one line
    },
    loss: (rows, target, { loss: { detection } }) => boxLoss(rows, target, detection),
  },
  mil: {
    name: "mil",
    draws: "bags",
    outputs: bagOutputs,
    target: (_, { bags = [] }) => column(bags),
    loss: (logits, target, { loss }) => bleedLoss(logits, target, loss),
  },
  classes: {
    name: "classes",
    draws: "slices",
    outputs: [],
    target: (_, facts) => oneHot(facts),
    loss: classLoss,
  },
  crops: {
    name: "crops",
    draws: "sets",
    outputs: [],
    target: (_, facts) => oneHot(facts),
    loss: classLoss,
  },
  regions: {
    name: "regions",
    draws: "slices",
    outputs: [],
    target(windows, { size, anchors, outputs }) {
      if (anchors === null) throw new RangeError("task regions: a detector has anchors; got null");
      return boxTarget(windows.map(({ masks }) => flaggedTargets(masks, size, size, outputs)), size, anchors, outputs); // biome-ignore format: one line
    },
    loss: (rows, target, { loss: { detection } }) => boxLoss(rows, target, detection),
  },
  denoise: {
    name: "denoise",
    draws: "spoilt",
    outputs: denoisedOutputs,
    target: asItWas,
    loss: restorationLoss,
  },
  restore: {
    name: "restore",
    draws: "spoilt",
    outputs: restoredOutputs,
    target: asItWas,
    loss: restorationLoss,
  },
  infoNce: {
    name: "infoNce",
    draws: "views",
    outputs: embeddingOutputs,
    target: () => column([0]), // each view is the other's
    loss: (embeddings, _, { contrast }) => globalViewsLoss(embeddings, contrast),
  },
  localInfoNce: {
    name: "localInfoNce",
    draws: "views",
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
    outputs: embeddingOutputs,
    target: () => column([0]),
    loss: (embeddings, _, { contrast }) => vicRegViewsLoss(embeddings, contrast),
  },
  weakBinary: {
    name: "weakBinary",
    draws: "slices",
    outputs: weakOutputs,
    target: (windows) => column(windows.map(({ masks }) => (showsLesion(masks) ? 1 : 0))),
    loss: (logits, target, { loss }) => presenceLoss(logits, target, loss),
  },
  weakTypes: {
    name: "weakTypes",
    draws: "slices",
    outputs: weakOutputs,
    target(windows, { outputs }) {
      const rows = windows.flatMap(({ masks }) => [showsLesion(masks), ...typesIn(masks, outputs - 1)]);
      return { shape: [windows.length, 1, 1, outputs], data: Float32Array.from(rows, Number) };
    },
    loss: (logits, target, { loss }) => presenceLoss(logits, target, loss),
  },
  weakGrid: {
    name: "weakGrid",
    draws: "slices",
    outputs: weakOutputs,
    target(windows, { size, cells = 1 }) {
      const data = Float32Array.from(windows.flatMap(({ masks }) => bloodyCells(masks, size, cells)));
      return { shape: [windows.length, cells, cells, 1], data };
    },
    loss: (logits, target, { loss }) => presenceLoss(logits, target, loss),
  },
};

/** What the channels of a network mean that learns a task: what is always told, then what the options name. */
export function outputsOf({ task, outputs }: Pick<TrainOptions, "task" | "outputs">): string[] {
  return [...tasks[task].outputs, ...(outputs ?? [])];
}

/** Channels of the network that learns a task, grey slices in and the task's outputs out, and what it is pretrained by. */
export function networkShape(options: Shaping): Omit<ModelShape, "seed"> {
  const pretext = pretextOf(options);
  const shape = { inChannels: 1, outChannels: outputsOf(options).length };
  return pretext === null ? shape : { ...shape, pretext };
}

/** The options that a network's shape hangs on. */
type Shaping = Pick<TrainOptions, "task" | "outputs" | "contrast" | "weakCells">;

function pretextOf({ task, outputs, contrast: { head, level }, weakCells }: Shaping): Pretext | null {
  switch (task) {
    case "weakBinary":
    case "weakTypes":
      return { kind: "global", head: { ...head, features: outputsOf({ task, outputs }).length } };
    case "weakGrid":
      return { kind: "grid", head: { ...head, features: 1 }, cells: weakCells };
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
    case "classes":
    case "crops":
    case "regions":
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

/** Of each image or set what it counts, at its class; 0 at the others. */
function oneHot({ labels = [], classWeights, outputs }: TargetFacts): Target {
  const data = new Float32Array(labels.length * outputs);
  for (const [n, label] of labels.entries()) data[n * outputs + label] = classWeights?.[label] ?? 1;
  return { shape: [labels.length, 1, 1, outputs], data };
}

/** Whether a window shows each type of lesion, from {@link minLesionPixels} pixels on. */
export function typesIn(masks: Uint8Array, types: number): boolean[] {
  return Array.from(
    { length: types },
    (_, place) => masks.reduce((n, bits) => n + (hasFlag(bits, place) ? 1 : 0), 0) >= minLesionPixels,
  );
}

/** Whether each cell of a window shows a pixel of lesion: 0 or 1, row-major. */
export function bloodyCells(masks: Uint8Array, size: number, cells: number): number[] {
  const out = new Array<number>(cells * cells).fill(0);
  const cellOf = (at: number) => Math.floor((at * cells) / size);
  for (let i = 0; i < masks.length; i++)
    if (masks[i]! & lesionBit) out[cellOf(i % size) + cells * cellOf(Math.floor(i / size))] = 1;
  return out;
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
