import { appendFileSync, cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { temporaryFolder, writeDiscDataset } from "../../test/helpers/disc-dataset.ts";
import { contents, trainUntilKilled } from "../../test/helpers/trained.ts";
import { readyBackend } from "../backend/index.ts";
import { tf } from "../backend/tf.ts";
import { silentContext, silentReporter } from "../core/context.ts";
import { StoppedError, UserError } from "../core/errors.ts";
import { seededRng } from "../core/rng.ts";
import { readModelFolder } from "../data/model-folder.ts";
import { preprocessOptions } from "../data/preprocess.ts";
import { decodeSafetensors, encodeSafetensors, type FloatTensor, floatsOf } from "../data/safetensors.ts";
import { predictOptions } from "../eval/predict/options.ts";
import { runPredict } from "../eval/predict/stage.ts";
import { buildModel, modelOptions, setWeights } from "../models/index.ts";
import { loadData, planData } from "./load.ts";
import { trainOptions } from "./options.ts";
import type { FreshScenes } from "./rounds.ts";
import { runTrain, type TrainRequest } from "./stage.ts";

let data: string;
let whole: string;

function request(out: string, train: object = {}, more: Partial<TrainRequest> = {}): TrainRequest {
  const options = { steps: 14, batchSize: 2, cropSize: 32, validateEvery: 4, validationSlices: 6, checkpointEvery: 5, ...train };
  return {
    data,
    out,
    model: modelOptions.parse({ kind: "unet", channels: [4, 6, 8] }),
    preprocess: preprocessOptions.parse({}),
    options: trainOptions.parse(options),
    seed: 5,
    resume: false,
    ...more,
  };
}

async function fault(run: Promise<unknown>): Promise<UserError> {
  const error = await run.then(
    () => "no error",
    (e) => e,
  );
  expect(error).toBeInstanceOf(UserError);
  expect((error as UserError).message).not.toContain("\n");
  return error as UserError;
}

beforeAll(async () => {
  await readyBackend("auto", silentReporter);
  data = await temporaryFolder("discs");
  await writeDiscDataset(data, { cases: 6, shape: [48, 40, 8], seed: 2 });
  whole = join(await temporaryFolder("train"), "whole");
  await runTrain(request(whole), silentContext());
});

test("writes a model that reads back, rows in the table for every validation, and the same bytes again with another number of workers", async () => {
  expect(Object.keys(contents(whole))).toEqual([
    "metrics.csv",
    "model.json",
    join("tb", "events.out.tfevents.0.hemosynth"),
    join("weights", "best.safetensors"),
    join("weights", "last.safetensors"),
  ]);
  const steps = readFileSync(join(whole, "metrics.csv"), "utf8")
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => line.split(",")[0]);
  expect(steps).toEqual(["4", "8", "12", "14"]);
  const { file, weights, where } = await readModelFolder(whole);
  const model = buildModel(modelOptions.parse(file.model), {
    inChannels: file.inChannels,
    outChannels: file.outputs.length,
    seed: 99,
  });
  setWeights(model, weights, where);
  model.dispose();
  const again = await temporaryFolder("again");
  await runTrain(request(again), silentContext(3));
  expect(contents(again)).toEqual(contents(whole));
});

test("another seed gives other weights", async () => {
  const other = await temporaryFolder("seed");
  await runTrain(request(other, { steps: 2 }, { seed: 6 }), silentContext());
  const twin = await temporaryFolder("seed");
  await runTrain(request(twin, { steps: 2 }), silentContext());
  const name = join("weights", "best.safetensors");
  expect(contents(other)[name]).not.toBe(contents(twin)[name]);
});

test("stopped by its signal at any step and resumed, it ends in the same bytes", async () => {
  for (const stopAfter of [4, 5, 12]) {
    const out = await temporaryFolder("stopped");
    const stop = new AbortController();
    // Progress is told when losses are read: every tenth step and when a validation or checkpoint is due.
    const reporter = {
      ...silentReporter,
      progress: (label: string, done: number) => void (label === "train" && done >= stopAfter && stop.abort()),
    };
    await expect(runTrain(request(out), { ...silentContext(), reporter, signal: stop.signal })).rejects.toThrow(StoppedError);
    expect(existsSync(join(out, "model.json"))).toBe(false);
    const { metadata } = decodeSafetensors(readFileSync(join(out, "weights/last.safetensors")), "last");
    expect(JSON.parse(metadata.get("hemosynth")!).progress.step).toBe(stopAfter + 1);
    await runTrain(request(out, {}, { resume: true }), silentContext());
    expect(contents(out)).toEqual(contents(whole));
  }
});

test("with momentum, accumulated batches, frozen weights and groups: stopped and resumed, it ends in the same bytes", async () => {
  const optimizer = {
    kind: "sgd",
    momentum: 0.9,
    accumulate: 2,
    freeze: ["down0.conv0"],
    groups: [{ prefix: "up", rateFactor: 0.5 }],
  };
  const [straight, out] = [await temporaryFolder("sgd"), await temporaryFolder("sgd")];
  await runTrain(request(straight, { optimizer }), silentContext());
  const stop = new AbortController();
  const progress = (label: string, done: number) => void (label === "train" && done >= 4 && stop.abort());
  const context = { ...silentContext(), reporter: { ...silentReporter, progress }, signal: stop.signal };
  await expect(runTrain(request(out, { optimizer }), context)).rejects.toThrow(StoppedError);
  await runTrain(request(out, { optimizer }, { resume: true }), silentContext());
  expect(contents(out)).toEqual(contents(straight));
  expect(contents(out)[join("weights", "last.safetensors")]).not.toBe(contents(whole)[join("weights", "last.safetensors")]);
});

test("an nnU-Net trains with deep supervision, resumes to the same bytes, and predicts", async () => {
  const model = modelOptions.parse({ kind: "nnunet", channels: [3, 4, 5, 6] });
  const [straight, out] = [await temporaryFolder("nnunet"), await temporaryFolder("nnunet")];
  await runTrain(request(straight, { steps: 2, checkpointEvery: 1 }, { model }), silentContext());
  const stop = new AbortController();
  stop.abort(); // after the first step
  await expect(
    runTrain(request(out, { steps: 2, checkpointEvery: 1 }, { model }), { ...silentContext(), signal: stop.signal }),
  ).rejects.toThrow(StoppedError);
  await runTrain(request(out, { steps: 2, checkpointEvery: 1 }, { model, resume: true }), silentContext());
  expect(contents(out)).toEqual(contents(straight));
  const maps = await temporaryFolder("maps");
  const options = predictOptions.parse({});
  await runPredict({ model: out, input: data, splits: ["val"], out: maps, options }, silentContext());
  expect(readdirSync(maps).filter((name) => name.endsWith("_lesionprob.nii.gz"))).toHaveLength(2);
});

test("with several weights kept and patience, stopped and resumed, the folder is the same, and a new training clears it", async () => {
  const options = {
    steps: 30,
    validateEvery: 2,
    keepBest: 2,
    patience: 3,
    optimizer: { learningRate: 0.02, schedule: { kind: "constant" } },
  };
  const [straight, out] = [await temporaryFolder("kept"), await temporaryFolder("kept")];
  const { headline } = await runTrain(request(straight, options), silentContext());
  const names = Object.keys(contents(straight)).filter((name) => name.startsWith(join("weights", "step-")));
  expect(names).toHaveLength(2);
  expect(names.some((name) => contents(straight)[name] === contents(straight)[join("weights", "best.safetensors")])).toBe(true);
  const { file } = await readModelFolder(straight);
  expect(file.steps - file.validation.step).toBe(6);
  expect(headline).toContain(`trained ${file.steps} steps of 30, then no better for 3 validations, on`);
  const stop = new AbortController();
  const progress = (label: string, done: number) => void (label === "train" && done >= 6 && stop.abort());
  const context = { ...silentContext(), reporter: { ...silentReporter, progress }, signal: stop.signal };
  await expect(runTrain(request(out, options), context)).rejects.toThrow(StoppedError);
  writeFileSync(join(out, "weights", "step-28.safetensors"), "from after the checkpoint");
  await runTrain(request(out, options, { resume: true }), silentContext());
  expect(contents(out)).toEqual(contents(straight));
  await runTrain(request(out), silentContext());
  expect(contents(out)).toEqual(contents(whole));
});

/** New slices for each round: those of the train split, changed. */
async function freshDiscs(): Promise<FreshScenes> {
  const { preprocess, options } = request("");
  const { train } = await loadData(await planData(data, preprocess, options, seededRng(1)), silentContext());
  const round = async (r: number) => ({
    slices: train.map((slice) => ({ ...slice, caseId: `${slice.caseId}-${r}`, pixels: slice.pixels.map((v) => v + 100 * r) })),
    scenes: [{ source: "sub-01", copy: r, stacks: [`sub-01-${r}`], grade: 3 }],
  });
  return { origin: { of: "discs" }, round };
}

test("with fresh scenes: the same bytes for any number of workers, stopped in any round and resumed, or while it waits for one", async () => {
  const fresh = await freshDiscs();
  const run = (out: string, more: Partial<TrainRequest>, context = silentContext()) =>
    runTrain(request(out, { freshEvery: 4 }, { fresh, ...more }), context);
  const straight = await temporaryFolder("fresh");
  await run(straight, {});
  const lines = readFileSync(join(straight, "scenes.jsonl"), "utf8").trim().split("\n");
  expect(lines.map((line) => JSON.parse(line)).map(({ step, copy }) => [step, copy])).toEqual([[5, 1], [9, 2], [13, 3]]); // biome-ignore format: a table
  const name = join("weights", "last.safetensors");
  expect(contents(straight)[name]).not.toBe(contents(whole)[name]);
  for (const [stopAfter, workers] of [
    [4, 1],
    [8, 3],
  ] as const) {
    // biome-ignore format: a table
    const out = await temporaryFolder("fresh");
    const stop = new AbortController();
    const progress = (label: string, done: number) => void (label === "train" && done >= stopAfter && stop.abort());
    const context = { ...silentContext(workers), reporter: { ...silentReporter, progress }, signal: stop.signal };
    await expect(run(out, {}, context)).rejects.toThrow(StoppedError);
    appendFileSync(join(out, "scenes.jsonl"), '{"step":13,"source":"of after the checkpoint"}\n{"step":1'); // as after a kill
    await run(out, { resume: true });
    expect(contents(out)).toEqual(contents(straight));
  }
  const out = await temporaryFolder("fresh");
  const stop = new AbortController();
  const round = (r: number) => {
    if (r < 2) return fresh.round(r);
    stop.abort();
    return new Promise<never>(() => {});
  };
  await expect(run(out, { fresh: { ...fresh, round } }, { ...silentContext(), signal: stop.signal })).rejects.toThrow(
    StoppedError,
  );
  await run(out, { resume: true });
  expect(contents(out)).toEqual(contents(straight));
  const other = await fault(run(out, { resume: true, fresh: { ...fresh, origin: { of: "squares" } } }));
  expect(other.message).toMatch(/fresh\.of was "discs" and is now "squares"/);
  await runTrain(request(out), silentContext());
  expect(contents(out)).toEqual(contents(whole));
});

test("a mistake in a fresh round ends the training with it, the checkpoint before kept; and no thread stays", async () => {
  const out = await temporaryFolder("fresh");
  const { round, origin } = await freshDiscs();
  const broken = {
    origin,
    round: (r: number) => (r < 2 ? round(r) : Promise.reject(new UserError("data", "a.nii.gz: damaged."))),
  };
  const error = await fault(runTrain(request(out, { freshEvery: 4 }, { fresh: broken }), silentContext(2)));
  expect([error.fault, error.message]).toEqual(["data", "a.nii.gz: damaged."]);
  const { metadata } = decodeSafetensors(readFileSync(join(out, "weights/last.safetensors")), "last");
  expect(JSON.parse(metadata.get("hemosynth")!).progress.step).toBe(5);
  await expect(runTrain(request(out, { freshEvery: 4 }), silentContext())).rejects.toThrow(RangeError);
});

test("killed with SIGKILL in the middle and resumed, it ends in the same bytes", async () => {
  const out = await temporaryFolder("killed");
  await trainUntilKilled(request(out), 8); // after the checkpoint of step 5, perhaps with the rows of step 8 written
  expect(existsSync(join(out, "weights/last.safetensors"))).toBe(true);
  await runTrain(request(out, {}, { resume: true }), silentContext());
  expect(contents(out)).toEqual(contents(whole));
});

test("what a crash leaves behind the checkpoint is undone: rows and events from later steps, and torn ones", async () => {
  const out = join(await temporaryFolder("torn"), "run");
  const stop = new AbortController();
  const reporter = {
    ...silentReporter,
    progress: (label: string, done: number) => void (label === "train" && done >= 10 && stop.abort()),
  };
  await runTrain(request(out), { ...silentContext(), reporter, signal: stop.signal }).catch(() => {});
  for (const tail of ["12,1,1,1,1,1,1\n", "12,0.5,0.0", ""]) {
    const copy = join(await temporaryFolder("torn"), "copy");
    cpSync(out, copy, { recursive: true });
    const events = join(copy, "tb", "events.out.tfevents.0.hemosynth");
    appendFileSync(join(copy, "metrics.csv"), tail);
    appendFileSync(events, readFileSync(events).subarray(-37 - tail.length));
    await runTrain(request(copy, {}, { resume: true }), silentContext());
    expect(contents(copy)).toEqual(contents(whole));
  }
});

test("resuming a finished training changes nothing; resuming nothing starts from the beginning", async () => {
  const done = join(await temporaryFolder("done"), "run");
  cpSync(whole, done, { recursive: true });
  await runTrain(request(done, {}, { resume: true }), silentContext());
  expect(contents(done)).toEqual(contents(whole));
  const fresh = await temporaryFolder("fresh");
  await runTrain(request(fresh, {}, { resume: true }), silentContext());
  expect(contents(fresh)).toEqual(contents(whole));
});

test("a training does not resume with other options, and says which; how often it is saved may change", async () => {
  const out = join(await temporaryFolder("other"), "run");
  cpSync(whole, out, { recursive: true });
  const last = join(out, "weights/last.safetensors");
  const messages: [Partial<TrainRequest> | object, RegExp][] = [
    [{ options: trainOptions.parse({ ...request(out).options, batchSize: 3 }) }, /train\.batchSize was 2 and is now 3/],
    [
      { options: trainOptions.parse({ ...request(out).options, optimizer: { kind: "adam" } }) },
      /train\.optimizer\.kind was "adamw" and is now "adam"/,
    ],
    [{ seed: 6 }, /seed was 5 and is now 6/],
    [{ preprocess: preprocessOptions.parse({ pixelMm: 0.8 }) }, /preprocess\.pixelMm was 1 and is now 0\.8/],
    [{ model: modelOptions.parse({ kind: "unet", channels: [4, 6] }) }, /model\.channels was \[4,6,8\] and is now \[4,6\]/],
  ];
  for (const [change, message] of messages) {
    const error = await fault(runTrain({ ...request(out), ...change, resume: true }, silentContext()));
    expect(error.fault).toBe("usage");
    expect(error.message).toMatch(message);
    expect(error.message.startsWith(`${last}: a training resumes with what it began with`)).toBe(true);
  }
  await runTrain(request(out, { checkpointEvery: 3, memoryMb: 100 }, { resume: true }), silentContext());
  expect(contents(out)).toEqual(contents(whole));
});

test("a damaged checkpoint is refused by name", async () => {
  const bytes = readFileSync(join(whole, "weights/last.safetensors"));
  const { tensors, metadata } = decodeSafetensors(bytes, "x");
  expect([...tensors.keys()].filter((name) => name.startsWith("state/"))).toHaveLength(4);
  const header = JSON.parse(metadata.get("hemosynth")!);
  expect(header.progress.step).toBe(14);
  const floats = [...tensors].map(([name, t]) => [name, { shape: t.shape, data: floatsOf(t, name, "x") }] as const);
  const changed = (change: (all: Map<string, FloatTensor>) => void) => {
    const all = new Map<string, FloatTensor>(floats);
    change(all);
    return encodeSafetensors(all, Object.fromEntries(metadata));
  };
  const few: FloatTensor = { shape: [3], data: new Float32Array(3) };
  const [kernel, moment] = ["down0.conv0.weight", [...tensors.keys()].find((name) => name.startsWith("state/optimizer."))!];
  const moments = floats.find(([name]) => name === moment)![1];
  const broken = { ...moments, data: moments.data.map((v, i) => (i === 1 ? Number.NaN : v)) };
  const damaged: [Uint8Array, RegExp][] = [
    [new Uint8Array(), /at least 10 bytes; got 0/],
    [Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0, 0, 0, 0, 0), /must be safetensors; got a Python pickle or zip/],
    [changed((all) => all.delete(kernel)), /needs down0\.conv0\.weight; got none/],
    [changed((all) => all.set("head.weight", few)), /every tensor belongs to a layer; got head\.weight as well/],
    [changed((all) => all.set(kernel, few)), /down0\.conv0\.weight has shape \[3, 3, 1, 4\]; got \[3\]/],
    [changed((all) => all.delete(moment)), /optimizer\.\w+ must hold \d+ finite numbers; got none\. Start without --resume/],
    [changed((all) => all.set(moment, few)), /optimizer\.\w+ must hold \d+ finite numbers; got 3\./],
    [changed((all) => all.set(moment, broken)), /finite numbers; got NaN among them\. Start without --resume\.$/],
    [changed((all) => all.set("state/optimizer.velocity", few)), /no use for; got state\/optimizer\.velocity\./],
    [bytes.subarray(0, bytes.length - 9), /tensors fill|offsets of/],
    [Buffer.from(bytes.toString("latin1").replace('schemaVersion\\":1', 'schemaVersion\\":2'), "latin1"), /schemaVersion/],
    [Buffer.concat([bytes.subarray(0, bytes.length - 4), Buffer.from([0, 0, 0xc0, 0x7f])]), /finite/],
    [readFileSync(join(whole, "weights/best.safetensors")), /must be a checkpoint of hemosynth train/],
  ];
  for (const [content, message] of damaged) {
    const out = join(await temporaryFolder("damaged"), "run");
    cpSync(whole, out, { recursive: true });
    writeFileSync(join(out, "weights/last.safetensors"), content);
    const error = await fault(runTrain(request(out, {}, { resume: true }), silentContext()));
    expect([error.fault, message.test(error.message), error.message]).toEqual(["data", true, error.message]);
  }
});

test("tensors: nothing is left after a training", async () => {
  const before = tf.memory().numTensors;
  await runTrain(request(await temporaryFolder("leak"), { steps: 3 }), silentContext());
  expect(tf.memory().numTensors).toBe(before);
  rmSync(data, { recursive: true });
});
