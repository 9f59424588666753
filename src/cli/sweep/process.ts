import { fork } from "node:child_process";
import { once } from "node:events";
import { open } from "node:fs/promises";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeFolder } from "../../data/files.ts";
import type { Order } from "./child.ts";
import type { Job } from "./jobs.ts";
import type { Ending, Report } from "./perform.ts";

/** What a process of a job may take. */
export interface Share {
  /** Worker threads. */
  readonly workers: number;
  /** Threads that TensorFlow splits an op over; last digits depend on it. */
  readonly threads: number;
  /** The one GPU that it sees, as `CUDA_VISIBLE_DEVICES` has it; null leaves that as it is. */
  readonly gpu: string | null;
}

export type OnProgress = (report: Extract<Report, { kind: "progress" }>) => void;

const from = (name: string) => new URL(`./${name}${extname(fileURLToPath(import.meta.url))}`, import.meta.url);

/**
 * Makes a job's folder in a process of its own; its words go to `logs/ID.log`.
 *
 * @param signal - When it fires, the process is asked to stop, and waited for.
 */
export async function runProcess(
  out: string,
  job: Job,
  share: Share,
  signal: AbortSignal,
  onProgress: OnProgress,
): Promise<Ending> {
  await makeFolder(join(out, "logs"));
  const log = await open(join(out, "logs", `${job.id}.log`), "a");
  try {
    const child = fork(from("child"), {
      env: environmentOf(share),
      stdio: ["ignore", log.fd, log.fd, "ipc"],
      serialization: "advanced",
    });
    let ending: Ending | null = null;
    child.on("message", (report: Report) => {
      if (report.kind === "progress") onProgress(report);
      else ending = report;
    });
    const stop = () => void child.kill("SIGTERM");
    signal.addEventListener("abort", stop);
    if (signal.aborted) stop();
    const closed = once(child, "close");
    child.send({ job, workers: share.workers } satisfies Order, () => {}); // gone already: `close` says how
    const [code, killedBy] = (await closed) as [number | null, NodeJS.Signals | null];
    signal.removeEventListener("abort", stop);
    return ending ?? { kind: "failed", fault: "internal", message: `its process ended with ${killedBy ?? `code ${code}`}` };
  } finally {
    await log.close();
  }
}

function environmentOf({ threads, gpu }: Share): NodeJS.ProcessEnv {
  const own = { ...process.env, TF_NUM_INTRAOP_THREADS: String(threads) };
  return gpu === null ? own : { ...own, CUDA_VISIBLE_DEVICES: gpu, CUDA_DEVICE_ORDER: "PCI_BUS_ID" };
}
