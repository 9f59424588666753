import { parentPort, workerData } from "node:worker_threads";
import { UserError } from "./errors.ts";
import type { WorkerAnswer } from "./parallel.ts";

// The thread behind mapParallel: runs the default export of the module named by workerData on each item it is sent.

const port = parentPort!; // this file is only ever a worker's entry
const job = import(workerData as string) as Promise<{ default: (item: unknown) => unknown }>;

port.on("message", async (item: unknown) => {
  try {
    const value = await (await job).default(item);
    port.postMessage({ ok: true, value } satisfies WorkerAnswer, ownBuffers(value));
  } catch (error) {
    port.postMessage(failure(error));
  }
});

function failure(error: unknown): WorkerAnswer {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  return { ok: false, fault: error instanceof UserError ? error.fault : null, message, stack: stack ?? message };
}

/** The memory of the typed arrays that are properties of a value: of each that has its own to itself. */
function ownBuffers(value: unknown): ArrayBuffer[] {
  if (typeof value !== "object" || value === null || Array.isArray(value) || ArrayBuffer.isView(value)) return [];
  const views = Object.values(value).filter((part) => ArrayBuffer.isView(part) && !Buffer.isBuffer(part));
  const whole = views.filter(({ buffer, byteLength }) => buffer instanceof ArrayBuffer && buffer.byteLength === byteLength);
  return [...new Set(whole.map(({ buffer }) => buffer as ArrayBuffer))];
}
