import { mkdir, mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { writeDiscDataset } from "../../../test/helpers/disc-dataset.ts";
import { readDataset, readSplits } from "../dataset.ts";
import { readVolume } from "../nifti.ts";
import { splitOptions } from "../splits.ts";
import { runDataset } from "./stage.ts";

test("a dataset that is there already is pointed to, not copied, and its subjects are divided by the seed", async () => {
  const folder = await mkdtemp(join(tmpdir(), "hemosynth-given-"));
  const path = join(folder, "mine");
  await writeDiscDataset(path, { cases: 5, shape: [16, 16, 4], seed: 3 });
  const out = join(folder, "run", "data");
  await mkdir(out, { recursive: true });
  const split = splitOptions.parse({});
  const { headline } = await runDataset({ out, options: { kind: "dataset", path }, split, seed: 1 });
  expect(headline).toBe("5 cases of 5 subjects of discs (3 train, 1 val, 1 test)");
  const dataset = await readDataset(out);
  expect(dataset.root).toBe("../../mine");
  for (const { image } of dataset.cases) await readVolume(join(out, dataset.root, image.path), undefined, image.sha256);
  const { train, val, test: tested } = await readSplits(out);
  expect([...train, ...val, ...tested].sort()).toEqual(dataset.cases.map(({ subject }) => subject));
  const again = await readFile(join(out, "splits.json"), "utf8");
  await runDataset({ out, options: { kind: "dataset", path }, split, seed: 1 });
  expect(await readFile(join(out, "splits.json"), "utf8")).toBe(again);
});

test("a folder without a dataset is refused", async () => {
  const folder = await mkdtemp(join(tmpdir(), "hemosynth-given-"));
  const run = {
    out: folder,
    options: { kind: "dataset" as const, path: join(folder, "none") },
    split: splitOptions.parse({}),
    seed: 0,
  };
  await expect(runDataset(run)).rejects.toThrow(/none\/dataset\.json: could not read/);
});
