import { beforeAll, expect, test } from "vitest";
import { readyBackend } from "../backend/index.ts";
import { type Tensor4D, tf } from "../backend/tf.ts";
import { silentReporter } from "../core/context.ts";
import { assignWeights, buildModel, fitWeights, headOptions, type ModelOptions, modelOptions, type Pretext, readWeights, weightCount } from "./index.ts"; // biome-ignore format: one line
import { unetClimb, unetEncode, unetOptions } from "./unet.ts";

beforeAll(async () => {
  await readyBackend("auto", silentReporter);
});

const head = headOptions.parse({ hidden: [5], features: 3 });
const pretexts: Readonly<Record<Pretext["kind"], Pretext>> = {
  restore: { kind: "restore" },
  global: { kind: "global", head },
  local: { kind: "local", head, level: 1 },
  grid: { kind: "grid", head, cells: 1 },
};

/** Of each model that can be pretrained: begins of the names of its encoder. */
const encoders: readonly (readonly [object, readonly string[]])[] = [
  [{ kind: "unet", channels: [3, 4, 5] }, ["down", "bottom"]],
  [{ kind: "autoencoder", channels: [3, 4, 5] }, ["down", "bottom"]],
  [{ kind: "nnunet", channels: [3, 4, 5] }, ["encoder."]],
  [{ kind: "miniresnet", widths: [3, 4, 8] }, ["conv1", "bn1", "layer"]],
  [{ kind: "resnet18", width: 2 }, ["conv1", "bn1", "layer"]],
  [{ kind: "mil", encoder: { kind: "miniresnet", widths: [3, 4] } }, ["encoder."]],
];
const cases = encoders.flatMap(([given, only]) =>
  Object.values(pretexts).map((pretext) => [modelOptions.parse(given), pretext, only] as const),
);
const usable = cases.filter(([{ kind }, pretext]) => pretext.kind !== "local" || kind === "unet");

test.each(usable)(
  "of %j pretrained by %j a training takes the encoder, all of it, by its names",
  async (options, pretext, only) => {
    const outChannels = pretext.kind === "restore" ? 1 : 3;
    const pretrained = { inChannels: 1, outChannels, pretext };
    const model = buildModel(options, { ...pretrained, seed: 2 });
    const weights = await readWeights(model);
    expect([...weights.values()].reduce((sum, { data }) => sum + data.length, 0)).toBe(weightCount(options, pretrained));
    const shapes: Record<Pretext["kind"], number[]> = {
      restore: [2, 64, 32, 1],
      global: [2, 1, 1, 3],
      local: [2, 32, 16, 3],
      grid: [2, 1, 1, 3],
    };
    tf.tidy(() => {
      for (const training of [true, false])
        expect(model.apply(tf.ones([2, 64, 32, 1]), { training }).shape).toEqual(shapes[pretext.kind]);
    });
    const later = { inChannels: 1, outChannels: 2 };
    const { taken, random } = fitWeights(options, later, { where: "w", kind: options.kind, weights }, only);
    const wanted = namesOf(options).filter((name) => only.some((prefix) => name.startsWith(prefix)));
    expect([...taken.keys()]).toEqual(wanted);
    expect(wanted.length).toBeGreaterThan(8);
    expect([...taken.keys(), ...random].sort()).toEqual(namesOf(options).sort());
    model.dispose();
  },
);

function namesOf(options: ModelOptions): string[] {
  const model = buildModel(options, { inChannels: 1, outChannels: 2, seed: 1 });
  const names = [...model.weights.keys()];
  model.dispose();
  return names;
}

test("two views of a batch are embedded each by itself outside training, and a head of another size starts at random", async () => {
  const options = modelOptions.parse({ kind: "unet", channels: [3, 4] });
  const shape = { inChannels: 1, outChannels: 1, pretext: pretexts.global };
  const model = buildModel(options, { ...shape, seed: 2 });
  tf.tidy(() => {
    const x = tf.randomUniform([3, 8, 8, 1], 0, 1, "float32", 5);
    const all = model.apply(x as never, { training: false }).arraySync() as number[][][][];
    const alone = model.apply(tf.slice(x, [1], [1]) as never, { training: false }).arraySync() as number[][][][];
    for (const [i, value] of alone[0]![0]![0]!.entries()) expect(all[1]![0]![0]![i]).toBeCloseTo(value, 5);
  });
  const wider = { ...shape, pretext: { kind: "global", head: { ...head, features: 4 } } } as const;
  const given = { where: "w", kind: "unet", weights: await readWeights(model) };
  expect(fitWeights(options, wider, given).random).toEqual(["head.out.weight", "head.out.bias"]);
  model.dispose();
});

test.each(Object.values(pretexts))(
  "a U-Net that starts from %j sees what the pretrained one saw, and draws from it what that drew",
  async (pretext) => {
    const options = unetOptions.parse({ kind: "unet", channels: [3, 4, 5] });
    const before = buildModel(options, { inChannels: 1, outChannels: pretext.kind === "restore" ? 1 : 3, pretext, seed: 2 });
    for (const [i, [name, variable]] of [...before.weights].entries())
      tf.tidy(() => {
        const least = name.endsWith("running_var") ? 0.1 : -1; // a variance is above 0
        variable.assign(tf.randomUniform(variable.shape, least, 1, "float32", i + 1));
      });
    const only = ["down", "bottom", ...(pretext.kind === "restore" ? ["up"] : [])];
    const after = buildModel(options, { inChannels: 1, outChannels: 2, seed: 3 });
    const given = { where: "w", kind: "unet", weights: await readWeights(before) };
    assignWeights(after, fitWeights(options, { inChannels: 1, outChannels: 2 }, given, only).taken);
    tf.tidy(() => {
      const x = tf.randomUniform([2, 16, 16, 1], 0, 1, "float32", 5) as Tensor4D;
      const [old, own] = [before, after].map(({ weights }) => {
        const scope = { weights, mode: { training: false } };
        const { bottom, skips } = unetEncode(scope, 3, x);
        return [bottom, ...skips, ...(pretext.kind === "restore" ? [unetClimb(scope, 3, bottom, skips)] : [])];
      }) as [Tensor4D[], Tensor4D[]];
      expect(own.map((maps) => Array.from(maps.dataSync()))).toEqual(old.map((maps) => Array.from(maps.dataSync())));
      expect(Math.max(...old[0]!.dataSync())).toBeGreaterThan(0.01);
    });
    for (const model of [before, after]) model.dispose();
  },
);
