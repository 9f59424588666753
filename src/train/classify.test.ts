import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { temporaryFolder, writeDiscDataset } from "../../test/helpers/disc-dataset.ts";
import { readyBackend } from "../backend/index.ts";
import { type Tensor4D, tf } from "../backend/tf.ts";
import { parseExperiment } from "../config/experiment.ts";
import { silentContext, silentReporter } from "../core/context.ts";
import { StoppedError, UserError } from "../core/errors.ts";
import { seededRng } from "../core/rng.ts";
import { middleOf } from "../core/window.ts";
import { readModelFolder } from "../data/model-folder.ts";
import { readVolume } from "../data/nifti.ts";
import { preprocessOptions } from "../data/preprocess.ts";
import { evalOptions } from "../eval/options.ts";
import { copyMiddle } from "../eval/predict/classify.ts";
import { predictOptions } from "../eval/predict/options.ts";
import { runPredict } from "../eval/predict/stage.ts";
import { resultsSchema } from "../eval/results.ts";
import { parseScores } from "../eval/scores.ts";
import { runEval } from "../eval/stage.ts";
import { modelOptions } from "../models/index.ts";
import { plainWindow } from "./augment/apply.ts";
import { drawBatch, paintBatch } from "./batch.ts";
import { bleedLoss } from "./losses.ts";
import { lossOptions, trainOptions } from "./options.ts";
import { groupSlices } from "./sampler.ts";
import { brainBit, lesionBit, quantum, type TrainSlice } from "./slices.ts";
import { runTrain, type TrainRequest } from "./stage.ts";

let data: string;

function request(out: string, train: object = {}, more: Partial<TrainRequest> = {}): TrainRequest {
  const options = {
    task: "classify",
    steps: 300,
    batchSize: 8,
    cropSize: 48,
    validateEvery: 50,
    validationSlices: 100,
    averageDecay: 0.9,
    augment: { rotation: [0, 0], scale: [1, 1], elasticShare: 0, maskShare: 0 },
    ...train,
  };
  return {
    data,
    out,
    model: modelOptions.parse({ kind: "resnet18", width: 4 }),
    preprocess: preprocessOptions.parse({}),
    options: trainOptions.parse({ optimizer: { learningRate: 0.01 }, ...options }),
    seed: 5,
    resume: false,
    ...more,
  };
}

beforeAll(async () => {
  await readyBackend("auto", silentReporter);
  data = await temporaryFolder("discs");
  await writeDiscDataset(data, { cases: 15, shape: [48, 40, 8], seed: 2 });
});

test("a ResNet learns which slices bleed: trained, predicted and evaluated by scores alone", async () => {
  const [train, predictions, out] = [
    await temporaryFolder("train"),
    await temporaryFolder("pred"),
    await temporaryFolder("eval"),
  ];
  const { headline } = await runTrain(request(train), silentContext());
  const { file } = await readModelFolder(train);
  expect([file.outputs, file.window, file.validation.dice]).toEqual([["bleed"], 48, null]);
  expect(file.validation.auroc).toBeGreaterThan(0.85); // .93 to .98 with four seeds; the last bits, and so the whole way, are the processor's
  expect(headline).toContain(`slice AUROC ${file.validation.auroc!.toFixed(3)}`);
  const splits = ["val"] as const;
  const predict = (heatmap: object) =>
    runPredict(
      { model: train, input: data, splits, out: predictions, options: predictOptions.parse({ heatmap }) },
      silentContext(),
    );
  await predict({ method: "none" });
  expect(readdirSync(predictions).sort()).toEqual(["predict.json", "scores.csv"]);
  const rows = parseScores(readFileSync(join(predictions, "scores.csv"), "utf8"), "scores.csv");
  expect(rows.filter((row) => row.level === "slice")).toHaveLength(5 * 8);
  for (const stack of rows.filter((row) => row.level === "stack")) {
    const own = rows.filter((row) => row.level === "slice" && row.case === stack.case).map((row) => row.score);
    expect([stack.score, stack.lesionMm3]).toEqual([Math.max(...own), null]);
  }
  const report = join(out, "report.html");
  const evaluated = async (more: object) => {
    const options = evalOptions.parse({ split: "val", bootstrap: { resamples: 100 }, ...more });
    await runEval({ data, predictions, out, report, options, seed: 1 }, silentContext());
    return resultsSchema.parse(JSON.parse(readFileSync(join(out, "results.json"), "utf8")));
  };
  const results = await evaluated({});
  const figure = (metric: string, per: string) =>
    results.metrics.find((m) => m.metric === metric && m.per === per && m.subset === "all");
  expect(figure("auroc", "slice")!.estimate).toBeCloseTo(file.validation.auroc!, 6); // two ways to the same: whole val split, other code
  for (const { metrics } of [results, await evaluated({ mask: { rule: "fixed", probability: 0.5 } })]) {
    const dices = metrics.filter((m) => m.metric.startsWith("dice"));
    expect(new Set(dices.map((m) => [m.estimate, m.reason].join()))).toEqual(new Set([",the network draws no maps"]));
  }
  expect(results.notes).toContain(
    "The network tells of whole slices and draws no maps: there is no Dice, and cases show the truth alone.",
  );
  expect(existsSync(report)).toBe(true);
  expect(figure("pointing", "slice")).toBeUndefined();

  await predict({ method: "occlusion", patchMm: 8, faithfulness: true });
  const heat = readdirSync(predictions).filter((name) => name.endsWith("_heatmap.nii.gz"));
  expect([heat.length, readdirSync(join(predictions, "overlays")).length]).toEqual([5, 5]);
  expect((await readVolume(join(predictions, heat[0]!))).data.every((v) => v >= 0)).toBe(true);
  expect(readFileSync(join(predictions, "heatmaps.csv"), "utf8").trim().split("\n")).toHaveLength(1 + 5 * 8);
  const { metrics } = await evaluated({});
  for (const name of ["pointing", "pointingChance"]) {
    const found = metrics.find(({ metric }) => metric === name)!;
    expect([found.n, typeof found.estimate]).toEqual([results.splits[0]!.positiveSlices, "number"]);
  }
});

test("stopped and resumed it ends in the same bytes", async () => {
  const [straight, out] = [await temporaryFolder("train"), await temporaryFolder("train")];
  await runTrain(request(straight, { steps: 4, validateEvery: 2 }), silentContext());
  const signal = AbortSignal.abort(); // after the first step
  await expect(runTrain(request(out, { steps: 4, validateEvery: 2 }), { ...silentContext(), signal })).rejects.toThrow(
    StoppedError,
  );
  await runTrain(request(out, { steps: 4, validateEvery: 2 }, { resume: true }), silentContext());
  for (const name of ["model.json", "metrics.csv", "weights/best.safetensors", "weights/last.safetensors"])
    expect(readFileSync(join(out, name)).equals(readFileSync(join(straight, name)))).toBe(true);
});

/** A slice of 20 x 16 with `lesion` lesion pixels near its left edge. */
function slice(lesion: number): TrainSlice {
  const masks = new Uint8Array(320).fill(brainBit);
  for (let i = 0; i < lesion; i++) masks[20 * i + 1]! |= lesionBit;
  const pixels = Uint16Array.from({ length: 320 }, (_, i) => quantum * (i % 7));
  return {
    caseId: "a",
    index: lesion,
    width: 20,
    height: 16,
    pixels,
    masks,
    lesionPixels: lesion,
    brainPixels: 320,
    maskedGain: 1,
  };
}

test("a slice bleeds where its window shows four lesion pixels; the window is the middle, and the same in prediction", () => {
  const plain = { mirror: 0, quarterTurn: 0, rotation: [0, 0], scale: [1, 1], shift: [0, 0], elasticShare: 0 };
  const drawn = (lesion: number, cropSize: number) => {
    const options = trainOptions.parse({ task: "classify", batchSize: 1, cropSize, augment: plain, sampling: { noBrain: 0 } });
    const slices = [slice(lesion)];
    return paintBatch(drawBatch(seededRng(1), { slices, groups: groupSlices(slices) }, 1, options));
  };
  expect([4, 8, 0].flatMap((lesion) => [...drawn(lesion, 20).target.data])).toEqual([1, 1, 0]);
  expect([...drawn(8, 16).target.data]).toEqual([0]); // the left edge is cut off
  for (const size of [16, 18, 24, 31]) {
    const out = new Float32Array(size * size + 3);
    const { width, height, pixels } = slice(0);
    copyMiddle({ width, height, data: Float32Array.from(pixels, (v) => v / quantum) }, size, out, 3);
    expect(out.subarray(3)).toEqual(plainWindow(slice(0), middleOf(slice(0)), size).image);
  }
});

test("the loss is the mean over slices, those with blood weighted", async () => {
  const [logits, target] = [tf.tensor4d([2, -1, 0.5], [3, 1, 1, 1]), tf.tensor4d([1, 1, 0], [3, 1, 1, 1])];
  const cost = (z: number) => Math.log(1 + Math.exp(z));
  const loss = (options: object) => bleedLoss(logits as Tensor4D, target as Tensor4D, lossOptions.parse(options)).dataSync()[0]!;
  expect(loss({})).toBeCloseTo((cost(-2) + cost(1) + cost(0.5)) / 3, 5);
  expect(loss({ lesionPixelWeight: 3, crossEntropy: 2 })).toBeCloseTo((2 * (3 * cost(-2) + 3 * cost(1) + cost(0.5))) / 3, 5);
});

test("a task that the model cannot learn is refused, in a config and in training", async () => {
  const load = (text: string) => () => parseExperiment(`data: { kind: phantom }\n${text}`, "x.yaml");
  expect(load("model: { kind: resnet18 }")).toThrow(
    "x.yaml train.task must be classify, classes, restore, infoNce, vicReg, weakBinary, weakTypes or weakGrid for a resnet18, which tells of whole slices; got lesion",
  );
  expect(load("train: { task: classify }")).toThrow(
    "train.task: classify needs a model that tells of whole slices, such as { kind: resnet18 }; got a unet",
  );
  expect(load("model: { kind: resnet50, width: 8 }\ntrain: { task: classify, cropSize: 50 }")).not.toThrow();
  const error = await runTrain(request(await temporaryFolder("train"), { task: "lesion" }), silentContext()).catch((e) => e);
  expect([error instanceof UserError, error.message]).toEqual([
    true,
    expect.stringMatching(
      /^train\.task must be classify, classes, restore, infoNce, vicReg, weakBinary, weakTypes or weakGrid for a resnet18/,
    ),
  ]);
});
