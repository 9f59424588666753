import { z } from "zod";
import type { Reporter } from "../core/context.ts";
import { UserError } from "../core/errors.ts";
import { tf } from "./tf.ts";

/** Which TensorFlow.js backend computes; also the `backend` key of a config. */
export const backendOptions = z
  .enum(["cuda", "tensorflow", "wasm", "cpu", "auto"])
  .default("auto")
  .describe(
    "cuda: native TensorFlow on an NVIDIA GPU; tensorflow: native on the CPU; wasm: WebAssembly; cpu: plain JavaScript, slow; auto: the first of these that is usable",
  );
export type BackendName = z.output<typeof backendOptions>;

/** The backend that {@link readyBackend} made current. */
export interface BackendInfo {
  readonly backend: Exclude<BackendName, "auto">;
  /** Why this one, in a few words. */
  readonly reason: string;
  /** Versions that results may depend on, such as `tfjs` and `libtensorflow`. */
  readonly versions: Readonly<Record<string, string>>;
}

export async function readyBackend(name: BackendName, _reporter: Reporter): Promise<BackendInfo> {
  if (name !== "cpu") throw new UserError("backend", `backend ${name} is not built yet; use cpu`);
  await tf.setBackend("cpu");
  return { backend: "cpu", reason: "asked for", versions: { tfjs: tf.version.tfjs } };
}
