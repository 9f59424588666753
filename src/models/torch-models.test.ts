import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { seeded, seededWeight, worst } from "../../test/helpers/seeded.ts";
import { backends, usable } from "../../test/helpers/torch-cases.ts";
import { type Tensor, type Tensor2D, type Tensor4D, type Tensor5D, tf } from "../backend/tf.ts";
import { traced } from "../backend/traced/index.ts";
import { autoencoderOptions, autoencoderWeights, buildAutoencoder } from "./autoencoder.ts";
import { globalHead, headOptions, headWeights, localHead, restore, restoreWeights } from "./heads.ts";
import { buildHexaNet, hexanetOptions, hexanetWeights } from "./hexanet.ts";
import { fromTorch } from "./import/state-dict.ts";
import { buildMil, milOptions, milWeights } from "./mil.ts";
import { buildMiniResNet, miniresnetOptions, miniresnetWeights } from "./miniresnet.ts";
import type { ApplyMode, BatchStatistics } from "./model.ts";
import { unetWeights } from "./unet.ts";
import type { WeightSpec } from "./weights.ts";

// Made by scripts/fixtures/models_torch.py: the same networks in PyTorch, float64.
interface Reference {
  readonly options: { readonly kind: string; readonly channels?: readonly number[] };
  /** Of the input, in PyTorch's layout: channels before rows. */
  readonly size: readonly number[];
  readonly outChannels: number;
  /** Of the input's numbers. */
  readonly name: string;
  readonly real?: number[][];
  readonly eval: number[];
  readonly train: number[];
  readonly attention?: number[];
  /** Norm, and product with numbers made of the name. */
  readonly image: readonly [number, number];
  readonly gradients: Readonly<Record<string, readonly [number, number]>>;
  readonly statistics: Readonly<Record<string, readonly [number, number]>>;
}
const text = readFileSync(new URL("../../test/fixtures/models.json", import.meta.url), "utf8");
const report: { cases: Record<string, Reference>; counts: [object & { kind: string }, number, number, number][] } =
  JSON.parse(text);

/** A network as the test sees it: its weights, and what it makes of an input. */
interface Subject {
  readonly specs: readonly WeightSpec[];
  readonly run: (x: Tensor, real: Tensor2D | undefined, mode: ApplyMode) => { output: Tensor; attention?: Tensor };
  readonly dispose?: () => void;
}

function subject({ options, size, outChannels }: Pick<Reference, "options" | "size" | "outChannels">): Subject {
  const inChannels = size.at(-3)!;
  const shape = { inChannels, outChannels, seed: 1 };
  const { kind, ...rest } = options;
  const scope = (mode: ApplyMode) => ({ weights: mode.weights!, mode });
  switch (kind) {
    case "miniresnet": {
      const own = miniresnetOptions.parse(options);
      const model = buildMiniResNet(own, shape);
      return {
        ...model,
        specs: miniresnetWeights(own, shape),
        run: (x, _, mode) => ({ output: model.apply(x as Tensor4D, mode) }),
      };
    }
    case "autoencoder": {
      const own = autoencoderOptions.parse(options);
      const model = buildAutoencoder(own, shape);
      return {
        ...model,
        specs: autoencoderWeights(own, shape),
        run: (x, _, mode) => ({ output: model.apply(x as Tensor4D, mode) }),
      };
    }
    case "hexanet": {
      const own = hexanetOptions.parse(options);
      const model = buildHexaNet(own, shape);
      return {
        ...model,
        specs: hexanetWeights(own, shape),
        run: (x, real, mode) => ({ output: model.apply(x as Tensor5D, real!, mode) }),
      };
    }
    case "mil": {
      const own = milOptions.parse(options);
      const model = buildMil(own, shape);
      const run = (x: Tensor, real: Tensor2D | undefined, mode: ApplyMode) => {
        const { logits, attention } = model.apply(x as Tensor5D, real!, mode);
        return { output: logits, attention };
      };
      return { ...model, specs: milWeights(own, shape), run };
    }
    case "global head":
    case "local head": {
      const own = headOptions.parse(rest);
      const head = kind === "global head" ? globalHead : localHead;
      const run: Subject["run"] = (x, _, mode) => ({ output: head(scope(mode), "head", x as Tensor4D, own) });
      return { specs: headWeights("head", inChannels, own), run };
    }
    case "restoration": {
      const channels = options.channels!;
      const run: Subject["run"] = (x, _, mode) => ({ output: restore(scope(mode), x as Tensor4D, channels) });
      return { specs: restoreWeights(channels, outChannels), run };
    }
    default:
      throw new Error(`no such network: ${kind}`);
  }
}

/** The shape of a weight in PyTorch. */
const torchShape = ({ shape: [a, b, c, d] }: Pick<WeightSpec, "shape">): number[] =>
  d !== undefined ? [d, c!, a!, b!] : b === undefined ? [a!] : [b, a!];
const tensorOf = ({ shape, data }: { shape: readonly number[]; data: Float32Array }) => tf.tensor(data, [...shape]);

/** Channels last. */
function channelsLast(name: string, size: readonly number[]): Tensor {
  const axes = [...size.keys()];
  axes.push(...axes.splice(-3, 1));
  return tf.tidy(() => tf.transpose(tensorOf(seeded(name, size)), axes));
}

/** How far a tensor is from its digest, as a share of its norm, or of 0.01 where that is more (a bias before a normalisation has no gradient). */
function apart(value: Tensor, direction: Tensor, [norm, product]: readonly [number, number]): number {
  const [size, dot] = tf.tidy(() => [tf.norm(value), tf.sum(tf.mul(value, direction))].map((t) => t.dataSync()[0]!));
  return Math.max(Math.abs(size! - norm), Math.abs(dot! - product)) / Math.max(norm, 0.01);
}
const direction = (name: string, spec: Pick<WeightSpec, "shape">) =>
  tensorOf(fromTorch(seeded(`digest/${name}`, torchShape(spec))));

describe.each(backends)("against PyTorch on %s", (backend) => {
  test.for(Object.entries(report.cases))("%s: outputs, running statistics, every gradient", async ([, reference], context) => {
    if (!(await usable(backend))) return context.skip();
    const before = tf.memory().numTensors;
    const { specs, run, dispose } = subject(reference);
    tf.tidy(() => checkCase(reference, specs, run));
    dispose?.();
    expect(tf.memory().numTensors).toBe(before);
  });
});

function checkCase(reference: Reference, specs: readonly WeightSpec[], run: Subject["run"]): void {
  const weights = new Map(specs.map((spec) => [spec.name, tensorOf(fromTorch(seededWeight(spec.name, torchShape(spec))))]));
  const x = channelsLast(reference.name, reference.size);
  const real = reference.real && tf.tensor2d(reference.real);
  expect(worst(run(x, real, { training: false, weights }).output.dataSync(), reference.eval)).toBeLessThan(1e-4);
  const records: BatchStatistics[] = [];
  const { output, attention } = run(x, real, { training: true, weights, record: (of) => void records.push(of) });
  expect(worst(output.dataSync(), reference.train)).toBeLessThan(1e-4);
  if (reference.attention) expect(worst(attention!.dataSync(), reference.attention)).toBeLessThan(1e-4);
  checkStatistics(records, weights, reference);
  checkGradients(reference, specs, weights, run, { x, real, output });
}

/** PyTorch's running statistics after one batch: a tenth of the new, the variance unbiased. */
function checkStatistics(records: readonly BatchStatistics[], weights: ReadonlyMap<string, Tensor>, { statistics }: Reference) {
  const found = records.flatMap(({ layer, mean, variance, count }) => [
    [`${layer}.running_mean`, mean] as const,
    [`${layer}.running_var`, tf.mul(variance, count / (count - 1))] as const,
  ]);
  expect(found.map(([name]) => name).sort()).toEqual(Object.keys(statistics).sort());
  for (const [name, value] of found) {
    const next = tf.add(tf.mul(weights.get(name)!, 0.9), tf.mul(value, 0.1));
    expect([name, apart(next, direction(name, next), statistics[name]!) < 1e-4]).toEqual([name, true]);
  }
  for (const { mean, variance } of records) tf.dispose([mean, variance]);
}

function checkGradients(
  reference: Reference,
  specs: readonly WeightSpec[],
  weights: ReadonlyMap<string, Tensor>,
  run: Subject["run"],
  { x, real, output }: { x: Tensor; real: Tensor2D | undefined; output: Tensor },
): void {
  const moved = specs.filter(({ trainable }) => trainable);
  expect(moved.map(({ name }) => name).sort()).toEqual(Object.keys(reference.gradients).sort());
  const torchOutput = output.rank === 4 ? [output.shape[0]!, output.shape[3]!, output.shape[1]!, output.shape[2]!] : output.shape;
  const factor = output.rank === 4 ? channelsLast("weight", torchOutput) : tensorOf(seeded("weight", torchOutput));
  const gradientsOf = ([image, scale, mask, ...values]: readonly Tensor[]) =>
    tf.grads((input: Tensor, ...own: Tensor[]) => {
      const all = new Map([...weights, ...moved.map(({ name }, i) => [name, own[i]!] as const)]);
      const there = real && (mask as Tensor2D);
      return tf.sum(tf.mul(run(input, there, { training: true, weights: all }).output, scale!));
    })([image!, ...values]);
  const given = [x, factor, real ?? tf.zeros([1, 1]), ...moved.map(({ name }) => weights.get(name)!)];
  const compiled = traced(gradientsOf); // op by op but on native TensorFlow
  for (const [image, ...found] of [gradientsOf(given), compiled(given)]) {
    expect(apart(image!, channelsLast("digest/image", reference.size), reference.image)).toBeLessThan(1e-4);
    const wrong = moved.filter(
      (spec, i) => !(apart(found[i]!, direction(spec.name, spec), reference.gradients[spec.name]!) < 1e-4),
    );
    expect(wrong.map(({ name }) => name)).toEqual([]);
  }
  compiled.dispose();
}

test("have as many parameters as the references", () => {
  for (const [options, inChannels, outChannels, count] of report.counts) {
    const shape = { inChannels, outChannels };
    const specs: Record<string, () => WeightSpec[]> = {
      miniresnet: () => miniresnetWeights(miniresnetOptions.parse(options), shape),
      hexanet: () => hexanetWeights(hexanetOptions.parse(options), shape),
      mil: () => milWeights(milOptions.parse(options), shape),
      autoencoder: () => autoencoderWeights(autoencoderOptions.parse(options), shape),
    };
    const moved = specs[options.kind]!().filter(({ trainable }) => trainable);
    expect([options, moved.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0)]).toEqual([options, count]);
  }
});

const bag = { kind: "mil", encoder: { kind: "miniresnet", widths: [3], blocks: 1 } } as const;

test.each(["attention", "mean", "max", "topk"])(
  "a bag pooled by %s has no order, and what fills it up does not count",
  async (kind) => {
    await usable("cpu");
    const model = buildMil(milOptions.parse({ ...bag, pooling: { kind } }), { inChannels: 1, outChannels: 1, seed: 3 });
    const logit = (order: readonly number[]) =>
      tf.tidy(() => {
        const images = order.map((i) => (i < 0 ? tf.fill([1, 8, 8, 1], 100) : tensorOf(seeded(`frame ${i}`, [1, 8, 8, 1]))));
        const real = tf.tensor2d([order.map((i) => Number(i >= 0))]);
        return model.apply(tf.concat(images).expandDims(0), real, { training: false }).logits.dataSync()[0]!;
      });
    const plain = logit([0, 1, 2, 3, 4]);
    expect(logit([3, 0, 4, 2, 1])).toBeCloseTo(plain, 5);
    expect(logit([-1, 3, 0, 4, -1, 2, 1, -1])).toBeCloseTo(plain, 5);
    expect(Math.abs(logit([0, 1]) - plain)).toBeGreaterThan(1e-6);
    model.dispose();
  },
);

test("max and top-k refuse to rank by more than one logit, HexaNet another number of regions", async () => {
  await usable("cpu");
  const two = { inChannels: 1, outChannels: 2, seed: 1 };
  const ranked = () => buildMil(milOptions.parse({ ...bag, pooling: { kind: "topk" } }), two);
  expect(ranked).toThrow("pooling topk ranks images by one logit; got 2 classes");
  const model = buildHexaNet(hexanetOptions.parse({ kind: "hexanet", encoder: bag.encoder }), two);
  const crops = tf.zeros([1, 5, 8, 8, 1]) as Tensor5D;
  expect(() => model.apply(crops, tf.ones([1, 5]), { training: false })).toThrow("takes 6 regions a case; got 5");
  model.dispose();
});

test("what a missing region holds does not matter, that it is missing does", async () => {
  await usable("cpu");
  const options = hexanetOptions.parse({ kind: "hexanet", encoder: bag.encoder, regions: 2 });
  const model = buildHexaNet(options, { inChannels: 1, outChannels: 1, seed: 1 });
  const logit = (second: number, present: number) =>
    tf.tidy(() => {
      const crops = tf.stack([tf.ones([8, 8, 1]), tf.fill([8, 8, 1], second)]).expandDims(0) as Tensor5D;
      return model.apply(crops, tf.tensor2d([[1, present]]), { training: false }).dataSync()[0]!;
    });
  expect(logit(7, 0)).toBe(logit(0, 0));
  expect(logit(0, 1)).not.toBe(logit(0, 0));
  model.dispose();
});

test("the encoder of a U-Net, an autoencoder and a residual net keeps its names", () => {
  const specs = autoencoderWeights(autoencoderOptions.parse({ kind: "autoencoder", skips: false }), {
    inChannels: 1,
    outChannels: 1,
  });
  const unet = unetWeights([16, 32, 64, 128, 256], { inChannels: 1, outChannels: 2 }).map(({ name }) => name);
  const isEncoder = (name: string) => /^(down|bottom)/.test(name);
  expect(specs.map(({ name }) => name).filter(isEncoder)).toEqual(unet.filter(isEncoder));
  const mini = miniresnetWeights(miniresnetOptions.parse({ kind: "miniresnet" }), { inChannels: 1, outChannels: 1 });
  const mil = milWeights(milOptions.parse({ kind: "mil" }), { inChannels: 1, outChannels: 1 });
  const encoder = mil.filter(({ name }) => name.startsWith("encoder.")).map(({ name }) => name.slice("encoder.".length));
  expect(encoder).toEqual(mini.map(({ name }) => name).filter((name) => !name.startsWith("fc.")));
});
