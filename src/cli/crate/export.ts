import { copyFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { readsFrom } from "../../config/data.ts";
import type { Experiment } from "../../config/experiment.ts";
import { experimentYaml } from "../../config/show.ts";
import { UserError } from "../../core/errors.ts";
import { fileFault, makeFolder, readText, writeAtomic } from "../../data/files.ts";
import { foldsIn } from "../folds.ts";
import { damage, hashFile, type Outputs, readRecord, type StageRecord } from "../record.ts";
import { stageNames } from "../stages.ts";
import { type Crate, type CrateFile, type CrateStage, crateMetadata } from "./metadata.ts";
import { experimentWithoutNames, resultsWithoutNames } from "./withheld.ts";

/** What goes into a crate beside the config. */
export type CrateContent =
  /** Every file that a stage recorded, with manifest and report. */
  | "all"
  /** Weights, training curve, figures and plots: nothing that shows a case; where one would be named, a number stands. */
  | "results";

/** Whether a run may hold images or ids of patients: of its own data, or of others that it was pretrained on. */
export function mayShowPatients({ data, pretrain }: Pick<Experiment, "data" | "pretrain">): boolean {
  return [data, pretrain?.data ?? null].some((given) => given !== null && readsFrom(given) !== null);
}

/** Files that show no case, by stage. Those that name one are written without names, see {@link withoutNames}. */
const ofResults: Readonly<Record<string, RegExp>> = {
  train: /^(model\.json|metrics\.csv|weights\/best\.safetensors)$/,
  eval: /^(results\.json|plots\/[a-z0-9-]+\.svg)$/,
};

interface Done {
  readonly folder: string;
  readonly stage: string;
  readonly record: StageRecord;
}

/**
 * Copies a run, or its results alone, into an empty folder as an RO-Crate; `ro-crate-metadata.json` comes last.
 * @throws {UserError} (data) If a file is not as its stage left it.
 */
export async function exportRunCrate(
  run: string,
  out: string,
  experiment: Experiment,
  content: CrateContent,
  { date, license }: Pick<Crate, "date" | "license">,
): Promise<{ files: number; bytes: number }> {
  const { name } = experiment;
  const done = await doneStages(run);
  const put = content === "all" ? copyAll : copyWithoutNames(experiment);
  const stages: CrateStage[] = [];
  for (const { folder, stage, record } of done) {
    const wanted = Object.entries(record.outputs).filter(([path]) => content === "all" || ofResults[stage]?.test(path));
    const files = await put(join(run, folder), join(out, folder), Object.fromEntries(wanted));
    stages.push({ folder, record, files: files.map((file) => ({ ...file, path: pathIn(folder, file.path) })) });
  }
  const beside = ["config.yaml", ...(content === "all" ? ["manifest.json"] : [])];
  const crate: Crate = {
    ...{ name, date, license, stages },
    description: `A run of hemosynth: ${done.map(({ folder }) => folder).join(", ")}. Scores of pseudo-lesions and phantoms are not clinical performance. Research only.`,
    files: await put(run, out, await outputsOf(run, beside)),
  };
  await writeAtomic(join(out, "ro-crate-metadata.json"), `${JSON.stringify(crateMetadata(crate), null, 1)}\n`);
  const all = [...crate.files, ...stages.flatMap(({ files }) => files)];
  return { files: all.length, bytes: all.reduce((sum, { bytes }) => sum + bytes, 0) };
}

/** `eval` and `../report.html` are `report.html`. */
const pathIn = (folder: string, path: string): string => join(folder, path).replaceAll("\\", "/");

/** The stages of a run that are whole, those of its folds after its own. @throws {UserError} (data) If there is none, or a file is not as it was left. */
async function doneStages(run: string): Promise<Done[]> {
  const places = ["", ...(await foldsIn(run)).map((fold) => `folds/${fold}`)];
  const done: Done[] = [];
  for (const place of places) {
    for (const stage of stageNames) {
      const folder = place === "" ? stage : `${place}/${stage}`;
      const record = await readRecord(join(run, folder)).catch(() => null); // not run
      if (record === null) continue;
      const why = await damage(join(run, folder), record.outputs);
      if (why !== null)
        throw new UserError(
          "data",
          `${join(run, folder)}: must be as the stage that made it left it; ${why}. Run it again, then export.`,
        );
      done.push({ folder, stage, record });
    }
  }
  if (done.length === 0) throw new UserError("data", `${run}: must be a run folder; got one without a finished stage.`);
  return done;
}

async function outputsOf(folder: string, paths: readonly string[]): Promise<Outputs> {
  const outputs: Record<string, Outputs[string]> = {};
  for (const path of paths) {
    const file = join(folder, path);
    outputs[path] = { sha256: await hashFile(file), bytes: (await stat(file)).size };
  }
  return outputs;
}

/** Copies files, those that may name subjects with numbers in place of the names. */
function copyWithoutNames(experiment: Experiment): typeof copyAll {
  return async (from, to, outputs) => {
    const named = await withoutNames(from, Object.keys(outputs), experiment);
    const plain = Object.entries(outputs).filter(([path]) => named[path] === undefined);
    for (const [path, text] of Object.entries(named)) await writeAtomic(join(to, path), text);
    const files = [...(await copyAll(from, to, Object.fromEntries(plain))), ...listed(await outputsOf(to, Object.keys(named)))];
    return Object.keys(outputs).map((path) => files.find((file) => file.path === path)!);
  };
}

/** By path, the text of the files among `paths` that name subjects, without names. */
async function withoutNames(from: string, paths: readonly string[], experiment: Experiment): Promise<Record<string, string>> {
  const texts: Record<string, string> = {};
  for (const path of paths) {
    const file = join(from, path);
    if (path === "results.json") texts[path] = resultsWithoutNames(await readText(file, "evaluate again"), file);
    const unnamed = path === "config.yaml" ? experimentWithoutNames(experiment) : null;
    if (unnamed !== null) texts[path] = experimentYaml(unnamed, from);
  }
  return texts;
}

const listed = (outputs: Outputs): CrateFile[] => Object.entries(outputs).map(([path, output]) => ({ path, ...output }));

async function copyAll(from: string, to: string, outputs: Outputs): Promise<CrateFile[]> {
  for (const path of Object.keys(outputs)) {
    try {
      await makeFolder(dirname(join(to, path)));
      await copyFile(join(from, path), join(to, path));
    } catch (error) {
      throw fileFault(join(to, path), "write", error, "make room, empty the folder and export again");
    }
  }
  const why = await damage(to, outputs);
  if (why !== null)
    throw new UserError("data", `${to}: must hold what was read; ${why} meanwhile. Empty the folder and export again.`);
  return listed(outputs);
}
