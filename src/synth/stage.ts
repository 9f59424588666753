import { resolve } from "node:path";
import type { StageContext, StageResult } from "../core/context.ts";
import { UserError } from "../core/errors.ts";
import { mapParallel } from "../core/parallel.ts";
import { type Rng, seededRng, shuffled } from "../core/rng.ts";
import { type Case, type Dataset, readDataset, readSplits, splitNames, writeDataset, writeSplits } from "../data/dataset.ts";
import { assertNoLeak } from "../data/leaks.ts";
import type { SynthJob } from "./job.ts";
import type { SynthOptions } from "./options.ts";

/** What {@link runSynth} needs. */
export interface SynthRun {
  /** Folder of the dataset of normal cases (dataset.json, splits.json). */
  readonly data: string;
  /** Folder to fill. */
  readonly out: string;
  readonly options: SynthOptions;
  readonly seed: number;
}

/**
 * Paints pseudo-hemorrhages into the normal cases of `data` and writes a dataset of stacks to `out`, dataset.json last.
 * Every synthetic case keeps the subject, and so the split, of the case it was made from. The same run gives the same bytes, whatever the number of workers.
 *
 * @throws {UserError} (data) If the dataset has no tissue labels, is not normal, or a case's anatomy cannot hold a bleed.
 * @throws {StoppedError} If the user asks to stop.
 */
export async function runSynth({ data, out, options, seed }: SynthRun, context: StageContext): Promise<StageResult> {
  const { reporter, signal, workers } = context;
  const dataset = await readDataset(data);
  const splits = await readSplits(data);
  const scheme = checkNormal(dataset, data);
  const chosen = new Set(splitNames.flatMap((name) => splits[name]));
  const jobs = dataset.cases
    .filter((c) => chosen.has(c.subject))
    .map((source): SynthJob => {
      const diseased = drawDiseased(seededRng(seed).fork("diseased").fork(source.id), options);
      return { root: resolve(data, dataset.root), out, source, scheme, options, diseased, seed };
    });
  reporter.progress("synth", 0, jobs.length);
  const made = await mapParallel<SynthJob, Case[]>(new URL("./job.ts", import.meta.url), jobs, {
    workers,
    signal,
    onDone: (done, total) => reporter.progress("synth", done, total),
  });
  const result: Dataset = {
    schemaVersion: 1,
    name: `${dataset.name}-pseudo`,
    root: ".",
    labelScheme: null,
    cases: made.flat(),
    findings: [],
  };
  assertNoLeak({ dataset: result, splits, where: out, originals: dataset.cases });
  await writeSplits(out, splits);
  await writeDataset(out, result);
  return summarise(result, jobs.length);
}

/** @throws {UserError} (data) If bleeds cannot be painted into these cases. */
function checkNormal(dataset: Dataset, data: string): NonNullable<Dataset["labelScheme"]> {
  const bare = dataset.cases.find((c) => c.labels === null);
  if (bare || dataset.labelScheme === null) {
    const got = bare ? `none for ${bare.id}` : "no label scheme";
    throw new UserError(
      "data",
      `${data}: synth needs tissue labels in a named scheme; got ${got}. Ingest with data.labels and data.scheme set.`,
    );
  }
  const sick = dataset.cases.find((c) => c.grade !== null && c.grade > 0);
  if (sick) {
    throw new UserError(
      "data",
      `${data}: synth paints into normal cases; got grade ${sick.grade} for ${sick.id}. Leave diseased cases out.`,
    );
  }
  return dataset.labelScheme;
}

/** Which copies of a case get a bleed: the asked share, a fraction of a copy decided by chance. */
function drawDiseased(rng: Rng, { copies, healthyShare }: SynthOptions): boolean[] {
  const wanted = copies * (1 - healthyShare);
  const count = Math.floor(wanted) + (rng.uniform() < wanted % 1 ? 1 : 0);
  return shuffled(
    rng,
    Array.from({ length: copies }, (_, i) => i < count),
  );
}

function summarise({ cases }: Dataset, sources: number): StageResult {
  const grades = [0, 1, 2, 3, 4].map((grade) => cases.filter((c) => c.grade === grade).length);
  const [healthy, ...sick] = grades;
  const words = sick.map((n, i) => `${n} ${["I", "II", "III", "IV"][i]}`).join(", ");
  return {
    headline: `${cases.length} stacks from ${sources} normal cases: ${healthy} healthy, by grade ${words}`,
    summary: { sources, stacks: cases.length, stacksByGrade: Object.fromEntries(grades.map((n, grade) => [grade, n])) },
  };
}
