import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { seeded, seededWeight, worst } from "../../test/helpers/seeded.ts";
import { backends, usable } from "../../test/helpers/torch-cases.ts";
import { readyBackend } from "../backend/index.ts";
import { type Tensor, type Tensor4D, tf } from "../backend/tf.ts";
import { silentReporter } from "../core/context.ts";
import { UserError } from "../core/errors.ts";
import { type FileTensor, fromTorch } from "./import/state-dict.ts";
import { importResNet } from "./import/torchvision.ts";
import { fitWeights } from "./index.ts";
import type { BatchStatistics, Classifier, WeightArray } from "./model.ts";
import { buildResNet, type ResNetKind, type ResNetOptions, resnetKinds, resnetOptions, resnetWeights } from "./resnet.ts";
import { assignWeights, setWeights } from "./weights.ts";

// Made by scripts/fixtures/resnet_torch.py: the same networks in torchvision, float64. The full size: scripts/parity/resnet.ts.
interface Reference {
  readonly kind: ResNetKind;
  /** Of the image's numbers. */
  readonly name: string;
  readonly eval: number[][];
  /** Of the first channel of the image alone, by timm's rule for the first kernel. */
  readonly grey: number[][];
  readonly train: number[][];
  /** Norm, and product with numbers made of the name. */
  readonly image: [number, number];
  readonly gradients: Record<string, [number, number]>;
  readonly statistics: Record<string, [number, number]>;
}
const report = JSON.parse(readFileSync(new URL("../../test/fixtures/resnet.json", import.meta.url), "utf8"));
const shape = { inChannels: 3, outChannels: report.classes as number, seed: 1 };
const batch = report.image as [number, number, number, number];

/** The state dict of PyTorch's network: every weight by its name. */
function stateDict(options: ResNetOptions): Map<string, FileTensor> {
  const specs = resnetWeights(options, shape);
  const ours = specs.map(({ name, shape: [a, b, c, d] }): [string, number[]] => {
    if (d !== undefined) return [name, [d, c!, a!, b!]];
    return [name, b === undefined ? [a!] : [b, a!]];
  });
  return new Map(ours.map(([name, size]) => [name, { shape: size, read: () => seededWeight(name, size).data }]));
}

function build(kind: ResNetKind): Classifier {
  const options = resnetOptions.parse({ kind, width: report.width });
  const model = buildResNet(options, shape);
  setWeights(model, importResNet(stateDict(options), options, "fixture"), "fixture");
  return model;
}

/** NCHW → NHWC. */
const nhwc = ({ shape: size, data }: WeightArray) =>
  tf.transpose(tf.tensor4d(data, [...size] as [number, number, number, number]), [0, 2, 3, 1]);

/** How far a tensor is from its digest, as a share of its norm. */
function apart(name: string, value: Tensor, [norm, product]: readonly [number, number]): number {
  return tf.tidy(() => {
    const size = value.shape;
    const torch = size.length === 4 && name !== "image" ? [size[3]!, size[2]!, size[0]!, size[1]!] : [...size].reverse();
    const direction =
      name === "image" ? nhwc(seeded("digest/image", batch)) : tensorOf(fromTorch(seeded(`digest/${name}`, torch)));
    const got = [tf.norm(value), tf.sum(tf.mul(value, direction))].map((t) => t.dataSync()[0]!);
    return Math.max(Math.abs(got[0]! - norm), Math.abs(got[1]! - product)) / norm;
  });
}
const tensorOf = (array: WeightArray) => tf.tensor(array.data, [...array.shape]);

describe.each(backends)("against torchvision on %s", (backend) => {
  const cases = (report.cases as Reference[]).filter(({ kind }) => backend !== "cpu" || kind !== "resnet34"); // slow, and resnet18's blocks
  test.for(cases)("$kind: logits, running statistics, every gradient", async (reference, context) => {
    if (!(await usable(backend))) return context.skip();
    const model = build(reference.kind);
    const x = tf.tidy(() => nhwc(seeded(reference.name, batch)));
    const running = model.apply(x, { training: false });
    expect(worst(running.dataSync(), reference.eval.flat())).toBeLessThan(1e-4);
    const records: BatchStatistics[] = [];
    const logits = model.apply(x, { training: true, record: (of) => void records.push(of) });
    expect(worst(logits.dataSync(), reference.train.flat())).toBeLessThan(1e-4);
    const { layers, worst: furthest } = checkStatistics(model, records, reference);
    expect(layers.sort()).toEqual(Object.keys(reference.statistics).sort());
    expect(furthest).toBeLessThan(1e-4);
    const weight = seeded("weight", logits.shape);
    const loss = (image: Tensor, weights: Map<string, Tensor>) =>
      tf.sum(tf.mul(model.apply(image as Tensor4D, { training: true, weights }), tensorOf(weight)));
    const fixed = new Map<string, Tensor>(model.weights);
    const gradients = tf.grads((image: Tensor, ...values: Tensor[]) =>
      loss(image, new Map([...fixed, ...model.trainable.map((name, i) => [name, values[i]!] as const)])),
    )([x, ...model.trainable.map((name) => model.weights.get(name)!)]);
    expect([...model.trainable].sort()).toEqual(Object.keys(reference.gradients).sort());
    expect(apart("image", gradients[0]!, reference.image)).toBeLessThan(1e-4);
    for (const [i, name] of model.trainable.entries())
      expect([name, apart(name, gradients[i + 1]!, reference.gradients[name]!) < 1e-4]).toEqual([name, true]);
    tf.dispose([x, running, logits, gradients]);
    for (const { mean, variance } of records) tf.dispose([mean, variance]);
    model.dispose();
    expect(tf.memory().numTensors).toBe(0);
  });
});

test.each(report.cases as Reference[])("$kind: its weights start a network of one channel as timm's would", async (reference) => {
  await readyBackend("auto", silentReporter);
  const options = resnetOptions.parse({ kind: reference.kind, width: report.width });
  const given = { where: "fixture", kind: null, weights: importResNet(stateDict(options), options, "fixture") };
  const grey = { ...shape, inChannels: 1 };
  const model = buildResNet(options, grey);
  const { taken, random } = fitWeights(options, grey, given);
  assignWeights(model, taken);
  expect(random).toEqual([]);
  const first = tf.tidy(() => tf.slice(nhwc(seeded(reference.name, batch)), [0, 0, 0, 0], [-1, -1, -1, 1]) as Tensor4D);
  expect(worst(model.apply(first, { training: false }).dataSync(), reference.grey.flat())).toBeLessThan(1e-4);
  tf.dispose(first);
  model.dispose();
});

/** PyTorch's running statistics after one batch: a tenth of the new, the variance unbiased. */
function checkStatistics(model: Classifier, records: readonly BatchStatistics[], { statistics }: Reference) {
  const layers: string[] = [];
  let furthest = 0;
  for (const { layer, mean, variance, count } of records) {
    for (const [name, value] of [
      [`${layer}.running_mean`, mean],
      [`${layer}.running_var`, tf.tidy(() => tf.mul(variance, count / (count - 1)))],
    ] as const) {
      const next = tf.tidy(() => tf.add(tf.mul(model.weights.get(name)!, 0.9), tf.mul(value, 0.1)));
      furthest = Math.max(furthest, apart(name, next, statistics[name]!));
      layers.push(name);
      tf.dispose(value === mean ? [next] : [next, value]);
    }
  }
  return { layers, worst: furthest };
}

test("has as many parameters as the reference", () => {
  const count = (kind: ResNetKind, classes = 1000) =>
    resnetWeights(resnetOptions.parse({ kind }), { inChannels: 3, outChannels: classes })
      .filter(({ trainable }) => trainable)
      .reduce((sum, spec) => sum + spec.shape.reduce((a, b) => a * b, 1), 0);
  expect(resnetKinds.map((kind) => count(kind))).toEqual([11_689_512, 21_797_672, 25_557_032]);
  expect(count("resnet50", 2)).toBe(25_557_032 - 998 * 2049);
});

test("takes images of any size, down to one pixel", async () => {
  await readyBackend("auto", silentReporter);
  const model = buildResNet(resnetOptions.parse({ kind: "resnet18", width: 4 }), { ...shape, inChannels: 1 });
  for (const [height, width] of [
    [1, 1],
    [7, 31],
    [64, 33],
  ] as const) {
    // biome-ignore format: one line
    const y = tf.tidy(() => model.apply(tf.ones([2, height, width, 1]), { training: false }));
    expect(y.shape).toEqual([2, 5]);
    expect(y.dataSync().every(Number.isFinite)).toBe(true);
    y.dispose();
  }
  model.dispose();
});

test("a state dict that is another's or damaged is refused by name", () => {
  const options = resnetOptions.parse({ kind: "resnet18", width: 4 });
  const refusal = (change: (tensors: Map<string, FileTensor>) => void) => {
    const tensors = stateDict(options);
    change(tensors);
    try {
      importResNet(tensors, options, "w.safetensors");
    } catch (error) {
      expect(error).toBeInstanceOf(UserError);
      return (error as UserError).message;
    }
    return "none";
  };
  const one = (shape: number[], value = 0) => ({ shape, read: () => new Float32Array(shape[0]!).fill(value) });
  expect(refusal((t) => t.set("bn1.num_batches_tracked", { shape: [], read: () => expect.fail("read") }))).toBe("none");
  expect(refusal((t) => t.delete("layer2.0.downsample.1.bias"))).toContain(
    "resnet18: needs layer2.0.downsample.1.bias; got none",
  );
  expect(refusal((t) => t.set("layer1.2.conv1.weight", one([4])))).toContain("got layer1.2.conv1.weight as well");
  expect(refusal((t) => t.set("layer1.0.bn1.bias", one([5])))).toContain("layer1.0.bn1.bias has shape [4]; got [5]");
  expect(refusal((t) => t.set("layer1.0.conv1.weight", one([4, 4, 1, 9])))).toContain("has shape [4, 4, 3, 3]; got [4, 4, 1, 9]");
  expect(refusal((t) => t.set("layer1.0.bn1.bias", one([4], Number.NaN)))).toContain("got NaN in layer1.0.bn1.bias");
});
