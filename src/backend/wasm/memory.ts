import type { Tensor, tf } from "../tf.ts";

/** A kernel as TensorFlow.js registers it. */
export type Kernel = Parameters<typeof tf.registerKernel>[0];

/** What our kernels use of the WebAssembly backend beyond TensorFlow.js' own interface. */
export interface WasmBackend {
  /** A new tensor of the backend. May move the memory: take views afterwards. */
  makeOutput(shape: readonly number[], dtype: "float32"): TensorLike;
  typedArrayFromHeap(tensor: TensorLike): Float32Array;
}
type TensorLike = Pick<Tensor, "dataId" | "shape" | "dtype">;

/** A tensor's values where they lie in WebAssembly's memory; valid until the next tensor is made. */
export function heap(backend: WasmBackend, tensor: TensorLike): Float32Array {
  return backend.typedArrayFromHeap(tensor);
}
