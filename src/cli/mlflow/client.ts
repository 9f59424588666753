import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { UserError } from "../../core/errors.ts";

/** A metric at a step. */
export interface LoggedMetric {
  readonly key: string;
  readonly value: number;
  readonly step: number;
}

/** A run as the server has it. */
export interface ServerRun {
  readonly id: string;
  /** Where its files go, such as `mlflow-artifacts:/1/…/artifacts`. */
  readonly artifacts: string;
  readonly status: string;
  /** The last step of each metric. */
  readonly steps: ReadonlyMap<string, number>;
}

const runSchema = z.object({
  info: z.object({ run_id: z.string(), artifact_uri: z.string(), status: z.string() }),
  data: z
    .object({ metrics: z.array(z.object({ key: z.string(), step: z.coerce.number() })).default([]) })
    .default({ metrics: [] }),
});

/** Tries of a request, and how long each may take, milliseconds. */
const tries = 3;
const patience = 30_000;
/** What one request may hold. Source: https://mlflow.org/docs/latest/rest-api.html, limits of log-batch. */
const mostMetrics = 1000;
const mostParameters = 100;
const longestValue = 500;

/** @throws {UserError} (usage) If it is no address of a server, or holds a name or a password: the address is logged, and `fetch` takes none with them. */
export function checkUri(text: string): string {
  const parsed = URL.canParse(text) ? new URL(text) : null;
  const isAddress = parsed !== null && ["http:", "https:"].includes(parsed.protocol);
  if (isAddress && parsed.username + parsed.password !== "")
    throw new UserError(
      "usage",
      "--mlflow: must be an address without name and password; got one with them. Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, and give the address alone: --mlflow https://host:5000",
    );
  if (isAddress) return text.replace(/\/+$/, "");
  const got = text.includes("@") ? "something with an @" : JSON.stringify(text); // before an @ may stand a password
  throw new UserError(
    "usage",
    `--mlflow: must be the address of an MLflow server; got ${got}. Example: --mlflow http://localhost:5000`,
  );
}

/** What is said to an MLflow server, by its REST interface. Every function rejects after {@link tries} tries. */
export type MlflowClient = ReturnType<typeof mlflowClient>;

/** @param uri - Of {@link checkUri}. @param authorization - Header of that name; null: none. */
export function mlflowClient(uri: string, authorization: string | null) {
  const ask = (method: "GET" | "POST" | "PUT", path: string, body: Body | null) =>
    askPatiently(method, `${uri}/api/2.0/${path}`, body, authorization);
  const post = (path: string, body: unknown) => ask("POST", `mlflow/${path}`, JSON.stringify(body));
  return {
    /** Id of the experiment of a name, made where there is none. */
    async experiment(name: string): Promise<string> {
      const found = z.object({ experiment: z.object({ experiment_id: z.string() }) });
      const query = `mlflow/experiments/get-by-name?experiment_name=${encodeURIComponent(name)}`;
      const there = await ask("GET", query, null).catch((error) => (error instanceof Refused ? null : Promise.reject(error)));
      if (there !== null) return found.parse(there).experiment.experiment_id;
      return z.object({ experiment_id: z.string() }).parse(await post("experiments/create", { name })).experiment_id;
    },
    ...runCalls(post),
    /** Sends a file, where the server takes files. @returns False where it keeps them elsewhere. */
    async upload({ artifacts }: ServerRun, name: string, bytes: Uint8Array<ArrayBuffer>): Promise<boolean> {
      const [, place] = /^mlflow-artifacts:(?:\/\/[^/]*)?\/(.*)$/.exec(artifacts) ?? [];
      if (place === undefined) return false;
      await ask("PUT", `mlflow-artifacts/artifacts/${place}/${name}`, bytes);
      return true;
    },
  };
}

/** What is asked of the runs of an experiment. */
function runCalls(post: (path: string, body: unknown) => Promise<unknown>) {
  return {
    /** The run with a tag; null: none. */
    async find(experiment: string, tag: string, value: string): Promise<ServerRun | null> {
      const asked = { experiment_ids: [experiment], filter: `tags.\`${tag}\` = '${value}'`, max_results: 1 };
      const [run] = z.object({ runs: z.array(runSchema).default([]) }).parse(await post("runs/search", asked)).runs;
      return run === undefined ? null : serverRun(run);
    },
    async create(experiment: string, name: string, tags: Readonly<Record<string, string>>, now: number): Promise<ServerRun> {
      const pairs = Object.entries(tags).map(([key, value]) => ({ key, value }));
      const body = { experiment_id: experiment, run_name: name, start_time: now, tags: pairs };
      return serverRun(z.object({ run: runSchema }).parse(await post("runs/create", body)).run);
    },
    async log(
      run: string,
      metrics: readonly LoggedMetric[],
      parameters: Readonly<Record<string, string>>,
      now: number,
    ): Promise<void> {
      const params = Object.entries(parameters).map(([key, value]) => ({ key, value: value.slice(0, longestValue) }));
      for (const some of batches(params, mostParameters)) await post("runs/log-batch", { run_id: run, params: some });
      const timed = metrics.map((one) => ({ ...one, timestamp: now }));
      for (const some of batches(timed, mostMetrics)) await post("runs/log-batch", { run_id: run, metrics: some });
    },
    async update(run: string, status: "RUNNING" | "FINISHED" | "FAILED" | "KILLED", now: number): Promise<void> {
      await post("runs/update", { run_id: run, status, ...(status === "RUNNING" ? {} : { end_time: now }) });
    },
  };
}

/** A list in pieces of at most `most`. */
function batches<T>(list: readonly T[], most: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / most) }, (_, n) => list.slice(n * most, (n + 1) * most));
}

type Body = string | Uint8Array<ArrayBuffer>;

/** What a server said no to: no use to ask again. */
class Refused extends Error {}

async function askPatiently(method: string, url: string, body: Body | null, authorization: string | null): Promise<unknown> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await request(method, url, body, authorization);
    } catch (error) {
      if (attempt === tries || error instanceof Refused) throw error;
    }
    await sleep(250 * 4 ** (attempt - 1), undefined, { ref: false });
  }
}

async function request(method: string, url: string, body: Body | null, authorization: string | null): Promise<unknown> {
  const type = typeof body === "string" ? "application/json" : "application/octet-stream";
  const headers = { "content-type": type, ...(authorization === null ? {} : { authorization }) };
  const answer = await fetch(url, { method, headers, body: body, signal: AbortSignal.timeout(patience) });
  const text = await answer.text();
  if (answer.ok) return text === "" ? {} : JSON.parse(text);
  const message = `${answer.status} ${text.slice(0, 200).replaceAll(/\s+/g, " ")}`;
  throw answer.status < 500 && answer.status !== 429 ? new Refused(message) : new Error(message);
}

function serverRun({ info, data }: z.output<typeof runSchema>): ServerRun {
  const steps = new Map(data.metrics.map(({ key, step }) => [key, step]));
  return { id: info.run_id, artifacts: info.artifact_uri, status: info.status, steps };
}
