import { availableParallelism } from "node:os";
import { join } from "node:path";
import { readsFrom } from "../../config/data.ts";
import { UserError } from "../../core/errors.ts";
import { many } from "../../core/words.ts";
import { figure } from "../../eval/report/format.ts";
import { figureName, knownFigures } from "../../eval/sweep/page.ts";
import type { SweepComparison, SweepResults } from "../../eval/sweep/results.ts";
import { readSweepThreads, runSweepReport, type SweptPlace } from "../../eval/sweep/stage.ts";
import { pValue, range } from "../../eval/tables/figures.ts";
import { loadSweep, type SweepPlan } from "../../sweep/plan.ts";
import { isPretraining } from "../../train/options.ts";
import type { CacheOptions } from "../cache/options.ts";
import { askedCache } from "../cache/stage.ts";
import { assertFree } from "../lock.ts";
import { checkUri } from "../mlflow/client.ts";
import { followRuns } from "../mlflow/follow.ts";
import { namesIn } from "../record.ts";
import { type CommonOptions, inFolder, type Outcome, overridesOf, type Session } from "../session.ts";
import { linkCurves } from "../sweep/curves.ts";
import { isUpToDate, type Job, withShards } from "../sweep/jobs.ts";
import { localLauncher } from "../sweep/local.ts";
import { allJobs, type Launcher, type PointState, readFailures, runSweep, type SweepRun, threadsFor } from "../sweep/run.ts";
import { assertSlurm } from "../sweep/slurm/commands.ts";
import { cancelWords, placedJobs, slurmLauncher } from "../sweep/slurm/launcher.ts";

export interface SweepOptions extends CommonOptions, CacheOptions {
  readonly mlflow?: string;
  /** Runs at a time; by default one here, and as many as the cluster gives on Slurm. */
  readonly jobs?: number;
  readonly launcher: LauncherName;
  readonly resume?: boolean;
  readonly onlyFailed?: boolean;
}

/** `hemosynth sweep CONFIG`: a run for each point of the config's `sweep` section, and what comes out of them side by side. */
export async function sweep(config: string, options: SweepOptions, session: Session): Promise<Outcome> {
  const { out } = options;
  const plan = await loadSweep(config, overridesOf(options));
  if (options.dryRun === true) {
    await assertFree(out);
    await checkFolder(out, true);
    return await planned(plan, out);
  }
  if (options.mlflow !== undefined) checkUri(options.mlflow);
  await askedCache(options, out); // the processes that it starts find it in their environment
  const goesOn = options.resume === true || options.onlyFailed === true;
  if (options.launcher === "slurm") await assertSlurm();
  return await inFolder(out, options.workers, session, async (context) => {
    const begun = await checkFolder(out, goesOn);
    const threads = begun ? await readSweepThreads(out) : threadsOf(plan, options);
    const report = (states: ReadonlyMap<string, PointState>) => runSweepReport(reportOf(plan, out, threads, states), context);
    if (!begun) await report(new Map());
    if (options.launcher === "local") await assertNotQueued(plan, out, session);
    await linkCurves(out, plan);
    const launcher = launcherOf(plan, threads, options);
    const shards = options.launcher === "slurm" ? plan.slurm.shards : 1;
    const run: SweepRun = { out, plan, shards, onlyFailed: options.onlyFailed === true, launcher };
    const followed = plan.points.map(({ name, experiment }) => ({ name, root: join(out, "runs", name), experiment }));
    const end = followRuns(options.mlflow, plan.name, followed, session.reporter);
    let states: ReadonlyMap<string, PointState> = new Map();
    try {
      states = await runSweep(run, { ...session, signal: context.signal });
    } finally {
      await end((name) => states.get(name)?.state === "done");
    }
    return outcomeOf(plan, out, await report(states));
  });
}

/** Where runs are computed. */
export type LauncherName = "local" | "slurm";

function launcherOf({ memoryGb, slurm }: SweepPlan, threads: number, { launcher, jobs, workers }: SweepOptions): Launcher {
  switch (launcher) {
    case "local":
      return localLauncher({ slots: jobs ?? 1, workers, threads, memoryGb });
    case "slurm":
      return slurmLauncher({ slurm, atOnce: jobs ?? null, threads, memoryGb });
    default:
      return launcher satisfies never;
  }
}

/** Threads of TensorFlow of a new sweep. */
function threadsOf({ slurm }: SweepPlan, { launcher, jobs }: SweepOptions): number {
  return threadsFor(launcher === "slurm" ? slurm.cpus : Math.floor(availableParallelism() / (jobs ?? 1)));
}

/** @throws {UserError} (usage) If jobs of the sweep are in Slurm's queue: two would make one run. */
async function assertNotQueued(plan: SweepPlan, out: string, { reporter }: Session): Promise<void> {
  const placed = await placedJobs(out, withShards(allJobs(out, plan), plan.slurm.shards)).catch((error: Error) => {
    reporter.warn(`whether jobs of this sweep are in Slurm's queue is not known: ${error.message}`);
    return []; // a run that one of them makes is locked
  });
  if (placed.length === 0) return;
  const wayOut = `Go on with --launcher slurm, or end them: ${cancelWords(placed)}`;
  throw new UserError("usage", `${out}: ${many(placed.length, "job")} of this sweep in Slurm's queue. ${wayOut}`);
}

/**
 * Whether a folder holds a sweep already.
 * @throws {UserError} (usage) If it does and was not to, or holds anything else.
 */
async function checkFolder(out: string, goesOn: boolean): Promise<boolean> {
  const names = (await namesIn(out)) ?? [];
  if (names.length === 0) return false;
  if (!names.includes("sweep.json"))
    throw new UserError("usage", `${out}: a new sweep needs an empty folder; got one with ${names[0]}. Choose another --out.`);
  if (!goesOn)
    throw new UserError("usage", `${out}: holds a sweep. Pass --resume to do what is missing, or choose another --out.`);
  return true;
}

function reportOf(
  { name, points, factors, baseline, testOn }: SweepPlan,
  out: string,
  threads: number,
  states: ReadonlyMap<string, PointState>,
) {
  const { seed, eval: { bootstrap } } = points[0]!.experiment; // biome-ignore format: one line
  const severalSeeds = new Set(points.map(({ experiment }) => experiment.seed)).size > 1;
  const places = points.map(({ name: own, setting, seed: seeds, values, experiment }): SweptPlace => {
    const { state, failure } = states.get(own) ?? { state: "missing", failure: null };
    const cohort = severalSeeds && readsFrom(experiment.data) === null ? `seed ${experiment.seed}` : ""; // their brains are others
    return {
      name: own,
      setting,
      seed: seeds,
      values,
      state,
      failure,
      run: join(out, "runs", own),
      cohort,
      isEvaluated: !isPretraining(experiment.train.task),
    };
  });
  const { resamples, level } = bootstrap;
  return { out, name, threads, factors, baseline, testOn, points: places, seed, resamples, level };
}

async function planned(plan: SweepPlan, out: string): Promise<Outcome> {
  const jobs = allJobs(out, plan);
  const failures = await readFailures(out);
  const isThere = new Map<string, boolean>();
  for (const job of jobs) isThere.set(job.id, await isUpToDate(job));
  const stateOf = ({ id }: Job) => (isThere.get(id) === true ? "up to date" : id in failures ? "failed" : "would run");
  const runs = jobs.filter(({ what }) => what === "run");
  const shared = jobs.filter(({ what }) => what !== "run");
  const points = runs.map((job, i) => ({
    name: job.id,
    setting: plan.points[i]!.setting,
    state: stateOf(job),
    shared: job.needs,
  }));
  const users = ({ id }: Job) => runs.filter(({ needs }) => needs.includes(id)).length;
  const made = shared.map((job) => ({ name: job.id, state: stateOf(job), runs: users(job) }));
  const lines = [
    summary(plan),
    ...made.map(({ name, state, runs: n }) => `${state.padEnd(10)}  ${name}, once for ${many(n, "run")}`),
    ...points.map(({ name, state }) => `${state.padEnd(10)}  ${name}`),
  ];
  return {
    text: lines.join("\n"),
    json: { schemaVersion: 1, command: "sweep", out, dryRun: true, shared: made, points, folded: plan.folded },
  };
}

function summary({ points, factors, folded, baseline }: SweepPlan): string {
  const settings = new Set(points.map(({ setting }) => setting)).size;
  const same = folded === 0 ? "" : `; ${folded} more ${folded === 1 ? "was" : "were"} the same and left out`;
  const varied = factors.length === 0 ? "nothing" : factors.map(({ path }) => path).join(", ");
  const against = baseline === null ? "" : `; against ${baseline}`;
  return `${many(points.length, "run")} of ${many(settings, "setting")}: ${varied}${same}${against}`;
}

function outcomeOf(plan: SweepPlan, out: string, results: SweepResults): Outcome {
  const { points, comparisons } = results;
  const count = (state: string) => points.filter((point) => point.state === state).length;
  const failed = points.filter(({ state }) => state === "failed");
  const lead = knownFigures(results)[0];
  const told = comparisons.filter(({ metric, per }) => metric === lead?.metric && per === lead.per);
  const text = [
    summary(plan),
    `${count("done")} done, ${count("failed")} failed${count("missing") > 0 ? `, ${count("missing")} still to be run` : ""}`,
    ...told.map((one) => `${figureName(lead!)} of ${one.setting} less ${results.baseline}: ${differenceWords(one)}`),
    `report: ${join(out, "sweep.html")}`,
  ].join("\n");
  const json = {
    schemaVersion: 1,
    command: "sweep",
    out,
    dryRun: false,
    points: points.map(({ name, setting, state, failure }) => ({ name, setting, state, failure })),
    comparisons,
    report: join(out, "sweep.html"),
  };
  if (failed.length === 0) return { text, json };
  const first = failed[0]!;
  const message = `${out}: ${failed.length} of ${many(points.length, "run")} failed; the first, ${first.name}: ${first.failure!.message.split("\n")[0]} More in ${join(out, "logs")}; --only-failed tries them again.`;
  return { text, json, failure: new UserError("partial", message) };
}

function differenceWords({ difference, low, high, seedSd, pHolm, reason }: SweepComparison): string {
  if (difference === null || low === null) return `${figure(difference)} (${reason})`;
  const seeds = seedSd === null ? "" : `, seed SD ${figure(seedSd)}`;
  return `${figure(difference)} ${range({ low, high })}, p by Holm ${pValue(pHolm)}${seeds}`;
}
