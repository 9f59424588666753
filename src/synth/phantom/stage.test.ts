import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { silentContext } from "../../core/context.ts";
import { StoppedError } from "../../core/errors.ts";
import { sha256 } from "../../core/hash.ts";
import { readDataset, readSplits } from "../../data/dataset.ts";
import { readLabels, readVolume } from "../../data/nifti.ts";
import { splitOptions } from "../../data/splits.ts";
import { buildPhantom } from "./build.ts";
import type { PhantomAnatomy } from "./draw.ts";
import { phantomOptions } from "./options.ts";
import { runPhantom } from "./stage.ts";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "phantom-"));
});
afterAll(() => rm(root, { recursive: true }));

const options = phantomOptions.parse({ kind: "phantom", subjects: 3, gestationalAge: [20, 23], spacingMm: 2 });
const run = (name: string, workers: number, seed = 5, subjects = 3) =>
  runPhantom(
    { out: join(root, name), options: { ...options, subjects }, split: splitOptions.parse({}), seed },
    silentContext(workers),
  );

async function bytesOf(folder: string): Promise<Map<string, string>> {
  const names = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((e) => e.isFile());
  const entries = names.map(
    async (e) => [join(e.parentPath, e.name).slice(folder.length), sha256(await readFile(join(e.parentPath, e.name)))] as const,
  );
  return new Map((await Promise.all(entries)).sort(([a], [b]) => (a < b ? -1 : 1)));
}

test("writes a dataset that reads back, the same bytes for one worker and for two", async () => {
  const result = await run("one", 1);
  await run("two", 2);
  expect(await bytesOf(join(root, "two"))).toEqual(await bytesOf(join(root, "one")));
  expect(result.headline).toMatch(/^3 phantom brains, 20 to 23 weeks, 2 mm/);
  const dataset = await readDataset(join(root, "one"));
  const splits = await readSplits(join(root, "one"));
  expect([...splits.train, ...splits.val, ...splits.test].sort()).toEqual(["sub-001", "sub-002", "sub-003"]);
  const ages = dataset.cases.map(({ gestationalAge }) => gestationalAge!);
  expect(ages.map((age) => Math.floor(age - 20))).toEqual([0, 1, 2]); // one in each third of the range
  const [first] = dataset.cases;
  expect(sha256(await readFile(join(root, "one", first!.image.path)))).toBe(first!.image.sha256);
});

test("files hold the drawn anatomy: labels as built, image in thousandths, the mask where there are labels", async () => {
  const folder = join(root, "one", "images");
  const { anatomy, spacingMm } = JSON.parse(await readFile(join(folder, "sub-002.json"), "utf8")) as {
    anatomy: PhantomAnatomy;
    spacingMm: number;
  };
  const built = buildPhantom(anatomy, spacingMm);
  const image = await readVolume(join(folder, "sub-002_T2w.nii.gz"));
  const labels = await readLabels(join(folder, "sub-002_dseg.nii.gz"));
  const mask = await readLabels(join(folder, "sub-002_brain.nii.gz"));
  expect(Array.from(labels.data)).toEqual(Array.from(built.tissue.data));
  expect(image.data.every((v, n) => v === Math.round(1000 * built.image.data[n]!))).toBe(true);
  expect(mask.data.every((v, n) => v === (built.tissue.data[n] === 0 ? 0 : 1))).toBe(true);
  expect(image.affine.map((v) => v.toFixed(3))).toEqual(built.image.affine.map((v) => v.toFixed(3)));
});

test("another seed gives other brains; a stop leaves no dataset", async () => {
  await run("three", 1, 5, 1);
  await run("other", 1, 6, 1);
  expect(await bytesOf(join(root, "other"))).not.toEqual(await bytesOf(join(root, "three")));
  const context = { ...silentContext(), signal: AbortSignal.abort() };
  const stopped = runPhantom({ out: join(root, "four"), options, split: splitOptions.parse({}), seed: 1 }, context);
  await expect(stopped).rejects.toThrow(StoppedError);
  await expect(readDataset(join(root, "four"))).rejects.toThrow("could not read");
});

test("options: defaults, and mistakes refused", () => {
  expect(phantomOptions.parse({ kind: "phantom" })).toEqual({
    kind: "phantom",
    subjects: 30,
    gestationalAge: [20, 38],
    spacingMm: 1,
    variability: 1,
  });
  for (const wrong of [
    { subjects: 0 },
    { gestationalAge: [19, 30] },
    { gestationalAge: [30, 25] },
    { spacingMm: 3 },
    { variability: 2 },
    { weeks: 3 },
  ]) {
    expect(phantomOptions.safeParse({ kind: "phantom", ...wrong }).success, JSON.stringify(wrong)).toBe(false);
  }
});
