import { join } from "node:path";
import type { BackendInfo } from "../backend/ready.ts";
import { type Experiment, loadExperiment } from "../config/experiment.ts";
import { experimentYaml } from "../config/show.ts";
import { firstDifference } from "../core/difference.ts";
import { UserError } from "../core/errors.ts";
import { sha256 } from "../core/hash.ts";
import { packageVersion } from "../data/version.ts";
import { type Manifest, readManifest } from "./manifest.ts";
import { sharedInput } from "./pointers.ts";
import { changedOption, namesIn } from "./record.ts";
import { stagesOf } from "./stages.ts";

/**
 * The manifest that a run is held to, checked against what the run would now be made from.
 * @throws {UserError} (different) If config, version or inputs are others; (usage) if the run shares its stacks; (data) if there is no manifest.
 */
export async function readLocked(root: string, experiment: Experiment): Promise<Manifest> {
  const manifest = await readManifest(root);
  if (Object.values(manifest.stages).some(({ inputs }) => sharedInput in inputs))
    throw new UserError(
      "usage",
      `${root}: --locked goes with a run that made its own stacks; this one shares them with others. See: hemosynth verify --help`,
    );
  const refuse = (what: string) =>
    new UserError(
      "different",
      `${root}: --locked holds this run to its manifest.json; ${what}. Set it back, or run without --locked.`,
    );
  if (sha256(experimentYaml(experiment, root)) !== manifest.config) {
    const before = await loadExperiment(join(root, "config.yaml")).catch(() => null);
    const change = before === null ? null : changedOption(before, experiment);
    throw refuse(change ?? "its config is another");
  }
  for (const { name, sources } of stagesOf(experiment)) {
    const stage = manifest.stages[name];
    if (stage === undefined) continue;
    if (stage.hemosynth !== packageVersion()) throw refuse(`made by hemosynth ${stage.hemosynth}, this is ${packageVersion()}`);
    for (const [input, hash] of Object.entries(await sources(experiment)))
      if (stage.inputs[input] !== undefined && stage.inputs[input] !== hash) throw refuse(`of ${name}, ${input} has changed`);
  }
  for (const { name, stale } of stagesOf(experiment)) {
    const folder = join(root, name);
    const changed = ((await namesIn(folder)) ?? []).includes("dataset.json") ? await stale(experiment, folder) : null;
    if (changed !== null) throw refuse(`of ${name}, ${changed}`);
  }
  return manifest;
}

/** @throws {UserError} (different) If a stage of the manifest was computed by another backend, or another version of it. */
export function assertSameBackend(root: string, { stages }: Manifest, { backend, versions }: BackendInfo): void {
  const now = { name: backend, versions: { ...versions } };
  for (const [stage, { backend: then }] of Object.entries(stages)) {
    const change = then === null ? null : firstDifference(then, now);
    if (change === null) continue;
    throw new UserError(
      "different",
      `${root}: --locked holds this run to its manifest.json; ${stage} was computed with ${change.path} ${change.was}, here it is ${change.is}. Use that one, or run without --locked.`,
    );
  }
}

/** @throws {UserError} (different) If a stage wrote something else than the manifest says. */
export function assertSameOutputs(root: string, before: Manifest, after: Manifest): void {
  for (const [stage, { outputs }] of Object.entries(before.stages)) {
    const now = after.stages[stage]?.outputs ?? {};
    const path = [...new Set([...Object.keys(outputs), ...Object.keys(now)])].sort().find((one) => outputs[one] !== now[one]);
    if (path !== undefined)
      throw new UserError(
        "different",
        `${root}: ${stage}: ${path} is not what manifest.json said before this run. Look for what else changed: hemosynth verify names the first byte.`,
      );
  }
}
