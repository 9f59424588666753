import type { NativeBackend, OpAttribute } from "./binding.ts";
import { type Tensor, tf } from "./tf.ts";

/** True while native TensorFlow is the current backend, on the CPU or a GPU. */
export function isNative(): boolean {
  return tf.getBackend() === "tensorflow";
}

/**
 * Runs one of TensorFlow's own ops, one that TensorFlow.js has no kernel for. It is not seen by the gradient tape.
 *
 * @param attributes - By name. `"float32"` is that type, any other text a string, `{ float }` a number.
 * @throws {Error} If native TensorFlow is not the current backend, or it refuses the op.
 */
export function executeNative(
  op: string,
  attributes: Readonly<Record<string, boolean | string | { readonly float: number } | "float32">>,
  inputs: readonly Tensor[],
  outputs: number,
): Tensor[] {
  const backend = tf.backend() as unknown as NativeBackend;
  const { binding } = backend;
  const encoded = Object.entries(attributes).map(([name, value]): OpAttribute => {
    if (typeof value === "boolean") return { name, type: binding.TF_ATTR_BOOL, value };
    if (typeof value === "object") return { name, type: binding.TF_ATTR_FLOAT, value: value.float };
    if (value === "float32") return { name, type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT };
    return { name, type: binding.TF_ATTR_STRING, value };
  });
  return backend.executeMultipleOutputs(op, encoded, inputs, outputs);
}
