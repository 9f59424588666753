import { expect, test } from "vitest";
import { backends, type Inputs, testTorchCases, usable } from "../../../test/helpers/torch-cases.ts";
import { leakyRelu, silu } from "../../backend/ops.ts";
import { type Tensor, type Tensor1D, type Tensor2D, type Tensor3D, type Tensor4D, tf } from "../../backend/tf.ts";
import { traced } from "../../backend/traced/index.ts";
import { seededRng } from "../../core/rng.ts";
import { attentionPool, attentionWeights } from "./attention.ts";
import { drawKeys, dropout } from "./dropout.ts";
import { affineWeights, groupNorm, instanceNorm } from "./norm.ts";
import type { Scope } from "./scope.ts";

/** A scope over the inputs of a case, under the names that a layer gives its weights. */
function scope(inputs: Inputs, names: Readonly<Record<string, string>>): Scope {
  const weights = new Map(Object.entries(names).map(([name, key]) => [`layer.${name}`, inputs[key]!]));
  return { weights, mode: { training: true } };
}

const affine = { weight: "weight", bias: "bias" };
const attention = {
  "value.weight": "value",
  "value.bias": "value_bias",
  "gate.weight": "gate",
  "gate.bias": "gate_bias",
  "score.weight": "score",
};
const group = (groups: number) => (inputs: Inputs) => groupNorm(scope(inputs, affine), "layer", inputs.x as Tensor4D, groups);
const pool = (inputs: Inputs) => {
  const real = inputs.real === undefined ? undefined : tf.cast(tf.greaterEqual(inputs.real, 0), "float32");
  return attentionPool(scope(inputs, attention), "layer", inputs.x as Tensor3D, real as Tensor2D | undefined).pooled;
};

testTorchCases("layers.json", {
  "group norm": group(3),
  "group norm, one group": group(1),
  "group norm, far from zero": group(2),
  "instance norm": (inputs) => instanceNorm(scope(inputs, {}), "layer", inputs.x as Tensor4D),
  "instance norm, affine": (inputs) => instanceNorm(scope(inputs, affine), "layer", inputs.x as Tensor4D),
  "leaky ReLU": ({ x }) => leakyRelu(x!, 0.01),
  SiLU: ({ x }) => silu(x!),
  "attention pooling": pool,
  "attention pooling, bags filled up": pool,
});

test("layers declare the weights that they use", () => {
  expect(attentionWeights("layer", 5, 6).map(({ name, shape }) => [name, shape])).toEqual([
    ["layer.value.weight", [5, 6]],
    ["layer.value.bias", [6]],
    ["layer.gate.weight", [5, 6]],
    ["layer.gate.bias", [6]],
    ["layer.score.weight", [6, 1]],
  ]);
  expect(affineWeights("layer", 6).map(({ name }) => name)).toEqual(["layer.weight", "layer.bias"]);
  expect(() => groupNorm({ weights: new Map(), mode: { training: true } }, "n", tf.zeros([1, 2, 2, 6]), 4)).toThrow(
    "groups must divide the 6 channels; got 4",
  );
});

const keysOf = (step: number) => tf.tensor1d(drawKeys(seededRng(1).fork(step)));
const dropped = (x: Tensor, step: number, rate: number, name = "layer") =>
  tf.tidy(() => dropout({ mode: { training: true, keys: keysOf(step) } }, name, x, rate).dataSync());

test("dropout drops the same on every backend, other values at each step and in each layer", async () => {
  const ones = () => tf.ones([3, 70, 50, 2]); // more than the 4096 of one row
  const masks = new Map<string, ArrayLike<number>>();
  for (const backend of backends) if (await usable(backend)) masks.set(backend, dropped(ones(), 1, 0.3));
  const [first, ...others] = [...masks.values()];
  expect(others.length).toBeGreaterThan(0);
  for (const mask of others) expect(mask).toEqual(first);
  const agreement = (mask: ArrayLike<number>) =>
    Array.from(first!, (v, i) => Number(v > 0 === mask[i]! > 0)).reduce((a, b) => a + b) / first!.length;
  // Two independent masks agree in 0.3² + 0.7² of their values, give or take 4 standard errors.
  for (const mask of [dropped(ones(), 2, 0.3), dropped(ones(), 1, 0.3, "other")])
    expect(Math.abs(agreement(mask) - 0.58)).toBeLessThan((4 * Math.sqrt(0.58 * 0.42)) / Math.sqrt(first!.length));
});

test("dropout keeps its share, scales it, and lets the gradient through where it kept", async () => {
  await usable("cpu");
  for (const rate of [0.1, 0.5, 0.9]) {
    const kept = Array.from({ length: 50 }, (_, step) => dropped(tf.ones([400]), step, rate)).flatMap((mask) => [...mask]);
    const share = kept.filter((v) => v > 0).length / kept.length;
    expect(Math.abs(share - (1 - rate))).toBeLessThan((4 * Math.sqrt(rate * (1 - rate))) / Math.sqrt(kept.length));
    expect(kept.every((v) => v === 0 || Math.abs(v * (1 - rate) - 1) < 1e-6)).toBe(true);
  }
  const mode = { training: true, keys: keysOf(3) };
  const x = tf.range(1, 65);
  const y = dropout({ mode }, "layer", x, 0.5);
  const slope = tf.grad((value: Tensor) => dropout({ mode }, "layer", value, 0.5))(x);
  expect([...tf.mul(slope, x).dataSync()]).toEqual([...y.dataSync()]);
  expect(dropout({ mode: { training: false } }, "layer", x, 0.5)).toBe(x);
  expect(() => dropout({ mode: { training: true } }, "layer", x, 0.5)).toThrow("layer needs mode.keys in training");
  expect(() => dropout({ mode }, "layer", x, 1)).toThrow("rate must be in [0, 1); got 1");
});

test("inside a traced step dropout gets a new mask from new keys, the one of op by op", async (context) => {
  if (!(await usable("tensorflow"))) return context.skip();
  const step = traced(([x, keys]) => {
    const run = (value: Tensor) => dropout({ mode: { training: true, keys: keys as Tensor1D } }, "layer", value, 0.4);
    return [tf.grad(run)(x!)];
  });
  const x = tf.ones([5, 900]);
  const masks = [1, 2, 3, 1].map((n) => [...step([x, keysOf(n)])[0]!.dataSync()]);
  expect(masks[3]).toEqual(masks[0]);
  expect(masks[1]).not.toEqual(masks[0]);
  for (const n of [1, 2, 3]) expect(masks[n - 1]).toEqual([...dropped(x, n, 0.4)]);
  step.dispose();
});
