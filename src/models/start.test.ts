import { beforeAll, describe, expect, test } from "vitest";
import { seeded, worst } from "../../test/helpers/seeded.ts";
import { readyBackend } from "../backend/index.ts";
import { type Tensor4D, tf } from "../backend/tf.ts";
import { silentReporter } from "../core/context.ts";
import { UserError } from "../core/errors.ts";
import { assignWeights, buildModel, fitWeights, modelOptions, readWeights } from "./index.ts";
import type { Model, WeightArray } from "./model.ts";

beforeAll(() => readyBackend("auto", silentReporter));

const kinds = {
  unet: { kind: "unet", channels: [3, 4, 5] },
  nnunet: { kind: "nnunet", channels: [3, 4, 5] },
  miniresnet: { kind: "miniresnet", widths: [3, 4] },
  resnet18: { kind: "resnet18", width: 4 },
  resnet34: { kind: "resnet34", width: 2 },
  resnet50: { kind: "resnet50", width: 2 },
  yolov5: { kind: "yolov5", width: 0.125 },
};
type Kind = keyof typeof kinds;

/** A network, its weights by name, and its forward pass by running statistics. */
function network(kind: Kind, inChannels: number, outChannels: number, seed: number) {
  const options = modelOptions.parse(kinds[kind]);
  const model = buildModel(options, { inChannels, outChannels, seed });
  return { options, model, forward: (x: Tensor4D) => model.apply(x, { training: false }).dataSync() };
}

/** Its weights, running statistics too, as those of a training might be. */
async function trained(model: Model): Promise<Map<string, WeightArray>> {
  const weights = await readWeights(model);
  for (const [name, { shape, data }] of weights) {
    if (/running_mean$|bias$/.test(name)) weights.set(name, seeded(name, shape, -0.2, 0.2));
    else if (/running_var$/.test(name)) weights.set(name, seeded(name, shape, 0.5, 1.5));
    else weights.set(name, { shape, data });
  }
  assignWeights(model, weights);
  return weights;
}

const given = (weights: ReadonlyMap<string, WeightArray>, kind: string | null = null) => ({ where: "w", kind, weights });

function refused(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof UserError) return `${error.fault}: ${error.message}`;
    throw error;
  }
  return "not refused";
}

describe.each(Object.keys(kinds) as Kind[])("%s", (kind) => {
  test("starts as the network whose weights it takes; of three channels, as that network on a grey image", async () => {
    const grey = tf.tensor4d(seeded("grey", [2, 32, 32, 1]).data, [2, 32, 32, 1]);
    for (const channels of [1, 3]) {
      const [old, fresh] = [network(kind, channels, 2, 1), network(kind, 1, 2, 2)];
      const start = fitWeights(fresh.options, { inChannels: 1, outChannels: 2 }, given(await trained(old.model)));
      expect([...start.taken.keys()]).toEqual([...fresh.model.weights.keys()]);
      expect([start.summed, start.random, start.takesHead]).toEqual([
        channels === 1 ? [] : [fresh.model.weights.keys().next().value],
        [],
        true,
      ]);
      assignWeights(fresh.model, start.taken);
      const expected = old.forward(tf.tile(grey, [1, 1, 1, channels]));
      expect(worst(fresh.forward(grey), expected)).toBeLessThan(channels === 1 ? 1e-9 : 1e-5);
    }
  });

  test("a head of another size starts as it would without; all else is taken", async () => {
    const [old, fresh] = [network(kind, 1, 5, 1), network(kind, 1, 1, 2)];
    const before = await readWeights(fresh.model);
    const weights = await trained(old.model);
    const start = fitWeights(fresh.options, { inChannels: 1, outChannels: 1 }, given(weights));
    assignWeights(fresh.model, start.taken);
    const after = await readWeights(fresh.model);
    const head = /^(fc|logits|decoder\.seg_layers|model\.24)\./;
    expect(start.random).toEqual([...before.keys()].filter((name) => head.test(name)));
    expect(start.takesHead).toBe(false);
    for (const [name, { data }] of after) expect(worst(data, (head.test(name) ? before : weights).get(name)!.data), name).toBe(0);
    for (const name of start.random) weights.delete(name); // an encoder without a head, as timm saves it
    const headless = fitWeights(fresh.options, { inChannels: 1, outChannels: 1 }, given(weights));
    expect([...headless.taken.keys(), ...headless.random]).toEqual([...start.taken.keys(), ...start.random]);
  });
});

test("only what is named is taken: the encoder of one U-Net for another", async () => {
  const old = network("unet", 1, 1, 1);
  const weights = await trained(old.model);
  const wider = modelOptions.parse({ kind: "unet", channels: [3, 4, 5, 6] });
  const shape = { inChannels: 1, outChannels: 2 };
  const { taken, random } = fitWeights(wider, shape, given(weights), ["down0", "down1"]);
  expect([...taken.keys()]).toEqual([...weights.keys()].filter((name) => name.startsWith("down")));
  expect(new Set(random.map((name) => name.split(".")[0]))).toEqual(new Set(["down2", "bottom", "up2", "up1", "up0", "logits"]));
  const refusals: [readonly string[], string][] = [
    [["down", "bottom"], "data: w: weights do not fit the unet 3-4-5-6 to train: needs down2.conv0.weight; got none. "],
    [["down0", "encoder"], 'usage: train.init.only: a prefix must be the begin of a weight\'s name; got "encoder". Names begin with down0, down1, down2, bottom, up2, up1, up0, logits.'], // biome-ignore format: one line
    [["logits"], "data: w: weights do not fit the unet 3-4-5-6 to train: at least one weight is taken; got none. "],
  ];
  for (const [only, message] of refusals)
    expect(refused(() => fitWeights(wider, shape, given(weights), only))).toContain(message);
});

test("weights that do not fit are refused by name, with both shapes and the way out", async () => {
  const weights = await trained(network("unet", 1, 2, 1).model);
  const unet = network("unet", 1, 2, 2).options;
  const shape = { inChannels: 1, outChannels: 2 };
  const way = " Use the model options that they were trained with, or name what to take in train.init.only.";
  const changed = (name: string, weight: WeightArray | null) => {
    const copy = new Map(weights);
    if (weight === null) copy.delete(name);
    else copy.set(name, weight);
    return refused(() => fitWeights(unet, shape, given(copy, "unet")));
  };
  const fits = "data: w: weights of a unet do not fit the unet 3-4-5 to train: ";
  expect(changed("down1.conv0.weight", seeded("x", [3, 3, 2, 4]))).toBe(`${fits}down1.conv0.weight has shape [3, 3, 3, 4]; got [3, 3, 2, 4].${way}`); // biome-ignore format: one line
  expect(changed("bottom.norm1.running_var", null)).toBe(`${fits}needs bottom.norm1.running_var; got none.${way}`);
  expect(changed("down7.conv0.weight", seeded("x", [1]))).toBe(`${fits}every weight has its place in it; got down7.conv0.weight as well.${way}`); // biome-ignore format: one line
  expect(changed("down0.conv0.weight", seeded("x", [5, 5, 3, 3]))).toContain("has shape [3, 3, 1, 3]; got [5, 5, 3, 3]");
  const nan = seeded("x", [4]);
  nan.data[2] = Number.NaN;
  expect(changed("down1.norm0.bias", nan)).toBe("data: w: weights must be finite; got NaN in down1.norm0.bias. Restore the file or train again."); // biome-ignore format: one line
  const other = await trained(network("resnet18", 1, 2, 1).model);
  expect(refused(() => fitWeights(unet, shape, given(other, "resnet18")))).toContain("weights of a resnet18 do not fit the unet 3-4-5 to train"); // biome-ignore format: one line
});
