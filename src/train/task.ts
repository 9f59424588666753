import type { Scalar, Tensor4D } from "../backend/tf.ts";
import { bleedOutputs, lesionOutputs, tissueOutputs } from "../models/index.ts";
import { bleedLoss, segmentationLoss, tissueLoss } from "./losses.ts";
import type { LossOptions, TaskName } from "./options.ts";
import { brainBit, classShift, lesionBit } from "./slices.ts";

/** What a network is trained to tell, and how that is written as numbers. */
export interface Task {
  readonly name: TaskName;
  /** Whether one target is told for a whole slice, not one for each pixel. */
  readonly perSlice: boolean;
  /** What the output channels mean, in order. */
  readonly outputs: readonly string[];
  /** Writes the target of a pixel, or slice, with these bits (see slices.ts) to `target` from `at` on, one number a channel; it holds zeros. */
  write(bits: number, target: Float32Array, at: number): void;
  loss(logits: Tensor4D, target: Tensor4D, options: LossOptions): Scalar;
}

/** The closed list of tasks. */
export const tasks: Readonly<Record<TaskName, Task>> = {
  lesion: {
    name: "lesion",
    perSlice: false,
    outputs: lesionOutputs,
    write(bits, target, at) {
      if (bits & lesionBit) target[at] = 1;
      if (bits & brainBit) target[at + 1] = 1;
    },
    loss: segmentationLoss,
  },
  tissue: {
    name: "tissue",
    perSlice: false,
    outputs: tissueOutputs,
    write(bits, target, at) {
      target[at + (bits >> classShift)] = 1;
    },
    loss: tissueLoss,
  },
  classify: {
    name: "classify",
    perSlice: true,
    outputs: bleedOutputs,
    write(bits, target, at) {
      if (bits & lesionBit) target[at] = 1;
    },
    loss: bleedLoss,
  },
};
