import { machineMemory } from "../../backend/machine-memory.ts";
import { inspectGpu, visibleGpus } from "../../backend/native.ts";
import { mayUseGpu } from "../../backend/usable.ts";
import { many } from "../../core/words.ts";
import { runTasks } from "../../sweep/schedule.ts";
import { gigabytes, idleBytes, trainingBytes } from "../../train/memory.ts";
import { computes, isUpToDate, type Job } from "./jobs.ts";
import type { Ending } from "./perform.ts";
import { runProcess, type Share } from "./process.ts";
import type { Launcher, Launching } from "./run.ts";

// Jobs as processes of this machine, some at a time.

/** How this machine is divided. */
export interface LocalOptions {
  /** Processes at a time, at least 1. */
  readonly slots: number;
  /** Worker threads of all of them together. */
  readonly workers: number;
  /** Threads of TensorFlow in each: last digits depend on it, so it stays what it was when the sweep began. */
  readonly threads: number;
  /** Memory of one run, GB; null: estimated. */
  readonly memoryGb: number | null;
}

/** Starts each job as soon as what it needs is done, where a slot is free and its memory fits beside that of the others. */
export function localLauncher(options: LocalOptions): Launcher {
  return async (jobs, launching) => {
    const { session, settle } = launching;
    const { reporter, signal } = session;
    const limit = machineMemory();
    const needed = new Map(jobs.map((job) => [job.id, memoryOf(job, options.memoryGb)]));
    const sum = (some: readonly Job[]) => some.reduce((bytes, { id }) => bytes + needed.get(id)!, 0);
    const atOnce = Math.max(1, Math.floor(limit / Math.max(...needed.values(), 1)));
    if (atOnce < options.slots)
      reporter.info(`a run may take ${gigabytes(Math.max(...needed.values()))}, of which ${many(atOnce, "run")} at a time may fit into ${gigabytes(limit)}; sweep.memoryGb says otherwise`); // biome-ignore format: one line
    const shares = Array.from({ length: options.slots }, (_, slot) => shareOf(options, slot));
    const work = async (job: Job, slot: number) =>
      await settle(
        job,
        (await isUpToDate(job)) ? { kind: "done", headline: "up to date" } : await launchOne(job, shares[slot]!, launching),
      );
    return await runTasks(jobs, options.slots, work, signal, (job, beside) => sum([job, ...beside]) <= limit);
  };
}

/** Memory of a stage that trains nothing, bytes. Our guess, from synthesis of the demo. */
const sharedBytes = 1.5e9;

/**
 * Memory that a job may take of the machine, bytes; what is computed on a GPU lies there. Shared stages that train or apply a network count as a run.
 * @param stated - Of a run, GB.
 */
export function memoryOf(job: Job, stated: number | null): number {
  const { model, train, backend } = job.experiment;
  if (!computes(job)) return sharedBytes;
  if (stated !== null) return stated * 1e9;
  return mayUseGpu(backend) ? idleBytes + sharedBytes : trainingBytes(model, train);
}

function shareOf({ slots, workers, threads }: LocalOptions, slot: number): Share {
  const gpus = inspectGpu().usable ? visibleGpus() : [];
  const gpu = gpus.length === 0 ? null : gpus[slot % gpus.length]!;
  return { workers: Math.max(1, Math.floor(workers / slots)), threads, gpu };
}

async function launchOne(job: Job, share: Share, { out, session, watch }: Launching): Promise<Ending> {
  watch.begin(job);
  const own = job.experiment.gpu === null ? share : { ...share, gpu: null }; // a GPU that the config names
  const ending = await runProcess(out, job, own, session.signal, (progress) => watch.tell(job, progress));
  if (ending.kind !== "stopped" || session.signal.aborted) return ending;
  return { kind: "failed", fault: "stopped", message: "its process was asked to stop by another one" };
}
