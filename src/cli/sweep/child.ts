import { exitCodes, StoppedError, UserError } from "../../core/errors.ts";
import { inheritedCache, throughCache } from "../cache/stage.ts";
import type { Session } from "../session.ts";
import { type Job, performJob } from "./jobs.ts";

// Makes one folder of a sweep in a process of its own: TensorFlow is one a process, and what dies here takes nothing with it.

/** What the sweep sends, once. */
export interface Order {
  readonly job: Job;
  readonly workers: number;
}

/** What the job sends back. */
export type Report =
  | { readonly kind: "progress"; readonly label: string; readonly done: number; readonly total: number }
  | { readonly kind: "done"; readonly headline: string }
  | { readonly kind: "failed"; readonly fault: string; readonly message: string }
  | { readonly kind: "stopped" };

/** Milliseconds between two reports of progress. */
const reportEvery = 500;
/** Milliseconds that a stop may take once nobody waits for it: the lock of the sweep is free soon after. */
const orphanMay = 5_000;

const send = (report: Report): Promise<void> =>
  new Promise((sent) => (process.connected ? process.send!(report, undefined, undefined, () => sent()) : sent()));

function sessionOf(signal: AbortSignal): Session {
  let last = Number.NEGATIVE_INFINITY;
  return {
    signal,
    reporter: {
      info: (line) => console.error(line),
      warn: (line) => console.error(`warning: ${line}`),
      progress(label, done, total) {
        const now = performance.now();
        if (now - last < reportEvery) return;
        last = now;
        void send({ kind: "progress", label, done, total });
      },
    },
  };
}

async function perform({ job, workers }: Order, signal: AbortSignal): Promise<number> {
  try {
    await send({ kind: "done", headline: await performJob(job, workers, sessionOf(signal), throughCache(inheritedCache())) });
    return 0;
  } catch (error) {
    if (error instanceof StoppedError) {
      await send({ kind: "stopped" });
      return 143;
    }
    const [fault, message] =
      error instanceof UserError
        ? ([error.fault, error.message] as const)
        : (["internal", `internal error: ${String(error)}`] as const);
    console.error(error instanceof UserError ? message : error);
    await send({ kind: "failed", fault, message });
    return exitCodes[fault];
  }
}

const controller = new AbortController();
const stop = () => controller.abort();
// A terminal sends its signals to all processes at once, and the sweep passes on what it gets: many requests to stop are one.
for (const name of ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1"] as const) process.on(name, stop);
process.on("disconnect", () => {
  stop();
  setTimeout(() => process.exit(exitCodes.internal), orphanMay).unref();
});
process.once("message", (order) => {
  void perform(order as Order, controller.signal).then((code) => process.exit(code));
});
