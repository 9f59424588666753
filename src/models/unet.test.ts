import { beforeAll, expect, test } from "vitest";
import { readyBackend } from "../backend/index.ts";
import { tf } from "../backend/tf.ts";
import { silentReporter } from "../core/context.ts";
import { UserError } from "../core/errors.ts";
import { buildModel, type Model, modelOptions, readWeights, setWeights, type WeightArray } from "./index.ts";

// That its numbers are PyTorch's is held by train/parity.test.ts.

beforeAll(async () => void (await readyBackend("auto", silentReporter)));

const options = modelOptions.parse({ kind: "unet", channels: [4, 8, 16] });
const shape = { inChannels: 1, outChannels: 2, seed: 3 };

function numbers(model: Model): number {
  return [...model.weights.values()].reduce((sum, v) => sum + v.size, 0);
}

test("the default has as many weights as the count by hand", () => {
  const model = buildModel(modelOptions.parse({ kind: "unet" }), shape);
  const channels = [16, 32, 64, 128, 256];
  const block = (a: number, b: number) => 9 * a * b + 9 * b * b + 8 * b; // two kernels, two normalisations of 4
  let expected = 0;
  channels.forEach((c, level) => {
    expected += block(level === 0 ? 1 : channels[level - 1]!, c);
    if (level > 0)
      expected += 4 * c * channels[level - 1]! + channels[level - 1]! + block(2 * channels[level - 1]!, channels[level - 1]!);
  });
  expect(numbers(model)).toBe(expected + 16 * 2 + 2);
  expect(model.sizeMultiple).toBe(16);
  model.dispose();
});

test("weights start He-normal, each decided by its name and the seed", async () => {
  const [a, wider] = [
    buildModel(options, shape),
    buildModel(modelOptions.parse({ kind: "unet", channels: [4, 8, 16, 20] }), shape),
  ];
  const [first, second] = [await readWeights(a), await readWeights(wider)];
  for (const name of ["down0.conv0.weight", "down1.conv1.weight", "logits.weight"])
    expect(second.get(name)).toEqual(first.get(name));
  const kernel = second.get("down2.conv1.weight")!; // 3 x 3 x 16 x 16
  const variance = kernel.data.reduce((sum, v) => sum + v * v, 0) / kernel.data.length;
  expect(Math.abs(variance / (2 / (9 * 16)) - 1)).toBeLessThan(0.1);
  const other = buildModel(options, { ...shape, seed: 4 });
  expect((await readWeights(other)).get("down0.conv0.weight")).not.toEqual(first.get("down0.conv0.weight"));
  for (const model of [a, wider, other]) model.dispose();
});

test("applying changes nothing, leaks nothing, and gives logits of the input's size", () => {
  const model = buildModel(options, shape);
  const x = tf.ones([2, 12, 8, 1]) as import("../backend/tf.ts").Tensor4D;
  const before = tf.memory().numTensors;
  const [y, again] = [model.apply(x, { training: false }), model.apply(x, { training: false })];
  const trained = model.apply(x, { training: true });
  expect([y.shape, trained.shape]).toEqual([[2, 12, 8, 2], [2, 12, 8, 2]]); // biome-ignore format: one line
  expect(again.dataSync()).toEqual(y.dataSync());
  tf.dispose([y, again, trained]);
  expect(tf.memory().numTensors).toBe(before);
  x.dispose();
  model.dispose();
  expect(tf.memory().numTensors).toBe(0);
});

test("weights of another model, or damaged ones, are refused and leave the model as it was", async () => {
  const model = buildModel(options, shape);
  const good = await readWeights(model);
  const wrong = (change: (weights: Map<string, WeightArray>) => void) => {
    const weights = new Map([...good].map(([name, { shape: s, data }]) => [name, { shape: s, data: data.map((v) => v + 1) }]));
    change(weights);
    try {
      setWeights(model, weights, "w.safetensors");
    } catch (error) {
      expect(error).toBeInstanceOf(UserError);
      return `${(error as UserError).fault}: ${(error as UserError).message}`;
    }
    return "no error";
  };
  expect(wrong((w) => w.delete("up0.norm1.bias"))).toMatch(
    /^data: w\.safetensors: does not fit the unet: needs up0\.norm1\.bias; got none\. Use/,
  );
  expect(wrong((w) => w.set("head.weight", { shape: [1], data: Float32Array.of(1) }))).toMatch(
    /every tensor belongs to a layer; got head\.weight as well/,
  );
  expect(wrong((w) => w.set("logits.bias", { shape: [1, 2], data: Float32Array.of(1, 2) }))).toMatch(
    /logits\.bias has shape \[2\]; got \[1, 2\]/,
  );
  expect(wrong((w) => w.set("logits.bias", { shape: [2], data: Float32Array.of(1, Number.NaN) }))).toMatch(
    /weights must be finite; got NaN in logits\.bias/,
  );
  expect(await readWeights(model)).toEqual(good);
  expect(wrong(() => {})).toBe("no error");
  expect((await readWeights(model)).get("logits.bias")!.data).toEqual(Float32Array.of(1, 1));
  model.dispose();
});
