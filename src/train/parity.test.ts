import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { backends, usable } from "../../test/helpers/torch-cases.ts";
import { type Rank, type Tensor, type Tensor4D, tf } from "../backend/tf.ts";
import { decodeSafetensors, floatsOf } from "../data/safetensors.ts";
import { buildModel, type Model, readWeights, setWeights, type WeightArray } from "../models/index.ts";
import { segmentationLoss } from "./losses.ts";
import { lossOptions, trainOptions } from "./options.ts";
import { createState, disposeState, fillModel } from "./state.ts";
import { makeTrainStep } from "./step.ts";

// Made by scripts/fixtures/unet_torch.py: the same network, losses and optimizer in PyTorch.
const folder = new URL("../../test/fixtures/unet/", import.meta.url);
const report = JSON.parse(readFileSync(new URL("unet.json", folder), "utf8"));
const net = load("unet.safetensors");
const alone = load("losses.safetensors");

function load(name: string): Map<string, WeightArray> {
  const { tensors } = decodeSafetensors(readFileSync(new URL(name, folder)), name);
  return new Map([...tensors].map(([key, t]) => [key, { shape: t.shape, data: floatsOf(t, key, name) }]));
}

function under(prefix: string): Map<string, WeightArray> {
  return new Map([...net].filter(([key]) => key.startsWith(`${prefix}/`)).map(([key, t]) => [key.slice(prefix.length + 1), t]));
}

const tensor = ({ shape, data }: WeightArray) => tf.tensor<Rank.R4>(data, shape as [number, number, number, number]);

/** Largest difference, as a share of the largest magnitude. */
function difference(got: ArrayLike<number>, expected: Float32Array): number {
  expect(got.length).toBe(expected.length);
  const largest = expected.reduce((most, v) => Math.max(most, Math.abs(v)), 1e-6);
  return expected.reduce((most, v, i) => Math.max(most, Math.abs(v - got[i]!)), 0) / largest;
}

function build(): Model {
  const model = buildModel({ kind: "unet", channels: report.channels }, { inChannels: 1, outChannels: 2, seed: 1 });
  setWeights(model, under("before"), "fixture");
  return model;
}

describe.each(backends)("against PyTorch on %s", (backend) => {
  test("the losses and their gradients", async (context) => {
    if (!(await usable(backend))) return context.skip();
    for (const [i, c] of report.cases.entries()) {
      const options = lossOptions.parse({
        dice: c.dice_weight,
        crossEntropy: c.entropy_weight,
        brainLossWeight: c.brain,
        diceOver: c.over,
        smoothing: c.smoothing,
        emptySliceWeight: c.empty,
      });
      const [logits, target] = [tensor(alone.get("logits")!), tensor(alone.get("target")!)];
      const { value, grad } = tf.valueAndGrad((z: Tensor) => segmentationLoss(z as Tensor4D, target, options))(logits);
      expect(Math.abs(value.dataSync()[0]! / report.values[i] - 1)).toBeLessThan(1e-5);
      expect(difference(grad.dataSync(), alone.get(`gradient/${i}`)!.data)).toBeLessThan(1e-5);
      tf.dispose([logits, target, value, grad]);
    }
  });

  test("the U-Net: logits by running and by batch statistics, and every gradient", async (context) => {
    if (!(await usable(backend))) return context.skip();
    const model = build();
    const [image, target] = [tensor(net.get("image")!), tensor(net.get("target")!)];
    for (const [training, name] of [
      [false, "eval_logits"],
      [true, "train_logits"],
    ] as const) {
      const logits = model.apply(image, { training });
      expect(difference(logits.dataSync(), net.get(name)!.data)).toBeLessThan(1e-5);
      logits.dispose();
    }
    const variables = model.trainable.map((name) => model.weights.get(name)!);
    const forward = () => segmentationLoss(model.apply(image, { training: true }), target, lossOptions.parse({}));
    const { value, grads } = tf.variableGrads(forward, variables);
    expect(Math.abs(value.dataSync()[0]! / report.losses[0] - 1)).toBeLessThan(1e-5);
    for (const [name, expected] of under("gradient")) {
      expect([name, difference(grads[model.weights.get(name)!.name]!.dataSync(), expected.data) < 1e-5]).toEqual([name, true]);
    }
    expect([...under("gradient").keys()].sort()).toEqual([...model.trainable].sort());
    tf.dispose([image, target, value, grads]);
    model.dispose();
  });

  test("six steps: losses, weights, running statistics and moving average", async (context) => {
    if (!(await usable(backend))) return context.skip();
    const model = build();
    const { warmupSteps, finalShare, ...optimizer } = report.optimizer;
    const options = trainOptions.parse({
      steps: report.steps,
      optimizer: { ...optimizer, schedule: { kind: "cosine", warmupSteps, finalShare } },
      averageDecay: report.averageDecay,
    });
    const state = createState(model, options);
    const batch = { image: tensor(net.get("image")!), target: tensor(net.get("target")!) };
    const trainStep = makeTrainStep(state, options);
    for (const [i, expected] of report.losses.entries()) {
      const loss = trainStep(batch, i + 1);
      expect(Math.abs(loss.dataSync()[0]! / expected - 1)).toBeLessThan(1e-4);
      loss.dispose();
    }
    for (const [prefix, expected] of [
      ["after", under("after")],
      ["average", under("average")],
    ] as const) {
      const { parameters, statistics } = prefix === "average" ? state.average! : state;
      fillModel(model, parameters, statistics);
      for (const [name, { data }] of await readWeights(model)) {
        expect([prefix, name, difference(data, expected.get(name)!.data) < 1e-4]).toEqual([prefix, name, true]);
      }
    }
    tf.dispose([batch.image, batch.target]);
    trainStep.dispose();
    disposeState(state);
    model.dispose();
    expect(tf.memory().numTensors).toBe(0);
  });
});
