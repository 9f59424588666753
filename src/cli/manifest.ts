import { readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { type Experiment, loadExperiment } from "../config/experiment.ts";
import { experimentYaml } from "../config/show.ts";
import { UserError } from "../core/errors.ts";
import { canonicalJson, sha256 } from "../core/hash.ts";
import { readJson } from "../data/dataset.ts";
import { writeAtomic } from "../data/files.ts";
import { changedOption, namesIn, readRecord } from "./record.ts";
import { type Stage, stageNames } from "./stages.ts";

/** What a run folder may hold; see docs/run-folder.md. */
const runFiles: ReadonlySet<string> = new Set([
  ...stageNames,
  "preview",
  "folds",
  "config.yaml",
  "manifest.json",
  "timings.json",
  "report.html",
]);

/**
 * Checks that a folder may become, or go on being, the run folder of an experiment.
 * @throws {UserError} (usage) If it holds a run of another config or other files, and `existOk` is false.
 */
export async function checkRunFolder(root: string, experiment: Experiment, existOk: boolean): Promise<void> {
  const names = await namesIn(root);
  if (names === null || names.length === 0 || existOk) return;
  const stranger = names.find((name) => !runFiles.has(name));
  if (stranger !== undefined) {
    throw new UserError(
      "usage",
      `${root}: a new run needs an empty folder; got one with ${stranger}. Choose another --out, or pass --exist-ok.`,
    );
  }
  if (!names.includes("config.yaml")) return;
  const before = await loadExperiment(join(root, "config.yaml")).catch(() => null);
  // Of a run that was made before sizes were noted, the size is not known.
  const noted = before !== null && experiment.atSize !== undefined ? { atSize: experiment.atSize, ...before } : before;
  const change = noted === null ? "its config.yaml cannot be read" : changedOption(noted, experiment);
  if (change === null) return;
  throw new UserError(
    "usage",
    `${root}: holds a run of another config (${change}). Choose another --out, or pass --exist-ok to bring it up to date.`,
  );
}

/**
 * Does the work of a command in a run folder, whose config and manifest it writes. A command that is refused before a stage has made anything leaves
 * the config that was there; in a new folder, neither.
 *
 * @param work - Gets what each of its stages must go through, so that what is made is noted.
 */
export async function keepRun<T>(
  root: string,
  experiment: Experiment,
  work: (noting: (stage: Stage) => Stage) => Promise<T>,
): Promise<T> {
  const file = join(root, "config.yaml");
  const before = await readFile(file).catch(() => null);
  let isMade = false;
  const noting = (stage: Stage): Stage => ({
    ...stage,
    async run(job, context) {
      isMade ||= stage.resumes !== "never"; // what it leaves unfinished, it can go on from
      const result = await stage.run(job, context);
      isMade = true;
      return result;
    },
  });
  await writeConfig(root, experiment);
  try {
    return await work(noting);
  } catch (error) {
    if (error instanceof UserError && !isMade) await (before === null ? rm(file) : writeAtomic(file, before));
    throw error;
  } finally {
    if (await hasConfig(root)) await writeManifest(root);
  }
}

/** Writes the resolved config of a run; it can be given to hemosynth again. */
export async function writeConfig(root: string, experiment: Experiment): Promise<void> {
  const file = join(root, "config.yaml");
  const text = experimentYaml(experiment, root);
  const before = await readFile(file, "utf8").catch(() => null);
  if (before !== text) await writeAtomic(file, text);
}

/**
 * Writes `manifest.json`: what each stage was made with, from what, and what it wrote, by hash.
 * Gathered from the stages' own records, so that a run that had nothing to do leaves the same bytes.
 */
export async function writeManifest(root: string): Promise<void> {
  const stages: Record<string, unknown> = {};
  for (const name of stageNames) {
    const record = await readRecord(join(root, name)).catch(() => null); // not run yet
    if (record === null) continue;
    const { key, parts, made, outputs } = record;
    const hashes = Object.fromEntries(Object.entries(outputs).map(([path, output]) => [path, output.sha256]));
    stages[name] = { key, hemosynth: parts.version, ...made, seed: parts.seed, inputs: parts.inputs, outputs: hashes };
  }
  const config = await readFile(join(root, "config.yaml")).catch(() => null);
  const said = config === null ? {} : await saidBy(join(root, "config.yaml"));
  const manifest = { schemaVersion: 1, config: config === null ? null : sha256(config), ...said, stages };
  await writeAtomic(join(root, "manifest.json"), `${canonicalJson(manifest, 1)}\n`);
}

/** What a config assumes where a publication leaves it open, and its size; nothing of one that cannot be read. */
async function saidBy(file: string): Promise<{ readonly size?: string; readonly assumed?: readonly string[] }> {
  const experiment = await loadExperiment(file).catch(() => null);
  const { assumed = [], atSize } = experiment ?? {};
  return { ...(atSize === undefined ? {} : { size: atSize }), ...(assumed.length === 0 ? {} : { assumed }) };
}

/** The content of `manifest.json`, as far as it is compared with. */
const manifestSchema = z.object({
  /** SHA-256 of config.yaml. */
  config: z.string().nullable(),
  stages: z.record(
    z.string(),
    z.object({
      hemosynth: z.string(),
      platform: z.string(),
      backend: z.object({ name: z.string(), versions: z.record(z.string(), z.string()) }).nullable(),
      inputs: z.record(z.string(), z.string()),
      outputs: z.record(z.string(), z.string()),
    }),
  ),
});
export type Manifest = z.output<typeof manifestSchema>;

/** @throws {UserError} (data) If there is none in the folder. */
export async function readManifest(root: string): Promise<Manifest> {
  return await readJson(join(root, "manifest.json"), manifestSchema, "name the folder of a run");
}

const timingsSchema = z.record(z.string(), z.object({ wallSeconds: z.number(), peakMemoryMb: z.number() }));

/** Notes how long a stage took and the most memory this process has used so far, in `timings.json`. */
export async function noteTiming(root: string, stage: string, milliseconds: number): Promise<void> {
  const file = join(root, "timings.json");
  const before = timingsSchema.safeParse(
    await readFile(file, "utf8")
      .then(JSON.parse)
      .catch(() => null),
  );
  const wallSeconds = Math.round(milliseconds / 100) / 10;
  const peakMemoryMb = Math.round(process.resourceUsage().maxRSS / 1024);
  const timings = { ...(before.success ? before.data : {}), [stage]: { wallSeconds, peakMemoryMb } };
  await writeAtomic(file, `${canonicalJson(timings, 1)}\n`);
}

/** True if there is a run's config in a folder. */
export async function hasConfig(root: string): Promise<boolean> {
  return (await stat(join(root, "config.yaml")).catch(() => null)) !== null;
}
