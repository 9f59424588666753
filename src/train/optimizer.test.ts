import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { seeded, worst } from "../../test/helpers/seeded.ts";
import { backends, usable } from "../../test/helpers/torch-cases.ts";
import { silu } from "../backend/ops.ts";
import { type Tensor, type Tensor4D, tf } from "../backend/tf.ts";
import type { Compile } from "../backend/traced/index.ts";
import type { UserError } from "../core/errors.ts";
import type { Model, WeightArray } from "../models/index.ts";
import { conv2d } from "../models/layers/conv.ts";
import { trainOptions } from "./options.ts";
import { learningRateAt } from "./schedule.ts";
import { createState, disposeState, weightsOf } from "./state.ts";
import { type BatchTensors, makeTrainStep } from "./step.ts";

// Made by scripts/fixtures/optimizers_torch.py: the same network, losses, batches and options with torch.optim.

interface Trajectory {
  readonly optimizer: object;
  readonly averageDecay: number;
  readonly rates: readonly number[];
  readonly losses: Readonly<Record<string, number>>;
  readonly weights: Readonly<Record<string, WeightArray>>;
  readonly average: Readonly<Record<string, WeightArray>> | null;
}

const text = readFileSync(new URL("../../test/fixtures/optimizers.json", import.meta.url), "utf8");
const cases = Object.entries(JSON.parse(text) as Record<string, Trajectory>);
const steps = 50;
const shapes = { "first.weight": [4, 1, 3, 3], "first.bias": [4], "second.weight": [2, 4, 1, 1], "second.bias": [2] };

/** A tensor in our layout: OIHW → HWIO. All else stays. */
function fromTorch({ shape, data }: WeightArray): Tensor {
  const tensor = tf.tensor(data, [...shape]);
  return shape.length === 4 ? tf.transpose(tensor, [2, 3, 1, 0]) : tensor;
}

/** The fixture's network. */
function smoothNet(): Model {
  const entries = Object.entries(shapes).map(([name, shape]) => {
    return [name, tf.tidy(() => tf.variable(fromTorch(seeded(name, shape, -0.7, 0.7))))] as const;
  });
  const weights = new Map(entries);
  return {
    kind: "smooth",
    weights,
    trainable: [...weights.keys()],
    sizeMultiple: 1,
    apply(x, mode) {
      const scope = { weights: mode.weights ?? weights, mode };
      return tf.tidy(() => conv2d(scope, "second", silu(conv2d(scope, "first", x))));
    },
    dispose: () => tf.dispose([...weights.values()]),
  };
}

/** The n-th batch, from 1: one of four, in turn. */
function batchOf(n: number): BatchTensors {
  const own = (name: string, shape: number[], high: number) => tf.tensor4d(seeded(`${name}/${n % 4}`, shape, -1, high).data, shape as [number, number, number, number]); // biome-ignore format: short
  return tf.tidy(() => ({
    image: tf.transpose(own("image", [2, 1, 8, 8], 1), [0, 2, 3, 1]),
    target: tf.cast(tf.greater(tf.transpose(own("target", [2, 2, 8, 8], 0.5), [0, 2, 3, 1]), 0), "float32") as Tensor4D,
  }));
}

/** Trains 50 steps and gives the losses, the weights and their average, row-major. */
function trajectory({ optimizer, averageDecay }: Pick<Trajectory, "optimizer" | "averageDecay">, compile: Compile) {
  const options = trainOptions.parse({ steps, optimizer, averageDecay, compile });
  const model = smoothNet();
  const state = createState(model, options);
  const step = makeTrainStep(state, options);
  const { accumulate } = options.optimizer;
  const losses: number[] = [];
  for (let n = 1; n <= steps; n++) {
    const [first, ...more] = Array.from({ length: accumulate }, (_, i) => batchOf((n - 1) * accumulate + i + 1));
    const loss = step(first!, n, more);
    losses.push(loss.dataSync()[0]!);
    tf.dispose([loss, ...[first!, ...more].flatMap(({ image, target }) => [image, target])]);
  }
  const read = (parameters: Tensor) =>
    tf.tidy(() => {
      const weights = weightsOf(model, parameters, state.statistics);
      return Object.fromEntries([...weights].map(([name, t]) => [name, t.dataSync() as Float32Array]));
    });
  const out = { losses, weights: read(state.parameters), average: state.average && read(state.average.parameters) };
  step.dispose();
  disposeState(state);
  model.dispose();
  return out;
}

describe.each([...backends.map((backend) => [backend, "off"] as const), ["tensorflow", "graph"], ["tensorflow", "xla"]] as const)(
  "50 steps on %s, compile %s",
  (backend, compile) => {
    test.for(cases)("%s: losses and weights are PyTorch's", async ([, reference], context) => {
      if (!(await usable(backend))) return context.skip();
      const before = tf.memory().numTensors;
      const got = trajectory(reference, compile);
      for (const [n, loss] of Object.entries(reference.losses)) expect(got.losses[Number(n) - 1]! / loss).toBeCloseTo(1, 4);
      for (const [expected, found] of [[reference.weights, got.weights], [reference.average, got.average]] as const) // biome-ignore format: short
        for (const [name, array] of Object.entries(expected ?? {}))
          expect([
            name,
            worst(
              found![name]!,
              tf.tidy(() => fromTorch(array).dataSync() as Float32Array),
            ) < 1e-4,
          ]).toEqual([name, true]);
      expect(tf.memory().numTensors).toBe(before);
    });
  },
);

test.each(cases)("%s: the rate of every step is PyTorch's", (_, { optimizer, rates }) => {
  const options = trainOptions.parse({ steps, optimizer }).optimizer;
  for (const [i, rate] of rates.entries()) expect(learningRateAt(i + 1, steps, options) / rate).toBeCloseTo(1, 9);
});

test("frozen weights keep their bits, whatever the decay", async () => {
  await usable("cpu");
  const { weights } = trajectory({ optimizer: { freeze: ["first.w", "second.b"], weightDecay: 0.5 }, averageDecay: 0 }, "off");
  const start = smoothNet();
  const stays = Object.entries(weights).map(([name, values]) => [name, worst(values, start.weights.get(name)!.dataSync()) === 0]);
  expect(Object.fromEntries(stays)).toEqual({
    "first.weight": true,
    "first.bias": false,
    "second.weight": false,
    "second.bias": true,
  });
  start.dispose();
});

test("a prefix that fits nothing is refused, and so is a network that is all frozen", async () => {
  await usable("cpu");
  const model = smoothNet();
  const fault = (optimizer: object) => {
    try {
      createState(model, trainOptions.parse({ optimizer }));
    } catch (error) {
      return [(error as UserError).fault, (error as UserError).message];
    }
    return "none";
  };
  const rule = (key: string) =>
    `train.optimizer.${key}: a prefix must be the begin of a weight's name; got "down9". Names begin with first, second.`;
  expect(fault({ freeze: ["first", "down9"] })).toEqual(["usage", rule("freeze")]);
  expect(fault({ groups: [{ prefix: "down9", rateFactor: 1 }] })).toEqual(["usage", rule("groups")]);
  expect(fault({ freeze: ["first", "second"] })[1]).toBe(
    "train.optimizer.freeze: a weight must be left to train; got all frozen. Freeze fewer.",
  );
  model.dispose();
});
