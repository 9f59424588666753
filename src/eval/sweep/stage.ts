import { join } from "node:path";
import { z } from "zod";
import { type StageContext, throwIfStopped } from "../../core/context.ts";
import { canonicalJson } from "../../core/hash.ts";
import { seededRng } from "../../core/rng.ts";
import { many } from "../../core/words.ts";
import { readJson } from "../../data/dataset.ts";
import { readText, writeAtomic } from "../../data/files.ts";
import { encodeParquet } from "../../data/parquet.ts";
import { drawPlan } from "../metrics/bootstrap.ts";
import { type Results, resultsSchema } from "../results.ts";
import { bestOf, type Validated } from "./best.ts";
import { compareSettings, figureOf, replicateRuns, type SweptRun, settingFigures } from "./compare.ts";
import { sweepPage } from "./page.ts";
import { comparedFigures, type SweepResults, type SweptPoint, sweepResultsSchema } from "./results.ts";
import { sweepColumns, sweepCsv } from "./table.ts";
import { readUnits, type SweptUnit } from "./units.ts";

/** A point of a sweep and where its run lies. */
export interface SweptPlace extends Omit<SweptPoint, "metrics" | "validation" | "optimistic"> {
  /** Its run folder, read where it is done. */
  readonly run: string;
  /** What patients of the same name have in common: runs of other `cohort`s were tested on other patients. */
  readonly cohort: string;
  /** False for a pretraining, of which nothing is predicted. */
  readonly isEvaluated: boolean;
}

/** What {@link runSweepReport} needs. */
export interface SweepReport extends Pick<SweepResults, "name" | "threads" | "baseline" | "testOn"> {
  readonly factors: readonly SweepResults["factors"][number][];
  /** Folder of the sweep; gets sweep.csv, sweep.parquet, sweep.html and, last, sweep.json. */
  readonly out: string;
  readonly points: readonly SweptPlace[];
  /** Of the resampling plan that all runs share. */
  readonly seed: number;
  readonly resamples: number;
  readonly level: number;
}

/**
 * Gathers the runs of a sweep: a table, a page, and each setting beside the baseline.
 * @throws {UserError} (data) If a run that is done cannot be read.
 */
export async function runSweepReport(report: SweepReport, { signal }: StageContext): Promise<SweepResults> {
  const { out, name, threads, factors, baseline, testOn, resamples, level, seed } = report;
  const points: SweptPoint[] = [];
  const runs: SweptRun[] = [];
  const validated: Validated[] = [];
  for (const { run: place, cohort, isEvaluated, ...point } of report.points) {
    throwIfStopped(signal);
    const read = point.state === "done" && isEvaluated ? await readRun(place, cohort) : null;
    const figures = comparedFigures.map((one) => figureOf(one, read?.validation ?? []));
    const optimistic = read !== null && read.results.split !== "test";
    const metrics = read === null ? [] : metricsOf(read.results);
    points.push({ ...point, optimistic, metrics, validation: validationOf(figures) });
    if (read === null) continue;
    runs.push({ setting: point.setting, seed: point.seed, units: read.units });
    const { name: run, setting } = point;
    validated.push({
      name: run,
      setting,
      figures: figures.map(({ value }) => value),
      tested: figures.map(({ tested }) => tested),
    });
  }
  const subjects = runs.flatMap(({ units }) => units.map(({ subject }) => subject));
  const replicates =
    subjects.length === 0 ? null : replicateRuns(drawPlan(seededRng(seed).fork("sweep"), subjects, resamples), runs, level);
  const results: SweepResults = {
    ...{ schemaVersion: 1, name, threads, factors: [...factors], baseline, testOn, level, resamples, points },
    settings: replicates === null ? [] : settingFigures(replicates),
    comparisons: replicates === null || baseline === null ? [] : compareSettings(replicates, baseline),
    best: bestOf(validated),
    notes: notesOf(points, runs, report),
  };
  const checked = sweepResultsSchema.parse(results);
  const columns = sweepColumns(checked);
  await writeAtomic(join(out, "sweep.csv"), sweepCsv(columns));
  await writeAtomic(join(out, "sweep.parquet"), encodeParquet(columns));
  await writeAtomic(join(out, "sweep.html"), sweepPage(checked));
  await writeAtomic(join(out, "sweep.json"), `${canonicalJson(checked, 1)}\n`);
  return checked;
}

async function readRun(run: string, cohort: string) {
  const results = await readJson(join(run, "eval", "results.json"), resultsSchema, "evaluate that run again");
  const file = join(run, "eval", "units.csv");
  const text = await readText(file, "evaluate that run again");
  const unitsOf = (split: string): SweptUnit[] => {
    const units = readUnits(text, file, split);
    return cohort === "" ? units : units.map((unit) => ({ ...unit, subject: `${cohort} ${unit.subject}` }));
  };
  return { results, units: unitsOf(results.split), validation: results.split === "val" ? [] : unitsOf("val") };
}

function validationOf(figures: readonly { readonly value: number }[]): SweptPoint["validation"] {
  return comparedFigures.flatMap((one, i) => (Number.isNaN(figures[i]!.value) ? [] : [{ ...one, estimate: figures[i]!.value }]));
}

function metricsOf({ metrics }: Results): SweptPoint["metrics"] {
  const all = metrics.filter(({ subset }) => subset === "all");
  return all.map(({ metric, per, estimate, low, high }) => ({ metric, per, estimate, low, high }));
}

function notesOf(points: readonly SweptPoint[], runs: readonly SweptRun[], { baseline, testOn }: SweepReport): string[] {
  const open = points.filter(({ state }) => state !== "done").length;
  const notes = open === 0 ? [] : [`${many(open, "run")} of ${points.length} failed or ${open === 1 ? "is" : "are"} still to be run; what is said of settings is of the others.`]; // biome-ignore format: one line
  const flattered = [...new Set(points.filter(({ optimistic }) => optimistic).map(({ setting }) => setting))];
  if (flattered.length > 0) notes.push(`Optimistic: ${flattered.join(", ")}. Checkpoints or thresholds were chosen on the very subjects whose figures these are.`); // biome-ignore format: one line
  if (testOn !== null) notes.push(`All networks predicted the validation and test stacks of ${testOn}; thresholds were chosen on its validation stacks, checkpoints on those that each was trained with.`); // biome-ignore format: one line
  if (baseline !== null && !runs.some(({ setting }) => setting === baseline)) notes.push(`No run of the baseline ${baseline} is done, so nothing is compared.`); // biome-ignore format: one line
  if (runs.length > 0 && Math.max(...countSeeds(runs)) < 2) notes.push("Each setting was trained with one seed: how much of a difference is chance of the training is not known."); // biome-ignore format: one line
  return notes;
}

function countSeeds(runs: readonly SweptRun[]): number[] {
  const counts = new Map<string, number>();
  for (const { setting } of runs) counts.set(setting, (counts.get(setting) ?? 0) + 1);
  return [...counts.values()];
}

/** What a later call must know of a sweep that was begun. @throws {UserError} (data) If it cannot be read. */
export async function readSweepThreads(out: string): Promise<number> {
  const begun = z.looseObject({ threads: z.int().min(1) });
  return (await readJson(join(out, "sweep.json"), begun, "choose another --out")).threads;
}
