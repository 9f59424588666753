import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { UserError } from "../../../core/errors.ts";
import { parseAccounts, parseQueue, type QueuedJob, queueFormat } from "../../../sweep/slurm.ts";

// Slurm's own commands. Jobs are asked for by the names of their arrays, so that one whose number was never written down is found all the same.

/** Milliseconds for an answer: a busy controller may take a minute. */
const patience = 90_000;

/** Runs a command and returns what it prints. @throws {UserError} (backend) If there is no Slurm or it does not answer; (usage) if it refuses. */
async function ask(program: string, args: readonly string[]): Promise<string> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^SLURM_(?!CONF|CLUSTERS)/.test(name))); // of a job that this runs in
  try {
    const { stdout } = await promisify(execFile)(program, args, { env, timeout: patience, maxBuffer: 2 ** 28 });
    return stdout;
  } catch (error) {
    throw slurmFault(program, error as Error & { stderr?: string; code?: unknown; killed?: boolean });
  }
}

const silence =
  /unable to contact|unable to establish|connect|timed out|zero bytes|munge|authenticat|resolve|fetch(ing)? config|configuration file|slurm\.conf/i;

function slurmFault(
  program: string,
  { code, killed, stderr = "", message }: Error & { stderr?: string; code?: unknown; killed?: boolean },
) {
  if (code === "ENOENT")
    return new UserError("backend", `${program}: --launcher slurm needs Slurm's commands; got none in PATH. Run it where sbatch is, such as a login node, or use --launcher local.`); // biome-ignore format: one line
  const lines = stderr.split("\n").map((line) => line.replace(/^\w+: (error: )?/, "").trim()); // biome-ignore format: short
  const words = lines.filter((line) => line !== "").join("; ") || message;
  if (killed === true || silence.test(words))
    return new UserError("backend", `${program}: Slurm does not answer: ${killed === true ? `nothing for ${patience / 1000} s` : words}. What was submitted is not touched; --resume goes on.`); // biome-ignore format: one line
  return new UserError("usage", `${program}: Slurm refuses: ${words}. Mend sweep.slurm of the config; sinfo shows partitions.`);
}

/** Submits a script and returns the number of its array. */
export async function submit(script: string): Promise<string> {
  const stdout = await ask("sbatch", ["--parsable", script]);
  return stdout.trim().split(";")[0]!; // "12;cluster" where there are several
}

/** The jobs of some arrays, also those that ended a few minutes ago. */
export async function queued(names: readonly string[]): Promise<QueuedJob[]> {
  const args = ["--noheader", "--array", "--states=all", `--format=${queueFormat}`, `--name=${names.join()}`];
  return parseQueue(await ask("squeue", args));
}

/** The same from the accounts, which keep what the queue forgets; null where a cluster has none. */
export async function accounted(names: readonly string[]): Promise<QueuedJob[] | null> {
  const args = [
    "--noheader",
    "--parsable2",
    "--allocations",
    "--starttime=now-60days",
    "--format=JobID,JobName,State",
    `--name=${names.join()}`,
  ];
  return await ask("sacct", args).then(parseAccounts, () => null);
}

/** Sends a job back to the queue, from which it begins again. */
export async function requeue(job: string): Promise<void> {
  await ask("scontrol", ["requeue", job]);
}

/** @throws {UserError} (backend) If there is no Slurm here, or it does not answer. */
export async function assertSlurm(): Promise<void> {
  await ask("sbatch", ["--version"]);
  await queued(["hemosynth"]);
}
