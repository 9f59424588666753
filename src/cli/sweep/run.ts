import { availableParallelism } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { inspectGpu, visibleGpus } from "../../backend/native.ts";
import { throwIfStopped } from "../../core/context.ts";
import { canonicalJson } from "../../core/hash.ts";
import { readJson } from "../../data/dataset.ts";
import { writeAtomic } from "../../data/files.ts";
import type { SweepPlan } from "../../sweep/plan.ts";
import { runTasks } from "../../sweep/schedule.ts";
import type { Session } from "../session.ts";
import { isUpToDate, type Job, jobsOf } from "./jobs.ts";
import { type Ending, launch, type Share } from "./launch.ts";

/** How a sweep is worked through. */
export interface SweepRun {
  readonly out: string;
  readonly plan: SweepPlan;
  /** Processes at a time, at least 1. */
  readonly slots: number;
  /** Worker threads of all of them together. */
  readonly workers: number;
  /** Threads of TensorFlow in each: last digits depend on it, so it stays what it was when the sweep began. */
  readonly threads: number;
  /** Only what failed before. */
  readonly onlyFailed: boolean;
}

/** Why a job failed. */
const failureSchema = z.strictObject({ fault: z.string(), message: z.string() });
export type Failure = z.output<typeof failureSchema>;

/** Failures by job, kept in `failed.json` until the job is done. */
export type Failures = Readonly<Record<string, Failure>>;

export async function readFailures(out: string): Promise<Failures> {
  return await readJson(join(out, "failed.json"), z.record(z.string(), failureSchema), "remove it").catch(() => ({}));
}

/** What became of a point. */
export interface PointState {
  readonly state: "done" | "failed" | "missing";
  readonly failure: Failure | null;
}

/** Threads for each of some jobs that share this machine, at least 1; what the environment says goes before. */
export function threadsFor(slots: number): number {
  return Number(process.env.TF_NUM_INTRAOP_THREADS) || Math.max(1, Math.floor(availableParallelism() / slots));
}

/** All jobs of a sweep, those that many runs share once and before the runs. */
export function allJobs(out: string, { points }: SweepPlan): Job[] {
  const jobs = points.flatMap((point) => jobsOf(out, point));
  const shared = new Map(jobs.filter(({ what }) => what !== "run").map((job) => [job.id, job]));
  return [...shared.values(), ...jobs.filter(({ what }) => what === "run")];
}

/**
 * Does what of a sweep is not there yet, and says of each point what became of it. Every job runs in a process of its own; one that fails or
 * dies leaves the others alone. Killed at any moment, the same call does the rest.
 *
 * @throws {StoppedError} When asked to stop, after all processes have saved what they can and ended.
 */
export async function runSweep(run: SweepRun, session: Session): Promise<ReadonlyMap<string, PointState>> {
  const { out, plan, slots, onlyFailed } = run;
  const failures = new Map(Object.entries(await readFailures(out)));
  const jobs = allJobs(out, plan);
  const isWanted = ({ id, what }: Job) => what !== "run" || !onlyFailed || failures.has(id);
  const wanted = jobs.filter(isWanted);
  const needed = new Set(wanted.filter(({ what }) => what === "run").flatMap(({ needs }) => needs));
  const tasks = wanted.filter(({ id, what }) => what === "run" || needed.has(id));
  const note = async (id: string, failure: Failure | null) => {
    if (failure !== null) failures.set(id, failure);
    else if (!failures.delete(id)) return; // nothing was noted of it
    await writeAtomic(join(out, "failed.json"), `${canonicalJson(Object.fromEntries(failures), 1)}\n`);
  };
  const shares = Array.from({ length: slots }, (_, slot) => shareOf(run, slot));
  const watch = progressOf(tasks, session);
  const states = await runTasks(
    tasks,
    slots,
    async (job, slot) => {
      const ending: Ending = (await isUpToDate(job))
        ? { kind: "done", headline: "up to date" }
        : await launchOne(run, job, shares[slot]!, session, watch);
      watch.end(job, ending);
      if (ending.kind === "stopped" || (ending.kind === "failed" && session.signal.aborted)) return "stopped";
      await note(job.id, ending.kind === "failed" ? { fault: ending.fault, message: ending.message } : null);
      return ending.kind;
    },
    session.signal,
  );
  throwIfStopped(session.signal);
  const found = new Map<string, PointState>();
  for (const job of jobs.filter(({ what }) => what === "run")) {
    const state = states.get(job.id) ?? ((await isUpToDate(job)) ? "done" : "missing");
    if (state === "blocked") await note(job.id, blockedBy(job, failures));
    const failure = failures.get(job.id) ?? null;
    found.set(job.id, state === "done" ? { state, failure: null } : { state: failure === null ? "missing" : "failed", failure });
  }
  return found;
}

function blockedBy({ needs }: Job, failures: ReadonlyMap<string, Failure>): Failure {
  const id = needs.find((one) => failures.has(one))!;
  const { fault, message } = failures.get(id)!;
  return { fault, message: `${id}: ${message}` };
}

function shareOf({ slots, workers, threads }: SweepRun, slot: number): Share {
  const gpus = inspectGpu().usable ? visibleGpus() : [];
  const gpu = gpus.length === 0 ? null : gpus[slot % gpus.length]!;
  return { workers: Math.max(1, Math.floor(workers / slots)), threads, gpu };
}

async function launchOne({ out }: SweepRun, job: Job, share: Share, session: Session, watch: Watch): Promise<Ending> {
  session.reporter.info(`${job.id}: runs`);
  const own = job.experiment.gpu === null ? share : { ...share, gpu: null }; // a GPU that the config names
  const ending = await launch(out, job, own, session.signal, (label, done, total) => watch.tell(job, label, done, total));
  if (ending.kind !== "stopped" || session.signal.aborted) return ending;
  return { kind: "failed", fault: "stopped", message: "its process was asked to stop by another one" };
}

/** Says what is going on. */
interface Watch {
  tell(job: Job, label: string, done: number, total: number): void;
  end(job: Job, ending: Ending): void;
}

function progressOf(tasks: readonly Job[], { reporter, signal }: Session): Watch {
  const notes = new Map<string, string>();
  let ended = 0;
  const draw = () => reporter.progress("sweep", ended, tasks.length, [...notes].map(([id, note]) => `${id} ${note}`).join(", "));
  return {
    tell({ id }, label, done, total) {
      notes.set(id, `${label} ${Math.floor((100 * done) / Math.max(1, total))} %`);
      draw();
    },
    end({ id }, ending) {
      notes.delete(id);
      ended++;
      if (ending.kind === "done") reporter.info(`${id}: ${ending.headline}`);
      else if (ending.kind === "failed" && !signal.aborted) reporter.warn(`${id}: ${ending.message.split("\n")[0]!}`);
      draw();
    },
  };
}
