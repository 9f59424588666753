import { setTimeout as sleep } from "node:timers/promises";
import { many } from "../../../core/words.ts";
import { levelsOf, type TaskState } from "../../../sweep/schedule.ts";
import { endOf, type QueuedJob, type SlurmOptions } from "../../../sweep/slurm.ts";
import { isUpToDate, type Job } from "../jobs.ts";
import type { Ending } from "../perform.ts";
import type { Launcher, Launching } from "../run.ts";
import { arrayFolder, arrayNames, readOrder, readReport, writeArray } from "./arrays.ts";
import { accounted, queued, submit } from "./commands.ts";

// Jobs as arrays of Slurm: one for each level of the order in which they need one another, all submitted at once, each waiting for the ends of
// those before. Nothing of the work hangs on this process: it watches, and another one may go on watching.

/** How jobs are given to Slurm. */
export interface SlurmLauncherOptions {
  readonly slurm: SlurmOptions;
  /** Jobs of an array at a time; null: as many as the cluster gives. */
  readonly atOnce: number | null;
  readonly threads: number;
  readonly memoryGb: number | null;
}

/** Most jobs of an array: Slurm's MaxArraySize is 1001 where nothing else is set. */
const mostOfArray = 1000;

/** Milliseconds from one look at the queue to the next: short after a change, longer and longer while there is none. */
const looks = { shortest: 2_000, longest: 30_000, growth: 1.5 };

/** Milliseconds for which the last word of a job that Slurm calls ended may be on its way, on a disk that many share. */
const lastWordMay = 30_000;

/** A job in Slurm's hands. */
interface Placed {
  readonly job: Job;
  /** Name of its array, number of that, and which of its jobs. */
  readonly name: string;
  readonly arrayId: string;
  readonly index: number;
}

export function slurmLauncher(options: SlurmLauncherOptions): Launcher {
  return async (jobs, launching) => {
    const { out, session, settle } = launching;
    const states = new Map<string, TaskState>();
    for (const job of jobs)
      if (await isUpToDate(job)) states.set(job.id, await settle(job, { kind: "done", headline: "up to date" }));
    const due = jobs.filter(({ id }) => !states.has(id));
    const placed = await placedJobs(out, due);
    if (placed.length > 0) session.reporter.info(`${many(placed.length, "job")} of before in Slurm's queue`);
    const isPlaced = new Set(placed.map(({ job }) => job.id));
    placed.push(...(await submitAll(due.filter(({ id }) => !isPlaced.has(id)), placed, options, launching))); // biome-ignore format: short
    await watchQueue(placed, states, launching);
    return states;
  };
}

/** Those of some jobs that wait or run, submitted by an earlier call. */
export async function placedJobs(out: string, jobs: readonly Job[]): Promise<Placed[]> {
  const names = await arrayNames(out);
  if (names.length === 0) return [];
  const alive = (await queued(names)).filter((one) => endOf(one) === null);
  const byId = new Map(jobs.map((job) => [job.id, job]));
  const placed: Placed[] = [];
  for (const name of new Set(alive.map((one) => one.name))) {
    const order = await readOrder(arrayFolder(out, name));
    for (const { arrayId, index } of alive.filter((one) => one.name === name)) {
      const job = byId.get(order.jobs[index]!.id);
      if (job !== undefined) placed.push({ job, name, arrayId, index });
    }
  }
  return placed;
}

/** The command that ends jobs. */
export function cancelWords(placed: readonly Placed[]): string {
  return `scancel ${[...new Set(placed.map(({ arrayId }) => arrayId))].join(" ")}`;
}

/** Submits jobs level by level. @param before - Jobs that these may need, in the queue already. */
async function submitAll(jobs: readonly Job[], before: readonly Placed[], options: SlurmLauncherOptions, launching: Launching) {
  const { out, session } = launching;
  const { slurm, ...rest } = options;
  const placed: Placed[] = [];
  const arrayOf = new Map(before.map(({ job, arrayId }) => [job.id, arrayId]));
  for (const level of levelsOf(jobs)) {
    for (let first = 0; first < level.length; first += mostOfArray) {
      const some = level.slice(first, first + mostOfArray);
      const after = [...new Set(some.flatMap(({ needs }) => needs.flatMap((id) => arrayOf.get(id) ?? [])))];
      const { name, script } = await writeArray(out, { jobs: some, after, options: slurm, ...rest });
      const arrayId = await submit(script);
      for (const [index, job] of some.entries()) {
        arrayOf.set(job.id, arrayId);
        placed.push({ job, name, arrayId, index });
      }
      session.reporter.info(
        `array ${arrayId} of Slurm: ${some.length === 1 ? some[0]!.id : `${some.length} jobs, ${some[0]!.id} the first`}`,
      );
    }
  }
  return placed;
}

/** Waits until all jobs have ended, and settles each. Asked to stop, it leaves them in the queue. */
async function watchQueue(placed: readonly Placed[], states: Map<string, TaskState>, launching: Launching): Promise<void> {
  const { session, settle, watch } = launching;
  const { reporter, signal } = session;
  const open = new Set(placed);
  const end = async (one: Placed, ending: Ending) => {
    open.delete(one);
    states.set(one.job.id, await settle(one.job, ending));
  };
  const look = queueLooker(launching, end);
  for (let wait = looks.shortest; open.size > 0 && !signal.aborted; ) {
    wait = (await look(open)) ? looks.shortest : Math.min(looks.longest, wait * looks.growth);
    if (open.size > 0) await sleep(wait, null, { signal }).catch(() => {});
  }
  if (open.size === 0) return;
  reporter.info(`${many(open.size, "job")} in Slurm's queue go on without this process: --resume watches them again, ${cancelWords([...open])} ends them`); // biome-ignore format: one line
  watch.queue("");
  for (const one of open) states.set(one.job.id, "stopped");
}

/** A look at the last words of jobs and at the queue, which ends those that have ended and says whether anything has changed. */
function queueLooker({ out, session, watch }: Launching, end: (one: Placed, ending: Ending) => Promise<void>) {
  const doubted = new Map<Placed, number>();
  let [picture, isSilent] = ["", false];
  const judge = async (one: Placed, found: QueuedJob | undefined) => {
    if (endOf(found) === null) {
      doubted.delete(one);
      if (found!.state === "PENDING") watch.leave(one.job);
      else if (found!.state === "RUNNING") watch.begin(one.job);
      return;
    }
    const since = doubted.get(one) ?? performance.now();
    doubted.set(one, since);
    if (performance.now() - since >= lastWordMay) await end(one, await endWithoutWord(one, found));
  };
  return async (open: ReadonlySet<Placed>): Promise<boolean> => {
    const before = open.size;
    for (const one of [...open]) await hear(out, one, watch, end);
    const queue = await queued([...new Set([...open].map(({ name }) => name))]).catch((error: Error) => error);
    if (queue instanceof Error) {
      if (!isSilent) session.reporter.warn(`${queue.message} Jobs go on meanwhile; asking again.`);
      isSilent = true;
      return open.size < before;
    }
    isSilent = false;
    const found = new Map(queue.map((one) => [`${one.name} ${one.index}`, one]));
    for (const one of [...open]) await judge(one, found.get(`${one.name} ${one.index}`));
    const pending = queue.filter((one) => endOf(one) === null && one.state !== "RUNNING" && one.state !== "COMPLETING");
    const reasons = [...new Set(pending.map(({ reason }) => reason).filter((reason) => reason !== ""))];
    watch.queue(
      pending.length === 0 ? "" : `${pending.length} in the queue${reasons.length === 0 ? "" : ` (${reasons.join(", ")})`}`,
    );
    const seen = queue.map(({ name, index, state }) => `${name} ${index} ${state}`).sort().join("\n"); // biome-ignore format: short
    const hasChanged = seen !== picture || open.size < before;
    picture = seen;
    return hasChanged;
  };
}

/** Takes in what a job has written since. */
async function hear(out: string, one: Placed, watch: Launching["watch"], end: (one: Placed, ending: Ending) => Promise<void>) {
  const report = await readReport(arrayFolder(out, one.name), one.index);
  if (report === null) return;
  if (report.kind === "progress") watch.tell(one.job, report);
  else await end(one, report);
}

/** How a job ended that Slurm calls ended, or does not know, and that left no word. */
async function endWithoutWord({ job, name, arrayId, index }: Placed, found: QueuedJob | undefined): Promise<Ending> {
  if (await isUpToDate(job)) return { kind: "done", headline: "up to date" };
  const known = found ?? (await accounted([name]))?.find((one) => one.arrayId === arrayId && one.index === index);
  return { kind: "failed", fault: "slurm", message: `job ${arrayId}_${index} of Slurm ${endOf(known)}` };
}
