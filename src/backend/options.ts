import { z } from "zod";

/** Which TensorFlow.js backend computes; also the `backend` key of a config. */
export const backendOptions = z
  .enum(["cuda", "tensorflow", "wasm", "cpu", "auto"])
  .default("auto")
  .describe(
    "cuda: native TensorFlow on an NVIDIA GPU; tensorflow: native on the CPU; wasm: WebAssembly; cpu: plain JavaScript, slow; auto: the first of these that is usable",
  );
export type BackendName = z.output<typeof backendOptions>;

/** How a GPU is used; keys of a config. */
export const gpuOptions = {
  /** Which NVIDIA GPU computes, from 0, in the order of nvidia-smi; of those that `CUDA_VISIBLE_DEVICES` names where it is set. Null: the first. */
  gpu: z
    .int()
    .min(0)
    .max(63)
    .nullable()
    .default(null)
    .describe(
      "which NVIDIA GPU computes, from 0, in the order of nvidia-smi (of those in CUDA_VISIBLE_DEVICES, where it is set); null: the first",
    ),
  /** Whether native TensorFlow takes only ops that give the same bits in every run. False may be faster on a GPU, and XLA refuses fewer networks. */
  deterministic: z
    .boolean()
    .default(true)
    .describe("native TensorFlow takes only ops that give the same bits in every run; false may be faster on a GPU"),
};
export interface GpuOptions {
  readonly gpu: number | null;
  readonly deterministic: boolean;
}

/** A backend that can be current. */
export type ConcreteBackend = Exclude<BackendName, "auto">;
