import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { seeded, seededWeight, worst } from "../../test/helpers/seeded.ts";
import { backends, usable } from "../../test/helpers/torch-cases.ts";
import { type Tensor4D, tf } from "../backend/tf.ts";
import { trainOptions } from "../train/options.ts";
import { createState, disposeState, weightsOf } from "../train/state.ts";
import { makeTrainStep } from "../train/step.ts";
import { fromTorch } from "./import/state-dict.ts";
import { buildModel, modelOptions } from "./index.ts";
import type { Model, WeightArray } from "./model.ts";
import { nnunetWeights } from "./nnunet.ts";
import { setWeights, type WeightSpec } from "./weights.ts";

// Made by scripts/fixtures/nnunet_torch.py: PlainConvUNet of dynamic-network-architectures in float64, nnU-Net's loss over its outputs.
interface Reference {
  readonly channels: number[];
  readonly image: string;
  readonly size: number[];
  readonly logits: number[];
  readonly loss: number;
  /** Norm, and product with numbers made of the name. */
  readonly gradients: Readonly<Record<string, readonly [number, number]>>;
  readonly counts: Readonly<Record<string, number>>;
}
const reference: Reference = JSON.parse(readFileSync(new URL("../../test/fixtures/nnunet.json", import.meta.url), "utf8"));
const shape = { inChannels: 1, outChannels: 2, seed: 1 };
const options = { channels: reference.channels };

/** The shape of a weight in PyTorch: a kernel HWIO → OIHW, a transposed one HWOI → IOHW. */
function torchShape({ shape: [a, b, c, d] }: WeightSpec): number[] {
  return d === undefined ? [a!] : [d, c!, a!, b!];
}

function build(): Model {
  const model = buildModel(modelOptions.parse({ kind: "nnunet", ...options }), shape);
  const arrays = nnunetWeights(options, shape).map((spec): [string, WeightArray] => {
    return [spec.name, fromTorch(seededWeight(spec.name, torchShape(spec)))];
  });
  setWeights(model, new Map(arrays), "fixture");
  return model;
}

const nhwc = ({ shape: size, data }: WeightArray) =>
  tf.transpose(tf.tensor4d(data, [...size] as [number, number, number, number]), [0, 2, 3, 1]);

/** How far a gradient is from its digest, as a share of its norm; a bias before a normalisation has none, and a norm of 0.01 is small here. */
function apart(values: Float32Array, spec: WeightSpec): number {
  const [norm, product] = reference.gradients[spec.name]!;
  const direction = fromTorch(seeded(`digest/${spec.name}`, torchShape(spec))).data;
  const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, v, i) => sum + v * b[i]!, 0);
  return (
    Math.max(Math.abs(Math.sqrt(dot(values, values)) - norm), Math.abs(dot(values, direction) - product)) / Math.max(norm, 0.01)
  );
}

describe.each(backends)("against dynamic-network-architectures on %s", (backend) => {
  test("logits, and every gradient of the deeply supervised loss", async (context) => {
    if (!(await usable(backend))) return context.skip();
    const model = build();
    const image = tf.tidy(() => nhwc(seeded(reference.image, reference.size)));
    const [n, , height, width] = reference.size as [number, number, number, number];
    const target = tf.tidy(() =>
      tf.cast(tf.greater(nhwc(seeded("target", [n, 2, height, width], -1, 0.5)), 0), "float32"),
    ) as Tensor4D;
    const logits = model.apply(image, { training: false });
    expect(worst(logits.dataSync(), reference.logits)).toBeLessThan(1e-4);
    // One step of plain descent at rate 1 takes the gradient off the weights.
    const optimizer = {
      kind: "sgd",
      momentum: 0,
      learningRate: 1,
      weightDecay: 0,
      clipNorm: null,
      schedule: { kind: "constant" },
    };
    const train = trainOptions.parse({ steps: 1, averageDecay: 0, optimizer });
    const state = createState(model, train);
    const step = makeTrainStep(state, train);
    const before = tf.clone(state.parameters);
    const loss = step({ image, target }, 1);
    expect(loss.dataSync()[0]! / reference.loss).toBeCloseTo(1, 5);
    const gradient = tf.sub(before, state.parameters);
    const specs = nnunetWeights(options, shape);
    expect(specs.map(({ name }) => name).sort()).toEqual(Object.keys(reference.gradients).sort());
    const found = tf.tidy(() => {
      const parts = weightsOf(model, gradient, state.statistics);
      return Object.fromEntries([...parts].map(([name, part]) => [name, part.dataSync() as Float32Array]));
    });
    for (const spec of specs) expect([spec.name, apart(found[spec.name]!, spec) < 1e-4]).toEqual([spec.name, true]);
    tf.dispose([image, target, logits, before, loss, gradient]);
    step.dispose();
    disposeState(state);
    model.dispose();
    expect(tf.memory().numTensors).toBe(0);
  });
});

test("has as many parameters as the reference", () => {
  for (const [name, expected] of Object.entries(reference.counts)) {
    const specs = nnunetWeights({ channels: name.split("-").map(Number) }, shape);
    expect(specs.reduce((sum, spec) => sum + spec.shape.reduce((a, b) => a * b, 1), 0)).toBe(expected);
  }
});

test("without deep supervision, and with two levels, there is one output", async () => {
  await usable("cpu");
  for (const [more, outputs] of [
    [{ channels: [2, 3, 4] }, 1],
    [{ channels: [2, 3, 4, 5, 6] }, 3],
    [{ channels: [2, 3] }, 1],
    [{ channels: [2, 3, 4, 5], deepSupervision: false }, 0],
  ] as const) {
    // biome-ignore format: short
    const model = buildModel(modelOptions.parse({ kind: "nnunet", ...more }), shape);
    const image = tf.zeros([1, 16, 16, 1]) as Tensor4D;
    const deep = model.applyDeep?.(image, { training: true }) ?? [];
    expect(deep.map((z) => z.shape)).toEqual(Array.from({ length: outputs }, (_, i) => [1, 16 >> i, 16 >> i, 2]));
    tf.dispose([image, ...deep]);
    model.dispose();
  }
});
