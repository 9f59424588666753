import { z } from "zod";

// What is said to Slurm and what it answers: options, the script of an array of jobs, the queue. Values in, values out.

const word = z.string().regex(/^[\w.,:+@/-]+$/, "must be a name as sinfo or sacctmgr prints it");
const line = z.string().regex(/^[^\r\n\0]+$/, "must be one line");

/** What each job of a sweep gets; `sweep.slurm` in a config, read with `--launcher slurm`. */
export const slurmOptions = z
  .strictObject({
    partition: word.nullable().default(null).describe("partition; null: the cluster's default"),
    account: word.nullable().default(null).describe("account that is charged; null: the user's default"),
    minutes: z
      .int()
      .min(1)
      .max(60 * 24 * 30)
      .default(240)
      .describe("time limit of a job, minutes; a run that takes longer saves, goes back in the queue and goes on"),
    warnSeconds: z
      .int()
      .min(10)
      .max(3600)
      .default(180)
      .describe(
        "seconds before the limit at which a job is told to save (SIGUSR1); Slurm may be a minute early. Longer than a training step and a validation",
      ),
    requeues: z
      .int()
      .min(0)
      .max(1000)
      .default(20)
      .describe("times that a job may go back in the queue, after its time or a node's failure; 0: never"),
    cpus: z
      .int()
      .min(1)
      .max(1024)
      .default(4)
      .describe("CPU cores of a job; TensorFlow's threads, on which last digits depend, and worker threads"),
    gpus: z.int().min(0).max(1).default(0).describe("1: jobs that compute on a network get a GPU each"),
    shards: z.int().min(1).max(1000).default(1).describe("jobs that each synthesis is divided among; the stacks are the same"),
    options: z
      .array(line.regex(/^--[a-z]/, "must be an option of sbatch such as --constraint=a100"))
      .default([])
      .describe("more options of sbatch, such as --constraint=a100"),
    setup: z.array(line).default([]).describe("shell lines before each job, such as module load cuda/11.8"),
  })
  .refine(({ minutes, warnSeconds }) => warnSeconds < 60 * minutes, "needs warnSeconds below the time limit (minutes)")
  .describe("what each job gets with --launcher slurm");
export type SlurmOptions = z.output<typeof slurmOptions>;

/** An array of jobs as {@link batchScript} writes it. Paths are absolute. */
export interface BatchArray {
  /** Tells it apart in the queue. */
  readonly name: string;
  /** Jobs, numbered from 0. */
  readonly count: number;
  /** Jobs at a time; null: as many as the cluster gives. */
  readonly atOnce: number | null;
  /** Numbers of arrays that must have ended before, however they did: a job looks for itself whether what it needs is there. */
  readonly after: readonly string[];
  /** Memory of a job, GB; null: what the partition gives. */
  readonly memoryGb: number | null;
  readonly usesGpu: boolean;
  /** TensorFlow's threads. */
  readonly threads: number;
  /** Gets what Slurm itself has to say, `INDEX.out` of each job. */
  readonly folder: string;
  /** File with the name of each job in a line of its own, and the folder for their logs. */
  readonly names: string;
  readonly logs: string;
  /** What a job runs, with its number behind. */
  readonly command: readonly string[];
}

/** The script that sbatch takes: every job becomes `command INDEX`, which gets Slurm's signals itself. */
export function batchScript(array: BatchArray, options: SlurmOptions): string {
  const { memoryGb, atOnce, after, count } = array;
  const settings = [
    `--job-name=${array.name}`,
    `--array=0-${count - 1}${atOnce === null ? "" : `%${atOnce}`}`,
    ...(after.length === 0 ? [] : [`--dependency=afterany:${after.join(":")}`]),
    `--output="${array.folder.replaceAll("%", "%%")}/%a.out"`,
    "--open-mode=append",
    "--ntasks=1",
    `--cpus-per-task=${options.cpus}`,
    `--time=${options.minutes}`,
    `--signal=B:USR1@${options.warnSeconds}`,
    options.requeues > 0 ? "--requeue" : "--no-requeue",
    ...(memoryGb === null ? [] : [`--mem=${Math.ceil(memoryGb * 1000)}M`]),
    ...(array.usesGpu && options.gpus > 0 ? [`--gres=gpu:${options.gpus}`] : []),
    ...(options.partition === null ? [] : [`--partition=${options.partition}`]),
    ...(options.account === null ? [] : [`--account=${options.account}`]),
    ...options.options,
  ];
  return [
    "#!/bin/sh",
    ...settings.map((one) => `#SBATCH ${one}`),
    ...options.setup,
    `export TF_NUM_INTRAOP_THREADS=${array.threads}`,
    `name=$(sed -n "$((SLURM_ARRAY_TASK_ID + 1))p" ${quoted(array.names)})`,
    `exec ${array.command.map(quoted).join(" ")} "$SLURM_ARRAY_TASK_ID" >>${quoted(array.logs)}/"$name.log" 2>&1`,
    "",
  ].join("\n");
}

/** A word that a shell takes as it is. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** One job of an array, as Slurm sees it. */
export interface QueuedJob {
  /** Number of its array. */
  readonly arrayId: string;
  readonly name: string;
  readonly index: number;
  /** Such as `RUNNING`. */
  readonly state: string;
  /** Why it waits, such as `Resources`; empty where Slurm gives none. */
  readonly reason: string;
}

/** What `squeue` is asked for; with `--array`, each job is a line. */
export const queueFormat = "%F|%j|%K|%T|%r";

/** Reads what `squeue --noheader --array --format` {@link queueFormat} prints. Lines that are no job of an array are left out. */
export function parseQueue(text: string): QueuedJob[] {
  return text.split("\n").flatMap((row) => {
    const [arrayId, name, index, state, ...reason] = row.trim().split("|");
    if (state === undefined || !/^\d+$/.test(index!)) return [];
    const why = reason.join("|");
    return [{ arrayId: arrayId!, name: name!, index: Number(index), state, reason: why === "None" ? "" : why }];
  });
}

/** Reads what `sacct --noheader --parsable2 --allocations --format=JobID,JobName,State` prints; `12_[3-5]`, jobs that never began, is left out. */
export function parseAccounts(text: string): QueuedJob[] {
  return text.split("\n").flatMap((row) => {
    const found = /^(\d+)_(\d+)\|([^|]*)\|([A-Z_]+)/.exec(row.trim());
    return found === null ? [] : [{ arrayId: found[1]!, name: found[3]!, index: Number(found[2]), state: found[4]!, reason: "" }];
  });
}

/** States of jobs that will do nothing more, with what happened in words. Slurm's other states are of jobs that wait or run. */
const ends: ReadonlyMap<string, string> = new Map([
  ["COMPLETED", "ended without a word of its result"],
  ["CANCELLED", "was cancelled"],
  ["FAILED", "ended with an error"],
  ["TIMEOUT", "was ended at its time limit before it had saved: raise sweep.slurm.warnSeconds"],
  ["OUT_OF_MEMORY", "ran out of memory: raise sweep.memoryGb"],
  ["NODE_FAIL", "ended with its node"],
  ["BOOT_FAIL", "ended with its node, which did not start"],
  ["PREEMPTED", "had to make room for another job"],
  ["DEADLINE", "was ended at its deadline"],
  ["REVOKED", "was revoked"],
]);

/** How a job ended that left no word itself; null while it waits or runs. @param job - Undefined where Slurm knows nothing of it. */
export function endOf(job: QueuedJob | undefined): string | null {
  if (job === undefined) return "is lost: Slurm knows nothing of it any more";
  return ends.get(job.state) ?? null;
}
