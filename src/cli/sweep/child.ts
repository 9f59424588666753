import { exitCodes } from "../../core/errors.ts";
import { inheritedCache, throughCache } from "../cache/stage.ts";
import { type Job, performJob } from "./jobs.ts";
import { codeOf, endingOf, jobSession, type Report } from "./perform.ts";

// A job of the local launcher: gets it as a message, answers by messages.

/** What the sweep sends, once. */
export interface Order {
  readonly job: Job;
  readonly workers: number;
}

/** Milliseconds between two reports of progress. */
const reportEvery = 500;
/** Milliseconds that a stop may take once nobody waits for it: the lock of the sweep is free soon after. */
const orphanMay = 5_000;

const send = (report: Report): Promise<void> =>
  new Promise((sent) => (process.connected ? process.send!(report, undefined, undefined, () => sent()) : sent()));

const controller = new AbortController();
const stop = () => controller.abort();
// A terminal sends its signals to all processes at once, and the sweep passes on what it gets: many requests to stop are one.
for (const name of ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1"] as const) process.on(name, stop);
process.on("disconnect", () => {
  stop();
  setTimeout(() => process.exit(exitCodes.internal), orphanMay).unref();
});
process.once("message", (order) => {
  const { job, workers } = order as Order;
  const session = jobSession(controller.signal, reportEvery, (report) => void send(report));
  void endingOf(() => performJob(job, workers, session, throughCache(inheritedCache()))).then(async (ending) => {
    await send(ending);
    process.exit(codeOf(ending));
  });
});
