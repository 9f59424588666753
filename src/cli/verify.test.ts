import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ageOf, list } from "./commands/ls.ts";
import { firstDifferentByte, largestDifference } from "./verify.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hemosynth-verify-"));
});
afterAll(() => rm(folder, { recursive: true }));

test("the first byte in which two files differ, wherever it lies, also beyond what is read at once", async () => {
  const [a, b] = [join(folder, "a"), join(folder, "b")];
  const bytes = Buffer.alloc((1 << 20) + 300, 7);
  await writeFile(a, bytes);
  for (const at of [0, 1, (1 << 20) - 1, 1 << 20, bytes.length - 1]) {
    const other = Buffer.from(bytes);
    other[at] = 8;
    await writeFile(b, other);
    expect(await firstDifferentByte(a, b)).toBe(at);
  }
  for (const length of [0, 5, 1 << 20, bytes.length - 1]) {
    await writeFile(b, bytes.subarray(0, length));
    expect(await firstDifferentByte(a, b)).toBe(length);
    expect(await firstDifferentByte(b, a)).toBe(length);
  }
  await writeFile(b, bytes);
  expect(await firstDifferentByte(a, b)).toBeNull();
});

test("how far the numbers of two texts lie apart; none where the texts differ otherwise", () => {
  expect(largestDifference("a,1\nb,-2.5e-3\n", "a,1.25\nb,-2.5e-3\n")).toBe(0.25);
  expect(largestDifference("x: -1", "x: 1")).toBe(2);
  expect(largestDifference("1,2", "1,2")).toBe(0);
  for (const other of ["1;2", "1,2,3", "1,NaN", "1,2 "]) expect(largestDifference("1,2", other)).toBeNull();
});

test("ages in the unit that tells most", () => {
  expect([0, 59, 119, 120, 7199, 7200, 172_799, 172_800, 1e7].map(ageOf)).toEqual(["0 s", "59 s", "119 s", "2 min", "119 min", "2 h", "47 h", "2 d", "115 d"]); // biome-ignore format: one line
});

test("a run is done with the last stage of its own config: a pretraining with train, any other with eval", async () => {
  const runs = join(folder, "runs");
  const configs = {
    pretraining: "data: { kind: phantom }\ntrain: { task: infoNce }\n",
    training: "data: { kind: phantom }\n",
    unreadable: "data: [\n",
  };
  for (const [name, config] of Object.entries(configs)) {
    await mkdir(join(runs, name, "train"), { recursive: true });
    await writeFile(join(runs, name, "config.yaml"), config);
    await writeFile(join(runs, name, "train/stage.json"), "{}");
  }
  const told = async () => {
    const { json } = await list(runs);
    return (json as { runs: { run: string; state: string; where: string }[] }).runs.map(({ run, state, where }) => [run, state, where]); // biome-ignore format: one line
  };
  expect(await told()).toEqual([
    ["pretraining", "done", ""],
    ["training", "begun", "up to train"],
    ["unreadable", "begun", "up to train"],
  ]);
  for (const name of ["training", "unreadable"]) {
    await mkdir(join(runs, name, "eval"));
    await writeFile(join(runs, name, "eval/stage.json"), "{}");
  }
  expect((await told()).map(([, state]) => state)).toEqual(["done", "done", "done"]);
});
