import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parseExperiment } from "../config/experiment.ts";
import { type StageContext, silentContext } from "../core/context.ts";
import { type Case, type Dataset, readDataset, readSplits, writeDataset, writeSplits } from "../data/dataset.ts";
import { type FoldsRun, planFolds, runFolds } from "./folds.ts";
import { foldsEvaluation, type Stage, stagesOf } from "./stages.ts";

let root = "";
let ran: string[] = [];
/** What each stage read. */
let read = new Map<string, Readonly<Record<string, string>>>();
/** The stage at which a run is cut off, as by a crash, once. */
let crash: string | null = null;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "hemosynth-folds-"));
  [ran, read, crash] = [[], new Map(), null];
});
afterEach(() => rm(root, { recursive: true }));

const subjects = ["s3", "s1", "s0", "s4", "s2"];
const none = { session: null, gestationalAge: null, labels: null, brainMask: null, lesionMask: null, sidecar: null, grade: 0 };
const image = { path: "x.nii", sha256: "0".repeat(64) };
const cases = subjects.map((s): Case => {
  return {
    ...none,
    id: s,
    subject: s,
    image: { ...image, sha256: s.slice(1).repeat(64) },
    shape: [1, 1, 1],
    spacing: [1, 1, 1],
    sources: [],
  };
});
const dataset: Dataset = { schemaVersion: 1, name: "five", root: ".", labelScheme: null, cases, findings: [] };

/** A real stage's key and place, with work that writes down what it was given. */
function stub(stage: Stage): Stage {
  return {
    ...stage,
    async run({ experiment, out, inputs }) {
      const name = `${stage.name} in ${
        out
          .slice(root.length + 1)
          .split("/")
          .slice(0, -1)
          .join("/") || "."
      }`;
      if (crash === name) throw new Error(`crash in ${name}`);
      ran.push(name);
      read.set(name, inputs);
      if (stage.name === "data" || stage.name === "synth") {
        await writeDataset(out, dataset);
        await writeSplits(out, { schemaVersion: 1, train: [], val: [], test: subjects });
      }
      const splits = inputs.synth === undefined ? null : await readSplits(inputs.synth);
      await writeFile(join(out, "out.txt"), JSON.stringify([splits, stage.options(experiment, "/")]));
      for (const path of stage.beside) await writeFile(join(out, path), "report");
      return { headline: `made ${stage.name}`, summary: {} };
    },
  };
}

function runOf(sets: Readonly<Record<string, string>> = {}, only: readonly number[] | null = null): FoldsRun {
  const overrides = Object.entries({ "split.folds": "3", ...sets }).map(([path, value]) => ({ path, value, where: path }));
  const experiment = parseExperiment("data: { kind: phantom, subjects: 5 }", "test", overrides);
  const policy = { replace: true, resume: true };
  return {
    experiment,
    root,
    stages: stagesOf(experiment).map(stub),
    pooled: (runs) => stub(foldsEvaluation(runs)),
    policy,
    only,
  };
}

const ready = async () => ({ backend: "cpu", reason: "test", versions: { tfjs: "4" } }) as const;
const unlocked = <T>(_: string, work: (context: StageContext) => Promise<T>) => work(silentContext());
async function go(run: FoldsRun) {
  ran = [];
  return await runFolds(run, silentContext(), unlocked, ready);
}

async function contents(): Promise<Map<string, string>> {
  const files = (await readdir(root, { recursive: true, withFileTypes: true })).filter(
    (f) => f.isFile() && f.name !== "timings.json",
  );
  const paths = files.map((file) => join(file.parentPath, file.name)).sort();
  return new Map(await Promise.all(paths.map(async (path) => [path, await readFile(path, "utf8")] as const)));
}

const inFold = (fold: number) => ["train", "predict", "eval"].map((name) => `${name} in folds/${fold}`);

test("what all folds share is made once; each fold's splits keep its subjects apart; then nothing is left to do", async () => {
  const report = await go(runOf());
  expect(ran).toEqual(["data in .", "synth in .", ...inFold(0), ...inFold(1), ...inFold(2), "eval in ."]);
  const tested = await Promise.all([0, 1, 2].map(async (fold) => {
    const stacks = join(root, "folds", String(fold), "synth");
    const { train, val, test } = await readSplits(stacks);
    expect([...train, ...val, ...test].sort()).toEqual([...subjects].sort());
    const { root: place, ...rest } = await readDataset(stacks);
    expect([place, rest.cases]).toEqual(["../../../synth", cases]); // the files stay where they are
    return test;
  })); // biome-ignore format: short
  expect(tested.flat().sort()).toEqual([...subjects].sort());
  expect(report.folds.map(({ out }) => out)).toEqual([0, 1, 2].map((fold) => join(root, "folds", String(fold))));
  const before = await contents();
  await go(runOf());
  expect(ran).toEqual([]);
  expect(await contents()).toEqual(before);
});

test("cut off at any stage, the same run does what is missing and gives the same bytes", async () => {
  await go(runOf());
  const whole = await contents();
  const order = [...ran];
  for (const at of ["synth in .", "predict in folds/0", "train in folds/1", "eval in folds/2", "eval in ."]) {
    await rm(root, { recursive: true });
    crash = at;
    await expect(go(runOf())).rejects.toThrow(`crash in ${at}`);
    const done = [...ran];
    crash = null;
    await go(runOf());
    expect([...done, ...ran]).toEqual(order);
    expect(await contents()).toEqual(whole);
  }
});

test("single folds: the others are named as missing, and all are evaluated together once they are there", async () => {
  const some = await go(runOf({}, [0, 2]));
  expect(ran).toEqual(["data in .", "synth in .", ...inFold(0), ...inFold(2)]);
  expect([some.missing, some.pooled]).toEqual([[1], null]);
  const rest = await go(runOf({}, [1]));
  expect(ran).toEqual([...inFold(1), "eval in ."]);
  expect([rest.missing, rest.pooled?.state]).toEqual([[], "done"]);
});

test("other options in one fold alone: what was evaluated together goes, until all folds are of one kind again", async () => {
  await go(runOf());
  const { missing } = await go(runOf({ "train.steps": "9" }, [1]));
  expect([ran, missing]).toEqual([inFold(1), [0, 2]]);
  expect(await readdir(root)).not.toContain("report.html");
  await go(runOf({ "train.steps": "9" }));
  expect(ran).toEqual([...inFold(0), ...inFold(2), "eval in ."]);
});

test("a training that makes new stacks reads the normal cases that all folds share, and the splits of its fold", async () => {
  await go(runOf({ "train.freshEvery": "5" }));
  expect(ran).toEqual(["data in .", "synth in .", ...inFold(0), ...inFold(1), ...inFold(2), "eval in ."]);
  expect(read.get("train in folds/1")).toEqual({ synth: join(root, "folds/1/synth"), data: join(root, "data") });
});

test("data with their own truth are what all folds share, and what each fold reads", async () => {
  const run = runOf();
  const data = { kind: "dataset", path: "elsewhere" } as const;
  const experiment = { ...run.experiment, data };
  const own = stagesOf(experiment).map((stage) => ({
    ...stub(stage),
    sources: async () => ({}),
    stale: async () => null,
    plan: () => "",
  }));
  await go({ ...run, experiment, stages: own });
  expect(ran).toEqual(["data in .", ...inFold(0), ...inFold(1), ...inFold(2), "eval in ."]);
  expect(read.get("train in folds/1")).toEqual({ data: join(root, "folds/1/data") });
  expect((await readSplits(join(root, "folds/1/data"))).test.length).toBe(2);
  expect((await readDataset(join(root, "folds/1/data"))).root).toBe("../../../data");
});

test("another number of folds, or another way to choose, keeps what all share; folds of old are spoken of", async () => {
  await go(runOf());
  const warnings: string[] = [];
  const context = silentContext();
  const listening = { ...context, reporter: { ...context.reporter, warn: (line: string) => void warnings.push(line) } };
  ran = [];
  await runFolds(runOf({ "split.folds": "2" }), listening, unlocked, ready);
  expect(ran).toEqual([...inFold(0), ...inFold(1), "eval in ."]);
  expect(warnings.join()).toMatch(/folds holds 2, which is none of the 2 folds$/);
  await go(runOf({ "split.select": "test" }));
  expect(ran).toEqual([...inFold(0), ...inFold(1), ...inFold(2), "eval in ."]);
  const { val, test: tested } = await readSplits(join(root, "folds/0/synth"));
  expect([val.length, tested]).toEqual([2, []]);
});

test("too few subjects in the data are refused before anything is painted", async () => {
  const run = runOf({ "split.folds": "leaveOneOut" });
  const small = { ...run, experiment: { ...run.experiment, split: { ...run.experiment.split, folds: 9 } } };
  await expect(go(small)).rejects.toThrow(
    "split.folds: must be at most the number of subjects, 5; got 9. Use fewer folds, or leaveOneOut.",
  );
  expect(ran).toEqual(["data in ."]);
});

test("the plan says what would run in each fold, and writes nothing", async () => {
  const states = ({ shared, folds, pooled }: Awaited<ReturnType<typeof planFolds>>) => [
    ...shared.map(({ stage, state }) => `${stage} ${state}`),
    ...folds.map(
      ({ fold, stages }) => `${fold} ${stages.filter(({ state }) => state !== "up to date").map(({ stage }) => stage)}`,
    ),
    pooled?.state ?? "not planned",
  ];
  const first = states(await planFolds(runOf()));
  expect(first).toEqual(["data", "synth", "train", "predict", "eval"].map((name) => `${name} would run`).concat("not planned"));
  expect(await readdir(root)).toEqual([]);
  await go(runOf({}, [0]));
  expect(states(await planFolds(runOf()))).toEqual(["data up to date", "synth up to date", "0 ", "1 synth,train,predict,eval", "2 synth,train,predict,eval", "not planned"]); // biome-ignore format: a list
  await go(runOf());
  expect(states(await planFolds(runOf())).at(-1)).toBe("up to date");
});

test("crops are evaluated together from where each fold cut them out", async () => {
  const config =
    "data: { kind: fetal-ultrasound }\nmodel: { kind: hexanet, regions: 1 }\ntrain: { task: crops, outputs: [normal, abnormal] }\nregions: { names: [csp], boxes: given }";
  const experiment = parseExperiment(config, "test", []);
  const { sources } = foldsEvaluation([join(root, "folds", "0")]);
  await expect(sources(experiment)).rejects.toThrow(join("folds", "0", "regions"));
  const whole = parseExperiment(
    "data: { kind: fetal-ultrasound }\ntrain: { task: classes, outputs: [normal, abnormal] }\nmodel: { kind: miniresnet }",
    "test",
    [],
  );
  await expect(sources(whole)).rejects.toThrow(join("folds", "0", "data"));
});
