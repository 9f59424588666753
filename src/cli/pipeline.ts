import { rmdir } from "node:fs/promises";
import { join } from "node:path";
import type { BackendInfo } from "../backend/ready.ts";
import type { Experiment } from "../config/experiment.ts";
import { type StageContext, type StageResult, throwIfStopped } from "../core/context.ts";
import { UserError } from "../core/errors.ts";
import { makeFolder } from "../data/files.ts";
import { packageVersion } from "../data/version.ts";
import { noteTiming } from "./manifest.ts";
import {
  clearStage,
  type FolderState,
  inspectStage,
  keyOf,
  listOutputs,
  type Made,
  markBegun,
  markWhole,
  type Parts,
  type StageRecord,
} from "./record.ts";
import { inputHash } from "./sources.ts";
import { plainOptions, type Stage, type StageJob, type StageName } from "./stages.ts";

/** What to do where a stage's folder holds something else than what is wanted. */
export interface Policy {
  /** Results of other options may be replaced. */
  readonly replace: boolean;
  /** An interrupted training goes on: always in `run`, in `train` with `--resume`. */
  readonly resume: boolean;
}

/** One pass over some stages of a run folder. */
export interface Pass {
  readonly experiment: Experiment;
  /** The run folder, as the user wrote it. */
  readonly root: string;
  readonly stages: readonly Stage[];
  /** Where results lie, read or written, that are not in the run folder under the stage's name. */
  readonly folders: Readonly<Partial<Record<StageName, string>>>;
  readonly policy: Policy;
  /** Refuses a stage's result that those after it cannot work on, before any of them starts. */
  readonly check?: (name: StageName, folder: string) => Promise<void>;
}

/** What became of a stage, or would. */
export interface StageReport {
  readonly stage: StageName;
  readonly state: "up to date" | "done" | "would run" | "would resume";
  /** Why it ran or would; null where it is up to date. */
  readonly why: string | null;
  readonly headline: string;
  readonly summary: Readonly<Record<string, unknown>>;
}

/** Readies the backend that was asked for; called at most once a process and only where a stage needs it. */
export type ReadyBackend = (experiment: Experiment) => Promise<BackendInfo>;

/** Brings the stages of a pass up to date, in order, and says what each did. */
export async function runPass(pass: Pass, context: StageContext, ready: ReadyBackend): Promise<StageReport[]> {
  const reports: StageReport[] = [];
  let isFirstDue = true;
  for (const stage of pass.stages) {
    throwIfStopped(context.signal);
    const parts = await partsOf(stage, pass);
    const found = await look(stage, pass, parts);
    if (found.state === "current") {
      context.reporter.info(`${stage.name}: up to date`);
      const { headline, summary } = found.record;
      reports.push({ stage: stage.name, state: "up to date", why: null, headline, summary });
      await pass.check?.(stage.name, folderOf(pass, stage.name));
      continue;
    }
    const { resume, why } = decide(stage, pass, found);
    if (isFirstDue) await planStages(from(stage, pass), pass.experiment);
    isFirstDue = false;
    context.reporter.info(`${stage.name}: ${resume ? "resumes" : "runs"}${why === null ? "" : ` (${why})`}`);
    const record = await runStage(stage, pass, parts, resume, context, ready);
    context.reporter.info(`${stage.name}: ${record.headline}`);
    reports.push({ stage: stage.name, state: "done", why, headline: record.headline, summary: record.summary });
    await pass.check?.(stage.name, folderOf(pass, stage.name));
  }
  return reports;
}

/** What {@link runPass} would do; reads, writes nothing. */
export async function planPass(pass: Pass): Promise<StageReport[]> {
  const reports: StageReport[] = [];
  const stale = new Set<StageName>();
  let plans: Plans | null = null;
  for (const stage of pass.stages) {
    const before = stage.reads.find((name) => stale.has(name));
    const planned = () => ({ stage: stage.name, headline: plans!.get(stage.name)!, summary: {} });
    if (before !== undefined) {
      stale.add(stage.name);
      reports.push({ ...planned(), state: "would run", why: `after ${before}` });
      continue;
    }
    const found = await look(stage, pass, await partsOf(stage, pass));
    if (found.state === "current") {
      await pass.check?.(stage.name, folderOf(pass, stage.name));
      reports.push({ stage: stage.name, headline: found.record.headline, summary: {}, state: "up to date", why: null });
      continue;
    }
    const { resume, why } = decide(stage, pass, found);
    plans ??= await planStages(from(stage, pass), pass.experiment);
    stale.add(stage.name);
    reports.push({ ...planned(), state: resume ? "would resume" : "would run", why: why ?? "nothing there yet" });
  }
  return reports;
}

/** By stage: a few words on how much there is to do. */
export type Plans = ReadonlyMap<StageName, string>;

const from = (stage: Stage, { stages }: Pass) => stages.slice(stages.indexOf(stage));

/** Plans stages that are due, and so refuses what one of them cannot do here: better now than after an hour of synthesis. */
export async function planStages(due: readonly Stage[], experiment: Experiment): Promise<Plans> {
  if (due.some(({ backend }) => backend)) (await import("../backend/usable.ts")).assertUsable(experiment.backend);
  const plans = new Map<StageName, string>();
  for (const { name, plan } of due) plans.set(name, await plan(experiment));
  return plans;
}

async function partsOf(stage: Stage, pass: Pass): Promise<Parts> {
  const { experiment, root } = pass;
  const inputs: Record<string, string> = { ...(await stage.sources(experiment)) };
  for (const name of stage.reads)
    inputs[name] = await inputHash(folderOf(pass, name), `run ${name} first, or name another folder`, wasLookedAt(name, pass));
  return {
    stage: stage.name,
    version: packageVersion(),
    seed: experiment.seed,
    backend: stage.backend ? experiment.backend : null,
    options: plainOptions(stage, experiment, root),
    inputs,
  };
}

/** A stage of the pass itself comes before those that read it: its files were hashed, or written, a moment ago. */
function wasLookedAt(name: StageName, { stages }: Pass): boolean {
  return stages.some((stage) => stage.name === name);
}

function folderOf(pass: Pass, name: StageName): string {
  return pass.folders[name] ?? join(pass.root, name);
}

async function look(stage: Stage, pass: Pass, parts: Parts): Promise<FolderState> {
  const folder = folderOf(pass, stage.name);
  const found = await inspectStage(folder, parts);
  if (found.state !== "current") return found;
  const why = await stage.stale(pass.experiment, folder);
  return why === null ? found : { state: "damaged", why };
}

/** Whether to resume, and why a stage runs; null where there is nothing yet. */
function decide(
  stage: Stage,
  pass: Pass,
  found: Exclude<FolderState, { state: "current" }>,
): { resume: boolean; why: string | null } {
  const folder = folderOf(pass, stage.name);
  switch (found.state) {
    case "absent":
      return { resume: false, why: null };
    case "foreign":
      throw new UserError("usage", `${folder}: must be empty or made by hemosynth; got other files. Choose another --out.`);
    case "damaged":
      return { resume: false, why: found.why };
    case "partial":
      return decidePartial(stage, pass, folder, found);
    case "outdated":
      if (pass.policy.replace) return { resume: false, why: found.why };
      throw new UserError(
        "usage",
        `${folder}: holds another result (${found.why}). Choose another --out, or pass --exist-ok to replace it.`,
      );
  }
}

function decidePartial(stage: Stage, pass: Pass, folder: string, found: { sameKey: boolean; why: string }) {
  if (stage.resumes === "never") return { resume: false, why: "it did not finish" };
  if (stage.resumes === "always") return { resume: found.sameKey, why: found.sameKey ? "it did not finish" : found.why };
  if (found.sameKey && pass.policy.resume) return { resume: true, why: "it did not finish" };
  if (pass.policy.replace) return { resume: false, why: found.sameKey ? "it did not finish" : found.why };
  const wayOut = found.sameKey
    ? "Pass --resume to go on, or --exist-ok to start again"
    : "Pass --exist-ok to start again, or choose another --out";
  const what = found.sameKey ? "an unfinished training" : `an unfinished training (${found.why})`;
  throw new UserError("usage", `${folder}: holds ${what}. ${wayOut}.`);
}

async function runStage(
  stage: Stage,
  pass: Pass,
  parts: Parts,
  resume: boolean,
  context: StageContext,
  ready: ReadyBackend,
): Promise<StageRecord> {
  const backend = stage.backend ? await ready(pass.experiment) : null;
  const made = madeBy(backend);
  const job = await openStage(stage, pass, { parts, made, resume });
  const { out } = job;
  const started = performance.now();
  const result = await stage.run(job, context).catch((error) => giveUp(stage, out, error));
  const record = recordOf(parts, made, result, await listOutputs(out, stage.beside));
  await markWhole(out, record);
  await noteTiming(pass.root, stage.name, performance.now() - started);
  return record;
}

/** Makes a stage's folder ready to be filled, and marks it as begun. */
async function openStage(stage: Stage, pass: Pass, how: Pick<StageJob, "parts" | "made" | "resume">): Promise<StageJob> {
  const out = folderOf(pass, stage.name);
  if (!how.resume) await clearStage(out);
  await makeFolder(out);
  await markBegun(out, how.parts);
  const inputs = Object.fromEntries(stage.reads.map((name) => [name, folderOf(pass, name)]));
  return { experiment: pass.experiment, root: pass.root, out, inputs, ...how };
}

/**
 * Makes the folder of a stage ready for several processes that fill it together, keeping what those before this one made of the same; null
 * where it is up to date. Its inputs must be.
 */
export async function beginStage(stage: Stage, pass: Pass): Promise<StageJob | null> {
  const parts = await partsOf(stage, pass);
  const found = await look(stage, pass, parts);
  return found.state === "current"
    ? null
    : await openStage(stage, pass, { parts, made: madeBy(null), resume: decide(stage, pass, found).resume });
}

/** What a refused stage leaves helps nobody, unless it can go on from there. */
async function giveUp(stage: Stage, out: string, error: unknown): Promise<never> {
  if (error instanceof UserError && stage.resumes === "never") {
    await clearStage(out).catch(() => {}); // what was refused matters more
    await rmdir(out).catch(() => {}); // may hold the lock, or be a folder of the user's
  }
  throw error;
}

/** With what this process computes. */
function madeBy(backend: BackendInfo | null): Made {
  return {
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    backend: backend === null ? null : { name: backend.backend, versions: { ...backend.versions } },
  };
}

function recordOf(parts: Parts, made: Made, result: StageResult, outputs: StageRecord["outputs"]): StageRecord {
  const summary = JSON.parse(JSON.stringify(result.summary)) as StageRecord["summary"];
  return { schemaVersion: 1, key: keyOf(parts), parts, made, headline: result.headline, summary, outputs };
}
