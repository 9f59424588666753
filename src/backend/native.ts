import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { delimiter, join } from "node:path";
import util from "node:util";
import { UserError } from "../core/errors.ts";
import { type Native, quietAddon } from "./native/addon.mjs";
import { libraries } from "./native/tensorflow.mjs";
import type { GpuOptions } from "./options.ts";
import { tf } from "./tf.ts";

const require = createRequire(import.meta.url);

/** What a loaded native TensorFlow says of itself. */
export interface LoadedNative {
  /** Such as `2.21.0`. */
  readonly version: string;
  /** Whether ops run on a GPU. */
  readonly usesGpu: boolean;
  /** Threads that one op is split over; sums on the CPU depend on it in their last digits. */
  readonly threads: string;
}

let loaded: LoadedNative | undefined;

/** The native TensorFlow of this process, if {@link loadNative} was called. There can be only one. */
export function loadedNative(): LoadedNative | undefined {
  return loaded;
}

/** Whether this process computes on a GPU, which has a memory of its own. */
export const computesOnGpu = (): boolean => loaded?.usesGpu === true;

/** What the library reads from the environment when it loads. What the user has set is left alone. */
const libraryEnvironment = {
  TF_CPP_MIN_LOG_LEVEL: "3", // only fatal errors: all else would land between our own lines
  TF_FORCE_GPU_ALLOW_GROWTH: "true", // take GPU memory as needed, not all at once
  TF_ENABLE_ONEDNN_OPTS: "1", // faster convolutions; the library's own choice leaves processors without AVX-512 VNNI out
  TF_NUM_INTRAOP_THREADS: String(availableParallelism()), // the library's own choice, named because results depend on it
} as const;

/** What makes TensorFlow take only ops that give the same numbers in every run, also on a GPU; it refuses those that have no such version. */
const deterministicEnvironment = { TF_DETERMINISTIC_OPS: "1", TF_CUDNN_DETERMINISTIC: "1" } as const;

/**
 * Says which GPU native TensorFlow is to see, and how it is to compute, before it is loaded.
 * @throws {UserError} (backend) If there is no such GPU among those that `CUDA_VISIBLE_DEVICES` leaves.
 */
export function setDevice({ gpu, deterministic }: GpuOptions, env: NodeJS.ProcessEnv = process.env): void {
  if (deterministic) for (const [name, value] of Object.entries(deterministicEnvironment)) env[name] ??= value;
  env.CUDA_DEVICE_ORDER ??= "PCI_BUS_ID"; // that of nvidia-smi; else CUDA puts the fastest first
  if (gpu === null) return;
  const visible = visibleGpus(env);
  if (visible[gpu] === undefined) {
    const named = env.CUDA_VISIBLE_DEVICES === undefined ? "" : ` in CUDA_VISIBLE_DEVICES=${env.CUDA_VISIBLE_DEVICES}`;
    throw new UserError(
      "backend",
      `gpu must be below ${visible.length}, the number of GPUs${named}; got ${gpu}. See: nvidia-smi`,
    );
  }
  env.CUDA_VISIBLE_DEVICES = visible[gpu];
}

/**
 * Loads the addon with its libtensorflow and registers it as the backend `tensorflow`, not yet made current.
 *
 * @param hideGpu - Keep every op on the CPU although the library could use a GPU.
 * @throws {Error} If the addon does not load.
 */
export function loadNative(native: Native, hideGpu: boolean): LoadedNative {
  if (loaded !== undefined) return loaded;
  const isQuiet = process.env.TF_CPP_MIN_LOG_LEVEL === undefined;
  for (const [name, value] of Object.entries(libraryEnvironment)) process.env[name] ??= value;
  if (hideGpu) process.env.CUDA_VISIBLE_DEVICES = "-1";
  restoreNodeUtil();
  if (isQuiet) openQuietly(native);
  const binding = require(native.addon);
  const { NodeJSKernelBackend } = require("@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js");
  require("@tensorflow/tfjs-node-gpu/dist/register_all_kernels.js");
  const backend = new NodeJSKernelBackend(binding, "@tensorflow/tfjs-node-gpu");
  tf.registerBackend("tensorflow", () => backend, 3);
  loaded = { version: binding.TF_Version, usesGpu: backend.isUsingGpuDevice, threads: process.env.TF_NUM_INTRAOP_THREADS ?? "" };
  return loaded;
}

/** Loads the libraries without what they print before they have read their log level. */
function openQuietly({ addon, tensorflow }: Native): void {
  const quiet = require(quietAddon(addon)) as { open(path: string): void };
  for (const name of libraries.toReversed()) quiet.open(join(tensorflow.folder, name));
}

/** Puts back two functions that @tensorflow/tfjs-node-gpu 4.22.0 calls: Node 23 removed them, and 22 warns of them on standard error. */
function restoreNodeUtil(): void {
  const old = util as unknown as Record<string, unknown>;
  old.isNullOrUndefined = (value: unknown) => value === null || value === undefined;
  old.isArray = Array.isArray;
}

/**
 * Whether an NVIDIA GPU can be expected to work: its driver is loaded, its library found, and it is not hidden.
 * Loads nothing. `detail` is a few words for a person.
 */
export function inspectGpu(env: NodeJS.ProcessEnv = process.env): { usable: boolean; detail: string } {
  const devices = countGpus();
  if (devices === 0) return { usable: false, detail: "no NVIDIA GPU found" };
  if (!hasCudaDriverLibrary(env))
    return { usable: false, detail: "an NVIDIA GPU but no libcuda.so.1, which comes with its driver" };
  const visible = env.CUDA_VISIBLE_DEVICES;
  if (visible !== undefined && (visible === "" || visible.startsWith("-"))) {
    return { usable: false, detail: `CUDA_VISIBLE_DEVICES="${visible}" hides the GPU` };
  }
  return { usable: true, detail: `${devices} NVIDIA GPU${devices === 1 ? "" : "s"}` };
}

/** The GPUs of this process, by their names in `CUDA_VISIBLE_DEVICES`. */
export function visibleGpus(env: NodeJS.ProcessEnv = process.env): string[] {
  return env.CUDA_VISIBLE_DEVICES?.split(",") ?? Array.from({ length: countGpus() }, (_, i) => String(i));
}

/** The model of the GPU that computes, such as `NVIDIA H200`; where it goes by no index of the bus, the name it goes by and all models that are there. */
export function gpuModel(env: NodeJS.ProcessEnv = process.env, folder: string = driverFolder): string {
  const models = existsSync(folder)
    ? readdirSync(folder)
        .sort()
        .map((slot) => modelIn(join(folder, slot)))
    : ["unknown"];
  const first = env.CUDA_VISIBLE_DEVICES?.split(",")[0] ?? "0"; // TensorFlow computes on the first that it sees
  const isOnBus = (env.CUDA_DEVICE_ORDER ?? "PCI_BUS_ID") === "PCI_BUS_ID";
  const own = isOnBus && /^\d+$/.test(first) ? (models[Number(first)] ?? "unknown") : "unknown";
  return own === "unknown" ? `${first} of ${models.join(", ")}` : own;
}

function modelIn(slot: string): string {
  const file = join(slot, "information");
  return (existsSync(file) ? /^Model:\s*(.*\S)/m.exec(readFileSync(file, "utf8"))?.[1] : undefined) ?? "unknown";
}

/** Where the driver tells of its GPUs, a folder each by its place on the bus. */
const driverFolder = "/proc/driver/nvidia/gpus";

/** NVIDIA GPUs whose driver is loaded; under Windows' Linux it does not tell how many, and 1 is said. */
function countGpus(): number {
  if (existsSync(driverFolder)) return readdirSync(driverFolder).length;
  return existsSync("/dev/dxg") ? 1 : 0;
}

function hasCudaDriverLibrary(env: NodeJS.ProcessEnv): boolean {
  const usual = [
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/usr/lib64",
    "/usr/lib",
    "/usr/local/nvidia/lib64",
    "/usr/lib/wsl/lib",
  ];
  const named = (env.LD_LIBRARY_PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  return [...named, ...usual].some((folder) => existsSync(join(folder, "libcuda.so.1")));
}
