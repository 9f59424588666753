import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { silentContext } from "../../../core/context.ts";
import { readerOptions } from "../options.ts";
import { readerFiles, runReader } from "../stage.ts";
import { simulateOptions } from "./options.ts";
import { casesOf, runSimulate } from "./stage.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hemosynth-simulate-"));
});
afterAll(() => rm(folder, { recursive: true }));

const head = "level,subject,case,slice,split,plane,grade,truth,score,truth_mm3,predicted_mm3,dice";
const units = [
  head,
  ...Array.from({ length: 12 }, (_, k) => `subject,s${k},,,test,,0,${k % 3 === 0 ? 1 : 0},${k % 3 === 0 ? k : -k},,,`),
  "subject,s99,,,val,,0,1,3,,,",
  "stack,s1,s1_axial,,test,axial,0,0,-2,1,1,",
  "",
].join("\n");

async function runWith(name: string, text: string): Promise<string> {
  const run = join(folder, name);
  await mkdir(join(run, "eval"), { recursive: true });
  await writeFile(join(run, "eval", "units.csv"), text);
  return run;
}

test("reads one level of the tested split, and refuses one class, a missing column, a broken score", () => {
  const options = simulateOptions.parse({});
  expect(casesOf(units, "u.csv", options).map(({ id }) => id)).toEqual(Array.from({ length: 12 }, (_, k) => `s${k}`));
  expect(() => casesOf(units, "u.csv", { ...options, unit: "stack" })).toThrow("split test must have a stack with a finding and one without; got 0 of 1 with"); // biome-ignore format: one line
  expect(() => casesOf(units.replace("score", "skore"), "u.csv", options)).toThrow("no score");
  expect(() => casesOf(units.replace("0,1,9,", "0,1,nan,"), "u.csv", options)).toThrow("u.csv, row 11: truth must be 0 or 1 and score a finite number; got 1, nan"); // biome-ignore format: one line
});

test("the same run and seed, the same bytes; evaluated, everything that is written says that readers are simulated", async () => {
  const run = await runWith("run", units);
  const made = await runSimulate({ run, out: join(folder, "a"), options: simulateOptions.parse({}) });
  const again = await runSimulate({ run, out: join(folder, "b"), options: simulateOptions.parse({}) });
  expect(await readFile(made.file)).toEqual(await readFile(again.file));
  await expect(runSimulate({ run, out: join(folder, "a"), options: simulateOptions.parse({ seed: 1 }) })).rejects.toThrow("needs an empty folder; got one with simulated-readings.csv"); // biome-ignore format: one line
  expect(made).toMatchObject({ cases: 12, positives: 4, patients: 12, readings: 12 * 4 * 2 });
  const out = join(folder, "tables");
  const options = readerOptions.parse({ resamples: 100, arms: ["without", "with"] });
  const results = await runReader({ readings: made.file, out, options }, silentContext());
  expect(results.simulated).toBe(true);
  expect(results.figures.map(({ metric }) => metric)).toEqual(["roc_auc", "recall", "specificity", "time_seconds", "confidence"]);
  for (const name of readerFiles) expect(await readFile(join(out, name), "utf8"), name).toMatch(/simulated/i);
  const captions = [...(await readFile(join(out, "reader.tex"), "utf8")).matchAll(/\\caption\{(.*)\}/g)].map(
    ([, words]) => words,
  );
  expect(captions.length).toBeGreaterThan(4);
  for (const words of captions) expect(words).toMatch(/^SIMULATED readers: /);
  const table = (await readFile(join(out, "reader.csv"), "utf8")).trim().split("\n").slice(1);
  expect(table.every((line) => line.endsWith(",yes"))).toBe(true);
});

test("without a column that says so, readings are those of people", async () => {
  const run = await runWith("people", units);
  const { file } = await runSimulate({ run, out: join(folder, "c"), options: simulateOptions.parse({}) });
  await writeFile(file, (await readFile(file, "utf8")).replaceAll(/^(simulated|yes),/gm, ""));
  const options = readerOptions.parse({ resamples: 100, arms: ["without", "with"] });
  expect((await runReader({ readings: file, out: null, options }, silentContext())).simulated).toBe(false);
});

test("what software made of the images that were read is said wherever the study is", async () => {
  const run = await runWith("made", units);
  const options = readerOptions.parse({ resamples: 100, arms: ["without", "with"] });
  const said = async (origin: string) => {
    await writeFile(join(run, "eval", "results.json"), JSON.stringify({ pseudoLesions: origin !== "given", data: { origin, modality: "US" } })); // biome-ignore format: one line
    const { file } = await runSimulate({ run, out: join(folder, `of-${origin}`), options: simulateOptions.parse({}) });
    const out = join(folder, `tables-${origin}`);
    const { images } = await runReader({ readings: file, out, options }, silentContext());
    const texts = await Promise.all(["reader.html", "reader.md", "reader.tex"].map((name) => readFile(join(out, name), "utf8")));
    return [images, ...texts.map((text) => /(SIMULATED images|PAINTED lesions): software/.exec(text)?.[1])];
  };
  expect(await said("simulated")).toEqual(["simulated", ...Array(3).fill("SIMULATED images")]);
  expect(await said("painted")).toEqual(["painted", ...Array(3).fill("PAINTED lesions")]);
  expect(await said("given")).toEqual([null, undefined, undefined, undefined]);
});

test("a folder that is no evaluated run is one line", async () => {
  await expect(runSimulate({ run: folder, out: folder, options: simulateOptions.parse({}) })).rejects.toThrow("name a run folder that hemosynth eval has finished"); // biome-ignore format: one line
});
