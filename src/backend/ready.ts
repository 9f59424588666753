import type { Reporter } from "../core/context.ts";
import { UserError } from "../core/errors.ts";
import { findNative } from "./native/addon.mjs";
import { cacheRoot } from "./native/cache.mjs";
import { inspectGpu, type LoadedNative, loadedNative, loadNative, setDevice } from "./native.ts";
import type { BackendName, ConcreteBackend, GpuOptions } from "./options.ts";
import { tf } from "./tf.ts";
import { assertUsable, mendCuda, mendNative, notInstalled } from "./usable.ts";
import { readyWasm } from "./wasm/ready.ts";

/** The backend that {@link readyBackend} made current. */
export interface BackendInfo {
  readonly backend: ConcreteBackend;
  /** Why this one, in a few words. */
  readonly reason: string;
  /** What results may depend on in their last digits: `tfjs`, and `libtensorflow` with `threads`, or `tfjs-backend-wasm`. */
  readonly versions: Readonly<Record<string, string>>;
}

/**
 * Makes a TensorFlow.js backend current for the whole process.
 *
 * `auto` takes the best that is usable and reports its choice in one line. A backend asked for by name is that one or an error,
 * never another: `cuda` is refused unless ops really run on a GPU.
 *
 * @param device - Which GPU, and whether its ops must be deterministic; of no effect once native TensorFlow is loaded.
 * @throws {UserError} (backend) If it is not usable; the message ends with the command that mends it.
 */
export async function readyBackend(
  name: BackendName,
  reporter: Reporter,
  device: GpuOptions = { gpu: null, deterministic: true },
): Promise<BackendInfo> {
  setDevice(device);
  if (name !== "auto") return readyNamed(name, "asked for");
  const choice = chooseBackend();
  const isGpuDead = choice.backend === "cuda" && !loadCuda().usesGpu;
  const info = isGpuDead
    ? await readyNamed("tensorflow", `${choice.reason}, but TensorFlow cannot use it; run: hemosynth doctor`)
    : await readyNamed(choice.backend, choice.reason);
  reporter.info(`backend ${info.backend}: ${info.reason}`);
  return info;
}

/** What `auto` takes on this machine, and why. Loads nothing. */
export function chooseBackend(): { backend: ConcreteBackend; reason: string } {
  const root = cacheRoot();
  return chooseAmong(inspectGpu(), { cpu: findNative("cpu", root) !== null, cuda: findNative("cuda", root) !== null });
}

/** {@link chooseBackend} from what is there: a GPU, and TensorFlow installed for which device. */
export function chooseAmong(
  gpu: { readonly usable: boolean; readonly detail: string },
  installed: { readonly cpu: boolean; readonly cuda: boolean },
): { backend: ConcreteBackend; reason: string } {
  if (gpu.usable && installed.cuda) return { backend: "cuda", reason: gpu.detail };
  const noGpu = gpu.usable ? `${gpu.detail}, but TensorFlow for CUDA is not installed; ${mendCuda}` : gpu.detail;
  if (installed.cpu || installed.cuda) return { backend: "tensorflow", reason: noGpu };
  return { backend: "wasm", reason: `${notInstalled()}; ${gpu.usable ? mendCuda : mendNative}` };
}

async function readyNamed(backend: ConcreteBackend, reason: string): Promise<BackendInfo> {
  assertUsable(backend);
  const tfjs = { tfjs: tf.version.tfjs };
  switch (backend) {
    case "cuda":
    case "tensorflow": {
      const { version, threads } = backend === "cuda" ? loadForCuda() : loadForCpu();
      await makeCurrent("tensorflow");
      return { backend, reason, versions: { ...tfjs, libtensorflow: version, threads } };
    }
    case "wasm": {
      const version = readyWasm();
      await makeCurrent("wasm");
      return { backend, reason, versions: { ...tfjs, "tfjs-backend-wasm": version } };
    }
    case "cpu":
      await makeCurrent("cpu");
      // Else the first tensor prints an advertisement for tfjs-node.
      (tf.backend() as unknown as { firstUse: boolean }).firstUse = false;
      return { backend, reason, versions: tfjs };
    default:
      return backend satisfies never;
  }
}

async function makeCurrent(name: string): Promise<void> {
  if (!(await tf.setBackend(name)))
    throw new UserError("backend", `backend ${name}: TensorFlow.js could not start it; use another with --backend`);
  await tf.ready();
}

function loadForCpu(): LoadedNative {
  if (loadedNative()?.usesGpu)
    throw new RangeError("readyBackend: this process already computes on a GPU; tensorflow needs a process of its own");
  const root = cacheRoot();
  return load((findNative("cpu", root) ?? findNative("cuda", root))!, "tensorflow", true, mendNative);
}

function loadForCuda(): LoadedNative {
  const result = loadCuda();
  if (result.usesGpu) return result;
  throw new UserError(
    "backend",
    "backend cuda: TensorFlow loads but can use no GPU; the driver must be recent enough for CUDA 12, see: nvidia-smi",
  );
}

function loadCuda(): LoadedNative {
  return load(findNative("cuda", cacheRoot())!, "cuda", false, mendCuda);
}

function load(native: NonNullable<ReturnType<typeof findNative>>, name: string, hideGpu: boolean, mend: string): LoadedNative {
  try {
    return loadNative(native, hideGpu);
  } catch (error) {
    const cause = error instanceof Error ? error.message.split("\n")[0] : String(error);
    throw new UserError("backend", `backend ${name}: TensorFlow does not load: ${cause}; remove ${cacheRoot()} and ${mend}`);
  }
}
