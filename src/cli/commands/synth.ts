import { join } from "node:path";
import { UserError } from "../../core/errors.ts";
import { readDataset } from "../../data/dataset.ts";
import type { FormatName } from "../../synth/export/format.ts";
import type { Shard } from "../../synth/stage.ts";
import { hasConfig } from "../manifest.ts";
import { type CommonOptions, inFolder, type Outcome, type Session } from "../session.ts";
import { isDataset } from "../sources.ts";
import { normalData, synthShard, synth as synthStage } from "./stages.ts";

/** What `hemosynth synth` takes. */
type SynthCommand = CommonOptions & {
  readonly data?: string;
  readonly replay?: readonly string[];
  readonly preview?: number;
  readonly shard?: Shard;
};

/** `hemosynth synth CONFIG` paints and writes a dataset; `--preview` only shows some of it, `--replay` makes stacks again from their sidecars, `--shard` makes a part. */
export async function synth(config: string | undefined, options: SynthCommand, session: Session): Promise<Outcome> {
  if (options.shard !== undefined && (options.replay !== undefined || options.preview !== undefined || options.dryRun === true))
    throw new UserError("usage", "--shard: makes a part of a dataset; --preview, --replay and --dry-run do not go with it.");
  if (options.replay !== undefined) return await replay(config, options, options.replay, session);
  if (config === undefined) throw new UserError("usage", "synth: needs a config, or --replay with sidecars; got neither.");
  if (options.shard !== undefined) return await synthShard(config, options, options.shard, session);
  return options.preview === undefined
    ? await synthStage(config, options, session)
    : await preview(config, options, options.preview, session);
}

async function preview(config: string, options: SynthCommand, count: number, session: Session): Promise<Outcome> {
  if (options.dryRun === true) throw new UserError("usage", "--preview: writes no dataset, so --dry-run does not go with it.");
  const { experiment, data } = await normalData(config, options, session);
  const out = join(options.out, "preview");
  const { runPreview } = await import("../../synth/preview/stage.ts");
  const run = { data, out, options: experiment.synth, seed: experiment.seed, count };
  const { headline, summary } = await inFolder(options.out, options.workers, session, (context) => runPreview(run, context));
  const page = join(out, "preview.html");
  return { text: `${headline}\npage: ${page}`, json: { schemaVersion: 1, command: "synth", out, page, preview: summary } };
}

async function replay(
  config: string | undefined,
  { data, out, set, seed, dryRun, existOk, workers }: SynthCommand,
  sidecars: readonly string[],
  session: Session,
): Promise<Outcome> {
  if (config !== undefined || set !== undefined || seed !== undefined || dryRun === true) {
    const got = config !== undefined ? config : set !== undefined ? "--set" : seed !== undefined ? "--seed" : "--dry-run";
    throw new UserError("usage", `--replay: everything is in the sidecar, so no config and no option goes with it; got ${got}.`);
  }
  if (data === undefined)
    throw new UserError(
      "usage",
      "--replay: needs --data, the dataset of normal cases that they were made from, such as data/ of their run folder; got none.",
    );
  const { runReplay } = await import("../../synth/replay/stage.ts");
  const run = { sidecars, data, out, replace: existOk === true };
  const { headline, summary } = await inFolder(out, workers, session, (context) => runReplay(run, context));
  return { text: `${headline}\nin ${out}`, json: { schemaVersion: 1, command: "synth", out, replay: summary } };
}

/** `hemosynth export DATASET`: a dataset, or the stacks of a run folder, in the format of another program. */
export async function exportDataset(
  dataset: string,
  { format, out, workers }: Pick<CommonOptions, "out" | "workers"> & { readonly format: FormatName },
  session: Session,
): Promise<Outcome> {
  const { runExport } = await import("../../synth/export/stage.ts");
  const data = await datasetFolder(dataset);
  await readDataset(data); // so that a wrong name leaves no folder behind
  const { headline, summary } = await inFolder(out, workers, session, (context) => runExport({ data, out, format }, context));
  return { text: `${headline}\nin ${out}`, json: { schemaVersion: 1, command: "export", out, ...summary } };
}

/** The folder itself if it is a dataset, else `synth/` in a run folder. @throws {UserError} (data) If the run has no finished stacks yet. */
async function datasetFolder(path: string): Promise<string> {
  const synth = join(path, "synth");
  if (await isDataset(path)) return path;
  if (await isDataset(synth)) return synth;
  if (!(await hasConfig(path))) return path;
  const wayOut = `run \`hemosynth synth ${join(path, "config.yaml")} --out ${path}\` first`;
  throw new UserError("data", `${synth}: an export needs finished stacks; got no dataset.json: ${wayOut}.`);
}
