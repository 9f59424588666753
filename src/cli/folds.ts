import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Experiment } from "../config/experiment.ts";
import type { StageContext } from "../core/context.ts";
import { seededRng } from "../core/rng.ts";
import { many } from "../core/words.ts";
import { readDataset, type Splits } from "../data/dataset.ts";
import { dealFolds, subjectsOf } from "../data/splits.ts";
import { writeConfig, writeManifest } from "./manifest.ts";
import { type Pass, type Policy, planPass, planStages, type ReadyBackend, runPass, type StageReport } from "./pipeline.ts";
import { foldCases } from "./pointers.ts";
import { clearStage, namesIn } from "./record.ts";
import { casesStage, evaluatedSplit, isShared, type Stage, type StageName } from "./stages.ts";

// A fold is a run folder like any other, but for its stacks, which all folds share: its config lists the subjects of its
// splits, and every verb takes it.

/** One cross-validation in a run folder. */
export interface FoldsRun {
  readonly experiment: Experiment;
  readonly root: string;
  /** Those of a run; what comes after synthesis is done for each fold. */
  readonly stages: readonly Stage[];
  /** The stage that evaluates all folds together, given their run folders. */
  readonly pooled: (runs: readonly string[]) => Stage;
  readonly policy: Policy;
  /** Numbers of the folds to run, all checked; null for all. */
  readonly only: readonly number[] | null;
}

/** What became of a fold, or would. */
export interface FoldReport {
  readonly fold: number;
  /** Its run folder. */
  readonly out: string;
  readonly stages: readonly StageReport[];
}

/** What became of a cross-validation, or would. */
export interface FoldsReport {
  readonly shared: readonly StageReport[];
  readonly folds: readonly FoldReport[];
  /** Folds that are still to be run before all are evaluated together. */
  readonly missing: readonly number[];
  /** The evaluation of all; null while a fold is missing. */
  readonly pooled: StageReport | null;
}

/** The numbers of the folds that a run folder holds, in order; none where it is no cross-validation. */
export async function foldsIn(root: string): Promise<number[]> {
  const names = (await namesIn(join(root, "folds"))) ?? [];
  return names
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
}

/** Runs `work` with a folder locked. */
export type InFolder = <T>(folder: string, work: (context: StageContext) => Promise<T>) => Promise<T>;

/**
 * Brings a cross-validation up to date: what all folds share once, then each fold, then their evaluation together.
 * Interrupted at any moment, the same call does what is missing and gives the same bytes.
 *
 * @throws {UserError} (usage) If there are too few subjects for the folds.
 */
export async function runFolds(
  run: FoldsRun,
  context: StageContext,
  inFolder: InFolder,
  ready: ReadyBackend,
): Promise<FoldsReport> {
  const { experiment, root, stages } = run;
  await planStages(ownStages(run), experiment); // what a training cannot do is refused before anything is painted
  const first = await runPass({ ...sharedPass(run), stages: stages.filter(({ name }) => name === "data") }, context, ready);
  await dealt(join(root, "data"), experiment); // too few subjects: better said before they are painted
  const rest = stages.filter(({ name }) => isShared(name, experiment) && name !== "data");
  const shared = [...first, ...(await runPass({ ...sharedPass(run), stages: rest }, context, ready))];
  const passes = await foldPasses(run);
  const wanted = run.only ?? passes.map((_, fold) => fold);
  const folds: FoldReport[] = [];
  for (const fold of wanted) {
    const pass = passes[fold]!;
    context.reporter.info(`fold ${fold} of ${passes.length}: tests ${many(tested(pass.experiment), "subject")}`);
    folds.push({ fold, out: pass.root, stages: await inFolder(pass.root, (own) => runFold(pass, own, ready)) });
  }
  await warnOfOthers(root, passes.length, context);
  const missing = await missingFolds(passes, wanted);
  if (missing.length > 0) await clearPooled(root); // it would be of other folds than those that are here
  const pooled = missing.length > 0 ? null : (await runPass(pooledPass(run, passes), context, ready))[0]!;
  return { shared, folds, missing, pooled };
}

async function runFold(pass: Pass, context: StageContext, ready: ReadyBackend): Promise<StageReport[]> {
  await writeConfig(pass.root, pass.experiment);
  try {
    return await runPass(pass, context, ready);
  } finally {
    await writeManifest(pass.root);
  }
}

/** What {@link runFolds} would do; reads, writes nothing. Folds are planned one by one once there are stacks to divide. */
export async function planFolds(run: FoldsRun): Promise<FoldsReport> {
  const shared = await planPass(sharedPass(run));
  if (shared.some(({ state }) => state !== "up to date")) {
    const plans = await planStages(ownStages(run), run.experiment);
    const later = ownStages(run).map(({ name }): StageReport => {
      return { stage: name, state: "would run", why: "in each fold", headline: plans.get(name)!, summary: {} };
    });
    return { shared: [...shared, ...later], folds: [], missing: [], pooled: null };
  }
  const passes = await foldPasses(run);
  const wanted = run.only ?? passes.map((_, fold) => fold);
  const folds: FoldReport[] = [];
  for (const fold of wanted) folds.push({ fold, out: passes[fold]!.root, stages: await planPass(passes[fold]!) });
  const isDone = folds.every((one) => one.stages.every(({ state }) => state === "up to date"));
  const missing = await missingFolds(passes, wanted);
  const pooled = isDone && missing.length === 0 ? (await planPass(pooledPass(run, passes)))[0]! : null;
  return { shared, folds, missing, pooled };
}

function sharedPass({ experiment, root, stages, policy }: FoldsRun): Pass {
  return { experiment, root, stages: stages.filter(({ name }) => isShared(name, experiment)), folders: {}, policy };
}

/** What is done for each fold, on its stacks. */
function ownStages({ stages, experiment }: FoldsRun): Stage[] {
  return stages.filter(({ name }) => !isShared(name, experiment));
}

async function foldPasses(run: FoldsRun): Promise<Pass[]> {
  const { experiment, root, policy } = run;
  const cases = casesStage(experiment);
  const shared = join(root, cases);
  const splits = await dealt(shared, experiment);
  const of = (name: StageName) => join(root, name);
  const before = { pool: of("pool"), ...(isShared("pretrain", experiment) ? { pretrain: of("pretrain") } : {}) };
  const normal = { data: of("data"), tissue: of("tissue") }; // a training that makes new stacks reads them
  return splits.map((split, fold) => ({
    experiment: foldExperiment(experiment, split),
    root: join(root, "folds", String(fold)),
    stages: [foldCases(cases, shared, split), ...ownStages(run)],
    folders: { ...before, ...(cases === "synth" ? normal : {}) },
    policy,
  }));
}

/** The splits of each fold of the subjects of a dataset. */
async function dealt(folder: string, { split, seed }: Experiment): Promise<Splits[]> {
  const { cases } = await readDataset(folder);
  return dealFolds(seededRng(seed).fork("split"), subjectsOf(cases), split);
}

/** The experiment of one fold: its subjects by name. */
function foldExperiment(experiment: Experiment, { train, val, test }: Splits): Experiment {
  return {
    ...experiment,
    split: { train, val, test, folds: null, select: "val" },
    eval: { ...experiment.eval, split: evaluatedSplit(experiment) },
  };
}

function tested({ split, eval: { split: name } }: Experiment): number {
  return (split[name] as readonly string[]).length;
}

function pooledPass({ experiment, root, policy, pooled }: FoldsRun, passes: readonly Pass[]): Pass {
  return { experiment, root, stages: [pooled(passes.map((pass) => pass.root))], folders: {}, policy };
}

/** Folds beside the wanted ones that are not up to date. */
async function missingFolds(passes: readonly Pass[], wanted: readonly number[]): Promise<number[]> {
  const missing: number[] = [];
  for (const [fold, pass] of passes.entries()) {
    if (wanted.includes(fold)) continue;
    const reports = await planPass(pass).catch(() => null); // a folder that would be refused is none that is done
    if (reports === null || reports.some(({ state }) => state !== "up to date")) missing.push(fold);
  }
  return missing;
}

async function clearPooled(root: string): Promise<void> {
  const folder = join(root, "eval");
  if ((await namesIn(folder))?.some((name) => /^stage(\.partial)?\.json$/.test(name)) !== true) return;
  await clearStage(folder);
  await rm(join(root, "report.html"), { force: true });
}

async function warnOfOthers(root: string, count: number, { reporter }: StageContext): Promise<void> {
  const names = (await namesIn(join(root, "folds"))) ?? [];
  const others = names.filter((name) => !(/^\d+$/.test(name) && Number(name) < count)).sort();
  if (others.length > 0) reporter.warn(`${join(root, "folds")} holds ${others.join(", ")}, which is none of the ${count} folds`);
}
