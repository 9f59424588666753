import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { seeded, seededWeight, worst } from "../../../test/helpers/seeded.ts";
import { backends, usable } from "../../../test/helpers/torch-cases.ts";
import { type Tensor, type Tensor1D, type Tensor4D, tf } from "../../backend/tf.ts";
import { traced } from "../../backend/traced/index.ts";
import { type FileTensor, fromTorch } from "../import/state-dict.ts";
import { importYolo } from "../import/yolo.ts";
import type { BatchStatistics, WeightArray } from "../model.ts";
import { setWeights } from "../weights.ts";
import { doubleNearest } from "./blocks.ts";
import { decodeMaps } from "./decode.ts";
import { type YoloKind, yoloKinds, yoloOptions, yoloSizes } from "./design.ts";
import { buildYolo, type Detector, yoloWeights } from "./network.ts";
import { mapsOf, rowsOf } from "./rows.ts";

// Made by scripts/fixtures/yolo_torch.py: the same network in PyTorch, float64. The full size: scripts/parity/yolo.ts.
type Digest = readonly [norm: number, product: number];
interface Reference {
  readonly depth: number;
  readonly width: number;
  readonly classes: number;
  readonly size: [number, number, number, number];
  /** Of the image's numbers. */
  readonly name: string;
  /** Of the state dict. */
  readonly shapes: Record<string, number[]>;
  /** The coarsest map, NCHW. */
  readonly eval: number[];
  readonly train: number[];
  readonly digests: Record<"eval" | "train", Digest[]>;
  readonly boxes: number[];
  readonly scores: number[];
  readonly image: Digest;
  readonly gradients: Record<string, Digest>;
  readonly statistics: Record<string, Digest>;
}
const reference: Reference = JSON.parse(readFileSync(new URL("../../../test/fixtures/yolo.json", import.meta.url), "utf8"));
const { depth, width, classes, size } = reference;
const options = yoloOptions.parse({ kind: "yolov5", depth, width });

/** PyTorch's state dict: every tensor by its name, all but the anchors made of it. */
function stateDict(): Map<string, FileTensor> {
  const anchors = options.anchors.flatMap((level, i) => level.flat().map((side) => side / [8, 16, 32][i]!));
  return new Map(
    Object.entries(reference.shapes).map(([name, shape]) => {
      const read = () => (name.endsWith("anchors") ? Float32Array.from(anchors) : seededWeight(name, shape).data);
      return [name, { shape, read }];
    }),
  );
}

function build(): Detector {
  const imported = importYolo(stateDict(), "yolov5n", "fixture", options);
  expect(imported).toMatchObject({ inChannels: 3, classes, anchors: options.anchors });
  const model = buildYolo(options, { inChannels: 3, outChannels: classes, seed: 1 });
  setWeights(model, imported.weights, "fixture");
  return model;
}

const tensorOf = ({ shape, data }: WeightArray) => tf.tensor(data, [...shape]);
const nhwc = (array: WeightArray) => tf.transpose(tensorOf(array) as Tensor4D, [0, 2, 3, 1]);
const nchw = (map: Tensor4D) => tf.tidy(() => tf.transpose(map, [0, 3, 1, 2]).dataSync());
const picture = () => tf.tidy(() => nhwc(seeded(reference.name, size)));

/** How far a tensor is from its digest, as a share of its norm. `layout` turns PyTorch's layout into ours. */
function apart(
  name: string,
  value: Tensor,
  [norm, product]: Digest,
  torch: readonly number[],
  layout: (array: WeightArray) => Tensor,
) {
  return tf.tidy(() => {
    const direction = layout(seeded(`digest/${name}`, torch));
    const got = [tf.norm(value), tf.sum(tf.mul(value, direction))].map((t) => t.dataSync()[0]!);
    return Math.max(Math.abs(got[0]! - norm), Math.abs(got[1]! - product)) / norm;
  });
}
const weightApart = (name: string, value: Tensor, of: Digest) =>
  apart(name, value, of, reference.shapes[name]!, (array) => tensorOf(fromTorch(array)));
const mapApart = (name: string, map: Tensor4D, of: Digest) => {
  const [batch, rows, columns, maps] = map.shape;
  return apart(name, map, of, [batch, maps, rows, columns], nhwc);
};

/** Sum of the maps times numbers made of their names: what the fixture took the gradient of. */
function weighted(maps: readonly Tensor4D[]): Tensor {
  const sums = maps.map((map, i) => {
    const [batch, rows, columns, channels] = map.shape;
    return tf.sum(tf.mul(map, nhwc(seeded(`weight ${i}`, [batch, channels, rows, columns]))));
  });
  return tf.addN(sums);
}

/** Gradients of {@link weighted} for the image and each trainable weight. */
function gradientsOf(model: Detector, [x, ...weights]: readonly Tensor[]): Tensor[] {
  const names = [...model.weights.keys()];
  const all = new Map(names.map((name, i) => [name, weights[i]!]));
  const run = (image: Tensor, ...moved: Tensor[]) => {
    const now = new Map([...all, ...model.trainable.map((name, i) => [name, moved[i]!] as const)]);
    return weighted(model.apply(image as Tensor4D, { training: true, weights: now }));
  };
  return tf.grads(run)([x!, ...model.trainable.map((name) => all.get(name)!)]);
}

describe.each(backends)("against PyTorch on %s", (backend) => {
  test("raw maps, boxes and scores, running statistics", async (context) => {
    if (!(await usable(backend))) return context.skip();
    const model = build();
    const x = picture();
    const running = model.apply(x, { training: false });
    expect(worst(nchw(running[2]), reference.eval)).toBeLessThan(1e-4);
    for (const [i, of] of reference.digests.eval.entries()) expect(mapApart(`map ${i}`, running[i]!, of)).toBeLessThan(1e-4);
    const { boxes, scores } = decodeMaps(running, options, classes);
    expect(worst(boxes.dataSync(), reference.boxes)).toBeLessThan(1e-4);
    expect(worst(scores.dataSync(), reference.scores)).toBeLessThan(1e-4);
    const records: BatchStatistics[] = [];
    const maps = model.apply(x, { training: true, record: (of) => void records.push(of) });
    expect(worst(nchw(maps[2]), reference.train)).toBeLessThan(1e-4);
    for (const [i, of] of reference.digests.train.entries()) expect(mapApart(`map ${i}`, maps[i]!, of)).toBeLessThan(1e-4);
    const { layers, furthest } = checkStatistics(model, records);
    expect(layers.sort()).toEqual(Object.keys(reference.statistics).sort());
    expect(furthest).toBeLessThan(1e-4);
    tf.dispose([x, running, maps, boxes, scores]);
    model.dispose();
    expect(tf.memory().numTensors).toBe(0);
  });

  test("every gradient, op by op and traced", async (context) => {
    if (!(await usable(backend))) return context.skip();
    const model = build();
    const given = [picture(), ...model.weights.values()];
    const compiled = traced((inputs) => gradientsOf(model, inputs)); // op by op but on native TensorFlow
    const ways = backend === "tensorflow" ? [gradientsOf(model, given), compiled(given)] : [compiled(given)];
    expect([...model.trainable].sort()).toEqual(Object.keys(reference.gradients).sort());
    for (const gradients of ways) {
      expect(apart("image", gradients[0]!, reference.image, size, nhwc)).toBeLessThan(1e-4);
      for (const [i, name] of model.trainable.entries())
        expect([name, weightApart(name, gradients[i + 1]!, reference.gradients[name]!) < 1e-4]).toEqual([name, true]);
    }
    compiled.dispose();
    tf.dispose([given[0]!, ways]);
    model.dispose();
    expect(tf.memory().numTensors).toBe(0);
  });
});

/** PyTorch's running statistics after one batch: 3 in 100 of the new, the variance unbiased. Disposes of the records. */
function checkStatistics(model: Detector, records: readonly BatchStatistics[]) {
  const layers: string[] = [];
  let furthest = 0;
  const check = (name: string, value: Tensor) => {
    const now = tf.tidy(() =>
      tf.add(tf.mul(model.weights.get(name)!, 1 - model.normMomentum), tf.mul(value, model.normMomentum)),
    );
    furthest = Math.max(furthest, weightApart(name, now, reference.statistics[name]!));
    layers.push(name);
    now.dispose();
  };
  for (const { layer, mean, variance, count } of records) {
    check(`${layer}.running_mean`, mean);
    const unbiased = tf.mul(variance, count / (count - 1)) as Tensor1D;
    check(`${layer}.running_var`, unbiased);
    tf.dispose([mean, variance, unbiased]);
  }
  return { layers, furthest };
}

test("has as many parameters as the reference", () => {
  const count = (kind: YoloKind) =>
    yoloWeights(yoloSizes[kind], { inChannels: 3, outChannels: 80 })
      .filter(({ trainable }) => trainable)
      .reduce((sum, spec) => sum + spec.shape.reduce((a, b) => a * b, 1), 0);
  expect(yoloKinds.map(count)).toEqual([1_872_157, 7_235_389]);
});

test("doubling repeats every pixel twice along rows and columns", async () => {
  await usable("cpu");
  const x = tf.range(0, 2 * 2 * 3 * 2).reshape([2, 2, 3, 2]) as Tensor4D;
  const [small, large] = [x.arraySync(), doubleNearest(x).arraySync()];
  expect(large).toEqual(small.map((rows) => rows.flatMap((row) => [row, row].map((r) => r.flatMap((pixel) => [pixel, pixel])))));
});

test("a new head expects few boxes: 8 objects in a picture of 640 pixels, over its candidates", async () => {
  await usable("cpu");
  const model = buildYolo(options, { inChannels: 1, outChannels: 3, seed: 3 });
  const weights = new Map<string, Tensor>(
    [...model.weights].map(([name, of]) => [
      name,
      name.endsWith("m.0.weight") && name.startsWith("model.24") ? tf.zerosLike(of) : of,
    ]),
  );
  const [fine] = tf.tidy(() => model.apply(tf.zeros([1, 64, 64, 1]), { training: false, weights }));
  const objects = tf.tidy(() => tf.sigmoid(fine.reshape([-1, 8]).slice([0, 4], [-1, 1])).dataSync());
  expect(() => model.apply(tf.zeros([1, 64, 40, 1]), { training: false })).toThrow("multiples of 32; got 64 x 40");
  const least = Math.min(...objects);
  expect(least).toBeGreaterThan((8 / 6400) * 0.7); // PyTorch's own start of the bias, at most ±1 / sqrt(32), lies on top
  expect(Math.max(...objects)).toBeLessThan((8 / 6400) * 1.3);
  model.dispose();
});

test("rows are the maps again, for inputs that are not square as well", async () => {
  await usable("cpu");
  const model = buildYolo(options, { inChannels: 1, outChannels: 2, seed: 3 });
  const maps = model.apply(tf.randomUniform([2, 64, 96, 1], 0, 1, "float32", 1) as Tensor4D, { training: false });
  const rows = rowsOf(maps);
  expect(rows.shape).toEqual([2, 1, 3 * (96 + 24 + 6), 7]);
  for (const [i, map] of mapsOf(rows, 64, 96).entries()) {
    expect(map.shape).toEqual(maps[i]!.shape);
    expect(map.dataSync()).toEqual(maps[i]!.dataSync());
  }
  expect(() => mapsOf(rows, 64, 64)).toThrow("64 x 64 pixels have 252 candidates; got 378");
  model.dispose();
});
