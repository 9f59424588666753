import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { cp, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { canonicalJson, sha256 } from "../src/core/hash.ts";
import { cliFile, ensureBuilt, hemosynth, root, start } from "./cli-process.ts";

const slow = { timeout: 600_000 };
let folder = "";
/** configs/smoke.yaml with one subject a split. */
let config = "";
let first = "";

// One whole run that every test below starts from.
beforeAll(async () => {
  await ensureBuilt();
  folder = await mkdtemp(join(tmpdir(), "hemosynth-run-"));
  [config, first] = [join(folder, "smoke.yaml"), join(folder, "first")];
  const shown = await hemosynth(["config", "show", join(root, "configs/smoke.yaml"), "--set", "data.subjects=3"]);
  await writeFile(config, shown.stdout);
  const { code, stdout, stderr } = await hemosynth(["run", config, "--out", first, "--json"]);
  expect(code, stderr).toBe(0);
  const states = JSON.parse(stdout).stages.map(({ stage, state }: { stage: string; state: string }) => `${stage} ${state}`);
  expect(states).toEqual(["data", "synth", "train", "predict", "eval"].map((name) => `${name} done`));
}, 600_000);
afterAll(() => rm(folder, { recursive: true }));

/** SHA-256 of every file of a run, but of those that hold times. */
async function hashes(run: string): Promise<Record<string, string>> {
  const entries = await readdir(run, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !["log.jsonl", "timings.json"].includes(entry.name));
  const paths = files.map((entry) => join(entry.parentPath, entry.name)).sort();
  const pairs = paths.map(async (path) => [path.slice(run.length + 1), sha256(await readFile(path))] as const);
  return Object.fromEntries(await Promise.all(pairs));
}

test("a run holds what the documentation says", async () => {
  const files = Object.keys(await hashes(first));
  const expected = [
    "config.yaml",
    "manifest.json",
    "report.html",
    "data/dataset.json",
    "data/splits.json",
    "synth/dataset.json",
    "synth/splits.json",
  ];
  const train = ["metrics.csv", "model.json", "weights/best.safetensors", "weights/last.safetensors"].map(
    (name) => `train/${name}`,
  );
  expect(files).toEqual(expect.arrayContaining([...expected, ...train, "predict/scores.csv", "eval/results.json"]));
  expect(files.filter((name) => /_lesionprob\.nii\.gz$/.test(name)).length).toBeGreaterThan(0);
  expect(files.filter((name) => /(^|\/)\.|partial/.test(name))).toEqual([]);
});

test("no file of a run names this machine, its folders, or the time", async () => {
  const year = String(new Date().getFullYear());
  for (const name of [
    "config.yaml",
    "manifest.json",
    "report.html",
    "eval/results.json",
    "train/model.json",
    "synth/dataset.json",
    "data/stage.json",
  ]) {
    const text = await readFile(join(first, name), "utf8");
    expect(text.includes(folder) || text.includes(root), `${name} names a folder`).toBe(false);
    expect(new RegExp(`${year}-\\d\\d-\\d\\d`).test(text), `${name} holds a date`).toBe(false);
  }
});

test("the manifest's hashes are those of the files", async () => {
  const { stages, config: configHash } = JSON.parse(await readFile(join(first, "manifest.json"), "utf8"));
  expect(configHash).toBe(sha256(await readFile(join(first, "config.yaml"))));
  expect(Object.keys(stages).sort()).toEqual(["data", "eval", "predict", "synth", "train"]);
  for (const [stage, { outputs }] of Object.entries<{ outputs: Record<string, string> }>(stages)) {
    for (const [path, hash] of Object.entries(outputs)) expect(sha256(await readFile(join(first, stage, path))), path).toBe(hash);
  }
  expect(stages.train.backend).toMatchObject({ name: expect.any(String), versions: { tfjs: expect.any(String) } });
});

test(
  "the same config again has nothing to do and changes nothing; so has its own resolved config, and a moved folder",
  slow,
  async () => {
    const before = await hashes(first);
    for (const again of [config, join(first, "config.yaml")]) {
      const { code, stdout } = await hemosynth(["run", again, "--out", first]);
      expect({ code, upToDate: stdout.match(/up to date/g)?.length }).toEqual({ code: 0, upToDate: 5 });
    }
    const moved = join(folder, "moved");
    await rename(first, moved);
    expect((await hemosynth(["run", config, "--out", moved])).stdout.match(/up to date/g)).toHaveLength(5);
    await rename(moved, first);
    expect(await hashes(first)).toEqual(before);
  },
);

test("another threshold of the evaluation re-runs the evaluation alone", slow, async () => {
  const copy = await copyOf("evaluated");
  const args = ["run", config, "--out", copy, "--set", "eval.bootstrap.level=0.9"];
  expect(await hemosynth(args)).toMatchObject({
    code: 2,
    stderr: `${copy}: holds a run of another config (eval.bootstrap.level was 0.95, now 0.9). Choose another --out, or pass --exist-ok to bring it up to date.\n`,
  });
  const { code, stdout } = await hemosynth([...args, "--exist-ok"]);
  expect({
    code,
    states: [...stdout.matchAll(/^(\w+)\s+(up to date|done)/gm)].map(([, stage, state]) => `${stage} ${state}`),
  }).toEqual({
    code: 0,
    states: ["data up to date", "synth up to date", "train up to date", "predict up to date", "eval done"],
  });
});

test("each stage by its own verb gives the same bytes as run: one worker, another language and time zone", slow, async () => {
  const staged = join(folder, "staged");
  const env = { LANG: "tr_TR.UTF-8", LC_ALL: "tr_TR.UTF-8", TZ: "Asia/Kathmandu", NODE_OPTIONS: "" };
  const verbs = [["synth", config, "--workers", "1"], ["train", config, "--workers", "1"], ["predict"], ["eval", config]];
  for (const verb of verbs) {
    const { code, stderr } = await hemosynth([...verb, "--out", staged], { env });
    expect(code, stderr).toBe(0);
  }
  expect(await hashes(staged)).toEqual(await hashes(first));
});

test("predict takes one stack, and writes the same volume as the run did", slow, async () => {
  const { outputs } = JSON.parse(await readFile(join(first, "manifest.json"), "utf8")).stages.predict;
  const probability = Object.keys(outputs).find((name) => name.endsWith("_lesionprob.nii.gz"))!;
  const input = join(first, "synth/images", probability.replace("_lesionprob", ""));
  const out = join(folder, "one");
  const { code, stderr } = await hemosynth(["predict", "--model", first, "--in", input, "--out", out]);
  expect(code, stderr).toBe(0);
  expect(sha256(await readFile(join(out, basename(probability))))).toBe(outputs[probability]);
});

test("predict takes a folder as it comes from a scanner: the raw stack, without the mask beside it", slow, async () => {
  const out = join(folder, "haste");
  const { code, stderr } = await hemosynth(["predict", "--model", first, "--in", join(root, "embedded/haste"), "--out", out]);
  expect(code, stderr).toBe(0);
  const volumes = (await readdir(out)).filter((name) => name.endsWith("_lesionprob.nii.gz"));
  expect(volumes).toEqual(["sub-01_run-1_T2w_lesionprob.nii.gz"]);
});

/** A copy of the first run, of its data, or of its data and synthetic stacks, where `upTo` says so. */
async function copyOf(name: string, upTo: "eval" | "synth" | "data" = "eval"): Promise<string> {
  const copy = join(folder, name);
  await cp(first, copy, { recursive: true });
  const later = {
    eval: [],
    synth: ["train", "predict", "eval", "config.yaml"],
    data: ["synth", "train", "predict", "eval", "config.yaml"],
  };
  for (const stage of later[upTo]) await rm(join(copy, stage), { recursive: true });
  return copy;
}

const longer = ["train.steps=40", "train.checkpointEvery=2", "train.validateEvery=20"].flatMap((set) => ["--set", set]);

test(
  "kill -9 or SIGTERM in the middle of training, then the same command: the same final weights, to the bit",
  slow,
  async () => {
    const whole = await copyOf("whole", "synth");
    expect((await hemosynth(["train", config, "--out", whole, ...longer])).code).toBe(0);
    for (const signal of ["SIGKILL", "SIGTERM"] as const) {
      const cut = await copyOf(`cut-${signal}`, "synth");
      const args = ["train", config, "--out", cut, ...longer];
      const running = start(args);
      while (!existsSync(join(cut, "train/weights/last.safetensors")) && running.child.exitCode === null) await sleep(5);
      running.child.kill(signal);
      const { code, signal: by } = await running.finished;
      expect({ code, by }).toEqual(signal === "SIGKILL" ? { code: null, by: "SIGKILL" } : { code: 143, by: null });
      expect(existsSync(join(cut, "train/stage.json"))).toBe(false);
      const refused = await hemosynth(args);
      expect(refused).toMatchObject({
        code: 2,
        stderr: expect.stringContaining("holds an unfinished training. Pass --resume to go on, or --exist-ok to start again.\n"),
      });
      const resumed = await hemosynth([...args, "--resume"]);
      expect(resumed.code, resumed.stderr).toBe(0);
      expect(resumed.stderr).toContain("train: resumes (it did not finish)");
      expect(await hashes(join(cut, "train"))).toEqual(await hashes(join(whole, "train")));
    }
  },
);

test("kill -9 in the middle of synthesis, then the same command with other workers: the same bytes", slow, async () => {
  const whole = await copyOf("painted", "data");
  const more = ["--set", "synth.copies=3", "--set", "synth.mostGivenUp=1"];
  expect((await hemosynth(["synth", config, "--out", whole, ...more])).code).toBe(0);
  const cut = await copyOf("painted-cut", "data");
  const running = start(["synth", config, "--out", cut, "--workers", "1", ...more]);
  const sidecars = async () =>
    (await readdir(join(cut, "synth/images")).catch(() => [])).filter((name) => /^[^.].*\.json$/.test(name));
  while ((await sidecars()).length < 3 && running.child.exitCode === null) await sleep(5);
  running.child.kill("SIGKILL");
  expect((await running.finished).signal).toBe("SIGKILL");
  expect(existsSync(join(cut, "synth/dataset.json"))).toBe(false);
  const kept = await Promise.all(
    (await sidecars()).map(async (name) => [name, (await stat(join(cut, "synth/images", name))).mtimeMs] as const),
  );
  expect(kept.length).toBeGreaterThan(0);
  const resumed = await hemosynth(["synth", config, "--out", cut, "--workers", "2", ...more]);
  expect(resumed.stderr).toContain("synth: resumes (it did not finish)");
  expect(await hashes(join(cut, "synth"))).toEqual(await hashes(join(whole, "synth")));
  for (const [name, time] of kept) expect((await stat(join(cut, "synth/images", name))).mtimeMs).toBe(time);
});

test("a full disk in the middle of synthesis or export is code 3 and leaves nothing that looks whole", slow, async (context) => {
  const disk = await mkdtemp(join(tmpdir(), "hemosynth-disk-"));
  if (!(await shell(`mount -t tmpfs -o size=400k none "${disk}"`))) context.skip("needs the right to mount a tmpfs");
  try {
    const full = { code: 3, stderr: expect.stringMatching(/: could not write: the disk is full; mend that and run again\.\n$/) };
    const args = ["synth", config, "--data", join(first, "data"), "--out", join(disk, "run"), "--set", "synth.mostGivenUp=1"];
    expect(await hemosynth(args)).toMatchObject(full);
    const left = await readdir(join(disk, "run"), { recursive: true });
    expect(left.filter((name) => /dataset\.json|stage\.json|\.[^/]*\.partial$/.test(name))).toEqual([]);
    await rm(join(disk, "run"), { recursive: true });
    expect(await hemosynth(["export", first, "--format", "png", "--out", join(disk, "png")])).toMatchObject(full);
    expect(await readdir(join(disk, "png"))).not.toContain("slices.csv");
    expect(await shell(`mount -o remount,size=50m "${disk}"`)).toBe(true);
    expect((await hemosynth(args)).code).toBe(0);
  } finally {
    await shell(`umount "${disk}"`);
    await rm(disk, { recursive: true });
  }
});

test("a file that grows too large for the system is code 3, and the same command goes on", slow, async () => {
  const out = join(folder, "limited");
  const line = `ulimit -f 64; exec "${process.execPath}" "${cliFile}" phantom --out "${out}" --set data.subjects=3 --set data.spacingMm=2`;
  const child = spawn("bash", ["-c", line], { stdio: ["ignore", "ignore", "pipe"] });
  let stderr = "";
  child.stderr.on("data", (text) => {
    stderr += text;
  });
  const [code] = await once(child, "close");
  expect({ code, last: stderr.trimEnd().split("\n").at(-1) }).toEqual({
    code: 3,
    last: expect.stringMatching(/: could not write: the file would be too large; mend that and run again\.$/),
  });
  await expect(stat(out), "nothing was finished, so nothing is left").rejects.toThrow("ENOENT");
  expect((await hemosynth(["phantom", "--out", out, "--set", "data.subjects=3", "--set", "data.spacingMm=2"])).code).toBe(0);
});

test("a full disk is code 3, and once there is room the same command goes on", slow, async (context) => {
  const disk = await mkdtemp(join(tmpdir(), "hemosynth-disk-"));
  if (!(await shell(`mount -t tmpfs -o size=200k none "${disk}"`))) context.skip("needs the right to mount a tmpfs");
  try {
    const args = ["phantom", "--out", join(disk, "brains"), "--set", "data.subjects=3", "--set", "data.spacingMm=2"];
    const full = await hemosynth(args);
    expect(full).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/: could not write: the disk is full; mend that and run again\.\n$/),
    });
    expect(await shell(`mount -o remount,size=50m "${disk}"`)).toBe(true);
    expect((await hemosynth(args)).code).toBe(0);
  } finally {
    await shell(`umount "${disk}"`);
    await rm(disk, { recursive: true });
  }
});

async function shell(line: string): Promise<boolean> {
  const child = spawn("bash", ["-c", line], { stdio: "ignore" });
  const [code] = await once(child, "close");
  return code === 0;
}

test("an unusable backend stops a run before training, and leaves what was done", slow, async () => {
  const copy = await copyOf("no-cuda", "synth");
  const cache = await mkdtemp(join(tmpdir(), "hemosynth-cache-"));
  const { code, stdout } = await hemosynth(["train", config, "--out", copy, "--backend", "cuda", "--json"], {
    env: { XDG_CACHE_HOME: cache },
  });
  expect({ code, fault: JSON.parse(stdout).error.fault }).toEqual({ code: 5, fault: "backend" });
  expect(existsSync(join(copy, "train"))).toBe(false);
  expect(canonicalJson(await hashes(join(copy, "synth")))).toBe(canonicalJson(await hashes(join(first, "synth"))));
  await rm(cache, { recursive: true });
});
