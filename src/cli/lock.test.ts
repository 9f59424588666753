import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { silentReporter } from "../core/context.ts";
import { UserError } from "../core/errors.ts";
import { withLock } from "./lock.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "hemosynth-lock-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const lock = (work: () => Promise<unknown>) => withLock(folder, silentReporter, () => {}, work);

/** A process that takes the lock and keeps it. */
async function holder() {
  const script = `import { withLock } from ${JSON.stringify(join(import.meta.dirname, "lock.ts"))};
    const reporter = { info() {}, warn() {}, progress() {} };
    await withLock(${JSON.stringify(folder)}, reporter, () => {}, () => new Promise(() => { console.log("held"); setInterval(() => {}, 1000); }));`;
  const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  return child;
}

test("holds while the work runs, and leaves nothing behind", async () => {
  const inside = await lock(async () => await readdir(folder));
  expect(inside).toEqual([".hemosynth.lock", ".hemosynth.lock.json"]);
  expect(await readdir(folder)).toEqual([]);
});

test("is released when the work fails", async () => {
  await expect(lock(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(await lock(async () => "again")).toBe("again");
});

test("refuses a second process at once and names the first; takes over soon after it was killed", {
  timeout: 40_000,
}, async () => {
  const child = await holder();
  const error = await lock(async () => {}).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(UserError);
  expect((error as UserError).fault).toBe("locked");
  expect((error as UserError).message).toContain(
    `got a lock held by process ${child.pid} on ${hostname()}. Wait for it, or choose another --out.`,
  );
  await mkdir(join(folder, "runs"));
  const torn = ["manifest.json", ".1234.partial", "runs/.5678.partial"]; // as if it was killed while it wrote
  for (const name of torn) await writeFile(join(folder, name), "{");
  await lock(async () => {}).catch(() => {});
  expect(await readdir(join(folder, "runs"))).toEqual([".5678.partial"]); // not while it may be writing
  child.kill("SIGKILL");
  await once(child, "exit");
  const started = performance.now();
  expect(await lock(async () => "taken over")).toBe("taken over");
  expect(performance.now() - started).toBeLessThan(15_000);
  expect((await readdir(folder, { recursive: true })).sort()).toEqual(["manifest.json", "runs"]);
});
