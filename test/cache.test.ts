import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { listKept, lookUp, prune } from "../src/cli/cache/store.ts";
import { hashFile } from "../src/cli/record.ts";
import { ensureBuilt, hemosynth, root } from "./cli-process.ts";
import { hashFolder } from "./helpers/hash-folder.ts";
import { tinyConfig } from "./helpers/tiny-config.ts";

const slow = { timeout: 600_000 };
const stages = ["data", "synth", "train", "predict", "eval"];
/** The same last digits, however many processes share the machine. */
const env = { TF_NUM_INTRAOP_THREADS: "1" };
let folder = "";
let config = "";
let cache = "";
/** A run without a cache: what each of the others must be. */
let plain: Record<string, string> = {};

const run = (name: string, ...more: string[]) => hemosynth(["run", config, "--out", join(folder, name), ...more], { env });
const taken = (stderr: string) => [...stderr.matchAll(/^(\w+): taken from the cache$/gm)].map((found) => found[1]!);

beforeAll(async () => {
  await ensureBuilt();
  folder = await mkdtemp(join(tmpdir(), "hemosynth-cache-"));
  [config, cache] = [join(folder, "tiny.yaml"), join(folder, "cache")];
  await writeFile(config, tinyConfig);
  expect((await run("plain")).code).toBe(0);
  plain = await hashFolder(join(folder, "plain"));
}, 600_000);
afterAll(() => rm(folder, { recursive: true }));

test("two runs at once keep each result once; a third takes all; bytes are those of a run without", slow, async () => {
  const both = await Promise.all(["one", "two"].map((name) => run(name, "--cache", cache)));
  for (const { code, stderr } of both) expect(code, stderr).toBe(0);
  expect((await listKept({ folder: cache })).map(({ stage }) => stage).sort()).toEqual([...stages].sort());
  const third = await run("three", "--cache", cache);
  expect([third.code, taken(third.stderr)]).toEqual([0, stages]);
  for (const name of ["one", "two", "three"]) expect(await hashFolder(join(folder, name)), name).toEqual(plain);
  expect((await readdir(join(cache, "v1"))).filter((name) => name.startsWith("."))).toEqual([]);
});

test(
  "a sweep takes the stacks that a run made; what differs is made, and kept for the next sweep; verify takes nothing",
  slow,
  async () => {
    const file = join(folder, "sweep.yaml");
    await writeFile(file, `${tinyConfig}sweep: {grid: {train.batchSize: [2, 3]}}\n`);
    const out = join(folder, "sweep");
    const { code, stderr } = await hemosynth(["sweep", file, "--out", out, "--cache", cache], { env });
    expect(code, stderr).toBe(0);
    const said = async (name: string) => taken(await readFile(join(out, "logs", name), "utf8"));
    const logs = await readdir(join(out, "logs"));
    for (const what of ["data", "synth"]) expect(await said(logs.find((name) => name.startsWith(what))!)).toEqual([what]);
    for (const log of ["batchSize=2.log", "batchSize=3.log"]) expect(await said(log)).toEqual([]);
    const other = join(folder, "other");
    expect((await hemosynth(["sweep", file, "--out", other, "--cache", cache], { env })).code).toBe(0);
    expect(taken(await readFile(join(other, "logs/batchSize=3.log"), "utf8"))).toEqual(["train", "predict", "eval"]);
    expect(await hashFolder(other)).toEqual(await hashFolder(out));
    const verified = await hemosynth(["verify", join(out, "runs/batchSize=2")], { env: { ...env, HEMOSYNTH_CACHE: cache } });
    expect([verified.code, taken(verified.stderr)]).toEqual([0, []]); // made again means made
  },
);

test("an entry with a flipped byte is said, removed and made again; so is one whose description was changed", slow, async () => {
  const spoil = async (stage: string, file: (names: string[]) => string) => {
    const place = join(cache, "v1", (await listKept({ folder: cache })).findLast((one) => one.stage === stage)!.key);
    const path = join(place, file((await readdir(place)).sort()));
    const bytes = await readFile(path);
    bytes[bytes.length >> 1]! ^= 1;
    await writeFile(path, bytes);
  };
  for (const { key } of await listKept({ folder: cache })) await utimes(join(cache, "v1", key, "entry.json"), 1, 1);
  expect(taken((await run("four", "--cache", cache)).stderr)).toEqual(stages); // these are the ones used last, now
  await rm(join(folder, "four"), { recursive: true });
  const used = (await listKept({ folder: cache })).slice(0, stages.length);
  for (const { key } of (await listKept({ folder: cache })).slice(stages.length))
    await rm(join(cache, "v1", key), { recursive: true });
  await spoil("train", (names) => names.find((name) => name !== "entry.json")!);
  await spoil("data", () => "entry.json");
  const mended = await run("four", "--cache", cache);
  expect([mended.code, taken(mended.stderr)]).toEqual([0, ["synth", "predict", "eval"]]);
  expect(mended.stderr).toMatch(
    /what it holds of train is not as it was kept: \S+ was changed; it is removed, and the stage runs/,
  );
  expect(mended.stderr).toMatch(/what it holds of data is not as it was kept: entry\.json was changed/);
  expect(await hashFolder(join(folder, "four"))).toEqual(plain);
  for (const { key } of used) expect(await isWhole(cache, key)).toBe(true);
});

test(
  "a cache that cannot be written, or is too small, is no reason to fail; bad ones are refused in one line",
  slow,
  async () => {
    const small = await run("small", "--cache", join(folder, "small-cache"), "--cache-limit", "0.0000001");
    expect([small.code, small.stderr.match(/larger than the cache may be/g)?.length]).toEqual([0, stages.length]);
    expect(await hashFolder(join(folder, "small"))).toEqual(plain);
    const refused = async (code: number, words: string, ...more: string[]) => {
      const found = await run("no", ...more);
      expect([found.code, found.stderr.trim().split("\n")]).toEqual([code, [expect.stringContaining(words)]]);
    };
    await refused(2, "must be apart", "--cache", join(folder, "no/cache"));
    await refused(3, "a part of the path is not a folder", "--cache", config);
    await refused(2, "It must be a number of gigabytes", "--cache", cache, "--cache-limit", "lots");
    const none = await hemosynth(["cache", "ls", "--cache", join(folder, "nowhere")]);
    expect([none.code, none.stderr.trim()]).toEqual([
      3,
      `${join(folder, "nowhere")}: must be a cache of hemosynth; got none there. Check the path.`,
    ]);
  },
);

/** Whether the files of an entry are what their names, hashes of their content, say. */
async function isWhole(cache: string, key: string): Promise<boolean> {
  const found = await lookUp({ folder: cache, limit: 1 }, key);
  if (found.state !== "whole") return false;
  const names = Object.values(found.entry.outputs).map(({ sha256 }) => sha256);
  const hashes = await Promise.all(names.map((name) => hashFile(join(cache, "v1", key, name))));
  return hashes.every((hash, i) => hash === names[i]);
}

/** Starts a process that keeps results; gives the names of those that it says are kept. */
function writer(
  into: string,
  from: string,
  first: number,
  count: number,
  gigabytes: number,
): { child: ChildProcess; ended: Promise<string[]> } {
  const args = [
    "--import",
    "tsx",
    join(root, "test/helpers/cache-writer.ts"),
    into,
    from,
    String(first),
    String(count),
    String(gigabytes),
  ];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  child.stdout!.on("data", (bytes: Buffer) => {
    said += bytes;
  });
  const ended = new Promise<string[]>((done) => child.on("close", () => done(said.trim().split("\n").filter(Boolean))));
  return { child, ended };
}

/** A stage's folder of some megabytes. */
async function results(name: string, files: number): Promise<string> {
  const out = join(folder, name);
  await mkdir(out);
  for (let i = 0; i < files; i++) await writeFile(join(out, `${i}.bin`), randomBytes(1 << 20));
  return out;
}

test(
  "killed outright while it writes, time and again: what is there is whole, what was said to be kept is there, the rest is cleared",
  slow,
  async () => {
    const [out, into] = [await results("killed-out", 8), join(folder, "killed-cache")];
    const said: string[] = [];
    for (let round = 0; round < 6; round++) {
      const { child, ended } = writer(into, out, 1000 * round, 1000, 10);
      child.stdout!.once("data", () => void sleep(37 * round).then(() => child.kill("SIGKILL")));
      said.push(...(await ended));
    }
    const kept = await listKept({ folder: into });
    for (const { key } of kept) expect(await isWhole(into, key), key).toBe(true);
    expect(kept.map(({ key }) => key)).toEqual(expect.arrayContaining(said));
    await prune({ folder: into, limit: 1e12 });
    expect((await readdir(join(into, "v1"))).filter((name) => name.startsWith("."))).toEqual([]);
    expect((await listKept({ folder: into })).map(({ key }) => key).sort()).toEqual(kept.map(({ key }) => key).sort());
    await rm(into, { recursive: true });
  },
);

test("the limit is kept to while two write at once; what was used last stays", slow, async () => {
  const [out, into] = [await results("limit-out", 2), join(folder, "limit-cache")];
  const limit = 0.0135; // six of these
  const both = [writer(into, out, 0, 40, limit), writer(into, out, 20, 40, limit)];
  const said = await Promise.all(both.map(({ ended }) => ended));
  expect(said.map(({ length }) => length)).toEqual([40, 40]);
  await prune({ folder: into, limit: limit * 1e9 });
  const kept = await listKept({ folder: into });
  expect(kept).toHaveLength(6);
  for (const { key } of kept) expect(await isWhole(into, key)).toBe(true);
  const oldest = (await listKept({ folder: into })).at(-1)!.key;
  await lookUp({ folder: into, limit: 1 }, oldest);
  const pruned = await hemosynth(["cache", "prune", "--cache", into, "--cache-limit", "0.003", "--json"]);
  expect(JSON.parse(pruned.stdout)).toMatchObject({ removed: { length: 5 }, kept: [{ key: oldest, bytes: 2 << 20 }] });
});

test(
  "volumes of other content under the same names are not answered from the cache; verify names the one that was changed",
  slow,
  async () => {
    const ingested = async (name: string, swap: boolean) => {
      const home = join(folder, name);
      const isWanted = (path: string) => !/_brain\.nii\.gz$|\.json$/.test(path);
      await cp(join(folder, "plain/data/images"), join(home, "study"), { recursive: true, filter: isWanted });
      if (swap) await rename(join(home, "study/sub-001_T2w.nii.gz"), join(home, "study/sub-002_T2w.nii.gz"));
      if (swap) await cp(join(folder, "plain/data/images/sub-002_T2w.nii.gz"), join(home, "study/sub-001_T2w.nii.gz"));
      const scheme = JSON.parse(await readFile(join(folder, "plain/data/dataset.json"), "utf8")).labelScheme;
      await writeFile(
        join(home, "mine.yaml"),
        tinyConfig.replace(/^data: .*$/m, `data: { kind: folder, path: study, labels: { scheme: ${scheme} } }`),
      );
      return await hemosynth(["run", join(home, "mine.yaml"), "--out", join(home, "run"), "--cache", cache], { env });
    };
    const first = await ingested("a", false);
    expect(first.code, first.stderr).toBe(0);
    const again = await ingested("b", false);
    expect([again.code, taken(again.stderr)]).toEqual([0, stages]);
    const swapped = await ingested("c", true);
    expect(taken(swapped.stderr)).toEqual([]);
    expect(swapped.stderr).toMatch(/what it holds of data is not as it was kept: .*sub-00[12]_T2w\.nii\.gz has changed/);
    const volume = join(folder, "a/study/sub-002_T2w.nii.gz");
    const bytes = await readFile(volume);
    bytes[bytes.length >> 1]! ^= 1;
    await writeFile(volume, bytes);
    const verified = await hemosynth(["verify", join(folder, "a/run")], { env });
    expect([verified.code, verified.stderr.trim().split("\n").at(-1)]).toEqual([
      8,
      `${join(folder, "a/run")}: data: its input sub-002_T2w.nii.gz has changed. What was made before it is the same.`,
    ]);
  },
);
