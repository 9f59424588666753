import { type StageContext, type StageResult, throwIfStopped } from "../core/context.ts";
import { UserError } from "../core/errors.ts";
import { cacheRoot } from "./native/cache.mjs";
import { NativeFault } from "./native/fault.mjs";
import { installNative } from "./native/install.mjs";
import { inspectGpu } from "./native.ts";

/** For which device native TensorFlow is installed. */
export interface InstallOptions {
  readonly device: "cpu" | "cuda";
}

/**
 * Installs native TensorFlow into the user's cache: what an installed Python TensorFlow offers is used in place, else the pinned
 * wheels are downloaded (their size is reported first). For `cuda` NVIDIA's libraries come with it, all but the driver.
 * Does nothing if that was done before.
 *
 * @throws {UserError} (backend) If it cannot be had here; the message ends with the way out.
 * @throws {StoppedError} If the user asks to stop.
 */
export async function installBackend({ device }: InstallOptions, context: StageContext): Promise<StageResult> {
  const gpu = inspectGpu();
  if (device === "cuda" && !gpu.usable) context.reporter.warn(`${gpu.detail} on this machine: installed for CUDA all the same`);
  try {
    const { tensorflow } = await installNative(device, context.reporter, context.signal);
    const { version, source, folder } = tensorflow;
    return {
      headline: `TensorFlow ${version} for ${device} is ready (${source === "download" ? `in ${cacheRoot()}` : `from ${folder}`})`,
      summary: { device, version, source },
    };
  } catch (error) {
    throwIfStopped(context.signal);
    throw error instanceof NativeFault ? new UserError("backend", `backend install: ${error.message}`) : error;
  }
}
