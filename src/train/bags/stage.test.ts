import { readdirSync, readFileSync } from "node:fs";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { temporaryFolder, writeDiscDataset } from "../../../test/helpers/disc-dataset.ts";
import { contents, trainUntilKilled } from "../../../test/helpers/trained.ts";
import { readyBackend } from "../../backend/index.ts";
import { silentContext, silentReporter } from "../../core/context.ts";
import type { UserError } from "../../core/errors.ts";
import { seededRng } from "../../core/rng.ts";
import { abnormalOf } from "../../data/classes.ts";
import { readCsv } from "../../data/csv.ts";
import { readDataset, writeDataset } from "../../data/dataset.ts";
import { readModelFolder } from "../../data/model-folder.ts";
import { preprocessOptions } from "../../data/preprocess.ts";
import { evalOptions } from "../../eval/options.ts";
import { predictOptions } from "../../eval/predict/options.ts";
import { runPredict } from "../../eval/predict/stage.ts";
import { resultsSchema } from "../../eval/results.ts";
import { parseScores } from "../../eval/scores.ts";
import { runEval } from "../../eval/stage.ts";
import { modelOptions } from "../../models/index.ts";
import { batchMisfit, trainOptions } from "../options.ts";
import type { TrainSlice } from "../slices.ts";
import { runTrain, type TrainRequest } from "../stage.ts";
import { bagsOf, drawBag } from "./draw.ts";
import { bagOptions } from "./options.ts";

let data: string;

/** Little variation: what a small network learns in seconds. */
const light = { rotation: [0, 0], scale: [1, 1], shift: [-0.05, 0.05], elasticShare: 0, maskShare: 0, noiseShare: 0, blurShare: 0, lowResolutionShare: 0, biasField: [0, 0.1], gamma: [0.9, 1.1], brightness: [0.9, 1.1], contrast: [0.9, 1.1] }; // biome-ignore format: one line

function request(out: string, train: object = {}, more: Partial<TrainRequest> = {}): TrainRequest {
  const options = {
    task: "mil",
    steps: 100,
    batchSize: 4,
    cropSize: 32,
    validateEvery: 20,
    averageDecay: 0.8,
    bags: { images: 8 },
    augment: light,
    ...train,
  };
  return {
    data,
    out,
    model: modelOptions.parse({ kind: "mil", encoder: { kind: "miniresnet", widths: [8, 16, 16] }, pooling: { kind: "attention", hidden: 16 } }), // biome-ignore format: one line
    preprocess: preprocessOptions.parse({}),
    options: trainOptions.parse({
      optimizer: { learningRate: 0.004, schedule: { kind: "constant", warmupSteps: 5 } },
      ...options,
    }),
    seed: 5,
    resume: false,
    ...more,
  };
}

const short = { steps: 6, batchSize: 2, validateEvery: 2, checkpointEvery: 3, bags: { images: 3 } };

beforeAll(async () => {
  await readyBackend("auto", silentReporter);
  data = await temporaryFolder("discs");
  await writeDiscDataset(data, { cases: 24, shape: [48, 40, 8], seed: 2, isHealthy: (i) => i % 2 === 0 });
});

test("told of cases alone, the network tells cases with blood: trained, predicted with the share of each slice, evaluated by patient", async () => {
  const [train, predictions, out] = [
    await temporaryFolder("train"),
    await temporaryFolder("pred"),
    await temporaryFolder("eval"),
  ];
  const { headline } = await runTrain(request(train), silentContext());
  const { file } = await readModelFolder(train);
  expect([file.outputs, file.window, file.validation.dice]).toEqual([["bleed", "attention"], 32, null]);
  expect(file.validation.auroc).toBeGreaterThan(0.8); // eight cases, half of them with blood
  expect(file.validation.loss).toBeLessThan(0.6); // .693 knows nothing
  expect(headline).toContain(`val AUROC of cases ${file.validation.auroc!.toFixed(3)}`);
  const splits = ["val"] as const;
  await runPredict({ model: train, input: data, splits, out: predictions, options: predictOptions.parse({}) }, silentContext());
  expect(readdirSync(predictions).sort()).toEqual(["attention.csv", "predict.json", "scores.csv"]);
  const scores = parseScores(readFileSync(join(predictions, "scores.csv"), "utf8"), "scores.csv");
  const { columns, rows } = readCsv(readFileSync(join(predictions, "attention.csv"), "utf8"), "attention.csv", "");
  expect(columns).toEqual(["subject", "case", "slice", "attention", "logit", "picture"]);
  expect(rows).toHaveLength(8 * 8);
  expect(new Set(rows.map(({ cells }) => cells[5]))).toEqual(new Set([""])); // volumes, not pictures
  for (const stack of scores.filter((row) => row.level === "stack")) {
    const own = rows.filter(({ cells }) => cells[1] === stack.case).map(({ cells }) => cells.slice(3, 5).map(Number));
    expect(own.reduce((sum, [share]) => sum + share!, 0)).toBeCloseTo(1, 5);
    expect(own.reduce((sum, [share, logit]) => sum + share! * logit!, 0)).toBeCloseTo(stack.score, 4);
    const slices = scores.filter((row) => row.level === "slice" && row.case === stack.case);
    expect(slices.map((row) => row.score)).toEqual(own.map(([, logit]) => logit));
  }
  const report = join(out, "report.html");
  const options = evalOptions.parse({ split: "val", bootstrap: { resamples: 100 } });
  await runEval({ data, predictions, out, report, options, seed: 1 }, silentContext());
  const { metrics } = resultsSchema.parse(JSON.parse(readFileSync(join(out, "results.json"), "utf8")));
  const figure = (per: string) => metrics.find((m) => m.metric === "auroc" && m.per === per && m.subset === "all")!.estimate;
  expect(figure("subject")).toBeCloseTo(file.validation.auroc!, 6); // two ways to the same: one stack a patient, other code
  expect(figure("stack")).toBe(figure("subject"));
});

test("killed and resumed it ends in the same bytes", async () => {
  const [straight, out] = [await temporaryFolder("train"), await temporaryFolder("train")];
  await runTrain(request(straight, short), silentContext());
  await trainUntilKilled(request(out, short), 4);
  await runTrain(request(out, short, { resume: true }), { ...silentContext(), workers: 2 });
  expect(contents(out)).toEqual(contents(straight));
});

test("cases of one kind alone, or without a truth, are refused", async () => {
  const fault = async (folder: string) => {
    const error = (await runTrain(request(await temporaryFolder("train"), short, { data: folder }), silentContext()).catch((e) => e)) as UserError; // biome-ignore format: one line
    return `${error.fault}: ${error.message}`;
  };
  const all = await temporaryFolder("all");
  await writeDiscDataset(all, { cases: 3, shape: [24, 20, 4], seed: 2 });
  expect(await fault(all)).toBe("data: the train split must have cases with and without blood to learn bags from; got 2 with and 0 without. Set synth.healthyShare between 0 and 1, or use more subjects."); // biome-ignore format: one line
});

test("what its class says of a case goes before its mask, in training and of whole stacks in evaluation; slices go by the mask", async () => {
  const classed = await temporaryFolder("classed");
  await cp(data, classed, { recursive: true });
  const dataset = await readDataset(classed);
  const cases = dataset.cases.map((c, i) => ({ ...c, class: i % 2 === 0 ? "bleed" : "normal" })); // the other way round than masks
  await writeDataset(classed, { ...dataset, classes: ["normal", "bleed"], cases });
  const [train, predictions, out] = [await temporaryFolder("train"), await temporaryFolder("pred"), await temporaryFolder("eval")]; // biome-ignore format: one line
  await runTrain(request(train, short, { data: classed }), silentContext());
  await runPredict({ model: train, input: classed, splits: ["val"], out: predictions, options: predictOptions.parse({}) }, silentContext()); // biome-ignore format: one line
  const options = evalOptions.parse({ split: "val", bootstrap: { resamples: 100 } });
  await runEval({ data: classed, predictions, out, report: join(out, "report.html"), options, seed: 1 }, silentContext());
  const { columns, rows } = readCsv(readFileSync(join(out, "units.csv"), "utf8"), "units.csv", "");
  const of = (level: string) => rows.map(({ cells }) => Object.fromEntries(columns.map((name, i) => [name, cells[i]!]))).filter((row) => row.level === level); // biome-ignore format: one line
  const ill = new Set(cases.filter((c) => c.class === "bleed").map(({ id }) => id));
  expect(of("stack").length).toBeGreaterThan(2);
  for (const row of of("stack")) expect(row.truth, row.case).toBe(ill.has(row.case!) ? "1" : "0");
  const shows = new Set(of("slice").flatMap((row) => (row.truth === "1" ? [row.case] : [])));
  for (const row of of("stack")) expect(shows.has(row.case)).toBe(!ill.has(row.case!));
});

test("what class says: normal or not where the first is called normal, else nothing", () => {
  expect(abnormalOf("normal", ["normal", "bleed"])).toBe(0);
  expect(abnormalOf("bleed", ["normal", "bleed"])).toBe(1);
  for (const [name, classes] of [
    [undefined, ["normal", "bleed"]],
    ["face", ["face", "spine"]],
    ["bleed", undefined],
  ] as const)
    expect(abnormalOf(name, classes)).toBeNull();
});

test("a bag has so many slices, each of its case at least once where there is room, and a label by its case; kinds come as asked", () => {
  const slice = (caseId: string, index: number, lesionPixels: number) => ({ caseId, index, lesionPixels }) as TrainSlice;
  const slices = ["a", "b", "c"].flatMap((id) => [0, 1, 2].map((i) => slice(id, i, id === "b" && i === 1 ? 2 : 0)));
  const bags = bagsOf(slices);
  expect(bags.map(({ caseId, label, slices: own }) => [caseId, label, own.length])).toEqual([["a", 0, 3], ["b", 1, 3], ["c", 0, 3]]); // biome-ignore format: one line
  const drawn = (options: object) =>
    Array.from({ length: 300 }, (_, i) => drawBag(seededRng(i), bags, bagOptions.parse(options)));
  const positive = (some: readonly { label: number }[]) => some.filter(({ label }) => label === 1).length / some.length;
  expect(positive(drawn({ positiveShare: 1 }))).toBe(1);
  expect(positive(drawn({ positiveShare: 0.5 }))).toBeCloseTo(0.5, 0.8);
  expect(positive(drawn({ positiveShare: null }))).toBeCloseTo(1 / 3, 0.8);
  const healthy = bags.filter(({ label }) => label === 0);
  expect(drawBag(seededRng(1), healthy, bagOptions.parse({ positiveShare: 1 })).label).toBe(0); // there is no other
  for (const bag of drawn({ images: 5 })) {
    expect(bag.slices).toHaveLength(5);
    expect(new Set(bag.slices.map(({ index }) => index)).size).toBe(3);
    expect(new Set(bag.slices.map(({ caseId }) => caseId))).toEqual(new Set([bag.caseId]));
  }
  for (const bag of drawn({ images: 2 })) expect(new Set(bag.slices).size).toBe(2);
  expect(new Set(drawn({ images: 1, positiveShare: 1 }).map((bag) => bag.slices[0]!.index))).toEqual(new Set([0, 1, 2])); // whichever, its label stays
  const kept = drawn({ images: 2, inOrder: true }).map((bag) => bag.slices.map(({ index }) => index).join(""));
  expect(new Set(kept)).toEqual(new Set(["01", "12"]));
  for (const bag of drawn({ images: 8, inOrder: true })) expect(bag.slices.map(({ index }) => index).join("")).toBe("01210121");
});

test("pooling by persistence without slices in order is refused", () => {
  const model = modelOptions.parse({ kind: "mil", pooling: { kind: "persistence" } });
  const misfit = (bags: object) => batchMisfit(model, trainOptions.parse({ task: "mil", bags }));
  expect(misfit({})?.rule).toBe("must be true for model.pooling persistence, which looks at runs of neighbours; got false");
  expect(misfit({ inOrder: true })).toBeNull();
});
