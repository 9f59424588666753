import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { changedSet, publicSet } from "../../../test/helpers/public-sets.ts";
import { parseExperiment } from "../../config/experiment.ts";
import { silentContext, silentReporter } from "../../core/context.ts";
import { sha256 } from "../../core/hash.ts";
import { planPass, runPass } from "../pipeline.ts";
import { callWords, ingest, phantom, predict, predictAnything, run } from "./stages.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "hemosynth-commands-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** What `predict --model MODEL --in scan.nii --dry-run` would do, and what it warns of. */
async function plan(model: string): Promise<{ states: unknown; warnings: string[] }> {
  const warnings: string[] = [];
  const reporter = { ...silentReporter, warn: (line: string) => void warnings.push(line) };
  const options = { out: join(folder, "out"), set: [], workers: 1, dryRun: true, model, in: join(folder, "scan.nii") };
  const { json } = await predict(options, { reporter, signal: new AbortController().signal });
  return { states: (json as { stages: { state: string }[] }).stages.map(({ state }) => state), warnings };
}

test("predict needs a model's model.json, not that its run's config can still be read", async () => {
  const run = join(folder, "run");
  await mkdir(join(run, "train"), { recursive: true });
  await writeFile(join(run, "train/model.json"), "{}");
  await writeFile(join(folder, "scan.nii"), "scan");
  await writeFile(join(run, "config.yaml"), "data: { kind: phantom }\ntrain: { iterations: 5 }\n");
  expect(await plan(run)).toEqual({ states: ["would run"], warnings: [] });
  expect(await plan(join(run, "train"))).toEqual({ states: ["would run"], warnings: [] });
  await writeFile(join(run, "config.yaml"), "predict: { mirrors: all }\n");
  expect((await plan(run)).warnings).toHaveLength(1);
  await rm(join(run, "config.yaml"));
  expect(await plan(run)).toEqual({ states: ["would run"], warnings: [] });
  expect(await readdir(folder)).toEqual(["run", "scan.nii"]);
});

test("a config.yaml beside a model that no run folder holds is not the model's", async () => {
  await mkdir(join(folder, "model"));
  await writeFile(join(folder, "model/model.json"), "{}");
  await writeFile(join(folder, "scan.nii"), "scan");
  await writeFile(join(folder, "config.yaml"), "of: another program\npredict: 7\n");
  expect(await plan(join(folder, "model"))).toEqual({ states: ["would run"], warnings: [] });
});

test("a result of a dataset is out of date once a volume that the dataset points to has changed", async () => {
  const [model, dataset, out] = ["model", "dataset", "out"].map((name) => join(folder, name)) as [string, string, string];
  for (const made of [model, dataset, out]) await mkdir(made);
  await writeFile(join(model, "model.json"), "{}");
  await writeFile(join(folder, "a.nii"), "a");
  const image = { path: "a.nii", sha256: sha256("a") };
  const nothing = { session: null, gestationalAge: null, labels: null, brainMask: null, lesionMask: null, sidecar: null };
  const one = { ...nothing, id: "a", subject: "a", image, shape: [1, 1, 1], spacing: [1, 1, 1], grade: null, sources: [] };
  const content = { schemaVersion: 1, name: "a", root: "..", labelScheme: null, cases: [one], findings: [] };
  await writeFile(join(dataset, "dataset.json"), JSON.stringify(content));
  const work = async () => ({ headline: "made", summary: {} });
  const stage = { ...predictAnything(model, dataset, null), run: work };
  const experiment = parseExperiment("data: { kind: phantom }", "test");
  const policy = { replace: false, resume: false };
  const pass = { experiment, root: out, stages: [stage], folders: { predict: out }, policy };
  await runPass(pass, silentContext(), async () => ({ backend: "cpu", reason: "test", versions: {} }));
  expect(await planPass(pass)).toMatchObject([{ state: "up to date" }]);
  await writeFile(join(folder, "a.nii"), "b");
  expect(await planPass(pass)).toMatchObject([{ state: "would run", why: "a.nii has changed" }]);
});

test("of many called stacks ten are named, and how many more there are", () => {
  const called = Array.from({ length: 12 }, (_, i) => `s${i}`);
  const begin = "At the stack threshold of the model's evaluation, a score of 0.50, ";
  expect(callWords({ threshold: 0.5, stacks: 20, called })).toBe(
    `${begin}12 of 20 would be called: s0, s1, s2, s3, s4, s5, s6, s7, s8, s9 and 2 more.`,
  );
  expect(callWords({ threshold: 0.5, stacks: 20, called: ["s0", "s1"] })).toBe(`${begin}2 of 20 would be called: s0, s1.`);
  expect(callWords({ threshold: 0.5, stacks: 20, called: [] })).toBe(`${begin}0 of 20 would be called.`);
});

test.each([
  ["train", "data: { kind: phantom }", "train: { init: { from: out/train/w.safetensors } }"],
  ["pretrain", "data: { kind: phantom }", "pretrain: { train: { init: { from: out/pretrain/w.safetensors } } }"],
  ["detect", "data: { kind: dataset, path: cases }\nmodel: { kind: hexanet, regions: 2 }\ntrain: { task: crops, outputs: [a, b] }", "regions: { names: [csp, lv], detector: { train: { init: { from: out/detect/w.safetensors } } } }"],
])("%s: first weights that lie where it would write are refused", async (stage, data, init) => {
  const out = join(folder, "out");
  const weights = join(out, stage, "w.safetensors");
  await mkdir(join(out, stage), { recursive: true });
  await writeFile(weights, "w");
  await writeFile(join(folder, "x.yaml"), `${data}\n${init}\n`);
  const session = { reporter: silentReporter, signal: new AbortController().signal };
  const planned = run(join(folder, "x.yaml"), { out, set: [], workers: 1, dryRun: true }, session);
  await expect(planned).rejects.toThrow(
    `${join(out, stage)}: the output folder must be apart from what is read; got a folder that holds the one that is read, ${weights}. Name another --out.`,
  );
}); // biome-ignore format: a table

const session = () => ({ reporter: silentReporter, signal: new AbortController().signal });

const boxesOfNone = ["model={kind: yolov5}", "train={task: regions, outputs: [EDH, IVH]}", "predict.gate=none"];
test.each([
  ["cq500", 2, [], /data\.layout must be of a set with masks of blood and of the brain, for train\.task lesion; got cq500/],
  ["bhsd", 3, [], /preprocess\.window must be given for CT/],
  ["yolo", 3, boxesOfNone, /must hold boxes of EDH, IVH, for train\.outputs; got boxes of EDH, IPH/],
] as const)("ingest makes data of %s, whatever could be learnt from them; a run asks", async (layout, images, more, refusal) => {
  const { path, subject } = publicSet(layout, await changedSet(layout, {}));
  const of = subject === null ? [] : [`data.subject=${JSON.stringify(subject)}`];
  const options = { set: ["data.kind=public", `data.layout=${layout}`, ...of, ...more], workers: 1, dryRun: true };
  const { json } = await ingest(path, { ...options, out: join(folder, "out") }, session());
  const headline = `the images of ${layout} in ${path}: ${images}`;
  expect(json).toMatchObject({ stages: [{ stage: "data", state: "would run", headline }] });
  await writeFile(join(folder, "x.yaml"), `data: { kind: folder, path: ${JSON.stringify(path)} }\n`);
  await expect(run(join(folder, "x.yaml"), { ...options, out: join(folder, "run") }, session())).rejects.toThrow(refusal);
}); // biome-ignore format: a table

test("data by themselves are asked for themselves and their split", async () => {
  const options = { out: join(folder, "out"), workers: 1, dryRun: true };
  const few = phantom({ ...options, set: ["data.subjects=4", "split.folds=9"] }, session());
  await expect(few).rejects.toThrow(/split\.folds .*9/);
  await expect(phantom({ ...options, set: ["train.stepz=4"] }, session())).rejects.toThrow(/unknown key/);
});

test("a run with an empty split ends with its data: nothing is painted for a training that would be refused", async () => {
  const tiny = "{ kind: phantom, subjects: 2, spacingMm: 2, gestationalAge: [24, 25] }";
  await writeFile(join(folder, "x.yaml"), `data: ${tiny}\nsplit: { train: 0.5, val: 0, test: 0.5 }\n`);
  const out = join(folder, "run");
  await expect(run(join(folder, "x.yaml"), { out, set: [], workers: 1 }, session())).rejects.toThrow(
    `${join(out, "data")}: the val split must have a case; got 1 train, 0 val, 1 test. Set split.val higher`,
  );
  expect(await readdir(out)).toContain("data");
  expect(await readdir(out)).not.toContain("synth");
});
