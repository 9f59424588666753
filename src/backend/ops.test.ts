import { beforeAll, describe, expect, test } from "vitest";
import { smallNet } from "../../test/backend/steps.ts";
import { silentReporter } from "../core/context.ts";
import { batchNormTrain, relu } from "./ops.ts";
import { chooseBackend, readyBackend } from "./ready.ts";
import { type Tensor1D, type Tensor4D, tf } from "./tf.ts";

// Values and gradients are held to a reference in test/parity; here is what that list does not see.

describe.each(["tensorflow", "wasm", "cpu"] as const)("on %s", (backend) => {
  const isMissing = backend === "tensorflow" && chooseBackend().backend === "wasm";
  beforeAll(async () => {
    if (isMissing) console.warn("tensorflow skipped: the native addon is not installed");
    else await readyBackend(backend, silentReporter);
  });

  test.skipIf(isMissing)("a training step leaks no tensors, with or without a tape", () => {
    const net = smallNet(8, 3);
    net.step(); // the first makes the optimizer's own variables
    const before = tf.memory().numTensors;
    net.step();
    expect(tf.memory().numTensors).toBe(before);
    const x = tf.zeros([1, 2, 2, 3]) as Tensor4D;
    const scale = tf.ones([3]) as Tensor1D;
    const { y, mean, variance } = batchNormTrain(x, scale, scale, 1e-5);
    const made = [y, mean, variance, relu(x)];
    expect(tf.memory().numTensors).toBe(before + 2 + made.length);
    tf.dispose([x, scale, ...made]);
  });

  test.skipIf(isMissing)("batch norm of a single value a channel is its shift, with zero variance", () => {
    const [x, gamma, beta] = [tf.tensor4d([5, -7], [1, 1, 1, 2]), tf.tensor1d([2, 3]), tf.tensor1d([0.5, -1])];
    const { y, variance } = batchNormTrain(x, gamma, beta, 1e-5);
    expect([...y.dataSync()]).toEqual([0.5, -1]);
    expect([...variance.dataSync()]).toEqual([0, 0]);
  });

  test.skipIf(isMissing)("relu passes no gradient at 0 and a NaN stays one", () => {
    const x = tf.tensor1d([-1, 0, 2]);
    expect([
      ...tf
        .grad((v) => relu(v))(x)
        .dataSync(),
    ]).toEqual([0, 0, 1]);
    expect(relu(tf.tensor1d([Number.NaN])).dataSync()[0]).toBeNaN();
  });
});
