import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { temporaryFolder, writeDiscDataset } from "../../../test/helpers/disc-dataset.ts";
import { contents } from "../../../test/helpers/trained.ts";
import { readyBackend } from "../../backend/index.ts";
import { tf } from "../../backend/tf.ts";
import { parseExperiment } from "../../config/experiment.ts";
import { silentContext, silentReporter } from "../../core/context.ts";
import { StoppedError, type UserError } from "../../core/errors.ts";
import { readModelFolder } from "../../data/model-folder.ts";
import { preprocessOptions } from "../../data/preprocess.ts";
import { evalOptions } from "../../eval/options.ts";
import { anomalyLogits } from "../../eval/predict/anomaly.ts";
import { predictOptions } from "../../eval/predict/options.ts";
import { runPredict } from "../../eval/predict/stage.ts";
import { resultsSchema } from "../../eval/results.ts";
import { runEval } from "../../eval/stage.ts";
import { type Model, modelOptions } from "../../models/index.ts";
import { trainOptions } from "../options.ts";
import { runTrain, type TrainRequest } from "../stage.ts";

let data: string;

function request(out: string, train: object = {}, more: Partial<TrainRequest> = {}): TrainRequest {
  const options = {
    task: "denoise",
    steps: 120,
    batchSize: 4,
    cropSize: 32,
    validateEvery: 20,
    validationSlices: 16,
    averageDecay: 0.9,
    denoise: { noise: 0.4 },
    optimizer: { learningRate: 0.01 },
    ...train,
  };
  return {
    data,
    out,
    model: modelOptions.parse({ kind: "autoencoder", channels: [8, 8, 16] }),
    preprocess: preprocessOptions.parse({}),
    options: trainOptions.parse(options),
    seed: 5,
    resume: false,
    ...more,
  };
}

beforeAll(async () => {
  await readyBackend("auto", silentReporter);
  data = await temporaryFolder("discs");
  await writeDiscDataset(data, { cases: 12, shape: [48, 40, 8], seed: 2, isHealthy: (i) => i % 2 === 0 });
});

test("trained on healthy cases alone, what it cannot give back is a map that finds blood better than chance; evaluated as a segmenter", async () => {
  const [train, predictions, out] = [
    await temporaryFolder("train"),
    await temporaryFolder("pred"),
    await temporaryFolder("eval"),
  ];
  const { headline, summary } = await runTrain(request(train), silentContext());
  expect((summary as { cases: object }).cases).toEqual({ train: 4, val: 2 }); // half of 8, and of 4
  expect(headline).toContain("val loss ");
  const { file } = await readModelFolder(train);
  expect(file.outputs).toEqual(["denoised"]);
  expect(file.validation.loss).toBeLessThan(0.05); // the noise alone: its variance, .4² · (2/3)²
  const splits = ["val"] as const;
  const predict = (options: object) =>
    runPredict({ model: train, input: data, splits, out: predictions, options: predictOptions.parse(options) }, silentContext());
  await expect(predict({})).rejects.toThrow("predict.gate: predicted needs a network with a brain output; got one without. Use gate: tissue, given or none."); // biome-ignore format: one line
  await predict({ gate: "given" });
  expect(readdirSync(predictions).filter((name) => name.endsWith("_lesionprob.nii.gz"))).toHaveLength(4);
  const options = evalOptions.parse({ split: "val", bootstrap: { resamples: 100 } });
  await runEval({ data, predictions, out, report: join(out, "report.html"), options, seed: 1 }, silentContext());
  const { metrics } = resultsSchema.parse(JSON.parse(readFileSync(join(out, "results.json"), "utf8")));
  const figure = (metric: string, per: string) => metrics.find((m) => m.metric === metric && m.per === per)!.estimate!;
  expect(figure("auroc", "slice")).toBeGreaterThan(0.7);
});

test("stopped and resumed it ends in the same bytes", async () => {
  const [straight, out] = [await temporaryFolder("train"), await temporaryFolder("train")];
  const short = { steps: 4, validateEvery: 2, checkpointEvery: 2 };
  await runTrain(request(straight, short), silentContext());
  const context = { ...silentContext(), signal: AbortSignal.abort() };
  await expect(runTrain(request(out, short), context)).rejects.toThrow(StoppedError);
  await runTrain(request(out, short, { resume: true }), silentContext());
  expect(contents(out)).toEqual(contents(straight));
});

test("the logit is that of the absolute difference, and finite where nothing differs or more than white does", () => {
  const given = tf.tensor4d([0.5, 0.2, 0, 3], [1, 2, 2, 1]);
  const model = { sizeMultiple: 1, apply: () => tf.tensor4d([0.25, 0.3, 0, 0], [1, 2, 2, 1]) } as unknown as Model;
  const logits = [...anomalyLogits(model).apply(given, { training: false }).dataSync()];
  const sigmoid = logits.map((z) => 1 / (1 + Math.exp(-z)));
  for (const [i, wanted] of [0.25, 0.1, 1 / 4000, 1 - 1 / 4000].entries()) expect(sigmoid[i]).toBeCloseTo(wanted, 5);
});

test("without a healthy case, or with a gate that it has not, it is refused", async () => {
  const ill = await temporaryFolder("ill");
  await writeDiscDataset(ill, { cases: 3, shape: [24, 20, 4], seed: 2 });
  const out = await temporaryFolder("train");
  const error = (await runTrain(request(out, {}, { data: ill }), silentContext()).catch((e) => e)) as UserError;
  expect(`${error.fault}: ${error.message}`).toBe("data: the train split must have a case without blood to learn what is healthy from; got none. Make healthy ones with synth, or use more subjects."); // biome-ignore format: one line
  const config = "data: { kind: phantom }\nmodel: { kind: autoencoder }\ntrain: { task: denoise }";
  expect(() => parseExperiment(config, "x.yaml")).toThrow("predict.gate must be tissue, given or none for train.task denoise");
});
