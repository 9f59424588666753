import { join } from "node:path";
import { expect, test } from "vitest";
import { changedSet, publicSet } from "../../test/helpers/public-sets.ts";
import { parseExperiment } from "../config/experiment.ts";
import { exitCodes, UserError } from "../core/errors.ts";
import { type Splits, writeDataset, writeSplits } from "../data/dataset.ts";
import { assertDivided } from "./holds.ts";
import { stages } from "./stages.ts";

/** The message of what a plan refuses, exit code 3; null where it refuses nothing. */
async function refused(text: string, name: "data" | "pool" = "data"): Promise<string | null> {
  try {
    await stages[name].plan(parseExperiment(text, "test"));
    return null;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    expect(exitCodes[error.fault]).toBe(3);
    return error.message;
  }
}

test("boxes that data.yaml does not name are refused before anything is read", async () => {
  const { layout, path, subject } = publicSet("yolo", await changedSet("yolo", {}));
  const data = `data: ${JSON.stringify({ kind: "public", layout, path, subject })}\nmodel: { kind: yolov5 }\npredict: { gate: none }`;
  expect(await refused(`${data}\ntrain: { task: regions, outputs: [EDH, IPH] }`)).toBeNull();
  expect(await refused(`${data}\ntrain: { task: regions, outputs: [EDH, IVH] }`)).toBe(
    `${path}: must hold boxes of EDH, IVH, for train.outputs; got boxes of EDH, IPH. Set train.outputs to names among EDH, IPH.`,
  );
});

/** `data` of a dataset with these cases. */
async function datasetOf(cases: readonly object[], rest: object = {}): Promise<string> {
  const path = join(await changedSet("hc18", {}), "dataset");
  const file = { path: "a.nii.gz", sha256: "0".repeat(64) };
  const bare = { session: null, gestationalAge: null, labels: null, lesionMask: null, brainMask: null, sidecar: null, grade: null, sources: [], image: file, shape: [8, 8, 1], spacing: [1, 1, 1] }; // biome-ignore format: one line
  const all = cases.map((own, i) => ({ ...bare, id: `${i}`, subject: `${i}`, ...own }) as never);
  await writeDataset(path, { schemaVersion: 1, name: "x", root: ".", labelScheme: null, cases: all, findings: [], ...rest });
  return `{ kind: dataset, path: ${JSON.stringify(path)} }`;
}

test("grades alone are no masks; that single cases have none, such as tested ones, is for the stages to say", async () => {
  const mask = { path: "m.nii.gz", sha256: "0".repeat(64) };
  const of = async (...cases: object[]) => `data: ${await datasetOf(cases.map((c) => ({ brainMask: mask, ...c })))}\n`;
  const message = /must hold masks of blood and of the brain, for train\.task lesion; got grades, and no masks of blood; brain masks\. docs/; // biome-ignore format: one line
  expect(await refused(await of({ grade: 0 }, { grade: 2 }))).toMatch(message);
  expect(await refused(await of({ lesionMask: mask }, {}))).toBeNull();
  expect(await refused(await of({ lesionMask: mask }, { lesionMask: mask }))).toBeNull();
  const mil = "model: { kind: mil }\ntrain: { task: mil }\npredict: { gate: none }";
  expect(await refused((await of({ grade: 0 }, { lesionMask: mask })) + mil)).toBeNull();
});

test("a dataset that lies there already, for the training or for the pool of a pretraining", async () => {
  const data = await datasetOf([{ class: "normal" }], { classes: ["normal", "wide"] });
  const classes = `data: ${data}\nmodel: { kind: resnet18 }\ntrain: { task: classes, outputs: [normal, wide] }\npredict: { gate: none }`;
  expect(await refused(classes)).toBeNull();
  expect(await refused(classes.replace("gate: none", "gate: given"))).toMatch(/must hold brain masks, for predict\.gate given; got the classes normal, wide\. Set predict\.gate to none\.$/); // biome-ignore format: one line
  expect(await refused(`data: ${data}\n`)).toMatch(/must hold masks of blood and of the brain, for train\.task lesion; got the classes normal, wide\. docs\/datasets\.md tells/); // biome-ignore format: one line
  const pool = (outputs: string) => `${classes}\npretrain: { data: ${data}, train: { task: classes, outputs: ${outputs} } }`;
  expect(await refused(pool("[normal, other]"), "pool")).toBeNull();
  expect(await refused(pool("[normal, tall]"), "pool")).toMatch(/must hold the classes normal, tall, for train\.outputs; got the classes normal, wide/); // biome-ignore format: one line
});

test("a split without a case to train on or to validate with, by the numbers of all three", async () => {
  const path = JSON.parse(/path: (".*")/.exec(await datasetOf([{ subject: "a" }, { subject: "b" }, { subject: "b" }]))![1]!);
  const told = async (name: "data" | "pool" | "synth", splits: Omit<Splits, "schemaVersion">) => {
    await writeSplits(path, { schemaVersion: 1, ...splits });
    return await assertDivided(name, path).then(() => null, (error: UserError) => `${exitCodes[error.fault]} ${error.message}`); // biome-ignore format: one line
  };
  expect(await told("data", { train: ["a"], val: ["b"], test: [] })).toBeNull();
  expect(await told("data", { train: ["b"], val: [], test: ["a"] })).toBe(
    `3 ${path}: the val split must have a case; got 2 train, 0 val, 1 test. Set split.val higher, name subjects in it, or use more subjects.`,
  );
  expect(await told("data", { train: [], val: ["a"], test: ["b"] })).toMatch(/the train split must have a case; got 0 train, 1 val, 2 test\. Set split\.train/); // biome-ignore format: one line
  expect(await told("pool", { train: ["a", "b"], val: ["gone"], test: [] })).toMatch(/got 3 train, 0 val, 0 test\. Use more subjects in pretrain\.data\.$/); // biome-ignore format: one line
  expect(await told("synth", { train: [], val: [], test: [] })).toBeNull(); // its subjects are those of the data
});
