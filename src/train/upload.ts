import { tf } from "../backend/tf.ts";
import type { Batch } from "./batch.ts";
import type { BatchTensors } from "./step.ts";

/** Copies a batch to the device. The caller disposes of the tensors. */
export function uploadBatch({ count, size, image, target }: Pick<Batch, "count" | "size" | "image" | "target">): BatchTensors {
  return { image: tf.tensor4d(image, [count, size, size, 1]), target: tf.tensor4d(target.data, [...target.shape]) };
}
