import { beforeAll, expect, test } from "vitest";
import { readyBackend } from "../backend/index.ts";
import { type Tensor4D, type Tensor5D, tf } from "../backend/tf.ts";
import { silentReporter } from "../core/context.ts";
import { buildHexaNet, hexanetOptions } from "./hexanet.ts";
import { buildModel } from "./index.ts";

beforeAll(async () => {
  await readyBackend("auto", silentReporter);
});

test("as a config trains it, a crop that is all black is a region that is missing; the rest is the network that is held to PyTorch", () => {
  const options = hexanetOptions.parse({ kind: "hexanet", regions: 3, encoder: { kind: "miniresnet", widths: [3, 4] } });
  const shape = { inChannels: 1, outChannels: 2, seed: 4 };
  const [network, model] = [buildHexaNet(options, shape), buildModel(options, shape)];
  tf.tidy(() => {
    const present = tf.tensor2d([[1, 0, 1], [1, 1, 1]]); // biome-ignore format: rows
    const crops = tf.mul(tf.randomUniform([2, 3, 8, 8, 1], 0.1, 1, "float32", 5), tf.reshape(present, [2, 3, 1, 1, 1]));
    for (const training of [true, false]) {
      const expected = network.apply(crops as Tensor5D, present, { training }).dataSync();
      const logits = model.apply(tf.reshape(crops, [6, 8, 8, 1]) as Tensor4D, { training });
      expect(logits.shape).toEqual([2, 1, 1, 2]);
      for (const [i, value] of [...logits.dataSync()].entries()) expect(value).toBeCloseTo(expected[i]!, 5);
    }
  });
  network.dispose();
  model.dispose();
});
