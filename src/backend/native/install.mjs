import { buildAddon, findNative } from "./addon.mjs";
import { cacheRoot } from "./cache.mjs";
import { withLock } from "./lock.mjs";
import { obtainTensorflow } from "./tensorflow.mjs";

/**
 * @typedef {import("./addon.mjs").Native} Native
 * @typedef {import("./tensorflow.mjs").Device} Device
 * @typedef {import("./tensorflow.mjs").Reporter} Reporter
 */

/**
 * Readies the native backend for a device: libtensorflow (reused or downloaded) and the addon built against it, all in the cache.
 * Does nothing if that was done before. Safe to run in several processes at once and to kill at any moment.
 *
 * @param {Device} device
 * @param {Reporter} reporter
 * @param {AbortSignal} [signal]
 * @returns {Promise<Native>}
 * @throws {import("./fault.mjs").NativeFault} If it cannot be had here: one line with the way out.
 */
export async function installNative(device, reporter, signal) {
  const root = cacheRoot();
  const ready = findNative(device, root);
  if (ready !== null) return ready;
  const onWait = () => reporter.info("another process is readying the native backend; waiting for it");
  return withLock(`native ${root}`, onWait, async () => {
    const meanwhile = findNative(device, root);
    if (meanwhile !== null) return meanwhile;
    const job = { root, reporter, signal };
    return buildAddon(device, await obtainTensorflow(device, job), job);
  });
}
