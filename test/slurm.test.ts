import { execFile, spawn, spawnSync } from "node:child_process";
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { cliFile, ensureBuilt, hemosynth, root, start } from "./cli-process.ts";
import { hashFolder } from "./helpers/hash-folder.ts";
import { tinyConfig } from "./helpers/tiny-config.ts";

// Sweeps on a Slurm cluster, against a real one: scripts/slurm-node.sh makes a node of this machine. Where none answers, what needs it is skipped.

const isMissing = spawnSync("squeue", ["--noheader"]).status !== 0;
if (isMissing)
  console.info("no Slurm answers here, so sweeps on it are not tested; scripts/slurm-node.sh start makes a node of this machine");
/** A node that may be killed. */
const isOurs = !isMissing && (process.env.SLURM_CONF ?? "").includes("slurm-node");
const onSlurm = test.skipIf(isMissing);
const slow = { timeout: 900_000 };

const env = { TF_NUM_INTRAOP_THREADS: "1" };
const resources = "cpus: 1, minutes: 30";
const twoRuns = (slurm = "") => `sweep: {grid: {train.batchSize: [1, 2]}, slurm: {${resources}${slurm}}}\n`;
let folder = "";
/** A whole sweep of two runs, made by processes here. */
let first = "";

async function config(name: string, sweep: string): Promise<string> {
  const file = join(folder, `${name}.yaml`);
  await writeFile(file, tinyConfig + sweep);
  return file;
}

const argsOf = (file: string, out: string, ...more: string[]) => ["sweep", file, "--out", out, "--launcher", "slurm", ...more];
const onCluster = (...args: Parameters<typeof argsOf>) => hemosynth(argsOf(...args), { env });
const startOnCluster = (...args: Parameters<typeof argsOf>) => start(argsOf(...args), { env });

/** What a command of Slurm prints. */
const slurm = async (program: string, ...args: string[]) => (await promisify(execFile)(program, args)).stdout.trim();

/** Slurm lets a job that went back in the queue wait two minutes: not here. */
function hurry(): () => void {
  const timer = setInterval(async () => {
    const waiting = await slurm("squeue", "--noheader", "--array", "--format=%i|%r", "--states=PENDING").catch(() => "");
    for (const line of waiting.split("\n").filter((one) => one.endsWith("|BeginTime")))
      await slurm("scontrol", "update", `jobid=${line.split("|")[0]}`, "starttime=now").catch(() => "");
  }, 1000);
  return () => clearInterval(timer);
}

/** The folder of a sweep that was begun: what the first one's runs share, and no run. */
async function begun(name: string): Promise<string> {
  const out = join(folder, name);
  for (const part of ["shared", "sweep.json"]) await cp(join(first, part), join(out, part), { recursive: true });
  return out;
}

const logOf = (out: string, run: string) => readFile(join(out, "logs", `${run}.log`), "utf8").catch(() => "");
const countIn = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].length;

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(100);
}
const exists = async (path: string) => (await stat(path).catch(() => null)) !== null;
const hasTrained = (out: string, run: string) => () => exists(join(out, "runs", run, "train/weights/last.safetensors"));

beforeAll(async () => {
  await ensureBuilt();
  folder = await mkdtemp(join(tmpdir(), "hemosynth slurm ")); // with spaces, as a user's may be
  first = join(folder, "first");
  if (isMissing) return;
  const { code, stderr } = await hemosynth(["sweep", await config("two", twoRuns()), "--out", first], { env });
  expect(code, stderr).toBe(0);
}, 900_000);
afterEach(async () => {
  const names = await Promise.all((await readdir(folder)).map((out) => readdir(join(folder, out, "slurm")).catch(() => [])));
  for (const name of isMissing ? [] : names.flat()) await slurm("scancel", `--name=${name}`); // those of a test that failed, and held ones
});
afterAll(() => rm(folder, { recursive: true }));

onSlurm(
  "shared stages, shards of a synthesis and runs, an array for each level: the same bytes as from processes here",
  slow,
  async () => {
    const out = join(folder, "cluster");
    const { code, stderr } = await onCluster(await config("shards", twoRuns(", shards: 2")), out);
    expect(code, stderr).toBe(0);
    expect(await hashFolder(out)).toEqual(await hashFolder(first));
    expect(countIn(stderr, /^array \d+ of Slurm/gm)).toBe(4); // data, shards, stacks, runs
    const again = await onCluster(await config("shards", twoRuns(", shards: 2")), out, "--resume");
    expect([again.code, countIn(again.stderr, /^array/gm)]).toEqual([0, 0]);
  },
);

onSlurm(
  "killed outright, the sweep leaves its jobs; a launcher here is refused, another process watches them to their end",
  slow,
  async () => {
    const out = await begun("orphans");
    const file = await config("held", twoRuns(', options: ["--hold"]')); // so that they are still there when they are looked for
    const running = startOnCluster(file, out, "--resume");
    await running.seen("array");
    running.child.kill("SIGKILL");
    await running.finished;
    const here = await hemosynth(["sweep", file, "--out", out, "--resume"], { env });
    expect([here.code, here.stderr.trim().split("\n").at(-1)]).toEqual([
      2,
      expect.stringMatching(/of this sweep in Slurm's queue. Go on with --launcher slurm, or end them: scancel \d+$/),
    ]);
    await slurm("scontrol", "release", here.stderr.trim().split(" ").at(-1)!);
    const { code, stderr } = await onCluster(file, out, "--resume");
    expect(code, stderr).toBe(0);
    expect(countIn(stderr, /^array/gm)).toBe(0);
    for (const run of ["batchSize=1", "batchSize=2"]) expect(countIn(await logOf(out, run), /^train: runs/gm), run).toBe(1);
    expect(await hashFolder(out)).toEqual(await hashFolder(first));
  },
);

onSlurm(
  "told to save (SIGUSR1) a job goes back in the queue, goes on where it was, and ends with the same bytes",
  slow,
  async () => {
    const long = (at: string) => `sweep: {list: [{train.steps: 1200, train.checkpointEvery: 50}], slurm: {${resources}${at}}}\n`;
    const plain = await begun("plain");
    const file = await config("long", long(""));
    expect((await hemosynth(["sweep", file, "--out", plain, "--resume"], { env })).code).toBe(0);
    const out = await begun("requeued");
    const running = startOnCluster(file, out, "--resume");
    await until(hasTrained(out, "base"));
    await slurm("scancel", "--signal=USR1", "--batch", `--name=${(await readdir(join(out, "slurm")))[0]}`);
    await running.seen("base: back in the queue");
    const calm = hurry(); // not before: a job that is out of the queue between two looks was never seen in it
    const { code, stderr } = await running.finished;
    calm();
    expect(code, stderr).toBe(0);
    expect(await logOf(out, "base")).toContain("train: resumes");
    expect(await hashFolder(out)).toEqual(await hashFolder(plain));
  },
);

onSlurm(
  "a job that needs longer than its time limit is told by Slurm, saves, goes back as often as it may, and then says so",
  slow,
  async () => {
    const out = await begun("limit");
    const file = await config("limit", "sweep: {list: [{train.steps: 1000000}], slurm: {cpus: 1, minutes: 1, warnSeconds: 25, requeues: 1}}\n"); // biome-ignore format: one line
    const calm = hurry();
    const { code, stderr } = await onCluster(file, out, "--resume");
    calm();
    expect(code).toBe(7);
    expect(stderr).toContain("its time was up after it had gone back in the queue 1 times; what it did is saved.");
    const log = await logOf(out, "base");
    expect([countIn(log, /^train: runs/gm), countIn(log, /^train: resumes/gm)]).toEqual([1, 1]);
  },
);

test.skipIf(!isOurs)(
  "a node that dies in the middle and comes back: Slurm gives the job out again, it goes on, the bytes are the same",
  slow,
  async () => {
    const out = await begun("power-cut");
    const file = await config("two", twoRuns());
    const running = startOnCluster(file, out, "--resume");
    await running.seen("batchSize=2: runs");
    const node = (verb: string) => slurm(join(root, "scripts/slurm-node.sh"), verb);
    await node("fail");
    await sleep(3000);
    await node("recover");
    const calm = hurry();
    const { code, stderr } = await running.finished;
    calm();
    expect(code, stderr).toBe(0);
    expect(stderr).toContain("back in the queue");
    expect(await hashFolder(out)).toEqual(await hashFolder(first));
  },
);

onSlurm("a cancelled job is said to be, the others are done, and --only-failed does it", slow, async () => {
  const out = await begun("cancelled");
  const file = await config("two", twoRuns());
  const running = startOnCluster(file, out, "--resume", "--jobs", "1");
  await running.seen("batchSize=1: runs");
  const name = (await readdir(join(out, "slurm")))[0]!;
  const id = await slurm("squeue", "--noheader", "--array", `--name=${name}`, "--format=%F", "--states=RUNNING");
  await slurm("scancel", `${id}_1`);
  const { code, stderr } = await running.finished;
  expect(code).toBe(7);
  expect(stderr).toContain(`batchSize=2: job ${id}_1 of Slurm was cancelled`);
  const mended = await onCluster(file, out, "--only-failed");
  expect(mended.code, mended.stderr).toBe(0);
  expect(mended.stderr.match(/^.*: runs$/gm)).toEqual(["batchSize=2: runs"]);
  expect(await hashFolder(out)).toEqual(await hashFolder(first));
});

onSlurm("what fails holds up what needs it, and nothing else: each is told why", slow, async () => {
  const out = join(folder, "blocked");
  const missing = `{data: {kind: folder, path: ${JSON.stringify(join(folder, "nowhere"))}, labels: {scheme: feta}}}`;
  const file = await config("blocked", `sweep: {list: [${missing}, {train.steps: 2}], slurm: {${resources}}}\n`);
  const { code, stderr, stdout } = await onCluster(file, out);
  expect([code, stdout.split("\n")[1]], stderr).toEqual([7, "1 done, 1 failed"]);
  expect(stderr).toMatch(/data-\w+: .*nowhere: data\.path must be a folder; got nothing there/);
  expect(await readdir(join(out, "runs"))).toHaveLength(1);
});

onSlurm("delivered twice at the same time, a job is done once", slow, async () => {
  const out = await begun("twice");
  const running = startOnCluster(await config("held", twoRuns(', options: ["--hold"]')), out, "--resume");
  await running.seen("array");
  running.child.kill("SIGTERM");
  const { code, stderr } = await running.finished;
  expect(code).toBe(143);
  expect(stderr).toMatch(
    /2 jobs in Slurm's queue go on without this process: --resume watches them again, scancel \d+ ends them/,
  );
  const array = join(out, "slurm", (await readdir(join(out, "slurm")))[0]!);
  const deliver = () => {
    const child = spawn(process.execPath, [join(dirname(cliFile), "cli/sweep/slurm/task.js"), array, "0"], {
      env: { ...process.env, ...env },
    });
    let words = "";
    child.stderr.on("data", (text: Buffer) => {
      words += text.toString();
    });
    return new Promise<{ code: number | null; words: string }>((done) => child.on("close", (own) => done({ code: own, words })));
  };
  const both = await Promise.all([deliver(), deliver()]);
  expect(both.map((one) => one.code)).toEqual([0, 0]);
  expect(both.map(({ words }) => countIn(words, /^train: runs/gm)).sort()).toEqual([0, 1]);
  expect(both.map(({ words }) => countIn(words, /^waiting: .*one process at a time/gm)).sort()).toEqual([0, 1]);
});

onSlurm("what Slurm refuses is told in one line, with its own words", slow, async () => {
  const out = await begun("refused");
  const { code, stderr } = await onCluster(await config("nowhere", twoRuns(", partition: nowhere")), out, "--resume");
  expect([code, stderr.trim().split("\n").at(-1)]).toEqual([
    2,
    expect.stringMatching(/^sbatch: Slurm refuses: .*partition.*Mend sweep\.slurm/),
  ]);
});

/** A folder with programs of these names and scripts, alone in PATH. */
async function programs(name: string, scripts: Readonly<Record<string, string>>): Promise<NodeJS.ProcessEnv> {
  const PATH = join(folder, name);
  await mkdir(PATH);
  for (const [program, script] of Object.entries(scripts)) {
    await writeFile(join(PATH, program), `#!/bin/sh\n${script}\n`);
    await chmod(join(PATH, program), 0o755);
  }
  return { ...env, PATH };
}

test("no sbatch, and a controller that does not answer: one line, code 5, and nothing written", slow, async () => {
  const out = join(folder, "none");
  const file = await config("two", twoRuns());
  const none = await hemosynth(argsOf(file, out), { env: await programs("empty", {}) });
  expect([none.code, none.stderr.trim()]).toEqual([
    5,
    "sbatch: --launcher slurm needs Slurm's commands; got none in PATH. Run it where sbatch is, such as a login node, or use --launcher local.",
  ]);
  const silent = "echo 'slurm_load_jobs error: Unable to contact slurm controller (connect failure)' >&2; exit 1";
  const down = await hemosynth(argsOf(file, out), { env: await programs("down", { sbatch: "exit 0", squeue: silent }) });
  expect([down.code, down.stderr.trim()]).toEqual([
    5,
    "squeue: Slurm does not answer: slurm_load_jobs error: Unable to contact slurm controller (connect failure). What was submitted is not touched; --resume goes on.",
  ]);
  expect(await exists(out)).toBe(false);
});

test("jobs that Slurm knows nothing of any more are lost, unless the accounts know better; each is told", slow, async () => {
  const file = await config("two", twoRuns());
  const sbatch = '[ "$1" = --version ] || echo 7';
  const accounts = `echo "7_0|$(/usr/bin/basename "$(/usr/bin/printf %s "$6" | /usr/bin/cut -d= -f2)")|OUT_OF_MEMORY"`;
  const out = join(folder, "lost");
  const { code, stderr } = await hemosynth(argsOf(file, out), {
    env: await programs("forgetful", { sbatch, squeue: "exit 0", sacct: accounts }),
  });
  expect(code).toBe(7);
  expect(stderr).toMatch(/data-\w+: job 7_0 of Slurm ran out of memory: raise sweep\.memoryGb/);
  expect(stderr).toContain("batchSize=2: job 7_1 of Slurm is lost: Slurm knows nothing of it any more");
});
