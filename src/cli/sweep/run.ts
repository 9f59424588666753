import { rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { throwIfStopped } from "../../core/context.ts";
import { canonicalJson } from "../../core/hash.ts";
import { readJson } from "../../data/dataset.ts";
import { writeAtomic } from "../../data/files.ts";
import type { SweepPlan } from "../../sweep/plan.ts";
import type { TaskState } from "../../sweep/schedule.ts";
import type { Session } from "../session.ts";
import { isUpToDate, type Job, jobsOf, withShards } from "./jobs.ts";
import type { Ending } from "./perform.ts";
import { type Watch, watchJobs } from "./watch.ts";

/** How a sweep is worked through. */
export interface SweepRun {
  readonly out: string;
  readonly plan: SweepPlan;
  /** Jobs that each synthesis is divided among. */
  readonly shards: number;
  /** Only what failed before. */
  readonly onlyFailed: boolean;
  readonly launcher: Launcher;
}

/** Makes jobs, what is needed standing before what needs it, and says what became of each. */
export type Launcher = (jobs: readonly Job[], launching: Launching) => Promise<ReadonlyMap<string, TaskState>>;

/** What a launcher works with. */
export interface Launching {
  /** Folder of the sweep. */
  readonly out: string;
  readonly session: Session;
  readonly watch: Watch;
  /** To be called when a job has ended, of all jobs that the launcher looked after: notes it, and says what became of it. */
  readonly settle: (job: Job, ending: Ending) => Promise<TaskState>;
}

/** Why a job failed. */
const failureSchema = z.strictObject({ fault: z.string(), message: z.string() });
export type Failure = z.output<typeof failureSchema>;

/** Failures by job, kept in `failed.json` until the job is done. */
export type Failures = Readonly<Record<string, Failure>>;

export async function readFailures(out: string): Promise<Failures> {
  return await readJson(join(out, "failed.json"), z.record(z.string(), failureSchema), "remove it").catch(() => ({}));
}

async function writeFailures(out: string, failures: Failures): Promise<void> {
  const file = join(out, "failed.json");
  if (Object.keys(failures).length === 0) await rm(file, { force: true });
  else await writeAtomic(file, `${canonicalJson(failures, 1)}\n`);
}

/** What became of a point. */
export interface PointState {
  readonly state: "done" | "failed" | "missing";
  readonly failure: Failure | null;
}

/** Threads of TensorFlow in a process that has so many cores, at least 1; what the environment says goes before. */
export function threadsFor(cores: number): number {
  return Number(process.env.TF_NUM_INTRAOP_THREADS) || Math.max(1, cores);
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
  const { out, plan, shards, onlyFailed, launcher } = run;
  const failures = new Map(Object.entries(await readFailures(out)));
  const jobs = allJobs(out, plan);
  const isWanted = ({ id, what }: Job) => what !== "run" || !onlyFailed || failures.has(id);
  const wanted = jobs.filter(isWanted);
  const needed = new Set(wanted.filter(({ what }) => what === "run").flatMap(({ needs }) => needs));
  const tasks = withShards(wanted.filter(({ id, what }) => what === "run" || needed.has(id)), shards); // biome-ignore format: short
  const note = async (id: string, failure: Failure | null) => {
    if (failure !== null) failures.set(id, failure);
    else if (!failures.delete(id)) return; // nothing was noted of it
    await writeFailures(out, Object.fromEntries(failures));
  };
  const watch = watchJobs(tasks, session);
  const settle = async (job: Job, ending: Ending): Promise<TaskState> => {
    watch.end(job, ending);
    if (ending.kind === "stopped" || (ending.kind === "failed" && session.signal.aborted)) return "stopped";
    const isNoted = ending.kind !== "blocked" && job.shard === undefined; // what a shard left is made with the whole
    if (isNoted) await note(job.id, ending.kind === "failed" ? { fault: ending.fault, message: ending.message } : null);
    return ending.kind;
  };
  const states = await launcher(tasks, { out, session, watch, settle }).finally(watch.close);
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
  const id = needs.find((one) => failures.has(one));
  if (id === undefined) return { fault: "data", message: `what it needs was not there: ${needs.join(", ")}` };
  const { fault, message } = failures.get(id)!;
  return { fault, message: `${id}: ${message}` };
}
