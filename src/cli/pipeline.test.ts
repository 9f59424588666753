import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { seeded } from "../../test/helpers/seeded.ts";
import { parseExperiment } from "../config/experiment.ts";
import { type StageContext, silentContext, silentReporter } from "../core/context.ts";
import { StoppedError } from "../core/errors.ts";
import { encodeSafetensors } from "../data/safetensors.ts";
import { unetOptions, unetWeights } from "../models/unet.ts";
import { type Pass, planPass, runPass, type StageReport } from "./pipeline.ts";
import { type Stage, type StageName, stages, stagesOf } from "./stages.ts";

let root = "";
let ran: string[] = [];
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "hemosynth-pipeline-"));
  ran = [];
});
afterEach(() => rm(root, { recursive: true }));

/** The stages of an experiment that has label maps. */
const withLabels = ["data", "synth", "train", "predict", "eval"] as const;
const withTissue = ["data", "tissue", "synth", "train", "predict", "eval"] as const;

/** The real stages' keys and inputs, with work that only writes what it was given. */
function stub(name: StageName, work?: (out: string, resume: boolean) => Promise<void>, stage = stages[name]): Stage {
  return {
    ...stage,
    async run({ experiment, out, inputs, resume }) {
      ran.push(resume ? `${name} resumed` : name);
      await work?.(out, resume);
      const read = await Promise.all(Object.values(inputs).map((folder) => readFile(join(folder, "out.txt"), "utf8")));
      await writeFile(join(out, "out.txt"), `${name} ${JSON.stringify(stage.options(experiment, "/"))} of [${read.join()}]`);
      for (const path of stage.beside) await writeFile(join(out, path), "report");
      return { headline: `made ${name}`, summary: { name } };
    },
  };
}

function passOf(
  overrides: Readonly<Record<string, string>> = {},
  some: Partial<Record<StageName, Stage>> = {},
  policy = { replace: true, resume: true },
): Pass {
  const sets = Object.entries(overrides).map(([path, value]) => ({ path, value, where: path }));
  const experiment = parseExperiment("data: { kind: phantom, subjects: 3 }", "test", sets);
  return {
    experiment,
    root,
    stages: stagesOf(experiment).map((stage) => some[stage.name] ?? stub(stage.name, undefined, stage)),
    folders: {},
    policy,
  };
}

const ready = async () => ({ backend: "cpu", reason: "test", versions: { tfjs: "4" } }) as const;

async function go(pass: Pass): Promise<string[]> {
  ran = [];
  await runPass(pass, silentContext(), ready);
  return ran;
}

const states = (reports: readonly StageReport[]) => reports.map(({ stage, state }) => `${stage} ${state}`);

test("a second pass has nothing to do", async () => {
  expect(await go(passOf())).toEqual(withLabels);
  const before = await contents();
  expect(await go(passOf())).toEqual([]);
  expect(await contents()).toEqual(before);
});

test("a result that does not do for what follows is refused before the next stage starts, also one that is up to date", async () => {
  const check = async (name: StageName, folder: string) => {
    if (name === "data") throw new Error(`not ${folder}`);
  };
  const refused = { ...passOf(), check };
  await expect(go(refused)).rejects.toThrow(`not ${join(root, "data")}`);
  expect(ran).toEqual(["data"]);
  await expect(go(refused)).rejects.toThrow("not ");
  expect(ran).toEqual([]);
  await expect(planPass(refused)).rejects.toThrow("not ");
  const asked: StageName[] = [];
  expect(await go({ ...passOf(), check: async (name) => void asked.push(name) })).toEqual(["synth", "train", "predict", "eval"]);
  expect(asked).toEqual(withLabels);
});

async function contents(): Promise<Map<string, string>> {
  const files = (await readdir(root, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const named = files.map(
    async (file) => [join(file.parentPath, file.name), await readFile(join(file.parentPath, file.name), "utf8")] as const,
  );
  return new Map(await Promise.all(named));
}

test.each([
  ["eval.bootstrap.resamples", "500", ["eval"]],
  ["predict.flips", "all", ["predict", "eval"]],
  ["train.steps", "7", ["train", "predict", "eval"]],
  ["model", "{kind: unet, channels: [4, 8]}", ["train", "predict", "eval"]],
  ["preprocess.pixelMm", "2", ["train", "predict", "eval"]],
  ["synth.copies", "3", ["synth", "train", "predict", "eval"]],
  ["split.train", "0.5", withLabels],
  ["seed", "4", withLabels],
  ["backend", "wasm", ["train", "predict", "eval"]],
  ["name", "other", ["eval"]],
])("another %s re-runs what depends on it, and no more", async (path, value, expected) => {
  await go(passOf());
  expect(await go(passOf({ [path]: value, ...(path === "split.train" ? { "split.val": "0.3" } : {}) }))).toEqual(expected);
});

test("weights to start from count by their content, wherever they lie; those that do not fit are refused before anything runs", async () => {
  const start = async (name: string, seed: number, channels = unetOptions.parse({ kind: "unet" }).channels) => {
    const specs = unetWeights(channels, { inChannels: 1, outChannels: 2 });
    const tensors = new Map(specs.map((spec) => [spec.name, seeded(`${spec.name} ${seed}`, spec.shape)]));
    await writeFile(join(weights, name), encodeSafetensors(tensors, { format: "hemosynth", kind: "unet" }));
    return passOf({ "train.init": `{ from: ${JSON.stringify(join(weights, name))} }` });
  };
  const weights = await mkdtemp(join(tmpdir(), "hemosynth-weights-"));
  expect(await go(await start("a", 1))).toEqual(withLabels);
  expect(await go(await start("b", 1))).toEqual(["eval"]); // which prints the config
  expect(await go(await start("b", 2))).toEqual(["train"]); // again; this stand-in for training writes the same bytes
  const other = await start("c", 1, [4, 8]);
  await expect(go({ ...other, root: join(root, "new") })).rejects.toThrow("weights of a unet do not fit the unet");
  expect(ran).toEqual([]);
  await rm(weights, { recursive: true });
});

test("pretraining is the last stage: nothing is predicted by it", async () => {
  expect(await go(passOf({ "train.task": "infoNce" }))).toEqual(["data", "synth", "train"]);
});

test("data that bring their own truth are trained on as they are: there is no synthesis, and what asks for it is refused", () => {
  const of = (more: string) => stagesOf(parseExperiment(`data: { kind: dataset, path: x }\n${more}`, "test"));
  expect(of("").map(({ name, reads }) => [name, reads])).toEqual([
    ["data", []],
    ["train", ["data"]],
    ["predict", ["train", "data"]],
    ["eval", ["data", "predict"]],
  ]);
  expect(() => of("priors: { kind: network }")).toThrow("priors.kind must be labels for data of kind dataset");
  expect(() => of("train: { freshEvery: 9 }")).toThrow("train.freshEvery must be null for data of kind dataset");
});

test("other data to pretrain on come first, and what is pretrained before the training that starts from it", () => {
  const of = (more: string) =>
    stagesOf(parseExperiment(`data: { kind: dataset, path: x }\n${more}`, "test")).map(({ name, reads }) => [name, reads.join()]);
  expect(of("pretrain: { train: { task: restore } }").slice(1, 3)).toEqual([
    ["pretrain", "data"],
    ["train", "data,pretrain"],
  ]);
  expect(of("pretrain: { data: { kind: dataset, path: y }, train: { task: restore } }").slice(1, 4)).toEqual([
    ["pool", ""],
    ["pretrain", "pool"],
    ["train", "data,pretrain"],
  ]);
  expect(() => of("pretrain: { data: { kind: phantom } }")).toThrow(
    "pretrain.data.kind must be of data that bring their own truth; got phantom",
  );
});

test("regions that are detected are cut out once a detector is trained, and are what is trained on, predicted and evaluated", () => {
  const crops = "model: { kind: hexanet, regions: 2 }\ntrain: { task: crops, outputs: [normal, other] }\n";
  const of = (boxes: string) =>
    stagesOf(
      parseExperiment(`data: { kind: dataset, path: x }\n${crops}regions: { names: [disc, bar], boxes: ${boxes} }`, "test"),
    ).map(({ name, reads }) => [name, reads.join()]);
  const rest = [
    ["train", "regions"],
    ["predict", "train,regions"],
    ["eval", "regions,predict"],
  ];
  expect(of("given")).toEqual([["data", ""], ["regions", "data"], ...rest]);
  expect(of("detected")).toEqual([["data", ""], ["detect", "data"], ["regions", "data,detect"], ...rest]);
});

test("where a network finds the anatomy, tissues come before synthesis, which reads them instead of the data", async () => {
  const network = { ...stub("tissue"), sources: async () => ({ network: "as it is" }) };
  const other = { ...network, sources: async () => ({ network: "trained again" }) };
  const pass = (tissue = network) => passOf({ priors: "{kind: network}" }, { tissue });
  expect(await go(pass())).toEqual([...withTissue]);
  const read = await readFile(join(root, "synth", "out.txt"), "utf8");
  expect(read).toMatch(/^synth .* of \[tissue .* of \[data /);
  expect(await go(pass(other))).toEqual(["tissue"]); // the same bytes came out
  expect(await go(passOf())).toEqual(["synth", "train", "predict", "eval"]);
});

test("an output that was changed, shortened or removed is made again", async () => {
  await go(passOf());
  const file = join(root, "synth", "out.txt");
  const original = await readFile(file, "utf8");
  await writeFile(file, original.replace("synth", "SYNTH")); // same size
  expect(await go(passOf())).toEqual(["synth"]); // what follows read the same bytes before
  await appendFile(file, "x");
  expect(await go(passOf())).toEqual(["synth"]);
  await rm(join(root, "report.html"));
  expect(await go(passOf())).toEqual(["eval"]);
  await rm(join(root, "data"), { recursive: true });
  expect(await go(passOf())).toEqual(["data"]);
  await writeFile(join(root, "predict", "stage.json"), "{");
  expect(await go(passOf())).toEqual(["predict"]);
});

test("an interrupted stage starts again with an empty folder; an interrupted synthesis or training resumes", async () => {
  const failing = (name: StageName) =>
    stub(name, async (out) => {
      await writeFile(join(out, "half.txt"), "half");
      throw new StoppedError("stopped");
    });
  await expect(runPass(passOf({}, { data: failing("data") }), silentContext(), ready)).rejects.toThrow(StoppedError);
  await expect(runPass(passOf({}, { synth: failing("synth") }), silentContext(), ready)).rejects.toThrow(StoppedError);
  expect(states(await planPass(passOf()))).toContain("synth would resume");
  await expect(runPass(passOf({}, { train: failing("train") }), silentContext(), ready)).rejects.toThrow(StoppedError);
  expect(await readdir(join(root, "data"))).toEqual(["out.txt", "stage.json"]);
  expect(await readdir(join(root, "synth"))).toEqual(["half.txt", "out.txt", "stage.json"]);
  expect(states(await planPass(passOf()))).toContain("train would resume");
  expect(await go(passOf())).toEqual(["train resumed", "predict", "eval"]);
  expect(await readdir(join(root, "train"))).toEqual(["half.txt", "out.txt", "stage.json"]);
});

test("an interrupted training of other options is not resumed", async () => {
  const stopping = stub("train", () => Promise.reject(new StoppedError("stopped")));
  await expect(runPass(passOf({}, { train: stopping }), silentContext(), ready)).rejects.toThrow(StoppedError);
  const strict = { replace: false, resume: true };
  await expect(go(passOf({ "train.steps": "9" }, {}, strict))).rejects.toThrow(
    /train: holds an unfinished training \(train\.steps was 800, now 9\)\. Pass --exist-ok to start again, or choose another --out\.$/,
  );
  await expect(go(passOf({}, {}, { replace: false, resume: false }))).rejects.toThrow(
    /Pass --resume to go on, or --exist-ok to start again\.$/,
  );
  expect(await go(passOf({ "train.steps": "9" }))).toEqual(["train", "predict", "eval"]);
});

test("a result of other options is kept unless it may be replaced", async () => {
  await go(passOf());
  const strict = { replace: false, resume: false };
  await expect(go(passOf({ "synth.copies": "5" }, {}, strict))).rejects.toThrow(
    /synth: holds another result \(synth\.copies was 2, now 5\)\. Choose another --out, or pass --exist-ok to replace it\.$/,
  );
  expect(await go(passOf({}, {}, strict))).toEqual([]);
});

test("files that are not ours are never removed", async () => {
  await mkdir(join(root, "synth"));
  await writeFile(join(root, "synth", "thesis.txt"), "years of work");
  await expect(go(passOf())).rejects.toThrow(
    /synth: must be empty or made by hemosynth; got other files\. Choose another --out\.$/,
  );
  expect(await readFile(join(root, "synth", "thesis.txt"), "utf8")).toBe("years of work");
});

test("a stage folder that is a link is not emptied", async () => {
  const elsewhere = await mkdtemp(join(tmpdir(), "hemosynth-elsewhere-"));
  await go(passOf());
  await rm(join(root, "eval"), { recursive: true });
  await writeFile(join(elsewhere, "stage.json"), "{}");
  await symlink(elsewhere, join(root, "eval"));
  await expect(go(passOf())).rejects.toThrow(/eval: must be a folder to be replaced; got a symbolic link/);
  expect(await readdir(elsewhere)).toEqual(["stage.json"]);
  await rm(elsewhere, { recursive: true });
});

test("the plan says what would run and why, and writes nothing", async () => {
  expect(states(await planPass(passOf()))).toEqual(withLabels.map((name) => `${name} would run`));
  expect(await readdir(root)).toEqual([]);
  await go(passOf());
  const before = await contents();
  const plan = await planPass(passOf({ "predict.flips": "all" }));
  expect(states(plan)).toEqual([
    "data up to date",
    "synth up to date",
    "train up to date",
    "predict would run",
    "eval would run",
  ]);
  expect(plan.map(({ why }) => why)).toEqual([null, null, null, 'predict.flips was "none", now "all"', "after predict"]);
  expect(await contents()).toEqual(before);
});

test("a request to stop ends the pass before the next stage", async () => {
  const stop = new AbortController();
  const context: StageContext = { reporter: silentReporter, signal: stop.signal, workers: 1 };
  const last = stub("synth", async () => stop.abort());
  await expect(runPass(passOf({}, { synth: last }), context, ready)).rejects.toThrow(StoppedError);
  expect(ran).toEqual(["data", "synth"]);
  expect(await go(passOf())).toEqual(["train", "predict", "eval"]);
});

test("left-overs of killed writes are no outputs", async () => {
  await go(passOf({}, { synth: stub("synth", (out) => writeFile(join(out, ".1234.partial"), "torn")) }));
  expect(await readdir(join(root, "synth"))).toEqual(["out.txt", "stage.json"]);
});

test("a folder of volumes: another file in it, or another content, re-runs the data stage", async () => {
  const volumes = join(root, "volumes");
  await mkdir(volumes);
  await writeFile(join(volumes, "a.nii"), "a");
  const sha = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"; // of "a"
  const ref = { path: "a.nii", sha256: sha };
  const none = {
    labels: null,
    brainMask: null,
    lesionMask: null,
    sidecar: null,
    grade: null,
    sources: [],
    session: null,
    gestationalAge: null,
  };
  const cases = [{ id: "a", subject: "a", image: ref, shape: [1, 1, 1], spacing: [1, 1, 1], ...none }];
  const dataset = { schemaVersion: 1, name: "a", root: "../volumes", labelScheme: null, cases, findings: [] };
  const data = stub("data", (out) => writeFile(join(out, "dataset.json"), JSON.stringify(dataset)));
  const experiment = parseExperiment(`data: { kind: folder, path: ${JSON.stringify(volumes)} }`, "test");
  const pass: Pass = { ...passOf(), experiment, stages: [data] };
  expect(await go(pass)).toEqual(["data"]);
  expect(await go(pass)).toEqual([]);
  await writeFile(join(volumes, "a.nii"), "b");
  expect((await planPass(pass))[0]).toMatchObject({ state: "would run", why: "a.nii has changed" });
  await writeFile(join(volumes, "a.nii"), "a");
  await writeFile(join(volumes, "c.nii"), "c");
  expect((await planPass(pass))[0]).toMatchObject({ state: "would run", why: "the list of files in data.path has changed" });
  await rm(volumes, { recursive: true });
  await expect(planPass(pass)).rejects.toThrow(/volumes: data\.path must be a folder; got nothing there\. Check the path\.$/);
});
