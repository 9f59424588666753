import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * Does `work` while no other process of this machine does work of the same name. The lock is a listening socket in Linux's
 * abstract namespace: the kernel drops it with the last process that holds it, so kill -9 leaves no stale lock.
 * Elsewhere there is no such namespace and no lock; what the lock guards is safe without it, only done twice.
 *
 * @template T
 * @param {string} name
 * @param {() => void} onWait - Called once if another process has the lock.
 * @param {(fd: number | undefined) => Promise<T>} work - `fd`: given to a child, it holds the lock as long as the child lives.
 * @returns {Promise<T>}
 */
export async function withLock(name, onWait, work) {
  if (process.platform !== "linux") return work(undefined);
  const address = `\0hemosynth-${createHash("sha256").update(name).digest("hex").slice(0, 32)}`;
  let server = await listen(address);
  if (server === "taken") onWait();
  while (server === "taken") {
    await sleep(300);
    server = await listen(address);
  }
  const handle = /** @type {{ _handle?: { fd?: number } } | null} */ (/** @type {unknown} */ (server))?._handle;
  try {
    return await work(handle?.fd);
  } finally {
    server?.close();
  }
}

/**
 * @param {string} address
 * @returns {Promise<import("node:net").Server | "taken" | null>} null where a sandbox forbids such sockets.
 */
async function listen(address) {
  const server = createServer();
  try {
    server.listen({ path: address, exclusive: true });
    await once(server, "listening");
    return server;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EADDRINUSE" ? "taken" : null;
  }
}
