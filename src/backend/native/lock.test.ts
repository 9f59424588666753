import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { withLock } from "./lock.mjs";

const lockModule = new URL("lock.mjs", import.meta.url).href;

/** A process that takes the lock, prints `has it` and keeps it; with `child`, a grandchild holds the descriptor and its pid is printed. */
async function holder(name: string, child = false): Promise<{ process: ChildProcess; line: string }> {
  const keep = child
    ? `const c = spawn("sleep", ["60"], { stdio: ["ignore", "ignore", "ignore", fd] }); console.log(c.pid); await new Promise(() => {});`
    : `console.log("has it"); await new Promise((r) => setTimeout(r, 60_000));`;
  const script = `import { spawn } from "node:child_process"; import { withLock } from ${JSON.stringify(lockModule)};
    await withLock(${JSON.stringify(name)}, () => {}, async (fd) => { ${keep} });`;
  const started = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = await once(started.stdout!, "data");
  return { process: started, line: String(line).trim() };
}

const isLinux = process.platform === "linux";

test("work of one name is done one at a time, and every waiter is told once", async () => {
  const events: string[] = [];
  let running = 0;
  const one = (i: number) =>
    withLock(
      "test one at a time",
      () => events.push(`waits ${i}`),
      async () => {
        expect(++running).toBe(1);
        await sleep(20);
        running--;
        return i;
      },
    );
  expect(await Promise.all([one(0), one(1), one(2)])).toEqual([0, 1, 2]);
  if (isLinux) expect(events.sort()).toEqual(["waits 1", "waits 2"]);
});

test("a failure inside gives the lock back", async () => {
  await expect(
    withLock(
      "test failure",
      () => {},
      () => Promise.reject(new Error("inside")),
    ),
  ).rejects.toThrow("inside");
  let waited = false;
  await withLock("test failure", () => { waited = true; }, async () => {}); // biome-ignore format: one call
  expect(waited).toBe(false);
});

test.skipIf(!isLinux)("kill -9 of the holder frees the lock", async () => {
  const { process: held } = await holder("test kill");
  let waited = false;
  const done = withLock("test kill", () => { waited = true; }, async () => "mine"); // biome-ignore format: one call
  await sleep(400);
  held.kill("SIGKILL");
  expect(await done).toBe("mine");
  expect(waited).toBe(true);
});

test.skipIf(!isLinux)("after kill -9 a child with the descriptor still holds the lock until it ends too", async () => {
  const { process: held, line } = await holder("test child", true);
  held.kill("SIGKILL");
  await once(held, "exit");
  let isMine = false;
  const done = withLock(
    "test child",
    () => {},
    async () => {
      isMine = true;
    },
  );
  await sleep(800);
  expect(isMine).toBe(false);
  process.kill(Number(line), "SIGKILL");
  await done;
  expect(isMine).toBe(true);
});
