import { z } from "zod";

/** Which TensorFlow.js backend computes; also the `backend` key of a config. */
export const backendOptions = z
  .enum(["cuda", "tensorflow", "wasm", "cpu", "auto"])
  .default("auto")
  .describe(
    "cuda: native TensorFlow on an NVIDIA GPU; tensorflow: native on the CPU; wasm: WebAssembly; cpu: plain JavaScript, slow; auto: the first of these that is usable",
  );
export type BackendName = z.output<typeof backendOptions>;

/** A backend that can be current. */
export type ConcreteBackend = Exclude<BackendName, "auto">;
