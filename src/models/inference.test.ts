import { expect, test } from "vitest";
import { chooseBackend, readyBackend } from "../backend/ready.ts";
import { type Tensor4D, tf } from "../backend/tf.ts";
import { silentReporter } from "../core/context.ts";
import { buildModel, forInference, modelOptions } from "./index.ts";

test("gives the logits of the plain model, follows its weights, leaks nothing, and leaves training to it", async () => {
  const backend = chooseBackend().backend === "wasm" ? "wasm" : "tensorflow";
  await readyBackend(backend, silentReporter);
  const model = buildModel({ kind: "unet", channels: [4, 8, 8] }, { inChannels: 1, outChannels: 2, seed: 1 });
  const fast = forInference(model);
  for (const [i, size] of [16, 16, 32, 16].entries()) {
    const x = tf.randomNormal([2, size, size, 1], 0, 1, "float32", i) as Tensor4D;
    const first = model.weights.values().next().value!;
    tf.tidy(() => first.assign(tf.mul(first, 1.1)));
    const before = tf.memory().numTensors;
    const quick = fast.apply(x, { training: false });
    expect(tf.memory().numTensors).toBe(before + 1);
    const slow = model.apply(x, { training: false });
    expect(tf.max(tf.abs(tf.sub(quick, slow))).dataSync()[0]).toBeLessThan(1e-5);
    const trained = [fast, model].map((m) => tf.sum(m.apply(x, { training: true })).dataSync()[0]!);
    expect(trained[0]).toBe(trained[1]);
  }
  fast.dispose();
  expect([...model.weights.values()].every((v) => v.isDisposed)).toBe(true);
});

test("gives a classifier's maps as the plain model does, in one function", async () => {
  const backend = chooseBackend().backend === "wasm" ? "wasm" : "tensorflow";
  await readyBackend(backend, silentReporter);
  const options = modelOptions.parse({ kind: "miniresnet", widths: [4, 8] });
  const model = buildModel(options, { inChannels: 1, outChannels: 1, seed: 1 });
  const fast = forInference(model);
  const x = tf.randomNormal([2, 16, 20, 1], 0, 1, "float32", 1) as Tensor4D;
  const first = model.weights.values().next().value!;
  const maps = ({ maps }: typeof model) => maps!(x, { training: false });
  maps(fast);
  tf.tidy(() => first.assign(tf.mul(first, 1.1)));
  const kernels = async (of: typeof model) => (await tf.profile(() => maps(of))).kernels.length;
  if (backend === "tensorflow") expect([await kernels(fast), (await kernels(model)) > 10]).toEqual([0, true]);
  const before = tf.memory().numTensors;
  maps(fast);
  expect(tf.memory().numTensors).toBe(before + 1);
  expect(tf.max(tf.abs(tf.sub(maps(fast), maps(model)))).dataSync()[0]).toBeLessThan(1e-5);
  fast.dispose();
});
