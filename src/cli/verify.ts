import { open, rm } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { type Experiment, loadExperiment } from "../config/experiment.ts";
import { firstDifference } from "../core/difference.ts";
import { UserError } from "../core/errors.ts";
import { readJson } from "../data/dataset.ts";
import { readText } from "../data/files.ts";
import { sweepResultsSchema } from "../eval/sweep/results.ts";
import { twinOf } from "../sweep/plan.ts";
import { sharedInput } from "./pointers.ts";
import { hashFile, listOutputs, type Outputs, readRecord, type StageRecord } from "./record.ts";
import type { Session } from "./session.ts";
import type { Stage, StageJob } from "./stages.ts";
import { type Job, jobsOf, performJob, type Wrap } from "./sweep/jobs.ts";

/** A stage whose files are the same again. */
export interface VerifiedStage {
  /** Its folder, from the run folder or, where runs share it, from that of the sweep. */
  readonly folder: string;
  readonly files: number;
  readonly bytes: number;
}

/** Where a run lies and what it is part of. */
interface Place {
  /** The run folder, or of a run of a sweep the folder of the sweep: what is made again. */
  readonly home: string;
  readonly jobsIn: (home: string) => Job[];
}

/**
 * The run folder made again, stage by stage, in a clean folder.
 *
 * @param again - Beside {@link homeOf}, so that paths from there to the data are the same.
 * @throws {UserError} (different) At the first file that is not the same, naming stage, file and byte.
 */
export async function verifyRun(
  run: string,
  experiment: Experiment,
  again: string,
  workers: number,
  session: Session,
): Promise<VerifiedStage[]> {
  const { home, jobsIn } = await placeOf(run, experiment);
  const verified: VerifiedStage[] = [];
  for (const job of jobsIn(again)) await performJob(job, workers, session, comparing(home, again, verified));
  return verified;
}

/** A run of a sweep, and the first difference that was found in it or in what it shares; null: there is none. */
export interface VerifiedRun {
  readonly name: string;
  readonly difference: UserError | null;
}

/** Runs of a sweep made again as by {@link verifyRun}, one after the other; what they share is made once. */
export async function verifyRuns(
  sweep: string,
  runs: readonly { readonly name: string; readonly experiment: Experiment }[],
  again: string,
  workers: number,
  session: Session,
): Promise<{ readonly runs: VerifiedRun[]; readonly stages: VerifiedStage[] }> {
  const stages: VerifiedStage[] = [];
  const found = new Map<string, UserError>(); // by job
  const wrap = comparing(sweep, again, stages);
  const differenceIn = async (jobs: readonly Job[]): Promise<UserError | null> => {
    for (const job of jobs) {
      if (!found.has(job.id))
        await performJob(job, workers, session, wrap).catch((error: unknown) => {
          if (!(error instanceof UserError && error.fault === "different")) throw error;
          found.set(job.id, error);
        });
      if (found.has(job.id)) return found.get(job.id)!;
    }
    return null;
  };
  const verified: VerifiedRun[] = [];
  for (const { name, experiment } of runs) {
    const jobs = jobsOf(again, { name, experiment, tested: await testedOf(sweep, name) });
    verified.push({ name, difference: await differenceIn(jobs) });
    await rm(jobs.at(-1)!.root, { recursive: true, force: true }); // room for the next
  }
  return { runs: verified, stages };
}

/** Stages that compare what they make in `again` with what lies in `home`, and note what is the same. */
function comparing(home: string, again: string, verified: VerifiedStage[]): Wrap {
  return (stage) => ({
    ...stage,
    async run(job, context) {
      const folder = relative(again, job.out);
      const original = join(home, folder);
      const record = await readRecord(original);
      await compareInputs(stage, job.experiment, original, record);
      const result = await stage.run(job, context);
      const made = await listOutputs(job.out, stage.beside);
      await compareOutputs({ name: folder, original, again: job.out, record, made, otherBackend: otherBackend(record, job) });
      const bytes = Object.values(made).reduce((sum, one) => sum + one.bytes, 0);
      verified.push({ folder, files: Object.keys(made).length, bytes });
      context.reporter.info(`${folder}: the same`);
      return result;
    },
  });
}

/** The folder that a run is verified with: its own, or that of the sweep that it belongs to. */
export async function homeOf(run: string): Promise<string> {
  const data = await readRecord(join(run, "data")).catch(() => null);
  return data !== null && sharedInput in data.parts.inputs ? dirname(dirname(resolve(run))) : run;
}

async function placeOf(run: string, experiment: Experiment): Promise<Place> {
  const home = await homeOf(run);
  if (home === run)
    return { home, jobsIn: (root) => [{ id: "run", needs: [], what: "run", root, shared: {}, tested: null, experiment }] };
  const name = basename(resolve(run));
  const tested = await testedOf(home, name);
  return { home, jobsIn: (root) => jobsOf(root, { name, experiment, tested }) };
}

/** The experiment whose stacks a run of a sweep was tested on; null: its own. */
async function testedOf(home: string, name: string): Promise<Experiment | null> {
  const { testOn, points } = await readJson(join(home, "sweep.json"), sweepResultsSchema, "resume the sweep");
  const own = points.find((point) => point.name === name);
  const twin = testOn === null || own === undefined ? undefined : twinOf(points, testOn, own.seed);
  return twin === undefined ? null : await loadExperiment(join(home, "runs", twin.name, "config.yaml"));
}

/** @throws {UserError} (different) If what a stage reads from outside is not what it was. */
async function compareInputs(stage: Stage, experiment: Experiment, original: string, { parts }: StageRecord): Promise<void> {
  if (sharedInput in parts.inputs) return; // compared where it was made
  const changed = await stage.stale(experiment, original);
  if (changed !== null) throw different(`${stage.name}: its input ${changed}`);
  for (const [name, hash] of Object.entries(await stage.sources(experiment)))
    if (parts.inputs[name] !== undefined && parts.inputs[name] !== hash) throw different(`${stage.name}: ${name} has changed`);
}

interface Pair {
  /** How messages call the stage. */
  readonly name: string;
  readonly original: string;
  readonly again: string;
  readonly record: StageRecord;
  readonly made: Outputs;
  /** Where another backend, or another version of it, computes now: both, in words; empty: the same does. */
  readonly otherBackend: string;
}

function otherBackend({ made: { backend: then } }: StageRecord, { made: { backend: now } }: Pick<StageJob, "made">): string {
  if (then === null || now === null) return "";
  const change = firstDifference(then, now);
  return change === null
    ? ""
    : `computed with ${change.path} ${change.was} then and ${change.is} now, which agree but for the last digits`;
}

async function compareOutputs({ name, original, again, record, made, otherBackend: backends }: Pair): Promise<void> {
  const paths = [...new Set([...Object.keys(record.outputs), ...Object.keys(made)])].sort();
  for (const path of paths) {
    const [then, now] = [record.outputs[path]?.sha256, made[path]?.sha256];
    if (then === undefined) throw different(`${name}: ${path} was not there, and is when made again`);
    if (now === undefined) throw different(`${name}: ${path} is not made again`);
    const file = join(original, path);
    const found = await hashFile(file).catch(() => null);
    if (found === now && then === now) continue;
    if (found === null) throw different(`${name}: ${path} is missing`);
    const at = found === now ? null : await firstDifferentByte(file, join(again, path));
    const where = at === null ? "" : `, first at byte ${at}`;
    if (then === now) throw different(`${name}: ${path} was changed after it was made${where}`);
    const touched = found === then ? "" : "; the file was changed, too";
    const numbers = backends === "" ? "" : `; ${await numbersApart(file, join(again, path))}${backends}`;
    throw different(`${name}: ${path} is another file when made again${where}${touched}${numbers}`);
  }
}

function different(what: string): UserError {
  return new UserError("different", `${what}. What was made before it is the same.`);
}

/** How far the numbers of two tables or JSON files lie apart, in words; empty for other files. */
async function numbersApart(a: string, b: string): Promise<string> {
  if (!/\.(csv|json)$/.test(a)) return "";
  const largest = largestDifference(await readText(a, "check the path"), await readText(b, "check the path"));
  return largest === null ? "not in its numbers alone; " : `its numbers lie at most ${Number(largest.toPrecision(2))} apart; `;
}

/** The largest difference of numbers that stand in the same places of two texts; null where the texts differ in anything else. */
export function largestDifference(a: string, b: string): number | null {
  const number = /-?\d+(?:\.\d+)?(?:e[+-]?\d+)?/gi;
  const [x, y] = [a.match(number) ?? [], b.match(number) ?? []];
  if (x.length !== y.length || a.replaceAll(number, "#") !== b.replaceAll(number, "#")) return null;
  return x.reduce((largest, value, i) => Math.max(largest, Math.abs(Number(value) - Number(y[i]))), 0);
}

/** Place of the first byte in which two files differ, from 0; the length of the shorter one where it is the beginning of the other; null: none. */
export async function firstDifferentByte(a: string, b: string): Promise<number | null> {
  const handles = await Promise.all([open(a, "r"), open(b, "r")]);
  try {
    const size = 1 << 20;
    const buffers = [Buffer.alloc(size), Buffer.alloc(size)] as const;
    for (let at = 0; ; at += size) {
      const read = handles.map((handle, i) => readFully(handle, buffers[i]!, at));
      const [n = 0, m = 0] = await Promise.all(read);
      const common = Math.min(n, m);
      for (let i = 0; i < common; i++) if (buffers[0][i] !== buffers[1][i]) return at + i;
      if (n !== m) return at + common;
      if (n < size) return null;
    }
  } finally {
    await Promise.all(handles.map((handle) => handle.close()));
  }
}

async function readFully(handle: Awaited<ReturnType<typeof open>>, buffer: Buffer, at: number): Promise<number> {
  let length = 0;
  for (;;) {
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length, at + length);
    length += bytesRead;
    if (bytesRead === 0 || length === buffer.length) return length;
  }
}
