import { execFile } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sha256 } from "../src/core/hash.ts";
import { ensureBuilt, hemosynth, start } from "./cli-process.ts";
import { hashFolder } from "./helpers/hash-folder.ts";
import { tinyConfig } from "./helpers/tiny-config.ts";

const slow = { timeout: 600_000 };
let folder = "";
/** A whole sweep that most tests start from, and its first run by itself. */
let first = "";
let alone = "";

const twoByTwo = "sweep:\n  grid: {train.batchSize: [1, 2]}\n  seeds: [0, 1]\n  baseline: batchSize=1\n";
const runs = ["batchSize=1_seed=0", "batchSize=1_seed=1", "batchSize=2_seed=0", "batchSize=2_seed=1"];
/** The same last digits, however many processes share the machine. */
const env = { TF_NUM_INTRAOP_THREADS: "1" };

async function config(name: string, sweep: string): Promise<string> {
  const file = join(folder, `${name}.yaml`);
  await writeFile(file, tinyConfig + sweep);
  return file;
}

const sweep = (file: string, out: string, ...more: string[]) => hemosynth(["sweep", file, "--out", out, ...more], { env });

beforeAll(async () => {
  await ensureBuilt();
  folder = await mkdtemp(join(tmpdir(), "hemosynth-sweeps-"));
  first = join(folder, "first");
  const { code, stderr } = await sweep(await config("grid", twoByTwo), first, "--jobs", "2");
  expect(code, stderr).toBe(0);
  alone = join(folder, "alone");
  const single = await hemosynth(["run", join(first, "runs", runs[0]!, "config.yaml"), "--out", alone], { env });
  expect(single.code, single.stderr).toBe(0);
}, 600_000);
afterAll(() => rm(folder, { recursive: true }));

/** The folder of a sweep that was begun: what the first one's runs share, and no run. */
async function begun(name: string): Promise<string> {
  const out = join(folder, name);
  for (const part of ["shared", "sweep.json"]) await cp(join(first, part), join(out, part), { recursive: true });
  return out;
}

const states = async (out: string): Promise<string[]> =>
  JSON.parse(await readFile(join(out, "sweep.json"), "utf8")).points.map(
    ({ name, state }: { name: string; state: string }) => `${name} ${state}`,
  );

test("four trainings over one synthesis make one synthesis, and each is what the same config gives by itself", slow, async () => {
  expect(await states(first)).toEqual(runs.map((name) => `${name} done`));
  expect((await readdir(join(first, "shared"))).map((name) => name.split("-")[0]).sort()).toEqual(["data", "synth"]);
  const [name] = runs as [string];
  for (const file of ["train/metrics.csv", "predict/scores.csv", "eval/units.csv", "eval/results.json"])
    expect(await readFile(join(first, "runs", name, file), "utf8"), file).toBe(await readFile(join(alone, file), "utf8"));
});

test("table, page and comparison are there; figures are those of the runs", slow, async () => {
  const results = JSON.parse(await readFile(join(first, "sweep.json"), "utf8"));
  const csv = (await readFile(join(first, "sweep.csv"), "utf8")).trimEnd().split("\n");
  expect(csv).toHaveLength(5);
  for (const [i, name] of runs.entries()) {
    const own = JSON.parse(await readFile(join(first, "runs", name, "eval/results.json"), "utf8"));
    const auroc = own.metrics.find((m: { metric: string; per: string; subset: string }) => m.metric === "auroc" && m.per === "slice" && m.subset === "all").estimate; // biome-ignore format: one line
    const at = csv[0]!.split(",").indexOf("auroc_slice");
    expect(Number(csv[i + 1]!.split(",")[at])).toBe(auroc);
  }
  const slice = results.comparisons.find((c: { metric: string; per: string }) => c.metric === "auroc" && c.per === "slice");
  const mean = (setting: string) => {
    const rows = csv.slice(1).filter((line) => line.split(",")[1] === setting);
    return rows.reduce((sum, line) => sum + Number(line.split(",")[csv[0]!.split(",").indexOf("auroc_slice")]), 0) / rows.length;
  };
  expect(slice).toMatchObject({ setting: "batchSize=2", seeds: 2 });
  expect(slice.difference).toBeCloseTo(mean("batchSize=2") - mean("batchSize=1"), 10);
  const page = await readFile(join(first, "sweep.html"), "utf8");
  expect(page).not.toMatch(/https?:\/\/(?!www\.w3\.org)/);
  const script = /<script>([\s\S]*)<\/script>/.exec(page)![1]!;
  expect(page).toContain(`script-src 'sha256-${Buffer.from(sha256(script), "hex").toString("base64")}'`);
});

test(
  "done is done: nothing runs again; a begun sweep asks for --resume; a changed file makes its run, and no other, run again",
  slow,
  async () => {
    const again = join(folder, "again");
    await cp(first, again, { recursive: true });
    const file = await config("grid", twoByTwo);
    const before = await hashFolder(again);
    const refused = await sweep(file, again);
    expect([refused.code, refused.stderr.trim()]).toEqual([
      2,
      `${again}: holds a sweep. Pass --resume to do what is missing, or choose another --out.`,
    ]);
    const { code, stderr } = await sweep(file, again, "--resume");
    expect([code, stderr.includes("runs\n")]).toEqual([0, false]);
    expect(await hashFolder(again)).toEqual(before);
    await writeFile(join(again, "runs", runs[2]!, "predict/scores.csv"), "x");
    const mended = await sweep(file, again, "--resume");
    expect(mended.stderr.match(/^.*: runs$/gm)).toEqual([`${runs[2]}: runs`]);
    expect(await hashFolder(again)).toEqual(before);
  },
);

test("one job at a time gives the same bytes as two", slow, async () => {
  const out = await begun("one");
  expect((await sweep(await config("grid", twoByTwo), out, "--resume", "--jobs", "1")).code).toBe(0);
  expect(await hashFolder(out)).toEqual(await hashFolder(first));
});

test("killed outright, and one of its runs too, the sweep resumes to the same bytes; what was whole stays", slow, async () => {
  const out = await begun("killed");
  const file = await config("grid", twoByTwo);
  const running = start(["sweep", file, "--out", out, "--resume", "--jobs", "2"], { env });
  await running.seen(`${runs[1]}: runs`);
  const child = await oneChild(running.child.pid!);
  process.kill(child, "SIGKILL");
  await running.seen("its process ended with SIGKILL");
  running.child.kill("SIGKILL");
  await running.finished;
  const { code, stderr } = await sweep(file, out, "--resume", "--jobs", "2");
  expect(code, stderr).toBe(0);
  expect(stderr).not.toMatch(/^(data|synth)-\w+: runs/m); // nor anything else that was whole
  expect(await hashFolder(out)).toEqual(await hashFolder(first));
});

/** Process id of a child, waited for. */
async function oneChild(parent: number): Promise<number> {
  for (;;) {
    const { stdout } = await promisify(execFile)("ps", ["--ppid", String(parent), "-o", "pid="]).catch(() => ({ stdout: "" }));
    const [pid] = stdout.trim().split(/\s+/);
    if (pid !== undefined && pid !== "") return Number(pid);
    await sleep(50);
  }
}

test(
  "asked to stop, its processes save and end, and it says so; a second sweep of the folder is refused meanwhile",
  slow,
  async () => {
    const out = await begun("stopped");
    const file = await config("long", "sweep: {grid: {train.steps: [100000, 100001]}}\n");
    const running = start(["sweep", file, "--out", out, "--resume", "--jobs", "2"], { env });
    await running.seen(/steps=100001: runs/);
    for (;;) if (await stat(join(out, "runs/steps=100001/train/weights/last.safetensors")).catch(() => null)) break; else await sleep(50); // biome-ignore format: one line
    const second = await sweep(file, out, "--resume");
    expect(second.code).toBe(6);
    expect(second.stderr).toContain("one process at a time may write here");
    const child = await oneChild(running.child.pid!);
    running.child.kill("SIGTERM");
    const { code, stderr } = await running.finished;
    expect(code).toBe(143);
    expect(stderr).toContain("stopped; the same command goes on from what is finished");
    expect(() => process.kill(child, 0)).toThrow(); // gone
    const left = await readdir(out, { recursive: true });
    expect(left.filter((name) => name.includes(".hemosynth.lock"))).toEqual([]);
  },
);

test("a run that fails leaves the others alone; code 7; --only-failed tries it alone", slow, async () => {
  const out = await begun("failing");
  const tooLarge = "{train.cropSize: 4096, train.batchSize: 4096}"; // no memory has room for it
  const file = await config("failing", `sweep: {list: [${tooLarge}, {train.cropSize: 48}]}\n`);
  const { code, stderr, stdout } = await sweep(file, out, "--resume");
  expect(code, stderr).toBe(7);
  expect(stdout).toContain("1 done, 1 failed");
  expect(stderr).toMatch(
    /failing: 1 of 2 runs failed; the first, cropSize=4096_batchSize=4096: .* More in .*logs; --only-failed tries them again\./,
  );
  expect(await states(out)).toEqual(["cropSize=4096_batchSize=4096 failed", "cropSize=48 done"]);
  const again = await sweep(file, out, "--only-failed");
  expect(again.code).toBe(7);
  expect(again.stderr.match(/^.*: runs$/gm)).toEqual(["cropSize=4096_batchSize=4096: runs"]);
  const listed = JSON.parse((await hemosynth(["ls", out, "--json"])).stdout).runs;
  expect(listed.map(({ run, state }: { run: string; state: string }) => `${run} ${state}`)).toEqual([
    "runs/cropSize=48 done",
    "runs/cropSize=4096_batchSize=4096 failed",
  ]);
});

test("settings that paint differently are compared on the stacks of one of them", slow, async () => {
  const out = await begun("controls");
  const file = await config(
    "controls",
    "sweep: {grid: {synth.control.kind: [full, ellipses]}, baseline: kind=full, testOn: kind=full}\n",
  );
  const { code, stderr } = await sweep(file, out, "--resume", "--jobs", "2");
  expect(code, stderr).toBe(0);
  const { comparisons } = JSON.parse(await readFile(join(out, "sweep.json"), "utf8"));
  expect(comparisons.length).toBeGreaterThan(0);
  expect(comparisons.filter(({ reason }: { reason: string | null }) => reason?.includes("other cases"))).toEqual([]);
  const truths = async (name: string) =>
    (await readFile(join(out, "runs", name, "eval/units.csv"), "utf8"))
      .split("\n")
      .map((line) => line.split(",").slice(0, 8).join());
  expect(await truths("kind=ellipses")).toEqual(await truths("kind=full"));
  const verified = await hemosynth(["verify", join(out, "runs/kind=ellipses")], { env });
  expect(verified.code, verified.stderr).toBe(0);
});

test("a point with folds is cross-validated as it is by itself, and verified as a whole", slow, async () => {
  const out = await begun("folds");
  const { code, stderr } = await sweep(await config("folds", "sweep: {list: [{split.folds: 3}]}\n"), out, "--resume");
  expect(code, stderr).toBe(0);
  const [name] = await readdir(join(out, "runs"));
  const run = join(out, "runs", name!);
  expect((await readdir(join(run, "folds"))).sort()).toEqual(["0", "1", "2"]);
  const single = join(folder, "single");
  expect((await hemosynth(["run", join(run, "config.yaml"), "--out", single], { env })).code).toBe(0);
  for (const file of ["folds/1/train/metrics.csv", "folds/1/predict/scores.csv", "eval/units.csv", "eval/results.json"])
    expect(await readFile(join(run, file), "utf8"), file).toBe(await readFile(join(single, file), "utf8"));
  const verified = await hemosynth(["verify", run]);
  expect(verified.code, verified.stderr).toBe(0);
});

test(
  "verify: runs come out the same; one byte flipped turns one red at its stage, file and byte, and no other; nothing is left beside",
  slow,
  async () => {
    const out = join(folder, "damaged");
    await cp(first, out, { recursive: true });
    const flip = async (path: string) => {
      const bytes = await readFile(join(out, path));
      bytes[100]! ^= 1;
      await writeFile(join(out, path), bytes);
    };
    await flip(`runs/${runs[1]}/eval/units.csv`);
    const red = await hemosynth(["verify", out, "--json"]);
    const { runs: verified, stages } = JSON.parse(red.stdout);
    const why = `runs/${runs[1]}/eval: units.csv was changed after it was made, first at byte 100. What was made before it is the same.`;
    expect([red.code, verified]).toEqual([
      8,
      runs.map((run, i) => ({ run, state: i === 1 ? "different" : "same", why: i === 1 ? why : null })),
    ]);
    expect(red.stderr.trim().split("\n").at(-1)).toBe(
      `${out}: 3 of 4 runs the same, byte by byte; 1 different, 0 not there; the first: ${runs[1]}: ${why}`,
    );
    const bare = stages.map(({ folder: name }: { folder: string }) => name.replace(/-[0-9a-f]{10}/, ""));
    expect(bare.slice(0, 7)).toEqual([
      ...["shared/data", "shared/synth"],
      ...["data", "synth", "train", "predict", "eval"].map((name) => `runs/${runs[0]}/${name}`),
    ]);
    expect(bare).toHaveLength(2 + 5 + 4 + 5 + 5);
    const [synth] = (await readdir(join(out, "shared"))).filter((name) => name.startsWith("synth"));
    const image = (await readdir(join(out, "shared", synth!, "images"))).filter((name) => name.endsWith(".nii.gz")).sort()[0]!;
    await flip(`shared/${synth}/images/${image}`);
    await rm(join(out, "runs", runs[3]!), { recursive: true });
    const all = await hemosynth(["verify", out]);
    const changed = `shared/${synth}: images/${image} was changed after it was made, first at byte 100. What was made before it is the same.`;
    expect([all.code, all.stdout.split("\n").slice(0, 4)]).toEqual([
      8,
      [
        ...runs.slice(0, 3).map((run) => `different  ${run}: ${changed}`),
        expect.stringMatching(`^not there  ${runs[3]}: .*manifest.json`),
      ],
    ]);
    const one = await hemosynth(["verify", join(out, "runs", runs[0]!)]);
    expect([one.code, one.stderr.trim().split("\n").at(-1)]).toEqual([8, `${join(out, "runs", runs[0]!)}: ${changed}`]);
    expect((await readdir(folder)).filter((name) => name.startsWith(".verify"))).toEqual([]);
  },
);

test("run --locked goes with its manifest or not at all", slow, async () => {
  const run = join(folder, "locked");
  await cp(alone, run, { recursive: true });
  const locked = (...more: string[]) => hemosynth(["run", join(run, "config.yaml"), "--out", run, "--locked", ...more], { env });
  await rm(join(run, "predict"), { recursive: true });
  expect((await locked()).code).toBe(0);
  const other = await locked("--set", "train.steps=4");
  expect([other.code, other.stderr.trim()]).toEqual([
    8,
    `${run}: --locked holds this run to its manifest.json; train.steps was 3, now 4. Set it back, or run without --locked.`,
  ]);
  const manifest = await readFile(join(run, "manifest.json"), "utf8");
  const spoilt = (from: RegExp, to: string) => writeFile(join(run, "manifest.json"), manifest.replace(from, to));
  await spoilt(/"hemosynth": "[^"]+"/, '"hemosynth": "0.0.1"');
  expect((await locked()).stderr).toContain("made by hemosynth 0.0.1, this is");
  await spoilt(/"name": "[a-z]+"/, '"name": "abacus"');
  await rm(join(run, "predict"), { recursive: true });
  const backend = await locked();
  expect(backend.code).toBe(8);
  expect(backend.stderr).toMatch(/was computed with name "abacus", here it is "/);
  const none = await hemosynth(["run", join(run, "config.yaml"), "--out", join(folder, "nowhere"), "--locked"]);
  expect(none.code).toBe(3);
  expect(none.stderr).toContain("manifest.json");
  const swept = join(first, "runs", runs[0]!);
  const shared = await hemosynth(["run", join(swept, "config.yaml"), "--out", swept, "--locked"]);
  expect([shared.code, shared.stderr]).toEqual([2, expect.stringContaining("goes with a run that made its own stacks")]);
});

test("--dry-run of a thousand runs takes under two seconds on an idle machine, and writes nothing", slow, async () => {
  const steps = Array.from({ length: 1000 }, (_, i) => i + 1);
  const file = await config("thousand", `sweep: {grid: {train.steps: [${steps}]}}\n`);
  const out = join(folder, "thousand");
  const { code, stdout } = await sweep(file, out, "--dry-run");
  expect(code).toBe(0);
  expect(stdout.trimEnd().split("\n")).toHaveLength(1003);
  expect(stdout).toContain("would run   synth-");
  expect(await stat(out).catch(() => null)).toBeNull();
});

test("a config with a sweep is no single run, and one without is no sweep", slow, async () => {
  const one = await hemosynth(["run", await config("grid", twoByTwo), "--out", join(folder, "no")]);
  expect([one.code, one.stderr.trim()]).toEqual([
    2,
    `${join(folder, "grid.yaml")}:9:1 sweep makes many runs of one config: hemosynth sweep CONFIG --out DIR`,
  ]);
  const none = await sweep(await config("none", ""), join(folder, "no"));
  expect(none.code).toBe(2);
  expect(none.stderr).toContain("sweep is required");
});
