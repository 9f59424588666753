import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { temporaryFolder, writeDiscDataset } from "../../../test/helpers/disc-dataset.ts";
import { contents } from "../../../test/helpers/trained.ts";
import { readyBackend } from "../../backend/index.ts";
import { parseExperiment } from "../../config/experiment.ts";
import { silentContext, silentReporter } from "../../core/context.ts";
import { StoppedError, type UserError } from "../../core/errors.ts";
import { readModelFolder } from "../../data/model-folder.ts";
import { preprocessOptions } from "../../data/preprocess.ts";
import { predictOptions } from "../../eval/predict/options.ts";
import { runPredict } from "../../eval/predict/stage.ts";
import { modelOptions } from "../../models/index.ts";
import { trainOptions } from "../options.ts";
import { runTrain, type TrainRequest } from "../stage.ts";

let unlabelled: string;
let labelled: string;

const unet = { kind: "unet", channels: [4, 8, 8] };
const head = { hidden: [16], features: 8 };

/** A tiny training of each kind, and the share of its loss on other cases that is left at the end, at most. */
const pretrainings = {
  restore: { model: { kind: "nnunet", channels: [4, 8, 8] }, train: {}, left: 0.5 },
  infoNce: { model: { kind: "miniresnet", widths: [8, 16] }, train: { contrast: { head, temperature: 0.5 } }, left: 0.95 },
  localInfoNce: { model: unet, train: { contrast: { head, temperature: 0.5, regions: 8, level: 1 } }, left: 0.9 },
  vicReg: { model: unet, train: { batchSize: 8, contrast: { head } }, left: 0.8 },
} as const;
type Pretraining = keyof typeof pretrainings;

function request(out: string, task: Pretraining, more: object = {}, rest: Partial<TrainRequest> = {}): TrainRequest {
  const { model, train } = pretrainings[task];
  const options = {
    task,
    steps: 40,
    batchSize: 4,
    cropSize: 32,
    validateEvery: 10,
    validationSlices: 16,
    averageDecay: 0,
    restore: { sidePixels: [3, 8], swaps: 4 },
    optimizer: { learningRate: 0.01, schedule: { kind: "constant", warmupSteps: 5 } },
    ...train,
    ...more,
  };
  return {
    data: unlabelled,
    out,
    model: modelOptions.parse(model),
    preprocess: preprocessOptions.parse({}),
    options: trainOptions.parse(options),
    seed: 5,
    resume: false,
    ...rest,
  };
}

const losses = (out: string) => {
  const rows = readFileSync(join(out, "metrics.csv"), "utf8").trim().split("\n").slice(1);
  return rows.map((row) => Number(row.split(",")[3]));
};

beforeAll(async () => {
  await readyBackend("auto", silentReporter);
  [unlabelled, labelled] = [await temporaryFolder("unlabelled"), await temporaryFolder("labelled")];
  for (const folder of [unlabelled, labelled]) await writeDiscDataset(folder, { cases: 6, shape: [48, 40, 8], seed: 2 });
  const file = join(unlabelled, "dataset.json");
  const dataset = JSON.parse(readFileSync(file, "utf8"));
  const cases = dataset.cases.map((c: object) => ({ ...c, brainMask: null, lesionMask: null }));
  writeFileSync(file, JSON.stringify({ ...dataset, cases }));
});

test.each(Object.keys(pretrainings) as Pretraining[])(
  "%s: the loss falls without any label; stopped and resumed it ends in the same bytes; its encoder starts a segmenter or classifier",
  async (task) => {
    const out = await temporaryFolder(task);
    const { headline } = await runTrain(request(out, task), silentContext());
    const all = losses(out);
    const still = await temporaryFolder("still");
    await runTrain(request(still, task, { steps: 1, optimizer: { learningRate: 1e-12, weightDecay: 0 } }), silentContext());
    const [before] = losses(still);
    expect(Math.min(...all)).toBeLessThan(pretrainings[task].left * before!);
    expect(headline).toContain(`val loss ${Math.min(...all).toPrecision(3)}`);
    const { file } = await readModelFolder(out);
    expect([file.validation.dice, file.validation.auroc]).toEqual([null, null]);

    const [straight, stopped] = [await temporaryFolder("straight"), await temporaryFolder("stopped")];
    const short = { steps: 4, validateEvery: 2, checkpointEvery: 2, ...(task === "vicReg" ? { averageDecay: 0.9 } : {}) };
    await runTrain(request(straight, task, short), silentContext());
    const context = { ...silentContext(), signal: AbortSignal.abort(), workers: 2 }; // after the first step
    await expect(runTrain(request(stopped, task, short), context)).rejects.toThrow(StoppedError);
    await runTrain(request(stopped, task, short, { resume: true }), silentContext());
    expect(contents(stopped)).toEqual(contents(straight));

    const kind = pretrainings[task].model.kind;
    const only = { unet: ["down", "bottom"], nnunet: ["encoder"], miniresnet: ["conv1", "bn1", "layer"] }[kind as "unet"];
    const later = { task: kind === "miniresnet" ? "classify" : "lesion", steps: 1, validateEvery: 1, init: { from: out, only } };
    const lines: string[] = [];
    const told = { ...silentContext(), reporter: { ...silentReporter, info: (line: string) => void lines.push(line) } };
    const next = await temporaryFolder("next");
    await runTrain(request(next, task, later, { data: labelled }), told);
    expect(lines[0]).toContain(`(trained for ${task})`);
    const init = (await readModelFolder(next)).file.init!;
    expect(init.taken.length).toBeGreaterThan(9);
    expect(init.taken.every((name) => only.some((prefix) => name.startsWith(prefix)))).toBe(true);
  },
);

test("pretraining looks at no lesion: with masks and without it is the same, but for where the brain is", async () => {
  const [with_, without] = [await temporaryFolder("with"), await temporaryFolder("without")];
  const noLesions = await temporaryFolder("no-lesions");
  await writeDiscDataset(noLesions, { cases: 6, shape: [48, 40, 8], seed: 2 });
  const file = join(noLesions, "dataset.json");
  const dataset = JSON.parse(readFileSync(file, "utf8"));
  writeFileSync(file, JSON.stringify({ ...dataset, cases: dataset.cases.map((c: object) => ({ ...c, lesionMask: null })) }));
  await runTrain(request(with_, "infoNce", { steps: 2 }, { data: labelled }), silentContext());
  await runTrain(request(without, "infoNce", { steps: 2 }, { data: noLesions }), silentContext());
  const weights = (out: string) => readFileSync(join(out, "weights/best.safetensors"));
  expect(weights(without).equals(weights(with_))).toBe(true);
});

test("what does not fit is refused in one line", async () => {
  const load = (text: string) => () => parseExperiment(`data: { kind: phantom }\n${text}`, "x.yaml");
  const small = "batchSize: 1, cropSize: 32";
  for (const [text, message] of [
    [
      "model: { kind: yolov5 }\ntrain: { task: infoNce }",
      "train.task must be detect or regions for a yolov5, which finds boxes; got infoNce",
    ],
    ["model: { kind: nnunet }\ntrain: { task: localInfoNce }", "localInfoNce compares places of a unet's way up; got a nnunet"],
    [
      "model: { kind: resnet18 }\ntrain: { task: denoise }",
      "train.task must be classify, classes, restore, infoNce, vicReg, weakBinary, weakTypes or weakGrid for a resnet18",
    ],
    [
      "model: { kind: unet }\ntrain: { task: mil }",
      "mil needs a model that tells of bags of slices, such as { kind: mil }; got a unet",
    ],
    [`train: { task: vicReg, ${small} }`, "train.batchSize must be at least 2 for task vicReg, which tells slices apart; got 1"],
    [`train: { task: restore, ${small} }`, "train.restore.sidePixels must be at most a third of train.cropSize, 10; got 30"],
    ["train: { task: infoNce, augment: { mosaicShare: 0.5 } }", "train.augment.mosaicShare must be 0 for task infoNce; got 0.5"],
    [
      "train: { task: infoNce, loss: { focal: { weight: 1 } } }",
      "focal and tversky must have weight 0 for task infoNce, whose loss is InfoNCE",
    ],
    [
      "model: { kind: unet, channels: [4, 8] }\ntrain: { task: localInfoNce }",
      "train.contrast.level must be at most 0 for model.channels of 2 levels; got 2",
    ],
    [
      "train: { task: localInfoNce, cropSize: 16, contrast: { level: 2 } }",
      "train.contrast.regions must be at most the 4 that maps of 4 places a side hold; got 20",
    ],
    ["split: { folds: 3 }\ntrain: { task: restore }", "split.folds: needs a task that can be evaluated; got train.task restore"],
  ] as const)
    expect(load(text), text).toThrow(message);
  const out = await temporaryFolder("restore");
  await runTrain(request(out, "restore", { steps: 1 }), silentContext());
  const fault = async (work: Promise<unknown>) => {
    const error = (await work.catch((e) => e)) as UserError;
    return `${error.fault}: ${error.message}`;
  };
  const predictions = await temporaryFolder("predictions");
  const predicting = { model: out, input: labelled, splits: null, out: predictions, options: predictOptions.parse({}) };
  expect(await fault(runPredict(predicting, silentContext()))).toMatch(/^data: .*must be a network that something can be predicted by; got one that was only pretrained\. Start a training/); // biome-ignore format: one line
  const whole = { task: "lesion", steps: 1, init: { from: out } };
  const embedded = await temporaryFolder("embedded");
  await runTrain(request(embedded, "localInfoNce", { steps: 1 }), silentContext());
  const next = await temporaryFolder("next");
  const start = (from: string) => fault(runTrain(request(next, "localInfoNce", { ...whole, init: { from } }, { data: labelled }), silentContext())); // biome-ignore format: one line
  expect(await start(embedded)).toMatch(/^data: .*weights of a unet trained for localInfoNce do not fit the unet 4-8-8 to train: every weight has its place in it; got head\./); // biome-ignore format: one line
});
