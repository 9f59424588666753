import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { StageContext, StageResult } from "../core/context.ts";
import { UserError } from "../core/errors.ts";
import { mapParallel } from "../core/parallel.ts";
import {
  type Case,
  type Dataset,
  readDataset,
  readSplits,
  type Splits,
  splitNames,
  writeDataset,
  writeSplits,
} from "../data/dataset.ts";
import { dataFault } from "../data/faults.ts";
import { assertNoLeak } from "../data/leaks.ts";
import type { SynthJob } from "./job.ts";
import type { SynthOptions } from "./options.ts";
import type { Sidecar } from "./sidecar.ts";
import { summarise } from "./summary.ts";

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
 * Paints pseudo-hemorrhages into the normal cases of `data` and writes a dataset of thick stacks to `out`, dataset.json last.
 * A synthetic stack has its source's subject, so that it stays in its source's split. The same run gives the same bytes,
 * whatever the number of workers.
 *
 * @throws {UserError} (data) If a case cannot be used, or none can; (usage) if `out` is `data`.
 * @throws {StoppedError} If the user asks to stop.
 */
export async function runSynth({ data, out, options, seed }: SynthRun, context: StageContext): Promise<StageResult> {
  const { reporter, signal, workers } = context;
  refuseOverlap(data, out);
  const dataset = await readDataset(data);
  const splits = await readSplits(data);
  const root = join(data, dataset.root);
  const jobs = usableCases(dataset, splits, data, reporter.warn).map((source): SynthJob => {
    return { root, out, case: source, scheme: dataset.labelScheme!, options, seed };
  });
  await rm(join(out, "dataset.json"), { force: true }); // of an earlier run: the folder is not whole until this one is done
  reporter.progress("synth", 0, jobs.length);
  const results = await mapParallel<SynthJob, { cases: Case[]; sidecars: Sidecar[] }>(
    new URL("./job.ts", import.meta.url),
    jobs,
    {
      workers,
      signal,
      onDone: (done, total) => reporter.progress("synth", done, total),
    },
  );
  const cases = results.flatMap((r) => r.cases);
  const kept = new Set(cases.map((c) => c.subject));
  const [train, val, test] = splitNames.map((name) => splits[name].filter((subject) => kept.has(subject)));
  const ownSplits = { schemaVersion: 1 as const, train: train!, val: val!, test: test! };
  const made: Dataset = {
    schemaVersion: 1,
    name: `${dataset.name} with pseudo-hemorrhages`,
    root: ".",
    labelScheme: options.writeTissue ? "hemosynth" : null,
    cases,
    findings: [],
  };
  assertNoLeak({ dataset: made, splits: ownSplits, where: out, originals: dataset.cases });
  await writeSplits(out, ownSplits);
  await writeDataset(out, made);
  return summarise(results.flatMap((r) => r.sidecars));
}

/** @throws {UserError} (usage) If one folder is the other: its dataset.json would be replaced by the new one. */
function refuseOverlap(data: string, out: string): void {
  if (resolve(data) !== resolve(out)) return;
  throw new UserError(
    "usage",
    `${out}: the output folder must not be the folder of the normal cases; got the same. Name another.`,
  );
}

/** The cases to paint: original, in a split, not known to be ill, with labels. */
function usableCases(dataset: Dataset, splits: Splits, where: string, warn: (line: string) => void): Case[] {
  const chosen = new Set(splitNames.flatMap((name) => splits[name]));
  const original = dataset.cases.filter((c) => c.sources.length === 0 && chosen.has(c.subject));
  const normal = original.filter((c) => (c.grade ?? 0) === 0);
  const usable = dataset.labelScheme === null ? [] : normal.filter((c) => c.labels !== null);
  const file = join(where, "dataset.json");
  if (normal.length < original.length) warn(`${file}: ${original.length - normal.length} cases with hemorrhage are left out.`);
  if (usable.length === 0) {
    const got = `${normal.length} normal cases, none with labels`;
    throw dataFault(
      file,
      "synthesis needs normal cases with tissue labels",
      got,
      "Ingest with a labels pattern and a label scheme",
    );
  }
  if (usable.length < normal.length) warn(`${file}: ${normal.length - usable.length} normal cases without labels are left out.`);
  return usable;
}
