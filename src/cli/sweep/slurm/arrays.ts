import { readdir } from "node:fs/promises";
import { extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { naturalOrder } from "../../../core/natural-order.ts";
import { makeFolder, readText, writeAtomic } from "../../../data/files.ts";
import { batchScript, type SlurmOptions } from "../../../sweep/slurm.ts";
import { computes, type Job } from "../jobs.ts";
import type { Report } from "../perform.ts";

// An array of jobs is a folder slurm/NAME of the sweep: what is to be done (order.json), the script (batch.sh), and of each job its last word
// (INDEX.json) and what Slurm itself had to say (INDEX.out). It is written before it is submitted, under a name that no other array has, so that
// whoever knows the folder finds the jobs in the queue.

/** What the jobs of an array are told. */
export interface Order {
  readonly jobs: readonly Job[];
  readonly workers: number;
  readonly requeues: number;
}

/** An array to be written. */
export interface NewArray {
  readonly jobs: readonly Job[];
  /** Arrays that must have ended before. */
  readonly after: readonly string[];
  readonly atOnce: number | null;
  readonly memoryGb: number | null;
  readonly threads: number;
  readonly options: SlurmOptions;
}

export const arrayFolder = (out: string, name: string): string => join(out, "slurm", name);

/** Names of the arrays of a sweep, in order. */
export async function arrayNames(out: string): Promise<string[]> {
  const names = await readdir(join(out, "slurm")).catch(() => []);
  return names.sort(naturalOrder);
}

/** Writes the folder of the next array. @returns Its name and the file of its script. */
export async function writeArray(out: string, array: NewArray): Promise<{ name: string; script: string }> {
  const { jobs, options } = array;
  const names = await arrayNames(out);
  const last = names.at(-1) ?? `hemosynth-${Date.now().toString(36)}${process.pid.toString(36)}-0`; // another sweep may have lain here before
  const name = last.replace(/\d+$/, (count) => String(Number(count) + 1));
  const folder = resolve(arrayFolder(out, name));
  const order: Order = { jobs: jobs.map(absolute), workers: options.cpus, requeues: options.requeues };
  await writeAtomic(join(folder, "order.json"), `${JSON.stringify(order)}\n`);
  await writeAtomic(join(folder, "names.txt"), `${jobs.map(({ id }) => id).join("\n")}\n`);
  const logs = resolve(out, "logs");
  await makeFolder(logs);
  const script = join(folder, "batch.sh");
  const usesGpu = jobs.some(computes);
  const task = fileURLToPath(new URL(`./task${extname(fileURLToPath(import.meta.url))}`, import.meta.url));
  const command = [process.execPath, ...process.execArgv, task, folder];
  const batch = { ...array, name, count: jobs.length, usesGpu, folder, names: join(folder, "names.txt"), logs, command };
  await writeAtomic(script, batchScript(batch, options));
  return { name, script };
}

/** The job with paths that hold in any folder: a job begins where sbatch was called, which may be elsewhere on a later call. */
function absolute(job: Job): Job {
  const shared = Object.fromEntries(Object.entries(job.shared).map(([name, folder]) => [name, resolve(folder)]));
  return { ...job, root: resolve(job.root), shared, tested: job.tested && resolve(job.tested) };
}

/** @throws {UserError} (data) If there is none. */
export async function readOrder(folder: string): Promise<Order> {
  return JSON.parse(await readText(join(folder, "order.json"), "run the sweep again")) as Order;
}

/** The last word of a job; null before its first. */
export async function readReport(folder: string, index: number): Promise<Report | null> {
  const text = await readText(join(folder, `${index}.json`), "").catch(() => null);
  return text === null ? null : (JSON.parse(text) as Report);
}

export async function writeReport(folder: string, index: number, report: Report): Promise<void> {
  await writeAtomic(join(folder, `${index}.json`), `${JSON.stringify(report)}\n`);
}
