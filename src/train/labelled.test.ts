import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { temporaryFolder } from "../../test/helpers/disc-dataset.ts";
import { pictureClasses, shapes, writeLabelledDataset } from "../../test/helpers/labelled-dataset.ts";
import { readyBackend } from "../backend/index.ts";
import { axisAlignedAffine } from "../core/affine.ts";
import { silentContext, silentReporter } from "../core/context.ts";
import type { UserError } from "../core/errors.ts";
import { writeDrawn } from "../data/case-files.ts";
import { readDataset, readSplits, writeDataset, writeSplits } from "../data/dataset.ts";
import { readModelFolder } from "../data/model-folder.ts";
import { readVolume, writeNifti } from "../data/nifti.ts";
import { preprocessOptions } from "../data/preprocess.ts";
import { evalOptions } from "../eval/options.ts";
import { predictOptions } from "../eval/predict/options.ts";
import { runPredict } from "../eval/predict/stage.ts";
import { cropOptions } from "../eval/regions/options.ts";
import { runRegions } from "../eval/regions/stage.ts";
import { type Metric, resultsSchema } from "../eval/results.ts";
import { parseScores } from "../eval/scores.ts";
import { runEval } from "../eval/stage.ts";
import { evalResult } from "../eval/summary.ts";
import { modelOptions } from "../models/index.ts";
import { trainOptions } from "./options.ts";
import { runTrain } from "./stage.ts";

let pictures: string;
beforeAll(async () => {
  await readyBackend("auto", silentReporter);
  pictures = await temporaryFolder("pictures");
  await writeLabelledDataset(pictures, 27, 4);
});

/** Little variation: what a small network learns in seconds. */
const augment = { mirror: 0, rotation: [0, 0], scale: [1, 1], shift: [-0.03, 0.03], elasticShare: 0, maskShare: 0, noiseShare: 0, blurShare: 0, lowResolutionShare: 0, biasField: [0, 0.1], gamma: [0.9, 1.1], brightness: [0.9, 1.1], contrast: [0.9, 1.1] }; // biome-ignore format: one line
const preprocess = preprocessOptions.parse({ window: [0, 255], orientation: "stored" });

async function trained(model: object, train: object, data = pictures): Promise<string> {
  const out = await temporaryFolder("train");
  const options = trainOptions.parse({
    ...{ steps: 80, batchSize: 8, cropSize: 64, validateEvery: 20, averageDecay: 0.8, augment },
    optimizer: { learningRate: 0.004, schedule: { kind: "constant", warmupSteps: 5 } },
    ...train,
  });
  await runTrain({ data, out, model: modelOptions.parse(model), preprocess, options, seed: 5, resume: false }, silentContext());
  return out;
}

async function evaluated(model: string, data = pictures) {
  const [predictions, out] = [await temporaryFolder("pred"), await temporaryFolder("eval")];
  const splits = ["val"] as const;
  await runPredict({ model, input: data, splits, out: predictions, options: predictOptions.parse({ overlays: { slices: 1 } }) }, silentContext()); // biome-ignore format: one line
  const options = evalOptions.parse({ split: "val", bootstrap: { resamples: 100 } });
  await runEval({ data, predictions, out, report: join(out, "report.html"), options, seed: 1 }, silentContext());
  return { predictions, out, results: resultsSchema.parse(JSON.parse(readFileSync(join(out, "results.json"), "utf8"))) };
}

const slow = { timeout: 240_000 };

test(
  "classes of whole pictures are learnt, predicted with heat maps, and evaluated by picture and by subject",
  slow,
  async () => {
    const train = { task: "classes", outputs: ["normal", "large", "missing"], loss: { classBalance: 1 } };
    const model = await trained({ kind: "miniresnet", widths: [8, 16, 16] }, train);
    const { file } = await readModelFolder(model);
    expect([file.task, file.outputs, file.window]).toEqual(["classes", pictureClasses, 64]);
    expect(file.validation.auroc).toBeGreaterThan(0.9);
    const { predictions, out, results } = await evaluated(model);
    expect(readdirSync(predictions).filter((name) => name.endsWith("_heatmap.nii.gz"))).toHaveLength(18);
    const { names, levels } = results.classes!;
    expect(names).toEqual([...pictureClasses].sort());
    const figure = (per: string, metric: string, subset = "all") =>
      levels.find((one) => one.per === per)!.figures.find((one) => one.metric === metric && one.subset === subset)!;
    expect(figure("image", "roc_auc_macro").estimate).toBeCloseTo(file.validation.auroc!, 6); // two ways to the same
    expect(figure("image", "roc_auc_macro")).toMatchObject({ n: 18, clusters: 9 });
    expect(figure("examination, mean of probabilities", "accuracy").n).toBe(9);
    expect(figure("examination, vote", "recall:large").n).toBe(3);
    expect(figure("image", "accuracy", "weeks=16 to 19").n).toBeGreaterThan(0);
    expect(results.splits[0]).toMatchObject({ positiveStacks: 12, positiveExaminations: 6 });
    expect(readFileSync(join(out, "report.html"), "utf8")).toContain("per examination, vote");
    expect(evalResult(results).headline).toMatch(/^optimistic: macro AUROC of examinations [\d.]+.*, accuracy [\d.]+.* on val$/);
  },
);

test("other stands for every class that is not named; a class that nothing stands for is refused", slow, async () => {
  const model = await trained({ kind: "miniresnet", widths: [8] }, { task: "classes", outputs: ["normal", "other"], steps: 4 });
  const { results } = await evaluated(model);
  expect(results.classes!.levels[0]!.confusion.flat().reduce((a, b) => a + b, 0)).toBe(18);
  const fault = await trained({ kind: "miniresnet" }, { task: "classes", outputs: ["normal", "large"] }).catch(
    (error: UserError) => error.message,
  );
  expect(fault).toMatch(/train\.outputs must name every class of .*, or have other; got missing for sub-07_0/);
});

/** Crops of the two shapes, by the boxes of the dataset or those of a detector. */
async function cut(detector: string | null, data = pictures) {
  const out = await temporaryFolder("regions");
  const options = cropOptions.parse({ names: [...shapes], boxes: detector === null ? "given" : "detected" });
  const { bootstrap } = evalOptions.parse({ bootstrap: { resamples: 100 } });
  const { summary } = await runRegions({ data, detector, out, options, side: 24, pixelMm: 1, bootstrap, seed: 1 }, silentContext()); // biome-ignore format: one line
  return { out, summary, dataset: await readDataset(out) };
}

test("a case is told by crops of its regions, one of which may be missing", slow, async () => {
  const { out, summary, dataset } = await cut(null);
  expect(summary).toMatchObject({ examinations: 27, missing: 9 });
  const subjects = (await readDataset(pictures)).cases.map((c) => c.subject);
  expect(dataset.cases.map(({ subject }) => subject)).toEqual([...new Set(subjects)]);
  for (const { image, class: name } of dataset.cases) {
    const { data, shape } = await readVolume(join(out, image.path), undefined, image.sha256);
    expect(shape).toEqual([24, 24, 2]);
    const [disc, bar] = [data.subarray(0, 576), data.subarray(576)];
    expect([Math.max(...disc) > 150, Math.max(...bar) > 150]).toEqual([true, name !== "missing"]);
    expect(disc[12 + 24 * 12]).toBeGreaterThan(150); // the disc fills its crop, whatever its size
  }
  const train = { task: "crops", outputs: ["normal", "missing", "other"], cropSize: 24, steps: 60 };
  const model = await trained({ kind: "hexanet", regions: 2, encoder: { kind: "miniresnet", widths: [8, 8] } }, train, out);
  const { predictions, results, out: evaluation } = await evaluated(model, out);
  const auroc = results.classes!.levels[0]!.figures.find(({ metric }) => metric === "roc_auc:missing")!;
  expect([auroc.estimate, auroc.n]).toEqual([1, 9]); // a black crop is easy
  const scores = parseScores(readFileSync(join(predictions, "scores.csv"), "utf8"), "scores.csv");
  const volumes = readFileSync(join(evaluation, "units.csv"), "utf8")
    .split("\n")
    .filter((line) => line.startsWith("subject,"));
  expect(new Set(volumes.map((line) => [7, 9].map((i) => line.split(",")[i]).join()))).toEqual(new Set(["0,0", "1,"])); // as of whole pictures
  for (const stack of scores.filter(({ level }) => level === "stack")) {
    const slices = scores.filter(({ level, case: id }) => level === "slice" && id === stack.case);
    expect(slices.map(({ score }) => score)).toEqual([stack.score, stack.score]);
  }
  const { val, ...splits } = await readSplits(out);
  await writeSplits(out, { ...splits, val: [...val, "sub-none"] });
  const options = evalOptions.parse({ split: "val" });
  const again = runEval({ data: out, predictions, out: evaluation, report: join(evaluation, "report.html"), options, seed: 1 }, silentContext()); // biome-ignore format: one line
  await expect(again).rejects.toThrow("splits must name subjects of the dataset; got sub-none"); // of leaks only equal pictures pass
  await expect(trained({ kind: "hexanet", regions: 2 }, train, out)).rejects.toThrow("splits must name subjects of the dataset");
});

test("the sidecar of a picture goes with its crops", slow, async () => {
  const data = await temporaryFolder("with sidecars");
  await writeLabelledDataset(data, 3, 4);
  const dataset = await readDataset(data);
  const sidecar = await writeDrawn(data, "drawn/sub-00", { seed: 4 });
  await writeDataset(data, { ...dataset, cases: dataset.cases.map((c, i) => (i === 0 ? { ...c, sidecar } : c)) });
  const { out, dataset: crops } = await cut(null, data);
  expect(crops.cases.map((c) => c.sidecar)).toEqual([sidecar, null, null]);
  expect(readFileSync(join(out, sidecar.path))).toEqual(readFileSync(join(data, sidecar.path)));
  writeFileSync(join(data, sidecar.path), "{}");
  await expect(cut(null, data)).rejects.toThrow(`${join(data, sidecar.path)}: must be the file that the dataset was made with; got another content. Restore it, or make the dataset again.`); // biome-ignore format: one line
});

test("a case that has not one slice for each region is refused, in training and in prediction", slow, async () => {
  const { out } = await cut(null);
  const train = { task: "crops", outputs: ["normal", "missing", "other"], cropSize: 24, steps: 2 };
  const encoder = { kind: "miniresnet", widths: [8] };
  const unlike = trained({ kind: "hexanet", regions: 3, encoder }, train, out).catch((error: UserError) => error);
  expect(await unlike).toMatchObject({ fault: "data", message: `${out}: every case must have 3 slices, one for each of model.regions; got 2 in sub-01_0_regions. Set model.regions to 2.` }); // biome-ignore format: one line
  const model = await trained({ kind: "hexanet", regions: 2, encoder }, train, out);
  for (const slices of [3, 4]) {
    const input = join(await temporaryFolder("exam"), "exam.nii.gz");
    const shape = [24, 24, slices] as const;
    await writeNifti(input, {
      data: new Uint8Array(576 * slices).fill(9),
      shape,
      affine: axisAlignedAffine([...shape], [1, 1, 4]),
    });
    const request = { model, input, splits: null, out: await temporaryFolder("pred"), options: predictOptions.parse({}) };
    const fault = await runPredict(request, silentContext()).catch((error: UserError) => error);
    expect(fault).toMatchObject({ fault: "data", message: `${input}: must have 2 slices, one for each region that the network was trained on; got ${slices}. Cut the regions of the case first.` }); // biome-ignore format: one line
  }
});

test("regions are found by their names", slow, async () => {
  const train = { task: "regions", outputs: [...shapes], steps: 150, loss: { detection: { objectGain: 40 } } };
  const model = await trained({ kind: "yolov5", width: 0.125 }, train);
  const { file } = await readModelFolder(model);
  expect([file.task, file.outputs]).toEqual(["regions", shapes]);
  const { results } = await evaluated(model);
  const map50 = results.metrics.find(({ metric }) => metric === "map50")!;
  expect(map50.n).toBe(30); // eighteen discs, and bars in two classes of three
  expect(map50.estimate).toBeGreaterThan(0.5);
  const { summary } = await cut(model);
  const { val } = summary.detection as { val: Metric[] };
  expect(val[0]).toMatchObject({ metric: "map50", n: 30 });
  expect(val[0]!.estimate).toBeCloseTo(map50.estimate!, 2); // two ways to the same; one rounds boxes and scores
});
