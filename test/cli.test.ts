import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type CommandServer, cliFile, commandServer, ensureBuilt, hemosynth, root, start } from "./cli-process.ts";

vi.setConfig({ testTimeout: 180_000 });

let folder = "";
let server: CommandServer;
beforeAll(async () => {
  await ensureBuilt();
  server = await commandServer();
  folder = await mkdtemp(join(tmpdir(), "hemosynth cli é-")); // a space and a letter beyond ASCII, on purpose
  await writeFile(join(folder, "x.yaml"), "data: { kind: phantom, subjects: 3, spacingMm: 2 }\n");
  await writeFile(join(folder, "bad.yaml"), "data: { kind: phantom }\ntrain:\n  lr: 3\nsedd: 1\n");
}, 300_000);
afterAll(async () => {
  server.close();
  await rm(folder, { recursive: true });
});

const verbs = [
  ["doctor"],
  ["backend", "install"],
  ["ingest"],
  ["phantom"],
  ["synth"],
  ["train"],
  ["predict"],
  ["metrics"],
  ["reader"],
  ["simulate-readers"],
  ["power"],
  ["import-weights"],
  ["eval"],
  ["run"],
  ["config", "show"],
  ["config", "schema"],
];

test.each(verbs.map((verb) => [verb.join(" "), verb] as const))("%s --help has an example and --json", async (name, verb) => {
  const { code, stdout, stderr } = await server.perform([...verb, "--help"], root);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toContain(`Example:\n  hemosynth ${name}`);
  expect(stdout).toContain("--json");
});

test("--help loads no stage, no TensorFlow.js and no image library, so that it answers at once", async () => {
  const coverage = join(folder, "coverage");
  await promisify(execFile)(process.execPath, [cliFile, "--help"], { env: { ...process.env, NODE_V8_COVERAGE: coverage } });
  const [report] = await readdir(coverage);
  const scripts: { url: string }[] = JSON.parse(await readFile(join(coverage, report!), "utf8")).result;
  const loaded = scripts.map(({ url }) => url);
  expect(loaded.filter((url) => url === pathToFileURL(cliFile).href)).toHaveLength(1);
  expect(loaded.filter((url) => /tfjs|\/sharp\/|\/zod\/|stage\.js$|job\.js$/.test(url))).toEqual([]);
});

test.each([
  [[], "a command is missing; hemosynth --help lists them"],
  [["config", "shwo"], "unknown command 'shwo' (Did you mean show?) hemosynth config --help lists the commands and options"],
  [["config"], "a command is missing after config; hemosynth config --help lists them"],
  [["trian"], "unknown command 'trian' (Did you mean train?) hemosynth --help lists the commands and options"],
  [["train", "x.yaml"], "required option '--out <folder>' not specified; hemosynth train --help lists the options"],
  [["run", "x.yaml", "--out", "r", "--epochs", "3"], "unknown option '--epochs'; hemosynth run --help lists the options"],
  [["run", "x.yaml", "y.yaml", "--out", "r"], "too many arguments for 'run'. Expected 1 argument but got 2. hemosynth run --help lists the options"],
  [["run", "x.yaml", "--out", "r", "--set", "seed"], '--set: must be written key=value; got "seed". Example: --set train.steps=100'],
  [["run", "x.yaml", "--out", "r", "--seed", "-1"], "--seed seed must be at least 0; got -1"],
  [["run", "x.yaml", "--out", "r", "--workers", "0"], "option '--workers <number>' argument '0' is invalid. It must be a whole number from 1 to 9999. hemosynth run --help lists the options"],
  [["run", "x.yaml", "--out", "r", "--backend", "gpu"], "option '--backend <name>' argument 'gpu' is invalid. Allowed choices are auto, cuda, tensorflow, wasm, cpu. hemosynth run --help lists the options"],
  [["run", "no.yaml", "--out", "r"], "no.yaml: could not read: no such file or folder; check the path."],
  [["run", "bad.yaml", "--out", "r"], 'bad.yaml:3:3 unknown key "lr" in train; did you mean "train.optimizer.learningRate"?\nbad.yaml:4:1 unknown key "sedd"; did you mean "seed"?'],
  [["run", "../x.yaml", "--out", "r"], "../x.yaml: could not read: no such file or folder; check the path."],
  [["predict", "--in", "x", "--out", "r"], "predict: --in needs --model, the run folder of a trained model; got none."],
  [["ingest", "a", "--out", "./a"], "./a: the output folder must be apart from what is read; got the folder that is read, a. Name another --out."],
  [["ingest", "a", "--out", "a/b"], "a/b: the output folder must be apart from what is read; got inside the folder that is read, a. Name another --out."],
  [["synth", "x.yaml", "--data", "a", "--out", "a/b"], "a/b/synth: the output folder must be apart from what is read; got inside the folder that is read, a. Name another --out."],
  [["synth", "--out", "r"], "synth: needs a config, or --replay with sidecars; got neither."],
  [["synth", "x.yaml", "--replay", "s.json", "--out", "r"], "--replay: everything is in the sidecar, so no config and no option goes with it; got x.yaml."],
  [["synth", "--replay", "s.json", "--data", "d", "--seed", "4", "--out", "r"], "--replay: everything is in the sidecar, so no config and no option goes with it; got --seed."],
  [["synth", "--replay", "s.json", "--out", "r"], "--replay: needs --data, the dataset of normal cases that they were made from, such as data/ of their run folder; got none."],
  [["export", "a", "--format", "tiff", "--out", "r"], "option '--format <name>' argument 'tiff' is invalid. Allowed choices are bids, png, nnunet, coco, yolo. hemosynth export --help lists the options"],
  [["run", "x.yaml", "--out", "r", "--folds", "1"], "--folds: goes with split.folds; got a config without. Pass --set split.folds=5, say."],
  [["run", "x.yaml", "--out", "r", "--folds", "one"], "option '--folds <numbers>' argument 'one' is invalid. It must be numbers from 0 with commas, such as 0,2. hemosynth run --help lists the options"],
  [["run", "x.yaml", "--out", "r", "--set", "split.folds=3", "--folds", "0,3"], "--folds: folds count from 0 to 2; got 3."],
  [["run", "x.yaml", "--out", "r", "--set", "split.folds=4"], "--set split.folds must be at most the number of subjects, 3; got 4. Use fewer folds, or leaveOneOut"],
  [["train", "x.yaml", "--out", "r", "--set", "split.folds=3"], "train: works on one split; got a config with split.folds. `hemosynth run` does every fold; for one of them name its folder, with the config in it, such as folds/0."],
  [["predict", "--out", "r"], "r: without --in, predict needs a run folder with config.yaml; got none. Pass --model RUN --in PATH."],
])("usage: %j is refused with code 2 and one message, and writes nothing", async (args, message) => {
  const before = await readdir(folder);
  const finished = await server.perform(args, folder);
  expect(finished).toEqual({ code: 2, signal: null, stdout: "", stderr: `${message}\n` });
  expect(await readdir(folder)).toEqual(before);
}); // biome-ignore format: one case a line

test("--json: an error is one JSON document on standard output, words on standard error", async () => {
  const { code, stdout, stderr } = await hemosynth(["run", "bad.yaml", "--out", "r", "--json"], { cwd: folder });
  expect(code).toBe(2);
  expect(JSON.parse(stdout)).toEqual({ error: { fault: "usage", message: stderr.trimEnd(), exitCode: 2 } });
  const wrong = await hemosynth(["run", "--json"], { cwd: folder });
  expect(JSON.parse(wrong.stdout)).toMatchObject({ error: { fault: "usage", exitCode: 2 } });
});

test("config show prints what is accepted back; config schema is the committed file", async () => {
  const shown = await hemosynth(["config", "show", "x.yaml", "--set", "train.steps=7", "--seed", "5"], { cwd: folder });
  expect(shown.stdout).toMatch(/^name: experiment\nseed: 5\n/);
  await writeFile(join(folder, "shown.yaml"), shown.stdout);
  expect((await hemosynth(["config", "show", "shown.yaml"], { cwd: folder })).stdout).toBe(shown.stdout);
  const json = JSON.parse((await hemosynth(["config", "show", "x.yaml", "--json"], { cwd: folder })).stdout);
  expect(json).toMatchObject({ data: { kind: "phantom", subjects: 3 }, seed: 0 });
  const schema = await hemosynth(["config", "schema"]);
  expect(schema.stdout).toBe(await readFile(join(root, "docs/schema/experiment.schema.json"), "utf8"));
});

test("phantom: a dataset, then nothing to do, then refused for other options, then replaced", async () => {
  const args = ["phantom", "--out", "brains", "--set", "data.subjects=3", "--set", "data.spacingMm=2"];
  const first = await hemosynth([...args, "--json"], { cwd: folder });
  expect(first.code, first.stderr).toBe(0);
  expect(JSON.parse(first.stdout)).toMatchObject({
    schemaVersion: 1,
    command: "phantom",
    out: "brains",
    stages: [{ stage: "data", state: "done" }],
  });
  expect(await readdir(join(folder, "brains"))).toEqual(expect.arrayContaining(["dataset.json", "splits.json", "stage.json"]));
  expect((await hemosynth(args, { cwd: folder })).stdout).toMatch(/^data\s+up to date/);
  const other = await hemosynth([...args, "--seed", "1"], { cwd: folder });
  expect(other).toMatchObject({
    code: 2,
    stderr: "brains: holds another result (seed was 0, now 1). Choose another --out, or pass --exist-ok to replace it.\n",
  });
  expect((await hemosynth([...args, "--seed", "1", "--exist-ok"], { cwd: folder })).code).toBe(0);
});

test("--dry-run prints the plan and writes nothing", async () => {
  const before = await readdir(folder);
  const { code, stdout } = await hemosynth(["run", "x.yaml", "--out", "planned", "--dry-run", "--json"], { cwd: folder });
  expect(code).toBe(0);
  const states = JSON.parse(stdout).stages.map(({ stage, state }: { stage: string; state: string }) => `${stage} ${state}`);
  expect(states).toEqual(["data", "synth", "train", "predict", "eval"].map((name) => `${name} would run`));
  expect(await readdir(folder)).toEqual(before);
});

test("a folder with other files does not become a run folder", async () => {
  await mkdir(join(folder, "home"), { recursive: true });
  await writeFile(join(folder, "home/thesis.txt"), "years of work");
  const { code, stderr } = await hemosynth(["run", "x.yaml", "--out", "home"], { cwd: folder });
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: "home: a new run needs an empty folder; got one with thesis.txt. Choose another --out, or pass --exist-ok.\n",
  });
  expect(await readdir(join(folder, "home"))).toEqual(["thesis.txt"]);
});

test("a backend that is asked for and not usable is code 5, never another one", async () => {
  const cache = await mkdtemp(join(tmpdir(), "hemosynth-cache-")); // no native TensorFlow in here
  const { code, stderr } = await hemosynth(["doctor", "--backend", "cuda"], {
    env: { XDG_CACHE_HOME: cache, HEMOSYNTH_CACHE: cache },
  });
  expect({ code, stderr }).toMatchObject({ code: 5, stderr: expect.stringMatching(/^backend cuda: .*\n$/) });
  await rm(cache, { recursive: true });
});

test("doctor --json says what is there and what auto uses", async () => {
  const { code, stdout } = await hemosynth(["doctor", "--json"]);
  expect(code).toBe(0);
  const report = JSON.parse(stdout);
  expect(report).toMatchObject({ command: "doctor", auto: { backend: expect.any(String), reason: expect.any(String) } });
  expect(report.checks.length).toBeGreaterThan(2);
});

/** Runs a shell line with `$H` the command line. */
async function shell(line: string): Promise<{ code: number | null; stderr: string }> {
  const child = spawn("bash", ["-o", "pipefail", "-c", line], {
    cwd: folder,
    env: { ...process.env, H: `${process.execPath} ${cliFile}` },
  });
  let stderr = "";
  child.stderr.on("data", (text) => {
    stderr += text;
  });
  const [code] = await once(child, "close");
  return { code: code as number | null, stderr };
}

test("a reader that goes away is no error; a full standard output is one", async () => {
  expect(await shell("$H config schema | head -c 10 > /dev/null")).toEqual({ code: 0, stderr: "" });
  expect(await shell("$H config schema > /dev/full")).toEqual({
    code: 3,
    stderr: "standard output: could not write: the disk is full; mend that and run again.\n",
  });
  expect((await shell("$H config show bad.yaml 2>&1 < /dev/null | head -c 1 > /dev/null")).code).toBe(2);
  expect((await shell("$H config show x.yaml <&- > /dev/null")).code).toBe(0);
});

test("a folder that cannot be made is code 3 with its cause", async () => {
  const { code, stderr } = await hemosynth(["phantom", "--out", "x.yaml/brains"], { cwd: folder });
  const message = "x.yaml/brains: could not write: a part of the path is not a folder; mend that and run again.\n";
  expect({ code, stderr }).toEqual({ code: 3, stderr: message });
});

test("SIGTERM, SIGINT and SIGUSR1 stop cleanly with 143, 130 and 138, and leave no lock; the same command goes on", {
  timeout: 120_000,
}, async () => {
  for (const [signal, code] of [
    ["SIGTERM", 143],
    ["SIGINT", 130],
    ["SIGUSR1", 138],
  ] as const) {
    const args = [
      "phantom",
      "--out",
      `stop-${signal}`,
      "--set",
      "data.subjects=12",
      "--set",
      "data.spacingMm=1",
      "--workers",
      "1",
    ];
    const running = start([...args, "--json"], { cwd: folder });
    await running.seen("data: runs");
    running.child.kill(signal);
    const finished = await running.finished;
    expect(finished.stderr).toContain(
      "stopping; once more to quit at once\nstopped; the same command goes on from what is finished\n",
    );
    expect(JSON.parse(finished.stdout)).toMatchObject({ error: { fault: "stopped", exitCode: code } });
    expect(finished.code).toBe(code);
    const names = await readdir(join(folder, `stop-${signal}`));
    expect(names).toContain("stage.partial.json");
    expect(names.filter((name) => name.startsWith("."))).toEqual([]);
  }
});

test("a second SIGINT ends at once", async () => {
  const running = start(["phantom", "--out", "twice", "--set", "data.subjects=12", "--workers", "1"], { cwd: folder });
  await running.seen("data: runs");
  running.child.kill("SIGINT");
  await running.seen("stopping; once more to quit at once");
  running.child.kill("SIGINT");
  const { code, stderr } = await running.finished;
  expect({ code, saysStopped: stderr.includes("stopped;") }).toEqual({ code: 130, saysStopped: false });
});

test("an error that nobody awaits is an internal error: code 1, its stack, one JSON document", async () => {
  const boom = `data:text/javascript,${encodeURIComponent(`
    import { existsSync } from "node:fs";
    const timer = setInterval(() => {
      if (!existsSync("boom")) return; // not at work yet
      clearInterval(timer);
      Promise.reject(new Error("boom"));
    }, 20);
  `)}`;
  const args = ["phantom", "--out", "boom", "--set", "data.subjects=50", "--workers", "1", "--json"];
  const { code, stdout, stderr } = await start(args, { cwd: folder, node: ["--import", boom] }).finished;
  expect(code).toBe(1);
  expect(stderr).toMatch(/^internal error, a mistake in hemosynth: Error: boom\n {4}at /m);
  expect(JSON.parse(stdout)).toEqual({ error: { fault: "internal", message: "internal error: boom", exitCode: 1 } });
});

test("a second process on the same folder is code 6", async () => {
  const args = ["phantom", "--out", "locked", "--set", "data.subjects=12", "--workers", "1"];
  const first = start(args, { cwd: folder });
  await first.seen("data: runs");
  const second = await hemosynth(args, { cwd: folder });
  expect(second.code).toBe(6);
  expect(second.stderr).toMatch(/^locked: one process at a time may write here; got a lock held by process \d+ on .*\n$/);
  first.child.kill("SIGKILL");
  await first.finished;
});

test("--dry-run refuses what the command would: a backend that is not there, a folder without images, a folder that is being written", async () => {
  const dry = (...args: string[]) =>
    hemosynth(["run", join(folder, "x.yaml"), "--out", join(folder, "dry"), "--dry-run", ...args]);
  expect(await dry("--backend", "cuda")).toMatchObject({ code: 5, stderr: expect.stringMatching(/^backend cuda: /) });
  const empty = join(folder, "empty");
  await mkdir(empty, { recursive: true });
  expect(await dry("--set", `data={kind: folder, path: "${empty}"}`)).toMatchObject({
    code: 3,
    stderr: expect.stringMatching(/must hold images \(\.nii, \.nii\.gz or folders of DICOM slices\); got none among 0 files/),
  });
  await mkdir(join(folder, "dry"), { recursive: true });
  await writeFile(join(folder, "dry", ".hemosynth.lock.json"), JSON.stringify({ pid: process.pid, host: hostname() }));
  expect((await dry()).code, "an owner without a lock is a left-over").toBe(0);
  await mkdir(join(folder, "dry", ".hemosynth.lock"));
  expect(await dry()).toMatchObject({ code: 6, stderr: expect.stringContaining(`held by process ${process.pid}`) });
  await utimes(join(folder, "dry", ".hemosynth.lock"), 1, 1);
  expect((await dry()).code, "a lock without a heartbeat, as of another host").toBe(0);
  await rm(join(folder, "dry"), { recursive: true });
});

test("a backend that is asked for and not there is said before the first stage runs", async () => {
  const out = join(folder, "no-gpu");
  const { code, stderr } = await hemosynth(["run", join(folder, "x.yaml"), "--out", out, "--backend", "cuda"]);
  expect({ code, stderr }).toEqual({ code: 5, stderr: expect.stringMatching(/^backend cuda: [^\n]+\n$/) });
  expect(await stat(out).catch(() => null)).toBeNull();
});

test("a refused stage leaves no folder that looks begun", async () => {
  const [out, study] = [join(folder, "refused"), join(folder, "study")];
  await mkdir(study, { recursive: true });
  await writeFile(join(study, "a_T2w.nii.gz"), "not gzip");
  for (let time = 0; time < 2; time++) {
    const { code, stderr } = await hemosynth(["ingest", study, "--out", out]);
    expect(code).toBe(3);
    expect(stderr).not.toContain("did not finish");
    expect(await stat(out).catch(() => null)).toBeNull();
  }
});

test("a command that is refused before it made anything leaves no folder, and the config that was there", async () => {
  const [out, run] = [join(folder, "refused-new"), join(folder, "refused-old")];
  const evaluated = await hemosynth(["eval", join(folder, "x.yaml"), "--out", out]);
  expect(evaluated).toMatchObject({ code: 3, stderr: expect.stringContaining("run synth first") });
  expect(await stat(out).catch(() => null)).toBeNull();
  const predicted = await hemosynth(["predict", "--model", join(folder, "nowhere"), "--in", folder, "--out", out]);
  expect(predicted).toMatchObject({ code: 3, stderr: expect.stringContaining("no trained model") });
  expect(await stat(out).catch(() => null)).toBeNull();
  await mkdir(run);
  await writeFile(join(run, "config.yaml"), "name: before\n");
  expect((await hemosynth(["eval", join(folder, "x.yaml"), "--out", run])).code).toBe(3);
  expect(await readFile(join(run, "config.yaml"), "utf8")).toBe("name: before\n");
});

test("doctor --backend NAME shows what is there even where that backend is not, and says so with code 5", async () => {
  const { code, stdout, stderr } = await hemosynth(["doctor", "--backend", "cuda"]);
  expect(code).toBe(5);
  expect(stdout).toMatch(/NVIDIA driver/);
  expect(stderr).toMatch(/^backend cuda: [^\n]+\n$/);
  const json = await hemosynth(["doctor", "--backend", "cuda", "--json"]);
  expect(JSON.parse(json.stdout)).toMatchObject({ asked: null, error: { fault: "backend", exitCode: 5 } });
});

test("every --set that is not key=value is named at once, and a key is said once", async () => {
  const sets = await hemosynth(["config", "show", join(folder, "x.yaml"), "--set", "foo", "--set", "bar"]);
  expect(sets.stderr.trim().split("\n")).toEqual([
    '--set: must be written key=value; got "foo". Example: --set train.steps=100',
    '--set: must be written key=value; got "bar". Example: --set train.steps=100',
  ]);
  const wrong = await hemosynth(["config", "show", join(folder, "x.yaml"), "--set", "train.steps=0"]);
  expect(wrong.stderr).toBe("--set train.steps must be at least 1; got 0\n");
});
