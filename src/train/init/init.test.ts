import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { temporaryFolder, writeDiscDataset } from "../../../test/helpers/disc-dataset.ts";
import { worst } from "../../../test/helpers/seeded.ts";
import { readyBackend } from "../../backend/index.ts";
import { silentContext, silentReporter } from "../../core/context.ts";
import { StoppedError, UserError } from "../../core/errors.ts";
import { sha256 } from "../../core/hash.ts";
import { type ModelFile, modelFileSchema } from "../../data/model-folder.ts";
import { preprocessOptions } from "../../data/preprocess.ts";
import { decodeSafetensors, encodeSafetensors, type FloatTensor, floatsOf } from "../../data/safetensors.ts";
import { modelOptions } from "../../models/index.ts";
import { trainOptions } from "../options.ts";
import { runTrain, type TrainRequest } from "../stage.ts";
import { readInit } from "./load.ts";

let data: string;
let earlier: string;

/** A training whose weights move by less than float32 holds. */
const still = { optimizer: { learningRate: 1e-12, weightDecay: 0 }, averageDecay: 0 };

const nnunet = modelOptions.parse({ kind: "nnunet", channels: [3, 4, 5] }); // no running statistics, which would move by themselves

function request(out: string, train: object = {}, more: Partial<TrainRequest> = {}): TrainRequest {
  const options = { steps: 3, batchSize: 2, cropSize: 32, validateEvery: 1, validationSlices: 8, checkpointEvery: 1, ...train };
  return {
    data,
    out,
    model: nnunet,
    preprocess: preprocessOptions.parse({}),
    options: trainOptions.parse(options),
    seed: 5,
    resume: false,
    ...more,
  };
}

const modelOf = (out: string): ModelFile => modelFileSchema.parse(JSON.parse(readFileSync(join(out, "model.json"), "utf8")));

const weightsOf = (out: string, name = "last") => {
  const bytes = readFileSync(join(out, "weights", `${name}.safetensors`));
  return new Map([...decodeSafetensors(bytes, out).tensors].map(([key, t]) => [key, floatsOf(t, key, out)]));
};

async function fault(work: Promise<unknown>): Promise<string> {
  const error = await work.catch((e: unknown) => e);
  if (!(error instanceof UserError)) throw error;
  expect(error.message).not.toContain("\n");
  return `${error.fault}: ${error.message}`;
}

beforeAll(async () => {
  await readyBackend("auto", silentReporter);
  data = await temporaryFolder("discs");
  await writeDiscDataset(data, { cases: 6, shape: [48, 40, 8], seed: 2 });
  earlier = await temporaryFolder("earlier");
  await runTrain(request(earlier, { steps: 12, validateEvery: 3, optimizer: { learningRate: 0.01 } }), silentContext());
});

test("a training from an earlier one's best weights begins at its loss, given by file or by folder", async () => {
  const best = modelOf(earlier);
  const bytes = readFileSync(join(earlier, best.weights.path));
  const lines: string[] = [];
  const context = { ...silentContext(), reporter: { ...silentReporter, info: (line: string) => void lines.push(line) } };
  const outs: string[] = [];
  for (const from of [earlier, join(earlier, best.weights.path)]) {
    const out = await temporaryFolder("warm");
    await runTrain(request(out, { ...still, steps: 1, init: { from } }), context);
    outs.push(out);
  }
  const [first, second] = outs.map(modelOf) as [ModelFile, ModelFile];
  expect(first.validation.loss).toBeCloseTo(best.validation.loss, 6);
  expect(second).toEqual(first);
  expect(first.init).toEqual({ sha256: sha256(bytes), taken: [...weightsOf(earlier, "best").keys()], summed: [], random: [] });
  expect(lines[0]).toBe(`train: starts from ${join(earlier, best.weights.path)}: 48 weights taken; at random: none`);
  const cold = await temporaryFolder("cold");
  await runTrain(request(cold, { ...still, steps: 1 }), silentContext());
  expect(modelOf(cold).validation.loss).toBeGreaterThan(best.validation.loss + 0.02);
  expect(modelOf(cold)).not.toHaveProperty("init");
});

test("of a checkpoint the weights themselves are taken, not their average; for a task of other outputs, all but the head", async () => {
  const labelled = await temporaryFolder("tissues");
  await writeDiscDataset(labelled, { cases: 6, shape: [48, 40, 8], seed: 2, labels: true });
  const out = await temporaryFolder("tissue");
  const from = join(earlier, "weights/last.safetensors");
  await runTrain(request(out, { ...still, steps: 1, task: "tissue", init: { from } }, { data: labelled }), silentContext());
  const { init } = modelOf(out);
  expect(init!.random).toEqual(
    [0, 1].flatMap((stage) => ["weight", "bias"].map((name) => `decoder.seg_layers.${stage}.${name}`)),
  );
  const [before, after, averaged] = [weightsOf(earlier), weightsOf(out), weightsOf(earlier, "best")];
  for (const name of init!.taken) expect(worst(after.get(name)!, before.get(name)!), name).toBeLessThan(1e-6);
  const name = "encoder.stages.0.0.convs.0.conv.weight";
  expect(worst(after.get(name)!, averaged.get(name)!)).toBeGreaterThan(1e-3);
});

test("where the strides of a ResNet-50 are goes with its weights, best and last; weights of another task are called what they are", async () => {
  const out = await temporaryFolder("strides");
  const model = modelOptions.parse({ kind: "resnet50", width: 1, strideIn: "1x1" });
  const classify = { task: "classify", steps: 1 };
  await runTrain(request(out, classify, { model }), silentContext());
  const told = await temporaryFolder("told");
  const other = { model: modelOptions.parse({ kind: "resnet50", width: 1 }) };
  for (const from of [out, join(out, "weights/best.safetensors"), join(out, "weights/last.safetensors")]) {
    const init = { ...classify, init: { from } };
    expect(await fault(runTrain(request(told, init, other), silentContext()))).toMatch(/^usage: .*these weights are of a resnet50 with strideIn 1x1; got model\.strideIn 3x3\. Set it to 1x1\.$/); // biome-ignore format: one line
  }
  const mil = { task: "mil", init: { from: out, into: "encoder.", only: ["encoder.conv1", "encoder.bn1", "encoder.layer"] } };
  const bags = (strideIn: string) => ({
    model: modelOptions.parse({ kind: "mil", encoder: { kind: "resnet50", width: 1, strideIn } }),
  });
  expect(await fault(runTrain(request(told, mil, bags("3x3")), silentContext()))).toMatch(/got model\.encoder\.strideIn 3x3/);
  const hexanet = modelOptions.parse({ kind: "hexanet", shared: true, encoder: { kind: "resnet50", width: 1 } });
  const crops = readInit({ ...mil.init, into: "branch." }, hexanet, { inChannels: 1, outChannels: 2 }, "crops");
  expect(await fault(crops)).toMatch(/^usage: .*these weights are of a resnet50 with strideIn 1x1; got model\.encoder\.strideIn 3x3\. Set it to 1x1\.$/); // biome-ignore format: one line
  const lines: string[] = [];
  const context = { ...silentContext(), reporter: { ...silentReporter, info: (line: string) => void lines.push(line) } };
  await writeDiscDataset(told, { cases: 6, shape: [48, 40, 8], seed: 2, isHealthy: (i) => i % 2 === 0 });
  const bag = await temporaryFolder("bag");
  await runTrain(request(bag, { ...mil, steps: 1, bags: { images: 2 } }, { ...bags("1x1"), data: told }), context);
  expect(lines[0]).toMatch(
    /^train: starts from .*best\.safetensors \(trained for classify\): 265 weights taken; at random: attention/,
  );
  const segmenter = { model: modelOptions.parse({ kind: "unet", channels: [3, 4] }) };
  expect(await fault(runTrain(request(bag, { init: { from: out } }, segmenter), silentContext()))).toContain("weights of a resnet50 trained for classify do not fit the unet 3-4 to train"); // biome-ignore format: one line
});

test("stopped and resumed it ends in the same bytes, frozen encoder and groups included; with other weights it does not resume", async () => {
  const from = join(await temporaryFolder("weights"), "w.safetensors");
  writeFileSync(from, readFileSync(join(earlier, "weights/best.safetensors")));
  const optimizer = { learningRate: 0.01, freeze: ["encoder."], groups: [{ prefix: "decoder.stages", rateFactor: 0.5 }] };
  const options = { optimizer, init: { from, only: ["encoder.", "decoder.trans"] } };
  const [straight, out] = [await temporaryFolder("straight"), await temporaryFolder("stopped")];
  const seed = 6; // another start of what is not taken
  await runTrain(request(straight, options, { seed }), silentContext());
  await expect(runTrain(request(out, options, { seed }), { ...silentContext(), signal: AbortSignal.abort() })).rejects.toThrow(
    StoppedError,
  );
  const copy = join(await temporaryFolder("elsewhere"), "the-same.safetensors");
  writeFileSync(copy, readFileSync(from));
  const resumed = request(out, { ...options, init: { ...options.init, from: copy } }, { resume: true, seed });
  await runTrain(resumed, silentContext());
  for (const name of ["model.json", "metrics.csv", "weights/best.safetensors", "weights/last.safetensors"])
    expect(readFileSync(join(out, name)).equals(readFileSync(join(straight, name))), name).toBe(true);
  const [given, end] = [weightsOf(earlier, "best"), weightsOf(straight)];
  const moved = (name: string) => worst(end.get(name)!, given.get(name)!) > 0;
  for (const name of given.keys()) if (name.startsWith("encoder.")) expect(moved(name), name).toBe(false);
  for (const name of ["decoder.transpconvs.0.weight", "decoder.stages.1.convs.0.conv.weight"])
    expect(moved(name), name).toBe(true);
  writeFileSync(copy, readFileSync(join(earlier, "weights/last.safetensors")));
  expect(await fault(runTrain(resumed, silentContext()))).toMatch(/^usage: .*a training resumes with what it began with; init\.weights was "\w{64}" and is now "\w{64}"/); // biome-ignore format: one line
  expect(await fault(runTrain({ ...resumed, options: request(out, { optimizer }).options }, silentContext()))).toMatch(/init was \{.*\} and is now not set/); // biome-ignore format: one line
});

test("what cannot be started from is refused in one line, and an earlier result of the folder stays", async () => {
  const folder = await temporaryFolder("bad");
  const best = readFileSync(join(earlier, "weights/best.safetensors"));
  const { tensors } = decodeSafetensors(best, "best");
  const floats = new Map([...tensors].map(([name, t]): [string, FloatTensor] => [name, { shape: t.shape, data: floatsOf(t, name, "") }])); // biome-ignore format: one line
  const name = "decoder.stages.1.convs.0.norm.bias";
  const nan = new Map([...floats, [name, { shape: [3], data: Float32Array.of(0, Number.NaN, 0) }]]);
  const small = new Map([...floats, [name, { shape: [2], data: Float32Array.of(0, 1) }]]);
  const ours = { format: "hemosynth", kind: "nnunet" };
  const files: [string, Uint8Array, RegExp][] = [
    [
      "cut",
      best.subarray(0, best.length - 20),
      /^data: .*cut: not a sound safetensors file: .* Restore the file or write it again\.$/,
    ],
    [
      "w.pt",
      Buffer.from([0x50, 0x4b, 3, 4, ...Buffer.alloc(20)]),
      /^data: .*w\.pt: weights must be safetensors; got a Python pickle/,
    ],
    ["torch", encodeSafetensors(floats, { format: "pt" }), /^data: .*torch: weights must be in the layout of hemosynth.*; got format: pt\. Turn .*import-weights/], // biome-ignore format: one line
    ["nan", encodeSafetensors(nan, ours), /^data: .*nan: weights must be finite; got NaN in decoder\.stages\.1/],
    ["small", encodeSafetensors(small, ours), /^data: .*small: weights of a nnunet do not fit the nnunet 3-4-5 to train: decoder\.stages\.1\.convs\.0\.norm\.bias has shape \[3\]; got \[2\]\. Use the/], // biome-ignore format: one line
  ];
  const kept = sha256(readFileSync(join(earlier, "model.json")));
  const refused = (from: string) => fault(runTrain(request(earlier, { init: { from } }), silentContext()));
  for (const [file, bytes, message] of files) {
    writeFileSync(join(folder, file), bytes);
    expect(await refused(join(folder, file))).toMatch(message);
  }
  writeFileSync(join(folder, "keras"), encodeSafetensors(floats, { format: "hemosynth", kind: "resnet50", strideIn: "1x1" }));
  const options = trainOptions.parse({ task: "classify", init: { from: join(folder, "keras") } });
  const other = { ...request(earlier), options, model: modelOptions.parse({ kind: "resnet50", width: 1 }) };
  expect(await fault(runTrain(other, silentContext()))).toMatch(/^usage: .*keras: these weights are of a resnet50 with strideIn 1x1; got model\.strideIn 3x3\. Set it to 1x1\.$/); // biome-ignore format: one line
  expect(await refused(join(folder, "none"))).toMatch(/^data: .*none: must be a safetensors file or the folder of a trained model; got nothing there\. Check the path\.$/); // biome-ignore format: one line
  expect(await refused(folder)).toMatch(/no trained model \(model\.json\) here or in train\//);
  const changed = join(folder, "run/train");
  mkdirSync(join(changed, "weights"), { recursive: true });
  writeFileSync(join(changed, "model.json"), readFileSync(join(earlier, "model.json")));
  writeFileSync(join(changed, "weights/best.safetensors"), encodeSafetensors(nan, ours));
  expect(await refused(join(folder, "run"))).toMatch(/must be the weights that model\.json names; their SHA-256 differs/);
  expect(sha256(readFileSync(join(earlier, "model.json")))).toBe(kept);
});
