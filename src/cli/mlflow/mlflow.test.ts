import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parseExperiment } from "../../config/experiment.ts";
import { silentReporter } from "../../core/context.ts";
import { UserError } from "../../core/errors.ts";
import { metricsHeader } from "../../train/metrics-file.ts";
import { followRuns } from "./follow.ts";

// A server that keeps what it is told, as far as MLflow's REST interface is used; scripts/parity/mlflow_server.py asks a real one.

interface Run {
  readonly id: string;
  status: string;
  readonly tags: Record<string, string>;
  readonly params: Record<string, string>;
  readonly metrics: { key: string; value: number; step: number }[];
}

let root = "";
let server: Server;
let uri = "";
let runs: Run[] = [];
let files: Record<string, string> = {};
/** Answers that the next requests get instead. */
let faults: number[] = [];
let asked = 0;

function answer(method: string, url: string, body: string): unknown {
  const path = url.replace("/api/2.0/", "");
  if (method === "PUT") {
    files[path.replace("mlflow-artifacts/artifacts/", "")] = body;
    return {};
  }
  const given = body === "" ? {} : JSON.parse(body);
  const shown = (run: Run) => {
    const latest = new Map(run.metrics.map((one) => [one.key, one]));
    return {
      info: { run_id: run.id, artifact_uri: `mlflow-artifacts:/7/${run.id}/artifacts`, status: run.status },
      data: { metrics: [...latest.values()] },
    };
  };
  if (path.startsWith("mlflow/experiments/get-by-name")) return null;
  if (path === "mlflow/experiments/create") return { experiment_id: "7" };
  if (path === "mlflow/runs/search")
    return { runs: runs.filter(({ tags }) => given.filter.endsWith(`'${tags["hemosynth.id"]}'`)).map(shown) };
  if (path === "mlflow/runs/create") {
    const tags = Object.fromEntries(given.tags.map(({ key, value }: Record<string, string>) => [key, value]));
    runs.push({ id: `r${runs.length}`, status: "RUNNING", tags, params: {}, metrics: [] });
    return { run: shown(runs.at(-1)!) };
  }
  const run = runs.find(({ id }) => id === given.run_id)!;
  if (path === "mlflow/runs/update") run.status = given.status;
  for (const { key, value } of given.params ?? []) run.params[key] = value;
  for (const { key, value, step } of given.metrics ?? []) run.metrics.push({ key, value, step });
  return {};
}

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "hemosynth-mlflow-"));
  [runs, files, faults, asked] = [[], {}, [], 0];
  server = createServer(async (request, response) => {
    let body = "";
    for await (const part of request) body += part;
    asked++;
    const fault = faults.shift();
    const found = fault === undefined ? answer(request.method!, request.url!, body) : null;
    response
      .writeHead(fault ?? (found === null ? 404 : 200))
      .end(JSON.stringify(found ?? { error_code: "RESOURCE_DOES_NOT_EXIST" }));
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await mkdir(join(root, "train"));
  await writeFile(join(root, "config.yaml"), "name: mine\n");
  await begins();
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
  await rm(root, { recursive: true });
});

const experiment = parseExperiment("data: { kind: phantom }", "test", []);
/** Marks the training as one that begins now. */
const begins = () => writeFile(join(root, "train/stage.partial.json"), "{}");
const curve = (...rows: string[]) => writeFile(join(root, "train/metrics.csv"), metricsHeader + rows.join("\n"));
const follow = (warnings: string[] = [], to = uri) =>
  followRuns(to, "mine", [{ name: "run", root, experiment }], { ...silentReporter, warn: (line) => warnings.push(line) });

test("options, curve and files are told of; a line half written is not; a run that goes on is the same one, and nothing comes twice", async () => {
  await curve("10,0.5,0.001,0.6,0.1,,,", "20,0.4,0.001,0.5,0.2,,,", "30,0.3");
  const end = follow();
  await begins();
  await end(() => false);
  expect(runs).toHaveLength(1);
  expect(runs[0]).toMatchObject({ status: "KILLED", params: { "data.kind": "phantom", "train.seed": "null" } });
  const loss = () => runs[0]!.metrics.filter(({ key }) => key === "train_loss").map(({ step, value }) => [step, value]);
  expect(loss()).toEqual([[10, 0.5], [20, 0.4]]); // biome-ignore format: a list
  await curve("10,0.5,0.001,0.6,0.1,,,", "20,0.4,0.001,0.5,0.2,,,", "30,0.3,0.001,0.4,0.3,,,", "");
  await follow()(() => true);
  expect(runs).toHaveLength(1);
  expect(loss()).toEqual([[10, 0.5], [20, 0.4], [30, 0.3]]); // biome-ignore format: a list
  expect(runs[0]!.status).toBe("FINISHED");
  expect(files).toEqual({ "7/r0/artifacts/config.yaml": "name: mine\n" });
});

test("a training that ended before following began, perhaps of another config, is told of only where the run is whole", async () => {
  await curve("10,0.5,0.001,0.6,0.1,,,", "");
  await new Promise((later) => setTimeout(later, 20));
  await follow()(() => false);
  expect(runs).toEqual([]);
  await follow()(() => true);
  expect(runs[0]!.metrics.map(({ key }) => key)).toEqual(["train_loss", "learning_rate", "val_loss", "val_dice"]);
});

test("a server that stumbles is asked again; one that cannot be reached, or says no, is one warning", {
  timeout: 60_000,
}, async () => {
  await curve("10,0.5,0.001,0.6,0.1,,,", "");
  faults = [503, 500];
  await follow()(() => true);
  expect(runs[0]!.status).toBe("FINISHED");
  const warnings: string[] = [];
  await follow(warnings, "http://127.0.0.1:9")(() => true);
  expect(warnings).toEqual([
    expect.stringMatching(
      /^http:\/\/127\.0\.0\.1:9: could not tell the MLflow server: .*; nothing more is sent, the run itself goes on as ever$/,
    ),
  ]);
  [runs, asked, faults] = [[], 0, [403, 403]];
  await follow(warnings)(() => true);
  expect([asked, warnings.length, warnings[1]]).toEqual([2, 2, expect.stringContaining("403")]);
  expect(() => follow([], "localhost:5000")).toThrow('--mlflow: must be the address of an MLflow server; got "localhost:5000"');
});

test("an address with a name or a password is refused without saying it, and so is a broken one that may hold some", () => {
  const way = "Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, and give the address alone: --mlflow https://host:5000";
  for (const address of ["http://ann:s3cret@127.0.0.1:9", "https://s3cret@127.0.0.1:9/", "http://:s3cret@127.0.0.1:9"])
    expect(() => follow([], address)).toThrow(
      new UserError("usage", `--mlflow: must be an address without name and password; got one with them. ${way}`),
    );
  for (const address of ["http://ann:s3 cret@ho st", "ann:s3cret@host:5000"])
    expect(() => follow([], address)).toThrow(
      new UserError("usage", "--mlflow: must be the address of an MLflow server; got something with an @. Example: --mlflow http://localhost:5000"), // biome-ignore format: one line
    );
});
