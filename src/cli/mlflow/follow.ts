import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Experiment, relativeTo } from "../../config/experiment.ts";
import type { Reporter } from "../../core/context.ts";
import { sha256 } from "../../core/hash.ts";
import { checkUri, type MlflowClient, mlflowClient, type ServerRun } from "./client.ts";
import { curvesOf, figuresOf, parametersOf } from "./folder.ts";

/** A run folder that is told of to a server. */
export interface Followed {
  readonly name: string;
  readonly root: string;
  readonly experiment: Experiment;
}

/** Milliseconds between two looks at the folders. */
const lookEvery = 10_000;
/** Milliseconds that the last look may take when all is done. */
const lastLook = 60_000;
/** Files that are sent when a run is whole, up to so many bytes each. */
const files = ["config.yaml", "manifest.json", "eval/results.json", "report.html"];
const mostBytes = 20e6;
const tag = "hemosynth.id";

interface Told {
  readonly run: ServerRun;
  /** Last step that was sent, by metric. */
  readonly steps: Map<string, number>;
}

/** Called when all has ended: has a last look. @param isDone - By name, whether a run is whole: then its figures and files are told of, too. */
export type EndFollowing = (isDone: (name: string) => boolean) => Promise<void>;

/**
 * Tells an MLflow server how runs get on, by looking at their folders: training knows nothing of it, and nothing that fails here reaches it. A server that
 * cannot be reached is a warning, once; then nothing more is sent. A run that is resumed goes on as the same run there.
 *
 * @param uri - Address of the server; undefined: no one is told.
 * @param name - Of the experiment there.
 * @throws {UserError} (usage) If it is no address.
 */
export function followRuns(
  uri: string | undefined,
  name: string,
  runs: readonly Followed[],
  { warn, info }: Reporter,
): EndFollowing {
  if (uri === undefined) return async () => {};
  const client = mlflowClient(checkUri(uri), authorizationOf(process.env));
  const told = new Map<string, Told>();
  const ended = new AbortController();
  const begun = Date.now();
  let isDone = (_: string) => false;
  const work = async () => {
    const experiment = await client.experiment(name); // now, so that a wrong address is said now
    do {
      await sleep(lookEvery, undefined, { ref: false, signal: ended.signal }).catch(() => {}); // told to end
      for (const run of runs) await tell(client, experiment, run, told, isDone(run.name) ? 0 : begun);
    } while (!ended.signal.aborted);
    for (const { name: run, root } of runs) {
      const known = told.get(root)?.run;
      if (known !== undefined && isDone(run)) await finish(client, root, known);
      else if (known !== undefined) await client.update(known.id, "KILLED", Date.now());
    }
    info(`mlflow: ${told.size} ${told.size === 1 ? "run" : "runs"} in experiment ${JSON.stringify(name)} at ${uri}`);
  };
  const working = work().catch((error: unknown) => {
    const cause = error instanceof Error && error.cause instanceof Error ? ` (${error.cause.message})` : "";
    const what = error instanceof Error ? error.message : String(error);
    warn(`${uri}: could not tell the MLflow server: ${what}${cause}; nothing more is sent, the run itself goes on as ever`);
  });
  return async (whole) => {
    isDone = whole;
    ended.abort();
    await Promise.race([working, sleep(lastLook, undefined, { ref: false })]);
  };
}

/** The same variables as MLflow's own client. */
function authorizationOf({
  MLFLOW_TRACKING_TOKEN: token,
  MLFLOW_TRACKING_USERNAME: user,
  MLFLOW_TRACKING_PASSWORD: password = "",
}: NodeJS.ProcessEnv): string | null {
  if (token) return `Bearer ${token}`;
  return user ? `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}` : null;
}

/** @param since - Of {@link curvesOf}; 0 for a run that is whole. */
async function tell(
  client: MlflowClient,
  experiment: string,
  followed: Followed,
  told: Map<string, Told>,
  since: number,
): Promise<void> {
  const { root } = followed;
  const curves = await curvesOf(root, since);
  if (curves.length === 0 && since > 0) return; // not begun
  const known = told.get(root) ?? (await begin(client, experiment, followed));
  told.set(root, known);
  const fresh = curves.filter(({ key, step }) => step > (known.steps.get(key) ?? -1));
  await client.log(known.run.id, fresh, {}, Date.now());
  for (const { key, step } of fresh) known.steps.set(key, Math.max(step, known.steps.get(key) ?? -1));
}

async function begin(client: MlflowClient, experiment: string, { name, root, experiment: options }: Followed): Promise<Told> {
  const config = await readFile(join(root, "config.yaml"));
  const id = sha256(`${hostname()}\n${resolve(root)}\n${sha256(config)}`);
  const there = await client.find(experiment, tag, id);
  if (there !== null && there.status !== "FINISHED") await client.update(there.id, "RUNNING", Date.now());
  const run = there ?? (await client.create(experiment, name, { [tag]: id }, Date.now()));
  if (there === null) await client.log(run.id, [], parametersOf(relativeTo(root, options)), Date.now());
  return { run, steps: new Map(run.steps) };
}

async function finish(client: MlflowClient, root: string, run: ServerRun): Promise<void> {
  if (run.status === "FINISHED") return; // told of before
  await client.log(run.id, await figuresOf(root), {}, Date.now());
  for (const file of files) {
    const bytes = await readFile(join(root, file)).catch(() => null);
    if (bytes !== null && bytes.length <= mostBytes) await client.upload(run, file, new Uint8Array(bytes));
  }
  await client.update(run.id, "FINISHED", Date.now());
}
