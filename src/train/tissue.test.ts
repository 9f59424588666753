import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { temporaryFolder, writeDiscDataset } from "../../test/helpers/disc-dataset.ts";
import { readyBackend } from "../backend/index.ts";
import { type Tensor4D, tf } from "../backend/tf.ts";
import { silentContext, silentReporter } from "../core/context.ts";
import { seededRng } from "../core/rng.ts";
import { readDataset, writeDataset } from "../data/dataset.ts";
import { readModelFolder } from "../data/model-folder.ts";
import { readLabels, writeNifti } from "../data/nifti.ts";
import { preprocessOptions } from "../data/preprocess.ts";
import { modelOptions, tissueOutputs } from "../models/index.ts";
import { tissueLoss } from "./losses.ts";
import { lossOptions, trainOptions } from "./options.ts";
import { scorerOf } from "./score.ts";
import { brainBit, classShift, type TrainSlice } from "./slices.ts";
import { runTrain, type TrainRequest } from "./stage.ts";

beforeAll(() => readyBackend("auto", silentReporter).then(() => undefined));

/** Random logits and one-hot targets of 3 channels, as plain numbers. */
function example(pixels: number): { logits: number[]; target: number[] } {
  const rng = seededRng(8);
  const logits = Array.from({ length: 3 * pixels }, () => 3 * rng.normal());
  const target = new Array<number>(3 * pixels).fill(0);
  for (let i = 0; i < pixels; i++) target[3 * i + rng.below(3)] = 1;
  return { logits, target };
}

test("the tissue loss is cross-entropy plus the mean soft Dice of all but the first channel, and finite for any logits", async () => {
  const { logits, target } = example(50);
  let [entropy, weights] = [0, 0];
  const share = [0, 1, 2].map((c) => target.filter((t, k) => k % 3 === c && t === 1).length / 50 + 1e-3);
  const sums = Array.from({ length: 3 }, () => ({ both: 0, either: 0 }));
  for (let i = 0; i < 50; i++) {
    const e = [0, 1, 2].map((c) => Math.exp(logits[3 * i + c]!));
    const total = e[0]! + e[1]! + e[2]!;
    for (const c of [0, 1, 2]) {
      const [p, t] = [e[c]! / total, target[3 * i + c]!];
      if (t === 1) {
        entropy -= Math.log(p) / share[c]! ** 0.7;
        weights += 1 / share[c]! ** 0.7;
      }
      sums[c]!.both += p * t;
      sums[c]!.either += p + t;
    }
  }
  const dice = sums.slice(1).map(({ both, either }) => 1 - (2 * both + 1) / (either + 1));
  const options = lossOptions.parse({ dice: 0.7, crossEntropy: 1.3, classBalance: 0.7 });
  const of = async (values: number[]) => {
    const shape: [number, number, number, number] = [1, 5, 10, 3];
    return (await tissueLoss(tf.tensor4d(values, shape), tf.tensor4d(target, shape), options).data())[0]!;
  };
  expect(await of(logits)).toBeCloseTo((1.3 * entropy) / weights + 0.35 * (dice[0]! + dice[1]!), 5);
  expect(Number.isFinite(await of(logits.map((v) => 400 * v)))).toBe(true);
});

test("the tissue loss has the gradient that small steps measure", async () => {
  const { logits, target } = example(4);
  const shape: [number, number, number, number] = [1, 2, 2, 3];
  const loss = (x: Tensor4D) => tissueLoss(x, tf.tensor4d(target, shape), lossOptions.parse({}));
  const gradient = await tf
    .grad((x) => loss(x as Tensor4D))(tf.tensor4d(logits, shape))
    .data();
  for (const i of [0, 4, 7, 11]) {
    const moved = (by: number) => tf.tensor4d(logits.map((v, k) => (k === i ? v + by : v)), shape); // biome-ignore format: short
    const slope = ((await loss(moved(0.02)).data())[0]! - (await loss(moved(-0.02)).data())[0]!) / 0.04;
    expect(gradient[i]).toBeCloseTo(slope, 3);
  }
});

test("tissues are scored by the mean Dice of those there are, the brain by all of them together", () => {
  const scorer = scorerOf("tissue", 4, 2, null);
  const logits = Float32Array.from([0, 1, 1, 2].flatMap((c) => [0, 1, 2, 3].map((k) => (k === c ? 1 : 0))));
  const masks = Uint8Array.from([0, 1, 2, 1], (c) => (c << classShift) | (c > 0 ? brainBit : 0));
  scorer.add({} as TrainSlice, logits, masks);
  const { dice, auroc, brainDice } = scorer.figures();
  expect(dice).toBeCloseTo((0.5 + 0) / 2, 9); // class 1: 1 of 2 and 2; class 2: none; class 3 is not there
  expect(auroc).toBeNull();
  expect(brainDice).toBe(1);
});

const request = (data: string, out: string, train: object = {}): TrainRequest => ({
  data,
  out,
  model: modelOptions.parse({ kind: "unet", channels: [4, 8, 8] }),
  preprocess: preprocessOptions.parse({}),
  options: trainOptions.parse({
    task: "tissue",
    steps: 200,
    batchSize: 4,
    cropSize: 32,
    validateEvery: 50,
    averageDecay: 0.9,
    validationSlices: 16,
    optimizer: { learningRate: 0.02 },
    augment: { maskShare: 0, biasField: [0, 0], gamma: [1, 1], brightness: [1, 1] },
    ...train,
  }),
  seed: 5,
  resume: false,
});

test("a network learns the tissues of toy slices, and its folder says what its channels mean", async () => {
  const data = await temporaryFolder("tissue-discs");
  await writeDiscDataset(data, { cases: 6, shape: [48, 40, 8], seed: 2, labels: true });
  const out = join(await temporaryFolder("tissue"), "train");
  await runTrain(request(data, out), silentContext());
  const { file } = await readModelFolder(out);
  expect(file.outputs).toEqual([...tissueOutputs]);
  expect(file.validation.auroc).toBeNull();
  expect(file.validation.brainDice!).toBeGreaterThan(0.75);
  expect(file.validation.dice!).toBeGreaterThan(0.4);
});

test("a label outside the scheme's classes is refused by file, id and count", async () => {
  const data = await temporaryFolder("tissue-odd");
  await writeDiscDataset(data, { cases: 3, shape: [32, 32, 3], seed: 2, labels: true });
  const dataset = await readDataset(data);
  const cases = dataset.cases.map((c) => ({ ...c, labels: { ...c.labels! } }));
  const file = join(data, cases[0]!.labels.path);
  const labels = await readLabels(file);
  cases[0]!.labels.sha256 = (await writeNifti(file, { ...labels, data: labels.data.map((id, i) => (i < 2 ? 99 : id)) })).sha256;
  await writeDataset(data, { ...dataset, cases });
  const error = await runTrain(request(data, join(data, "train")), silentContext()).catch((e) => e);
  expect([error.fault, error.message]).toEqual([
    "data",
    expect.stringMatching(
      /^\S+_tissue\.nii\.gz: labels must be ids of the scheme hemosynth; got 99 \(2 voxels\)\. Name the scheme[^\n]*$/,
    ),
  ]);
});

test("without tissue maps the message names synth.writeTissue", async () => {
  const data = await temporaryFolder("tissue-none");
  await writeDiscDataset(data, { cases: 3, shape: [32, 32, 3], seed: 2 });
  await expect(runTrain(request(data, join(data, "train")), silentContext())).rejects.toThrow(
    /sub-01_T2w has none.*synth.writeTissue: true/,
  );
});
