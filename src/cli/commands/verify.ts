import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { type Experiment, loadExperiment } from "../../config/experiment.ts";
import { UserError } from "../../core/errors.ts";
import { many } from "../../core/words.ts";
import { readJson } from "../../data/dataset.ts";
import { fileFault } from "../../data/files.ts";
import { packageVersion } from "../../data/version.ts";
import { sweepResultsSchema } from "../../eval/sweep/results.ts";
import { assertFree } from "../lock.ts";
import { type Manifest, readManifest } from "../manifest.ts";
import { hashFile } from "../record.ts";
import type { Outcome, Session } from "../session.ts";
import { stagesOf } from "../stages.ts";
import { homeOf, type VerifiedStage, verifyRun, verifyRuns } from "../verify.ts";

/** `hemosynth verify RUN`: whether a run, or each run of a sweep, comes out the same again, byte by byte. */
export async function verify(run: string, { workers }: { workers: number }, session: Session): Promise<Outcome> {
  if (basename(dirname(resolve(run))) === "folds")
    throw new UserError("usage", `${run}: a fold is verified with the others; name the run folder that holds folds/.`);
  if (existsSync(join(run, "sweep.json"))) return await verifySweep(run, workers, session);
  const { experiment, manifests } = await wholeRun(run);
  takeThreads(manifests);
  const remarks = remarksOn([manifests[0]!]);
  for (const remark of remarks) session.reporter.warn(remark);
  const verified = await inCleanFolder(await homeOf(run), (again) => verifyRun(run, experiment, again, workers, session)).catch(
    (error: unknown) => {
      throw error instanceof UserError && error.fault === "different"
        ? new UserError("different", `${run}: ${error.message}`)
        : error;
    },
  );
  const text = [...verified.map(stageWords), `${run}: the same, byte by byte`].join("\n");
  return { text, json: { schemaVersion: 1, command: "verify", run, same: true, stages: verified, remarks } };
}

const stageWords = ({ folder, files, bytes }: VerifiedStage): string =>
  `${folder.padEnd(24)}  ${many(files, "file")}, ${bytes} bytes`;

/**
 * A run folder that can be verified, with its manifest and, where networks compute in folds, that of a fold.
 * @throws {UserError} (data) If it is not whole; (different) if its config was changed; (locked) if it is being written.
 */
async function wholeRun(run: string): Promise<{ experiment: Experiment; manifests: Manifest[] }> {
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
  const fold = await readManifest(join(run, "folds", "0")).catch(() => null);
  return { experiment, manifests: fold === null ? [manifest] : [manifest, fold] };
}

/** What became of a run of a sweep, and why where it is not the same. */
interface Row {
  readonly run: string;
  readonly state: "same" | "different" | "not there";
  readonly why: string | null;
}

/** Every run of a sweep that is done, each to its first difference; the others are told, and end it with code 7. */
async function verifySweep(sweep: string, workers: number, session: Session): Promise<Outcome> {
  await assertFree(sweep);
  const { points, threads } = await readJson(join(sweep, "sweep.json"), sweepResultsSchema, "resume the sweep");
  const whole: { name: string; experiment: Experiment; manifests: Manifest[] }[] = [];
  const rows = new Map<string, Row>();
  for (const { name, state, failure } of points) {
    if (state !== "done") rows.set(name, { run: name, state: "not there", why: failure?.message ?? "not run yet" });
    else
      await wholeRun(join(sweep, "runs", name)).then(
        (found) => whole.push({ name, ...found }),
        (error: unknown) => rows.set(name, rowOf(name, error)),
      );
  }
  process.env.TF_NUM_INTRAOP_THREADS ??= String(threads);
  const remarks = remarksOn(whole.map(({ manifests }) => manifests[0]!));
  for (const remark of remarks) session.reporter.warn(remark);
  const { runs, stages } = await inCleanFolder(sweep, (again) => verifyRuns(sweep, whole, again, workers, session));
  for (const { name, difference } of runs)
    rows.set(name, difference === null ? { run: name, state: "same", why: null } : rowOf(name, difference));
  return sweepOutcome(sweep, points.map(({ name }) => rows.get(name)!), stages, remarks); // biome-ignore format: one line
}

function rowOf(run: string, error: unknown): Row {
  if (!(error instanceof UserError) || error.fault === "locked") throw error;
  return { run, state: error.fault === "different" ? "different" : "not there", why: error.message };
}

function sweepOutcome(
  sweep: string,
  rows: readonly Row[],
  stages: readonly VerifiedStage[],
  remarks: readonly string[],
): Outcome {
  const of = (state: Row["state"]) => rows.filter((row) => row.state === state);
  const [differ, missing] = [of("different"), of("not there")];
  const counts = `${sweep}: ${of("same").length} of ${many(rows.length, "run")} the same, byte by byte; ${differ.length} different, ${missing.length} not there`;
  const lines = rows.map(({ run, state, why }) => `${state.padEnd(9)}  ${run}${why === null ? "" : `: ${why.split("\n")[0]!}`}`);
  const outcome = {
    text: [...lines, counts].join("\n"),
    json: { schemaVersion: 1, command: "verify", run: sweep, same: differ.length + missing.length === 0, runs: rows, stages, remarks },
  }; // biome-ignore format: one line
  const first = differ[0] ?? missing[0];
  if (first === undefined) return outcome;
  const message = `${counts}; the first: ${first.run}: ${first.why!.split("\n")[0]!}`;
  return { ...outcome, failure: new UserError(differ.length > 0 ? "different" : "partial", message) };
}

/** Does `work` in a clean folder beside what is verified, so that relative paths to the data, which are in some files, are the same. */
async function inCleanFolder<T>(home: string, work: (again: string) => Promise<T>): Promise<T> {
  const beside = dirname(resolve(home));
  const again = await mkdtemp(join(beside, ".verify-")).catch((error: unknown) => {
    throw fileFault(beside, "write", error, "verify needs room beside the run; copy the run to where it may write");
  });
  try {
    return await work(again);
  } finally {
    await rm(again, { recursive: true, force: true });
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
function remarksOn(manifests: readonly Manifest[]): string[] {
  const stages = manifests.flatMap((manifest) => Object.values(manifest.stages));
  const versions = [...new Set(stages.map(({ hemosynth }) => hemosynth))].filter((v) => v !== packageVersion());
  const platform = `${process.platform}-${process.arch}`;
  const platforms = [...new Set(stages.map((one) => one.platform))].filter((one) => one !== platform);
  return [
    ...versions.map((version) => `made by hemosynth ${version}, this is ${packageVersion()}: results may differ`),
    ...platforms.map((one) => `made on ${one}, this is ${platform}: weights may differ in the last digits`),
  ];
}
