import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type BatchArray, batchScript, endOf, parseAccounts, parseQueue, slurmOptions } from "./slurm.ts";

const array: BatchArray = {
  ...{ name: "hemosynth-a-1", count: 3, atOnce: null, after: [], memoryGb: null, usesGpu: true, threads: 2 },
  ...{ folder: "/s/slurm/a", names: "/s/slurm/a/names.txt", logs: "/s/logs", command: ["node", "task.js", "/s/slurm/a"] },
};
const settingsOf = (script: string) => script.split("\n").flatMap((line) => (line.startsWith("#SBATCH ") ? [line.slice(8)] : []));

test("each option becomes the setting of sbatch that the manual has for it; what is not said is left to the cluster", () => {
  expect(settingsOf(batchScript(array, slurmOptions.parse({})))).toEqual([
    ...["--job-name=hemosynth-a-1", "--array=0-2", '--output="/s/slurm/a/%a.out"', "--open-mode=append", "--ntasks=1"],
    ...["--cpus-per-task=4", "--time=240", "--signal=B:USR1@180", "--requeue"],
  ]);
  const all = slurmOptions.parse({
    ...{ partition: "gpu", account: "lab_1", minutes: 30, warnSeconds: 60, requeues: 0, cpus: 8, gpus: 1 },
    ...{ options: ["--constraint=a100"], setup: ["module load cuda"] },
  });
  const script = batchScript({ ...array, atOnce: 2, after: ["7", "9"], memoryGb: 1.5 }, all);
  expect(settingsOf(script)).toEqual([
    ...["--job-name=hemosynth-a-1", "--array=0-2%2", "--dependency=afterany:7:9", '--output="/s/slurm/a/%a.out"'],
    ...["--open-mode=append", "--ntasks=1", "--cpus-per-task=8", "--time=30", "--signal=B:USR1@60", "--no-requeue"],
    ...["--mem=1500M", "--gres=gpu:1", "--partition=gpu", "--account=lab_1", "--constraint=a100"],
  ]);
  expect(script.indexOf("module load cuda")).toBeGreaterThan(script.lastIndexOf("#SBATCH"));
  expect(settingsOf(batchScript({ ...array, usesGpu: false }, all))).not.toContain("--gres=gpu:1");
});

test("run by a shell, job I gets its words as they are, logs under its own name, and the signal of its process; whatever is in the paths", async () => {
  const home = join(await mkdtemp(join(tmpdir(), "hemosynth-slurm-")), `a "b" it's $HOME 5%`);
  await mkdir(home);
  const names = join(home, "names.txt");
  await writeFile(names, "kind=full\nseed=0~1a\nx\n");
  const words = ["it's", 'a "quoted" $(touch never) word', "*"];
  const command = [process.execPath, "-e", "console.log(JSON.stringify([process.pid, process.argv.slice(1), process.env.TF_NUM_INTRAOP_THREADS]))", "--", ...words]; // biome-ignore format: one line
  const script = batchScript({ ...array, folder: home, names, logs: home, command }, slurmOptions.parse({}));
  expect(script).toContain(`5%%/%a.out"`);
  await writeFile(join(home, "batch.sh"), script);
  const env = { ...process.env, SLURM_ARRAY_TASK_ID: "1" };
  const shell = execFileSync("sh", ["-c", `echo $$; exec sh "$0"`, join(home, "batch.sh")], { env, encoding: "utf8" });
  const [pid, said, threads] = JSON.parse(await readFile(join(home, "seed=0~1a.log"), "utf8"));
  expect([pid, said, threads]).toEqual([Number(shell), [...words, "1"], "2"]);
  await rm(join(home, ".."), { recursive: true });
});

test("the queue is read back, reasons with any sign; lines that are no job of an array are none", () => {
  const text = [
    "12|hemosynth-a-1|0|RUNNING|None",
    "12|hemosynth-a-1|11|PENDING|Nodes required for job are DOWN, DRAINED | or reserved",
    "13|hemosynth-a-2|N/A|PENDING|None",
    "slurm_load_jobs error: Unexpected message received",
    "",
  ].join("\n");
  const one = { arrayId: "12", name: "hemosynth-a-1" };
  expect(parseQueue(text)).toEqual([
    { ...one, index: 0, state: "RUNNING", reason: "" },
    { ...one, index: 11, state: "PENDING", reason: "Nodes required for job are DOWN, DRAINED | or reserved" },
  ]);
  expect(
    parseAccounts("12_0|hemosynth-a-1|COMPLETED\n12_[1-4]|hemosynth-a-1|CANCELLED by 0\n12_5|hemosynth-a-1|CANCELLED by 1000\n"),
  ).toEqual([
    { ...one, index: 0, state: "COMPLETED", reason: "" },
    { ...one, index: 5, state: "CANCELLED", reason: "" },
  ]);
});

/** "JOB STATE CODES" of squeue(1), Slurm 22.05 to 24.11. */
const active = "CONFIGURING COMPLETING PENDING RUNNING RESV_DEL_HOLD REQUEUE_FED REQUEUE_HOLD REQUEUED RESIZING SIGNALING SPECIAL_EXIT STAGE_OUT STOPPED SUSPENDED LAUNCH_FAILED RECONFIG_FAIL".split(" "); // biome-ignore format: a list
const over = "BOOT_FAIL CANCELLED COMPLETED DEADLINE FAILED NODE_FAIL OUT_OF_MEMORY PREEMPTED REVOKED TIMEOUT".split(" ");

test("every state of Slurm is one that goes on or one that has ended, and a job that it does not know is lost", () => {
  const stateOf = (state: string) => endOf({ arrayId: "1", name: "a", index: 0, state, reason: "" });
  expect(active.filter((state) => stateOf(state) !== null)).toEqual([]);
  expect(over.filter((state) => stateOf(state) === null)).toEqual([]);
  expect(endOf(undefined)).toContain("lost");
});

test("options that sbatch would choke on, or that could be read as others, are refused", () => {
  for (const wrong of [
    { partition: "a b" },
    { partition: "x\n#SBATCH --uid=0" },
    { options: ["constraint=a"] },
    { options: ["--a\n--b"] },
    { setup: ["a\nb"] },
    { minutes: 2, warnSeconds: 120 },
    { time: "1:00" },
  ])
    expect(slurmOptions.safeParse(wrong).success, JSON.stringify(wrong)).toBe(false);
});
