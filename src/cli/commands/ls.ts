import { readdir, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import { loadExperiment } from "../../config/experiment.ts";
import { naturalOrder } from "../../core/natural-order.ts";
import { dataFault } from "../../data/faults.ts";
import { figure } from "../../eval/report/format.ts";
import { documentText } from "../../eval/tables/document.ts";
import { type Leading, leadingFigure } from "../leading.ts";
import { assertFree } from "../lock.ts";
import { namesIn } from "../record.ts";
import type { Outcome } from "../session.ts";
import { type StageName, stageNames, stagesOf } from "../stages.ts";
import { readFailures } from "../sweep/run.ts";

/** Folders within folders that are looked into. */
const deepest = 4;

/** One run folder. */
export interface Listed {
  /** From the folder that was asked for. */
  readonly run: string;
  readonly state: "done" | "running" | "failed" | "interrupted" | "begun";
  /** The last stage that is whole, the one that was interrupted, or why it failed. */
  readonly where: string;
  /** Its leading figure, as in its report; of an unfinished run the best validation so far. */
  readonly best: Leading | null;
  /** Seconds since a stage last ended. */
  readonly ageSeconds: number;
}

/** `hemosynth ls RUNS`: what is in a folder of runs, those of sweeps included. */
export async function list(root: string): Promise<Outcome> {
  const found = await stat(root).catch(() => null);
  if (found?.isDirectory() !== true)
    throw dataFault(root, "must be a folder", found === null ? "nothing there" : "a file", "Check the path");
  const runs = await runsIn(root, deepest, {});
  const listed: Listed[] = [];
  for (const { folder, failure } of runs)
    listed.push({ run: relative(root, folder) || ".", ...(await describe(folder, failure)) });
  const cells = [
    ["run", "status", "", "best", "age"],
    ...listed.map(({ run, state, where, best, ageSeconds }) => [
      run,
      state,
      where,
      best === null ? "" : `${best.name} ${figure(best.value)}`,
      ageOf(ageSeconds),
    ]),
  ];
  const text =
    listed.length === 0
      ? `${root}: no run folder`
      : documentText({ title: "", lines: [], tables: [{ title: root, cells }], notes: [], method: "" });
  return { text, json: { schemaVersion: 1, command: "ls", root, runs: listed } };
}

interface Found {
  readonly folder: string;
  /** Why its sweep gave it up; null where it did not. */
  readonly failure: string | null;
}

async function runsIn(folder: string, depth: number, failures: Readonly<Record<string, { message: string }>>): Promise<Found[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const names = new Set(entries.map(({ name }) => name));
  const own = folder.split(/[\\/]/).at(-1)!;
  if (names.has("config.yaml") || names.has("manifest.json")) return [{ folder, failure: failures[own]?.message ?? null }];
  if (depth === 0) return [];
  const below = names.has("sweep.json") ? await readFailures(folder) : failures;
  const folders = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith(".") && entry.name !== "node_modules");
  const sorted = folders.map(({ name }) => name).sort(naturalOrder);
  const all: Found[] = [];
  for (const name of sorted) all.push(...(await runsIn(join(folder, name), depth - 1, below)));
  return all;
}

async function describe(folder: string, failure: string | null): Promise<Omit<Listed, "run">> {
  const best = await leadingFigure(folder);
  const ageSeconds = await ageOfRun(folder);
  const tell = (state: Listed["state"], where: string) => ({ state, where, best, ageSeconds });
  const isRunning = await assertFree(folder).then(() => false, () => true); // biome-ignore format: short
  let whole = "";
  let partial = "";
  for (const name of stageNames) {
    const names = (await namesIn(join(folder, name)).catch(() => null)) ?? [];
    if (names.includes("stage.partial.json")) partial ||= name;
    else if (names.includes("stage.json")) whole = name;
  }
  if (isRunning) return tell("running", partial || whole);
  if (failure !== null) return tell("failed", failure.split("\n")[0]!.slice(0, 80));
  if (partial !== "") return tell("interrupted", partial);
  return whole !== "" && whole === (await lastStage(folder))
    ? tell("done", "")
    : tell("begun", whole === "" ? "" : `up to ${whole}`);
}

/** What ends a run by its config: of a pretraining train, else eval, as where the config cannot be read. */
async function lastStage(folder: string): Promise<StageName> {
  const experiment = await loadExperiment(join(folder, "config.yaml")).catch(() => null);
  return (experiment === null ? undefined : stagesOf(experiment).at(-1)?.name) ?? "eval";
}

async function ageOfRun(folder: string): Promise<number> {
  const files = ["timings.json", "manifest.json", "config.yaml", "train/metrics.csv"].map((name) =>
    stat(join(folder, name)).catch(() => null),
  );
  const times = (await Promise.all(files)).flatMap((found) => (found === null ? [] : [found.mtimeMs]));
  return Math.max(0, Math.round((Date.now() - Math.max(...times)) / 1000));
}

/** `40 s`, `12 min`, `5 h`, `3 d`. */
export function ageOf(seconds: number): string {
  const [size, unit] = ([[86_400, "d"], [3600, "h"], [60, "min"], [1, "s"]] as const).find(([s]) => seconds >= 2 * s) ?? [1, "s"]; // biome-ignore format: a list
  return `${Math.floor(seconds / size)} ${unit}`;
}
