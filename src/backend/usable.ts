import { UserError } from "../core/errors.ts";
import { findNative } from "./native/addon.mjs";
import { cacheRoot } from "./native/cache.mjs";
import { inspectGpu } from "./native.ts";
import type { BackendName } from "./options.ts";

/** What a caller may do about a backend that is not usable. */
export const mendNative = "run: hemosynth backend install --device cpu";
export const mendCuda = "run: hemosynth backend install --device cuda";

/**
 * Looks whether a backend that is asked for by name is installed, and for `cuda` whether there is a GPU. Loads nothing, so it takes
 * milliseconds; `readyBackend` may still find that it does not load.
 *
 * @throws {UserError} (backend) If it is not; the message ends with what mends it.
 */
export function assertUsable(name: BackendName): void {
  const root = cacheRoot();
  if (name === "cuda") {
    const gpu = inspectGpu();
    if (!gpu.usable)
      throw new UserError(
        "backend",
        `backend cuda: ${gpu.detail}; use --backend tensorflow, or mend the driver (nvidia-smi shows its state)`,
      );
    if (findNative("cuda", root) === null)
      throw new UserError("backend", `backend cuda: TensorFlow for CUDA is not installed here; ${mendCuda}`);
  }
  if (name === "tensorflow" && findNative("cpu", root) === null && findNative("cuda", root) === null)
    throw new UserError("backend", `backend tensorflow: ${notInstalled()}; ${mendNative}`);
}

/** Whether a backend would compute on a GPU here, which has a memory of its own. Loads nothing. */
export function mayUseGpu(name: BackendName): boolean {
  return name === "cuda" || (name === "auto" && inspectGpu().usable);
}

/** Says that there is no native TensorFlow, and where it was looked for if not in the usual place. */
export function notInstalled(): string {
  const named = process.env.HEMOSYNTH_TENSORFLOW ?? "";
  return `native TensorFlow is not installed here${named === "" ? "" : ` for HEMOSYNTH_TENSORFLOW=${named}`}`;
}
