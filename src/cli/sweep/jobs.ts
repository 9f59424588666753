import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import type { Experiment } from "../../config/experiment.ts";
import type { StageContext } from "../../core/context.ts";
import { canonicalJson, sha256 } from "../../core/hash.ts";
import type { Point } from "../../sweep/plan.ts";
import type { Task } from "../../sweep/schedule.ts";
import type { Shard } from "../../synth/stage.ts";
import { type FoldsRun, planFolds, runFolds } from "../folds.ts";
import { writeConfig, writeManifest } from "../manifest.ts";
import { type Pass, planPass, type ReadyBackend, runPass, type StageReport } from "../pipeline.ts";
import { pointTo } from "../pointers.ts";
import { backendOnce, inFolder, type Session } from "../session.ts";
import { runShard } from "../shard.ts";
import { casesStage, foldsEvaluation, isShared, type Stage, type StageName, stagesOf } from "../stages.ts";

// What runs of a sweep have in common is made once, in shared/STAGE-HASH, and a run is a run folder like any other whose data/,
// tissue/ and synth/ point there. A job makes one folder: a shared stage, or the rest of a run.

/** Folders of stages by name. */
export type Folders = Readonly<Partial<Record<StageName, string>>>;

/** One folder to make; plain JSON, so that another process can make it. */
export interface Job extends Task {
  /** The stage of a shared folder; `run` for all that comes after. */
  readonly what: StageName | "run";
  /** The folder to make. */
  readonly root: string;
  /** The shared folders that it reads. */
  readonly shared: Folders;
  /** Of a run: the stacks that it predicts and is evaluated on; null: those that it is trained on. */
  readonly tested: string | null;
  readonly experiment: Experiment;
  /** Of a synthesis that many jobs make together: the part of this one. */
  readonly shard?: Shard;
}

/**
 * The job of a run, and of each shared stage that it builds on, in order. Equal stages of two runs are jobs of one id.
 * @param tested - The experiment whose stacks it is tested on; null: its own.
 */
export function jobsOf(out: string, { name, experiment, tested }: Pick<Point, "name" | "experiment" | "tested">): Job[] {
  const own = sharedJobs(out, experiment);
  const other = tested === null ? own : sharedJobs(out, tested);
  const before = new Map([...own, ...other].map((job) => [job.id, job]));
  const shared = Object.fromEntries(own.map(({ what, root }) => [what, root])) as Folders;
  const cases = ({ what }: Job) => what === casesStage(experiment);
  const stacks = other.find(cases)!;
  return [
    ...before.values(),
    {
      id: name,
      needs: [...before.keys()],
      what: "run",
      root: join(out, "runs", name),
      shared,
      tested: stacks.id === own.find(cases)!.id ? null : stacks.root,
      experiment,
    },
  ];
}

function sharedJobs(out: string, experiment: Experiment): Job[] {
  let shared: Folders = {};
  const jobs: Job[] = [];
  for (const stage of stagesOf(experiment).filter((one) => isShared(one.name, experiment))) {
    const needs = stage.reads.map((name) => basename(shared[name]!));
    const key = [experiment.seed, stage.backend ? experiment.backend : null, stage.options(experiment, out), needs];
    const id = `${stage.name}-${sha256(canonicalJson(key)).slice(0, 10)}`;
    const root = join(out, "shared", id);
    jobs.push({ id, needs, what: stage.name, root, shared, tested: null, experiment });
    shared = { ...shared, [stage.name]: root };
  }
  return jobs;
}

/** The jobs with each synthesis divided among some, and one that puts together what they made. */
export function withShards(jobs: readonly Job[], of: number): Job[] {
  if (of === 1) return [...jobs];
  return jobs.flatMap((job) => {
    if (job.what !== "synth") return [job];
    const shards = Array.from({ length: of }, (_, index) => ({
      ...job,
      id: `${job.id}-${index + 1}of${of}`,
      shard: { index, of },
    }));
    return [...shards, { ...job, needs: [...job.needs, ...shards.map(({ id }) => id)] }];
  });
}

/** Whether a job computes by a network. */
export function computes({ what, experiment }: Job): boolean {
  return what === "run" || stagesOf(experiment).some(({ name, backend }) => name === what && backend);
}

/** The folders that must be whole before a job begins. */
export function neededFolders({ needs, shared, tested }: Job): string[] {
  const folders = tested === null ? Object.values(shared) : [...Object.values(shared), tested];
  return folders.filter((folder) => needs.includes(basename(folder)));
}

/** Changes the stages of a job before they run. */
export type Wrap = (stage: Stage) => Stage;
const asTheyAre: Wrap = (stage) => stage;

const policy = { replace: true, resume: true };

/** What makes the folder of a job, one pass after the other. */
function passesOf({ what, root, shared, tested, experiment }: Job, wrap: Wrap): Pass[] {
  const pass = (stages: readonly Stage[], folders: Folders): Pass => ({ experiment, root, stages, folders, policy });
  const all = what === "run" ? runStages(shared, experiment, wrap) : stagesOf(experiment).map(wrap);
  if (what !== "run") return [pass(all.filter(({ name }) => name === what), { ...shared, [what]: root })]; // biome-ignore format: short
  if (tested === null) return [pass(all, {})];
  const isTest = ({ name }: Stage) => name === "predict" || name === "eval";
  return [pass(all.filter((stage) => !isTest(stage)), {}), pass(all.filter(isTest), { [casesStage(experiment)]: tested })]; // biome-ignore format: short
}

async function runPasses(passes: readonly Pass[], context: StageContext, ready: ReadyBackend): Promise<StageReport[]> {
  const reports: StageReport[] = [];
  for (const pass of passes) reports.push(...(await runPass(pass, context, ready)));
  return reports;
}

const runStages = (shared: Folders, experiment: Experiment, wrap: Wrap): Stage[] =>
  stagesOf(experiment).map((stage) => wrap(stage.name in shared ? pointTo(stage.name, shared[stage.name]!) : stage));

function foldsOf({ root, shared, experiment }: Job, wrap: Wrap): FoldsRun {
  const stages = runStages(shared, experiment, wrap);
  return { experiment, root, stages, pooled: (runs) => wrap(foldsEvaluation(runs)), policy, only: null };
}

const isCrossValidation = ({ what, experiment }: Job): boolean => what === "run" && experiment.split.folds !== null;

/** Whether everything of a job is there and as it must be; hashes its files. A folder that would be refused is none that is done. */
export async function isUpToDate(job: Job): Promise<boolean> {
  const whole = join(job.root, job.what === "run" ? "manifest.json" : "stage.json");
  if (!existsSync(whole)) return false; // without a look at what it would take
  const isDone = (reports: readonly StageReport[]) => reports.every(({ state }) => state === "up to date");
  try {
    if (!isCrossValidation(job)) {
      for (const pass of passesOf(job, asTheyAre)) if (!isDone(await planPass(pass))) return false;
      return true;
    }
    const { shared, folds, pooled } = await planFolds(foldsOf(job, asTheyAre));
    return isDone(shared) && folds.every((fold) => isDone(fold.stages)) && pooled?.state === "up to date";
  } catch {
    return false; // the job itself says what is wrong
  }
}

/** Makes the folder of a job, or what of it is missing. @returns The last stage's headline. */
export async function performJob(job: Job, workers: number, session: Session, wrap: Wrap = asTheyAre): Promise<string> {
  const { root, experiment, shard } = job;
  if (shard !== undefined) return await runShard(passesOf(job, asTheyAre)[0]!, shard, workers, session); // a part is nothing for a cache
  return await inFolder(root, workers, session, async (context) => {
    const ready = backendOnce(session);
    if (job.what !== "run") return (await runPasses(passesOf(job, wrap), context, ready)).at(-1)!.headline;
    await writeConfig(root, experiment);
    try {
      if (!isCrossValidation(job)) return (await runPasses(passesOf(job, wrap), context, ready)).at(-1)!.headline;
      const inFold = <T>(folder: string, work: Parameters<typeof inFolder<T>>[3]) => inFolder(folder, workers, session, work);
      return (await runFolds(foldsOf(job, wrap), context, inFold, ready)).pooled!.headline;
    } finally {
      await writeManifest(root);
    }
  });
}
