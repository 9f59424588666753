import { mkdtemp, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { loadExperiment } from "../../config/experiment.ts";
import { UserError } from "../../core/errors.ts";
import { many } from "../../core/words.ts";
import { fileFault } from "../../data/files.ts";
import { packageVersion } from "../../data/version.ts";
import { assertFree } from "../lock.ts";
import { type Manifest, readManifest } from "../manifest.ts";
import { hashFile } from "../record.ts";
import type { Outcome, Session } from "../session.ts";
import { stagesOf } from "../stages.ts";
import { homeOf, verifyRun } from "../verify.ts";

/** `hemosynth verify RUN`: whether a run comes out the same again, byte by byte. */
export async function verify(run: string, { workers }: { workers: number }, session: Session): Promise<Outcome> {
  if (basename(dirname(resolve(run))) === "folds")
    throw new UserError("usage", `${run}: a fold is verified with the others; name the run folder that holds folds/.`);
  const manifest = await readManifest(run);
  await assertFree(run);
  const experiment = await loadExperiment(join(run, "config.yaml"));
  if (!(stagesOf(experiment).at(-1)!.name in manifest.stages))
    throw new UserError(
      "data",
      `${run}: must be a whole run; got one whose last stage is missing. Finish it: hemosynth run ${join(run, "config.yaml")} --out ${run}`,
    );
  if ((await hashFile(join(run, "config.yaml"))) !== manifest.config)
    throw new UserError(
      "different",
      `${run}: config.yaml is not the one of manifest.json. Nothing was run; put the old one back, or run it anew.`,
    );
  const fold = await readManifest(join(run, "folds", "0")).catch(() => null); // where networks compute in folds
  takeThreads([manifest, ...(fold === null ? [] : [fold])]);
  const remarks = remarksOn(manifest);
  for (const remark of remarks) session.reporter.warn(remark);
  const again = await cleanFolder(dirname(resolve(await homeOf(run))));
  try {
    const verified = await verifyRun(run, experiment, again, workers, session).catch((error: unknown) => {
      throw error instanceof UserError && error.fault === "different"
        ? new UserError("different", `${run}: ${error.message}`)
        : error;
    });
    const lines = verified.map(({ folder, files, bytes }) => `${folder.padEnd(24)}  ${many(files, "file")}, ${bytes} bytes`);
    const text = [...lines, `${run}: the same, byte by byte`].join("\n");
    return { text, json: { schemaVersion: 1, command: "verify", run, same: true, stages: verified, remarks } };
  } finally {
    await rm(again, { recursive: true, force: true });
  }
}

/** Beside the run, so that relative paths to the data, which are in some files, are the same. */
async function cleanFolder(beside: string): Promise<string> {
  try {
    return await mkdtemp(join(beside, ".verify-"));
  } catch (error) {
    throw fileFault(beside, "write", error, "verify needs room beside the run; copy the run to where it may write");
  }
}

/** TensorFlow's threads as they were then, since last digits depend on them. Before it is loaded. */
function takeThreads(manifests: readonly Manifest[]): void {
  const made = manifests.flatMap(({ stages }) => Object.values(stages));
  const threads = made.map(({ backend }) => backend?.versions.threads);
  const then = threads.find((n) => n !== undefined && n !== "");
  if (then !== undefined) process.env.TF_NUM_INTRAOP_THREADS ??= then;
}

/** What may make a difference although nothing is wrong. */
function remarksOn({ stages }: Manifest): string[] {
  const versions = [...new Set(Object.values(stages).map(({ hemosynth }) => hemosynth))].filter((v) => v !== packageVersion());
  const platform = `${process.platform}-${process.arch}`;
  const platforms = [...new Set(Object.values(stages).map((one) => one.platform))].filter((one) => one !== platform);
  return [
    ...versions.map((version) => `made by hemosynth ${version}, this is ${packageVersion()}: results may differ`),
    ...platforms.map((one) => `made on ${one}, this is ${platform}: weights may differ in the last digits`),
  ];
}
