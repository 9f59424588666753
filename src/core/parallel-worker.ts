import { parentPort, workerData } from "node:worker_threads";
import { UserError } from "./errors.ts";
import type { WorkerAnswer } from "./parallel.ts";

// The thread behind mapParallel: runs the default export of the module named by workerData on each item it is sent.

const port = parentPort!; // this file is only ever a worker's entry
const job = import(workerData as string) as Promise<{ default: (item: unknown) => unknown }>;

port.on("message", async (item: unknown) => {
  try {
    const value = await (await job).default(item);
    port.postMessage({ ok: true, value } satisfies WorkerAnswer);
  } catch (error) {
    port.postMessage(failure(error));
  }
});

function failure(error: unknown): WorkerAnswer {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  return { ok: false, fault: error instanceof UserError ? error.fault : null, message, stack: stack ?? message };
}
