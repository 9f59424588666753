import { expect, test } from "vitest";
import { chooseBackend, readyBackend } from "../backend/ready.ts";
import { type Tensor4D, tf } from "../backend/tf.ts";
import { silentReporter } from "../core/context.ts";
import { buildModel, forInference } from "./index.ts";

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
