import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readyBackend } from "../backend/index.ts";
import { silentContext, silentReporter } from "../core/context.ts";
import { tissues } from "../core/tissue.ts";
import { type Dataset, readDataset, readSplits, writeDataset } from "../data/dataset.ts";
import { hasteMask, hasteStack, tissueModel } from "../data/embedded.ts";
import { folderOptions } from "../data/ingest/options.ts";
import { runIngest } from "../data/ingest/stage.ts";
import { readModelFolder } from "../data/model-folder.ts";
import { readLabels } from "../data/nifti.ts";
import { splitOptions } from "../data/splits.ts";
import { diceScore } from "../eval/metrics/dice.ts";
import { tissueOutputs } from "../models/index.ts";
import { synthOptions } from "../synth/options.ts";
import { phantomOptions } from "../synth/phantom/options.ts";
import { runPhantom } from "../synth/phantom/stage.ts";
import type { Sidecar } from "../synth/sidecar.ts";
import { runSynth } from "../synth/stage.ts";
import { runTissue } from "./stage.ts";

let root = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "hemosynth-tissue-stage-"));
  await readyBackend("auto", silentReporter);
});
afterAll(() => rm(root, { recursive: true }));

const overlap = (a: ArrayLike<number>, b: ArrayLike<number>, member: (id: number) => boolean) => {
  const set = (ids: ArrayLike<number>) => Float32Array.from(ids, (id) => (member(id) ? 1 : 0));
  return diceScore(set(a), set(b));
};

test("the embedded network is one, small, and made by the committed config", async () => {
  const { file, where } = await readModelFolder(tissueModel);
  expect(file.outputs).toEqual([...tissueOutputs]);
  expect((await readFile(where)).length).toBeLessThan(4_000_000);
  expect(file.validation.brainDice!).toBeGreaterThan(0.9);
});

test("an unseen phantom gets its tissues without its labels being read; a mask that is given is kept", {
  timeout: 120_000,
}, async () => {
  const [data, out] = [join(root, "phantom"), join(root, "phantom-tissue")];
  const options = phantomOptions.parse({ kind: "phantom", subjects: 1, gestationalAge: [27, 27] });
  const split = splitOptions.parse({ train: ["sub-001"], val: [], test: [] });
  await runPhantom({ out: data, options, split, seed: 77 }, silentContext());
  const before = await readDataset(data);
  const truth = await readLabels(join(data, before.cases[0]!.labels!.path));
  await writeFile(join(data, before.cases[0]!.labels!.path), "no label map"); // it must not be read
  const hidden: Dataset = { ...before, labelScheme: null, cases: before.cases.map((c) => ({ ...c, brainMask: null })) };
  await writeDataset(data, hidden);
  await runTissue({ data, out, model: tissueModel }, silentContext());
  const made = await readDataset(out);
  const [found] = made.cases;
  expect(made.labelScheme).toBe("hemosynth");
  expect(await readSplits(out)).toEqual(await readSplits(data));
  expect(found).toMatchObject({
    id: "sub-001_T2w",
    gestationalAge: before.cases[0]!.gestationalAge,
    shape: before.cases[0]!.shape,
  });
  const tissue = await readLabels(join(out, made.root, found!.labels!.path));
  expect(overlap(tissue.data, truth.data, (id) => id > 0)).toBeGreaterThan(0.85);
  expect(overlap(tissue.data, truth.data, (id) => id === tissues.lateralVentricle)).toBeGreaterThan(0.4);
  await writeDataset(data, { ...hidden, cases: before.cases });
  await runTissue({ data, out, model: tissueModel }, silentContext());
  const [masked] = (await readDataset(out)).cases;
  expect(masked!.brainMask!.sha256).toBe(before.cases[0]!.brainMask!.sha256);
  const inside = await readLabels(join(data, before.cases[0]!.brainMask!.path));
  const again = await readLabels(join(out, made.root, masked!.labels!.path));
  expect(again.data.every((id, i) => id > 0 === inside.data[i]! > 0)).toBe(true);
});

test("a raw stack without any annotation gets bleeds inside its brain", { timeout: 240_000 }, async () => {
  const [study, data, labelled, out] = ["study", "data", "labelled", "synth"].map((name) => join(root, "real", name)) as [string, string, string, string]; // biome-ignore format: one line
  await mkdir(study, { recursive: true });
  await copyFile(hasteStack, join(study, "sub-01_T2w.nii.gz"));
  const split = splitOptions.parse({ train: ["sub-01"], val: [], test: [] });
  await runIngest({ out: data, options: folderOptions.parse({ kind: "folder", path: study }), split, seed: 1 }, silentContext());
  await runTissue({ data, out: labelled, model: tissueModel }, silentContext());
  const mask = await readLabels(hasteMask);
  const [before] = (await readDataset(labelled)).cases;
  const base = join(labelled, (await readDataset(labelled)).root);
  const brain = await readLabels(join(base, before!.brainMask!.path));
  expect(overlap(brain.data, mask.data, (v) => v > 0)).toBeGreaterThan(0.8);
  const options = synthOptions.parse({ copies: 2, healthyShare: 0, lesion: { grades: { kind: "free", II: 1, III: 1 } } });
  await runSynth({ data: labelled, out, options, seed: 1, resume: false }, silentContext());
  const { cases } = await readDataset(out);
  expect(cases).toHaveLength(2);
  for (const c of cases) {
    const lesion = await readLabels(join(out, c.lesionMask!.path));
    const [blood, inBrain] = lesion.data.reduce(([n, m], v, i) => [n + v, m + (v && mask.data[i] ? 1 : 0)], [0, 0]);
    expect(blood).toBeGreaterThan(20);
    expect(inBrain / blood).toBeGreaterThan(0.98);
    const sidecar = JSON.parse(await readFile(join(out, c.sidecar!.path), "utf8")) as Sidecar;
    expect(sidecar.gestationalAge.estimated).toBe(true);
  }
});
