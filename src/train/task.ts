import type { Scalar, Tensor4D } from "../backend/tf.ts";
import { bleedOutputs, hemorrhageOutputs, lesionOutputs, tissueOutputs } from "../models/index.ts";
import { type Anchors, boxLoss, boxTarget } from "./detect/target.ts";
import { bleedLoss, segmentationLoss, tissueLoss } from "./losses.ts";
import type { LossOptions, TaskName } from "./options.ts";
import { brainBit, classShift, lesionBit, minLesionPixels } from "./slices.ts";

/** Numbers that a network is held to, and how they lie. */
export interface Target {
  readonly shape: readonly [number, number, number, number];
  readonly data: Float32Array;
}

/** What a network is trained to tell, and how that is written as numbers. */
export interface Task {
  readonly name: TaskName;
  /** Whether one target is told for a whole slice, not one for each pixel. */
  readonly perSlice: boolean;
  /** What the output channels mean, in order; of a detector its classes. */
  readonly outputs: readonly string[];
  /**
   * The target of some windows.
   * @param masks - Bits of slices.ts, `size` x `size` each.
   * @param anchors - Of a detector; null for every other network.
   */
  target(masks: readonly Uint8Array[], size: number, anchors: Anchors | null): Target;
  loss(logits: Tensor4D, target: Tensor4D, options: LossOptions): Scalar;
}

/** The closed list of tasks. */
export const tasks: Readonly<Record<TaskName, Task>> = {
  lesion: {
    name: "lesion",
    perSlice: false,
    outputs: lesionOutputs,
    target: (masks, size) =>
      perPixel(masks, size, lesionOutputs.length, (bits, target, at) => {
        if (bits & lesionBit) target[at] = 1;
        if (bits & brainBit) target[at + 1] = 1;
      }),
    loss: segmentationLoss,
  },
  tissue: {
    name: "tissue",
    perSlice: false,
    outputs: tissueOutputs,
    target: (masks, size) =>
      perPixel(masks, size, tissueOutputs.length, (bits, target, at) => {
        target[at + (bits >> classShift)] = 1;
      }),
    loss: tissueLoss,
  },
  classify: {
    name: "classify",
    perSlice: true,
    outputs: bleedOutputs,
    target: (masks) => ({ shape: [masks.length, 1, 1, 1], data: Float32Array.from(masks, (of) => (showsLesion(of) ? 1 : 0)) }),
    loss: bleedLoss,
  },
  detect: {
    name: "detect",
    perSlice: false,
    outputs: hemorrhageOutputs,
    target(masks, size, anchors) {
      if (anchors === null) throw new RangeError("task detect: a detector has anchors; got null");
      return boxTarget(masks, size, anchors);
    },
    loss: (rows, target, { detection }) => boxLoss(rows, target, detection),
  },
};

/** Channels of the network that learns a task: grey slices in, the task's outputs out. */
export function networkShape({ task }: { readonly task: TaskName }): { inChannels: number; outChannels: number } {
  return { inChannels: 1, outChannels: tasks[task].outputs.length };
}

/** One target a pixel: `write` puts that of a pixel with these bits to `target` from `at` on, one number a channel; it holds zeros. */
function perPixel(
  masks: readonly Uint8Array[],
  size: number,
  channels: number,
  write: (bits: number, target: Float32Array, at: number) => void,
): Target {
  const data = new Float32Array(masks.length * size * size * channels);
  let at = 0;
  for (const of of masks) {
    for (let i = 0; i < of.length; i++, at += channels) write(of[i]!, data, at);
  }
  return { shape: [masks.length, size, size, channels], data };
}

/** Whether a window shows a lesion at all: from {@link minLesionPixels} pixels on. */
export function showsLesion(masks: Uint8Array): boolean {
  let lesion = 0;
  for (const bits of masks) if (bits & lesionBit) lesion++;
  return lesion >= minLesionPixels;
}
