import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { trainedModel, writeModelFolder } from "../../test/helpers/model-folder.ts";
import { runOnnx } from "../../test/helpers/run-onnx.ts";
import { seeded } from "../../test/helpers/seeded.ts";
import { type ForwardFunction, recordForward } from "../backend/forward.ts";
import { readyBackend } from "../backend/ready.ts";
import { type Tensor, type Tensor4D, tf } from "../backend/tf.ts";
import { silentContext, silentReporter } from "../core/context.ts";
import { decodeSafetensors } from "../data/safetensors.ts";
import { buildYolo, decodeMaps, type Model, modelOptions, modelTells, yoloOptions } from "../models/index.ts";
import { encodeOnnx } from "./onnx.ts";
import { modelFormats } from "./options.ts";
import { runModelExport } from "./stage.ts";
import { encodeTfjs } from "./tfjs.ts";

let folder = "";
beforeAll(async () => {
  await readyBackend("cpu", silentReporter);
  folder = await mkdtemp(join(tmpdir(), "hemosynth-export-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** Every kind that a config may name, small; a new kind is tested as soon as the union has it. Those that go out as weights alone have tests of their own. */
const small = { channels: [3, 5, 7], width: 4, widths: [3, 5] };
const all = modelOptions.options.flatMap((option) => {
  const keys = Object.keys(option.shape);
  const fewer = Object.fromEntries(Object.entries(small).filter(([key]) => keys.includes(key)));
  const { kind } = option.shape;
  const names: readonly string[] = "options" in kind ? kind.options : [...kind.values];
  return names.map((kind) => modelOptions.parse(kind === "yolov5" ? { kind } : { ...fewer, kind }));
});
const kinds = all.filter((options) => !["boxes", "bags", "sets"].includes(modelTells(options)));

type Files = ReturnType<typeof encodeTfjs>;

async function runTfjs(files: Files, x: Tensor4D, names: readonly string[]): Promise<Tensor[]> {
  const json = JSON.parse(files.at(-1)!.content as string);
  const weightData = Uint8Array.from(Buffer.concat(files.slice(0, -1).map(({ content }) => content as Uint8Array))).buffer;
  const { modelTopology, signature, weightsManifest } = json;
  const model = await tf.loadGraphModel(
    tf.io.fromMemory({ modelTopology, signature, weightSpecs: weightsManifest[0].weights, weightData }),
  );
  return [model.execute({ image: x }, [...names])].flat();
}

/** The largest difference of each program's results to the network's own, for a size that the recording has not seen. */
async function differences(
  apply: ForwardFunction,
  model: Pick<Model, "weights" | "sizeMultiple">,
  fixed: [number, number] | null = null,
) {
  const forward = recordForward(apply, { channels: 1, multiple: model.sizeMultiple, fixed }, model.weights);
  const [height, width] = fixed ?? [64, 32];
  const x = tf.tensor4d(seeded("x", [3, height, width, 1]).data, [3, height, width, 1]);
  const wanted = apply(x);
  const names = Object.keys(wanted);
  const onnx = encodeOnnx(forward, { name: "test", version: "0" }, { card: "{}" });
  const results = {
    tfjs: await runTfjs(encodeTfjs(forward, "test", {}), x, names),
    onnx: names.map((name) => runOnnx(onnx, x).get(name)!),
  };
  return Object.entries(results).flatMap(([program, got]) =>
    names.map((name, i) => {
      const largest = tf.max(tf.abs(wanted[name]!)).dataSync()[0]!;
      return {
        program,
        name,
        shape: got[i]!.shape.join() === wanted[name]!.shape.join(),
        largest,
        difference: tf.max(tf.abs(tf.sub(got[i]!, wanted[name]!))).dataSync()[0]! / Math.max(1, largest),
      };
    }),
  );
}

test.each(kinds.map((options) => [options.kind, options] as const))(
  "%s gives the same elsewhere, at sizes it was not recorded at",
  async (_, options) => {
    const model = trainedModel(options, 2);
    const found = await differences((x) => ({ logits: model.apply(x, { training: false }) }), model);
    expect(found).toHaveLength(2);
    for (const { shape, largest, difference } of found) {
      expect(shape).toBe(true);
      expect(largest).toBeGreaterThan(1e-3); // else anything would agree
      expect(difference).toBeLessThan(1e-5);
    }
    model.dispose();
  },
);

test("yolov5 gives the same raw maps at any size, and the same boxes at a fixed one", async () => {
  const options = yoloOptions.parse({ kind: "yolov5", width: 0.125 });
  const model = buildYolo(options, { inChannels: 1, outChannels: 2, seed: 1 });
  const maps: ForwardFunction = (x) => Object.fromEntries(model.apply(x, { training: false }).map((map, i) => [`map${i}`, map]));
  const boxes: ForwardFunction = (x) => ({ ...decodeMaps(model.apply(x, { training: false }), options, 2) });
  for (const { shape, difference } of [...(await differences(maps, model)), ...(await differences(boxes, model, [64, 96]))]) {
    expect(shape).toBe(true);
    expect(difference).toBeLessThan(1e-5);
  }
  expect(() => recordForward(boxes, { channels: 1, multiple: 32, fixed: null }, model.weights)).toThrow(
    /hang on the input's size.*fix height and width/,
  );
  model.dispose();
});

test("a trained detector goes out as weights; as a graph it is refused, with the way out", async () => {
  const detector = join(folder, "detector");
  await writeModelFolder(detector, modelOptions.parse({ kind: "yolov5", width: 0.125 }), ["hemorrhage"]);
  const request = (format: "onnx" | "safetensors") => ({
    model: detector,
    out: join(folder, `detector-${format}`),
    format,
    thresholds: null,
  });
  await expect(runModelExport(request("onnx"), silentContext())).rejects.toThrow(
    "--format must be safetensors for a yolov5, which gives boxes; got onnx.",
  );
  await runModelExport(request("safetensors"), silentContext());
  const { tensors } = decodeSafetensors(await readFile(join(folder, "detector-safetensors/model.safetensors")), "it");
  expect(tensors.has("model.0.conv.weight")).toBe(true);
});

test("a network of sets goes out as weights, with a check of two whole sets, and says how many images a set has", async () => {
  const [model, out] = [join(folder, "sets"), join(folder, "sets-safetensors")];
  const options = modelOptions.parse({ kind: "hexanet", regions: 3, encoder: { kind: "miniresnet", widths: [2, 3] } });
  await writeModelFolder(model, options, ["normal", "abnormal"], 32);
  await runModelExport({ model, out, format: "safetensors", thresholds: null }, silentContext());
  const { input, output } = JSON.parse(await readFile(join(out, "check.json"), "utf8"));
  expect([input.shape, output.shape]).toEqual([[6, 32, 48, 1], [2, 2]]); // biome-ignore format: in, out
  const trained = trainedModel(options, 2);
  const got = trained.apply(tf.tensor4d(input.data, input.shape), { training: false });
  const wanted = tf.tensor(output.data, output.shape);
  expect(tf.max(tf.abs(tf.sub(tf.reshape(got, [2, 2]), wanted))).dataSync()[0]).toBeLessThan(1e-5);
  trained.dispose();
  const card = JSON.parse(await readFile(join(out, "card.json"), "utf8"));
  expect(card.input.setOf).toBe(3);
  expect(card.preprocessing.rules.at(-1)).toBe(
    "put the 3 images of each set one after the other, in their order; one that is all 0 counts as missing",
  );
  expect(await readFile(join(out, "README.txt"), "utf8")).toContain("float32; a batch of whole sets of 3 images; height");
});

test("a network of bags goes out as weights, with the logit and the score of each image", async () => {
  const [model, out] = [join(folder, "bags"), join(folder, "bags-safetensors")];
  const options = modelOptions.parse({ kind: "mil", encoder: { kind: "miniresnet", widths: [2, 3] } });
  await writeModelFolder(model, options, ["bleed", "attention"], 32);
  await runModelExport({ model, out, format: "safetensors", thresholds: null }, silentContext());
  const { input, output } = JSON.parse(await readFile(join(out, "check.json"), "utf8"));
  expect([input.shape, output.shape]).toEqual([[2, 32, 48, 1], [2, 2]]); // biome-ignore format: in, out
  expect(await readFile(join(out, "README.txt"), "utf8")).toContain("float32; any batch; height");
});

const unet = modelOptions.parse({ kind: "unet", channels: [2, 3] });

test("every format has its card, an example and a check; a second export into it is refused", async () => {
  const model = join(folder, "segmenter");
  await writeModelFolder(model, unet, ["lesion", "brain"]);
  for (const format of modelFormats) {
    const out = join(folder, format);
    const request = { model, out, format, thresholds: { slice: 1.5, stack: null, subject: null, mask: 0.5 } };
    await runModelExport(request, silentContext());
    const names = await readdir(out);
    expect(names).toEqual(expect.arrayContaining(["README.txt", "card.json", "check.json"]));
    const card = JSON.parse(await readFile(join(out, "card.json"), "utf8"));
    expect(card.output.channels).toEqual(["lesion", "brain"]);
    expect(card.preprocessing.intensity).toEqual({ whitePercentile: 98, clip: 3 });
    expect(await readFile(join(out, "README.txt"), "utf8")).toMatch(/slice 1.5, mask 0.5/);
    await expect(runModelExport(request, silentContext())).rejects.toThrow(/needs an empty folder; got one with/);
  }
  const { metadata } = decodeSafetensors(await readFile(join(folder, "safetensors/model.safetensors")), "it");
  expect(JSON.parse(metadata.get("card")!).input.sizeMultiple).toBe(2);
});

test("what check.json says is what the exported files give; a classifier gives a vector", async () => {
  const [classifier, out] = [join(folder, "classifier"), join(folder, "classifier-onnx")];
  await writeModelFolder(classifier, modelOptions.parse({ kind: "resnet18", width: 2 }), ["bleed"], 96);
  await runModelExport({ model: classifier, out, format: "onnx", thresholds: null }, silentContext());
  const { input, output } = JSON.parse(await readFile(join(out, "check.json"), "utf8"));
  expect(input.shape).toEqual([2, 1, 32, 48]);
  expect(output.shape).toEqual([2, 1]);
  const x = tf.tensor4d(input.data, [2, 32, 48, 1]); // of one channel both layouts are one
  const got = runOnnx(await readFile(join(out, "model.onnx")), x).get("logits")!;
  expect(tf.max(tf.abs(tf.sub(got, tf.tensor(output.data, output.shape)))).dataSync()[0]).toBeLessThan(1e-4);
});

const python = process.env.PYTHON ?? "python3";
const hasRuntime = spawnSync(python, ["-c", "import numpy, onnxruntime"]).status === 0;
if (!hasRuntime)
  console.log(
    `skipped: the example of an exported ONNX model, because ${python} has no numpy and onnxruntime (PYTHON names another)`,
  );

test.skipIf(!hasRuntime)("the example beside an ONNX model runs, and agrees", async () => {
  const [model, out] = [join(folder, "for-python"), join(folder, "for-python-onnx")];
  await writeModelFolder(model, modelOptions.parse({ kind: "nnunet", channels: [3, 5, 7] }), ["lesion", "brain"]);
  await runModelExport({ model, out, format: "onnx", thresholds: null }, silentContext());
  const { stdout, stderr } = spawnSync(python, ["example.py"], { cwd: out, encoding: "utf8" });
  expect(stderr).toBe("");
  expect(Number(/largest difference (\S+)/.exec(stdout)?.[1])).toBeLessThan(1e-4);
});
