import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { temporaryFolder, writeDiscDataset } from "../../../test/helpers/disc-dataset.ts";
import { contents, trainUntilKilled } from "../../../test/helpers/trained.ts";
import { readyBackend } from "../../backend/index.ts";
import { silentContext, silentReporter } from "../../core/context.ts";
import { StoppedError, type UserError } from "../../core/errors.ts";
import { readModelFolder } from "../../data/model-folder.ts";
import { preprocessOptions } from "../../data/preprocess.ts";
import { cocoResultsSchema } from "../../eval/detect/coco.ts";
import { evalOptions } from "../../eval/options.ts";
import { predictOptions } from "../../eval/predict/options.ts";
import { runPredict } from "../../eval/predict/stage.ts";
import { resultsSchema } from "../../eval/results.ts";
import { parseScores } from "../../eval/scores.ts";
import { runEval } from "../../eval/stage.ts";
import { modelOptions, yoloOptions } from "../../models/index.ts";
import { trainOptions } from "../options.ts";
import { runTrain, type TrainRequest } from "../stage.ts";

let data: string;
let whole: string;

/** Little variation, and some mosaics: what a narrow network learns in seconds. */
const light = { quarterTurn: 0, rotation: [0, 0], scale: [1, 1], shift: [-0.2, 0.2], elasticShare: 0, maskShare: 0, blurShare: 0, lowResolutionShare: 0, mosaicShare: 0.1 }; // biome-ignore format: one line

function request(out: string, train: object = {}, more: Partial<TrainRequest> = {}): TrainRequest {
  const options = {
    task: "detect",
    steps: 200,
    batchSize: 4,
    cropSize: 96,
    validateEvery: 100,
    validationSlices: 100,
    augment: light,
    loss: { detection: { objectGain: 40 } },
    optimizer: { learningRate: 0.005, clipNorm: 10, schedule: { warmupSteps: 10 } },
    averageDecay: 0.9,
    ...train,
  };
  return {
    data,
    out,
    model: modelOptions.parse({ kind: "yolov5", width: 0.125 }),
    preprocess: preprocessOptions.parse({ pixelMm: 0.5 }),
    options: trainOptions.parse(options),
    seed: 5,
    resume: false,
    ...more,
  };
}

/** A short training, with fitted anchors and mosaics in it. */
const short = { steps: 6, batchSize: 2, validateEvery: 2, validationSlices: 6, checkpointEvery: 3 };

beforeAll(async () => {
  await readyBackend("auto", silentReporter);
  data = await temporaryFolder("discs");
  await writeDiscDataset(data, { cases: 9, shape: [48, 40, 8], seed: 2 });
  whole = await temporaryFolder("whole");
  await runTrain(request(whole, short), silentContext());
});

test("a YOLOv5 learns to find discs: trained, predicted and evaluated by boxes", async () => {
  const [train, predictions, out] = [
    await temporaryFolder("train"),
    await temporaryFolder("pred"),
    await temporaryFolder("eval"),
  ];
  const { headline } = await runTrain(request(train), silentContext());
  const { file } = await readModelFolder(train);
  expect([file.outputs, file.validation.dice]).toEqual([["hemorrhage"], null]);
  expect(file.validation.map50).toBeGreaterThan(0.4);
  expect(headline).toContain(`val mAP@0.5 ${file.validation.map50!.toFixed(3)}`);
  const splits = ["val"] as const;
  const predict = (options: object) =>
    runPredict({ model: train, input: data, splits, out: predictions, options: predictOptions.parse(options) }, silentContext());
  await expect(predict({ flips: "all" })).rejects.toThrow("predict.flips must be none for a detector");
  await predict({});
  expect(readdirSync(predictions).sort()).toEqual(["detections_val.json", "overlays", "predict.json", "scores.csv"]);
  const found = cocoResultsSchema.parse(JSON.parse(readFileSync(join(predictions, "detections_val.json"), "utf8")));
  const rows = parseScores(readFileSync(join(predictions, "scores.csv"), "utf8"), "scores.csv");
  for (const [i, { score }] of rows.filter((row) => row.level === "slice").entries()) {
    const own = found.filter((of) => of.image_id === i + 1).map((of) => of.score);
    if (own.length > 0) expect(1 / (1 + Math.exp(-score))).toBeCloseTo(Math.max(...own), 5);
  }
  const report = join(out, "report.html");
  const evaluated = async () => {
    const options = evalOptions.parse({ split: "val", bootstrap: { resamples: 100 } });
    await runEval({ data, predictions, out, report, options, seed: 1 }, silentContext());
    return readFileSync(join(out, "results.json"), "utf8");
  };
  const first = await evaluated();
  expect(await evaluated()).toBe(first);
  const { metrics } = resultsSchema.parse(JSON.parse(first));
  const figure = (metric: string, per: string) => metrics.find((m) => m.metric === metric && m.per === per && m.subset === "all")!; // biome-ignore format: short
  expect(figure("map50", "box").estimate!).toBeGreaterThan(0.4);
  expect(figure("map50", "box").estimate!).toBeGreaterThan(figure("map", "box").estimate!);
  expect(figure("auroc", "slice").estimate!).toBeGreaterThan(0.8);
  expect(figure("dice", "slice").reason).toBe("the network draws no maps");
  expect(readFileSync(report, "utf8")).toContain("mAP@0.5");
});

test("stopped and resumed it ends in the same bytes", async () => {
  const out = await temporaryFolder("train");
  const signal = AbortSignal.abort(); // after the first step
  await expect(runTrain(request(out, short), { ...silentContext(), signal })).rejects.toThrow(StoppedError);
  await runTrain(request(out, short, { resume: true }), silentContext());
  expect(contents(out)).toEqual(contents(whole));
});

test("killed with SIGKILL in the middle and resumed, it ends in the same bytes", async () => {
  const out = await temporaryFolder("killed");
  await trainUntilKilled(request(out, short), 4); // after the checkpoint of step 3, perhaps with the rows of step 4 written
  expect(existsSync(join(out, "weights/last.safetensors"))).toBe(true);
  expect(existsSync(join(out, "model.json"))).toBe(false);
  await runTrain(request(out, short, { resume: true }), silentContext());
  expect(contents(out)).toEqual(contents(whole));
});

test("a head that is taken brings the anchors that it was trained with", async () => {
  const [first, second] = [await temporaryFolder("train"), await temporaryFolder("train")];
  const wide = [[[9, 9], [9, 14], [14, 9]], [[20, 20], [20, 30], [30, 20]], [[40, 40], [40, 60], [60, 40]]]; // biome-ignore format: one line
  const model = modelOptions.parse({ kind: "yolov5", width: 0.125, anchors: wide });
  await runTrain(request(first, { steps: 1, autoAnchor: false }, { model }), silentContext());
  await runTrain(request(second, { steps: 1, autoAnchor: false, init: { from: first } }), silentContext());
  const [before, after] = [await readModelFolder(first), await readModelFolder(second)];
  expect(after.file.model).toEqual(before.file.model);
  expect(after.file.model.anchors).not.toEqual(yoloOptions.parse({ kind: "yolov5" }).anchors);
  expect(after.file.init!.random).toEqual([]);
});

test("a model that finds no boxes, a window off the strides and a loss of masks are refused", async () => {
  const out = await temporaryFolder("train");
  const refused = async (more: object, part: Partial<TrainRequest>) =>
    (await runTrain(request(out, more, part), silentContext()).catch((error: UserError) => error.message)) as string;
  const unet = modelOptions.parse({ kind: "unet", channels: [4, 8] });
  expect(await refused({}, { model: unet })).toBe(
    "train.task detect needs a model that finds boxes, such as { kind: yolov5 }; got a unet. Set one of them.",
  );
  expect(await refused({ task: "lesion" }, {})).toBe("train.task must be detect or regions for a yolov5, which finds boxes; got lesion. Set one of them."); // biome-ignore format: one line
  expect(await refused({ cropSize: 80 }, {})).toBe(
    "train.cropSize must be a multiple of 32 for a yolov5 of width 0.125; got 80. Set it to 96.",
  );
  expect(existsSync(join(out, "model.json"))).toBe(false);
});
