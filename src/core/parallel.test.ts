import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import type { Job } from "../../test/fixtures/parallel/job.ts";
import { mapParallel, startPool } from "./parallel.ts";

const job = pathToFileURL(resolve(import.meta.dirname, "../../test/fixtures/parallel/job.ts"));
const temporary = () => mkdtempSync(join(tmpdir(), "hemosynth-"));
const squares: Job[] = Array.from({ length: 7 }, (_, i) => ({ kind: "square", value: i, delayMs: i === 0 ? 60 : 1 }));

test("results come in the order of the items, the same for any number of workers, slow first item or not", async () => {
  const expected = squares.map((_, i) => i ** 2);
  for (const workers of [1, 2, 16]) expect(await mapParallel(job, squares, { workers })).toEqual(expected);
  expect(await mapParallel(job, [], { workers: 2 })).toEqual([]);
});

test("typed arrays go in and come back, and each finished item is counted", async () => {
  const counts: number[][] = [];
  const items: Job[] = [1, 2].map((v) => ({ kind: "sum", values: Float32Array.of(v, v) }));
  const back = await mapParallel(job, items, { workers: 1, onDone: (...c) => counts.push(c) });
  expect(back).toEqual([Float32Array.of(2, 2), Float32Array.of(4, 4)]);
  expect(counts).toEqual([
    [1, 2],
    [2, 2],
  ]);
});

test("a user's mistake stays one, a bug keeps its stack, and a result that cannot be sent is an error", async () => {
  await expect(mapParallel(job, [{ kind: "user" }], { workers: 1 })).rejects.toMatchObject({
    name: "UserError",
    fault: "data",
    message: "file.nii: broken; mend it.",
  });
  const bug = await mapParallel(job, [{ kind: "bug" }], { workers: 1 }).catch((e: Error) => e);
  expect((bug as Error).stack).toMatch(/a bug[\s\S]*job\.ts/);
  await expect(mapParallel(job, [{ kind: "function" }], { workers: 1 })).rejects.toThrow("could not be cloned");
});

test("a worker that dies is replaced and its item tried once more, then it is an error", async () => {
  const items: Job[] = [squares[1]!, { kind: "exit-once", flag: join(temporary(), "flag") }, squares[2]!];
  expect(await mapParallel(job, items, { workers: 1 })).toEqual([1, "second time", 4]);
  await expect(mapParallel(job, [{ kind: "exit" }], { workers: 2 })).rejects.toThrow(
    "the worker of item 0 died twice: exit code 3",
  );
});

test("a stop lets the items in work finish and begins no other", async () => {
  const controller = new AbortController();
  let finished = 0;
  const onDone = () => {
    finished++;
    controller.abort();
  };
  const run = mapParallel(job, squares, { workers: 1, signal: controller.signal, onDone });
  await expect(run).rejects.toMatchObject({ name: "StoppedError" });
  expect(finished).toBe(1);
});

test("works from a build: plain Node, .js files, a module named by its .ts URL", () => {
  const root = temporary();
  const project = resolve(import.meta.dirname, "../..");
  const files = ["core/parallel.ts", "core/parallel-worker.ts"].map((f) => join(project, "src", f));
  const flags = ["--ignoreConfig", "--module", "nodenext", "--target", "es2023", "--skipLibCheck", "--types", "node"];
  const layout = ["--rewriteRelativeImportExtensions", "--rootDir", join(project, "src"), "--outDir", join(root, "dist")];
  writeFileSync(join(root, "package.json"), '{ "type": "module" }');
  execFileSync(process.execPath, [join(project, "node_modules/typescript/bin/tsc"), ...flags, ...layout, ...files], {
    cwd: project,
  });
  mkdirSync(join(root, "dist"), { recursive: true });
  writeFileSync(join(root, "dist/job.js"), "export default (x) => x + 1;");
  const main = `import { mapParallel } from "./core/parallel.js";
    console.log(JSON.stringify(await mapParallel(new URL("./job.ts", import.meta.url), [1, 2, 3], { workers: 2 })));`;
  writeFileSync(join(root, "dist/main.js"), main);
  expect(execFileSync(process.execPath, [join(root, "dist/main.js")], { encoding: "utf8" })).toBe("[2,3,4]\n");
});

test("a pool gives what the job gives, in the caller's thread, too, and a stop ends what is in work and what waits", async () => {
  for (const threads of [0, 1, 3]) {
    const pool = startPool<Job, unknown>(job, threads);
    expect(await Promise.all(squares.map(pool.run))).toEqual(squares.map((_, i) => i ** 2));
    await expect(pool.run({ kind: "user" })).rejects.toMatchObject({ name: "UserError", fault: "data" });
    expect(await pool.run(squares[2]!)).toBe(4);
    await pool.stop();
    await expect(pool.run(squares[1]!)).rejects.toMatchObject({ name: "StoppedError" });
  }
  const pool = startPool<Job, unknown>(job, 1);
  const endless = ["in work", "waits"].map(() => pool.run({ kind: "square", value: 2, delayMs: 1e9 }));
  const ended = Promise.allSettled(endless);
  await pool.stop();
  for (const one of await ended) expect(one).toMatchObject({ status: "rejected", reason: { name: "StoppedError" } });
});

test("arrays of a result are handed over, or shared where they were", async () => {
  const pool = startPool<Job, unknown>(job, 1);
  const shared = new Float32Array(new SharedArrayBuffer(8));
  const back = await pool.run({ kind: "arrays", shared });
  expect(back).toEqual({ own: Float32Array.of(1, 2), part: Float32Array.of(4), shared: Float32Array.of(7, 0) });
  expect(shared[0]).toBe(7);
  expect(await pool.run({ kind: "kept" })).toBe(0);
  await pool.stop();
});
