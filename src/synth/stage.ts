import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { StageContext, StageResult } from "../core/context.ts";
import { mapReported } from "../core/parallel.ts";
import { many } from "../core/words.ts";
import { assertApart } from "../data/apart.ts";
import {
  type Case,
  type Dataset,
  type Finding,
  readDataset,
  readSplits,
  type Splits,
  splitNames,
  writeDataset,
  writeSplits,
} from "../data/dataset.ts";
import { assertNoLeak } from "../data/leaks.ts";
import type { SynthAnswer, SynthJob } from "./job.ts";
import { usableCases } from "./normal/cases.ts";
import { unfitFault } from "./normal/load.ts";
import type { SynthOptions } from "./options.ts";
import { type GivenUp, summarise } from "./summary.ts";

/** What {@link runSynth} needs. */
export interface SynthRun {
  /** Folder of the dataset of normal cases (dataset.json, splits.json). */
  readonly data: string;
  /** Folder to fill. */
  readonly out: string;
  readonly options: SynthOptions;
  readonly seed: number;
  /** Keep the whole scenes that an interrupted run of the same options left in `out`; the result is the same bytes. */
  readonly resume?: boolean;
}

/** Copies of one case that a worker makes at a time: one case must not keep the others waiting. */
const copiesAtOnce = 8;

/**
 * Paints pseudo-hemorrhages into the normal cases of `data` and writes a dataset of thick stacks to `out`, dataset.json last.
 * A synthetic stack has its source's subject, so that it stays in its source's split. The same run gives the same bytes,
 * whatever the number of workers and however often it was interrupted. Scenes that no bleed fits are left out and named in `findings`.
 *
 * @throws {UserError} (data) If a file cannot be used, or more scenes than `options.mostGivenUp`, and more than one, are left out; (usage) if `out` is not apart from `data`.
 * @throws {StoppedError} If the user asks to stop.
 */
export async function runSynth(run: SynthRun, context: StageContext): Promise<StageResult> {
  const { dataset, splits, jobs } = await readJobs(run, context);
  await rm(join(run.out, "dataset.json"), { force: true }); // of an earlier run: the folder is not whole until this one is done
  const { cases, digests, givenUp } = await perform(jobs, context);
  checkGivenUp(givenUp, run.options, jobs);
  for (const { case: id, copy, why } of givenUp) context.reporter.warn(`${id}, copy ${copy}: given up: ${why}`);
  await writeMade(run, dataset, splits, cases, givenUp);
  return summarise(digests, givenUp);
}

/** One part of a synthesis that several processes make. */
export interface Shard {
  /** From 0, below `of`. */
  readonly index: number;
  /** How many parts there are. */
  readonly of: number;
}

/**
 * Makes the scenes of one shard into `out`, and writes no dataset.json: {@link runSynth} with `resume` takes what all shards made, makes what is
 * still missing, and gives the same bytes as without shards. Shards may run at the same time, and more than once.
 */
export async function runSynthShard(run: SynthRun, { index, of }: Shard, context: StageContext): Promise<StageResult> {
  const { jobs } = await readJobs({ ...run, resume: true }, context);
  const { cases, givenUp } = await perform(jobs.filter((_, i) => i % of === index), context); // biome-ignore format: one line
  const summary = { shard: index, shards: of, stacks: cases.length, givenUp: givenUp.length };
  return { headline: `shard ${index + 1} of ${of}: ${many(cases.length, "stack")}`, summary };
}

async function readJobs(run: SynthRun, { reporter }: StageContext) {
  await assertApart(run.data, run.out);
  const dataset = await readDataset(run.data);
  const splits = await readSplits(run.data);
  const sources = usableCases(dataset, splits, run.data, reporter.warn);
  return { dataset, splits, jobs: jobsOf(run, dataset, sources) };
}

async function perform(jobs: readonly SynthJob[], context: StageContext): Promise<SynthAnswer> {
  const answers = await mapReported<SynthJob, SynthAnswer>("synth", new URL("./job.ts", import.meta.url), jobs, context);
  return {
    cases: answers.flatMap((a) => a.cases),
    digests: answers.flatMap((a) => a.digests),
    givenUp: answers.flatMap((a) => a.givenUp),
  };
}

/** One job for every few copies of a case, in the dataset's order. */
function jobsOf({ data, out, options, seed, resume = false }: SynthRun, dataset: Dataset, sources: readonly Case[]): SynthJob[] {
  const root = join(data, dataset.root);
  const starts = Array.from({ length: Math.ceil(options.copies / copiesAtOnce) }, (_, i) => i * copiesAtOnce);
  return sources.flatMap((source) =>
    starts.map((first): SynthJob => {
      const end = Math.min(options.copies, first + copiesAtOnce);
      return { root, out, case: source, scheme: dataset.labelScheme!, options, seed, first, end, resume };
    }),
  );
}

/**
 * One scene may always be missing: a share of a few scenes allows none.
 *
 * @throws {UserError} (data) With the first reason, if too many scenes are missing, or all.
 */
export function checkGivenUp(
  givenUp: readonly GivenUp[],
  options: Pick<SynthOptions, "mostGivenUp">,
  jobs: readonly Omit<SynthJob, "out" | "resume">[],
): void {
  const scenes = jobs.reduce((sum, { first, end }) => sum + end - first, 0);
  const first = givenUp[0];
  const most = Math.max(1, options.mostGivenUp * scenes);
  if (first === undefined || (givenUp.length < scenes && givenUp.length <= most)) return;
  const job = jobs.find((j) => j.case.id === first.case)!;
  const share = Math.ceil((100 * givenUp.length) / scenes) / 100;
  const limit = `more than synth.mostGivenUp = ${options.mostGivenUp} allows`;
  const wayOut = givenUp.length < scenes ? `To go on without them: --set synth.mostGivenUp=${share}. ` : "";
  throw unfitFault(job, first.why, `${givenUp.length} of ${scenes} scenes were given up, ${limit}. ${wayOut}`);
}

/** Writes splits.json and dataset.json. */
async function writeMade(
  { out, options }: SynthRun,
  dataset: Dataset,
  splits: Splits,
  cases: readonly Case[],
  givenUp: readonly GivenUp[],
): Promise<void> {
  const kept = new Set(cases.map((c) => c.subject));
  const [train, val, test] = splitNames.map((name) => splits[name].filter((subject) => kept.has(subject)));
  const ownSplits = { schemaVersion: 1 as const, train: train!, val: val!, test: test! };
  const made: Dataset = {
    schemaVersion: 1,
    name: `${dataset.name} with pseudo-hemorrhages`,
    root: ".",
    labelScheme: options.writeTissue ? "hemosynth" : null,
    cases: [...cases],
    findings: givenUp.map(findingOf),
  };
  assertNoLeak({ dataset: made, splits: ownSplits, where: out, originals: dataset.cases });
  await writeSplits(out, ownSplits);
  await writeDataset(out, made);
}

function findingOf({ case: id, copy, why }: GivenUp): Finding {
  return { severity: "warning", case: id, rule: "given-up", message: `copy ${copy} was not made: ${why}` };
}
