import { beforeAll, expect, test } from "vitest";
import { worst } from "../../test/helpers/seeded.ts";
import { readyBackend } from "../backend/index.ts";
import { type Scalar, type Tensor2D, type Tensor4D, type Tensor5D, tf } from "../backend/tf.ts";
import { silentReporter } from "../core/context.ts";
import { seededRng } from "../core/rng.ts";
import { bagLogits, buildBagModel, buildMil, buildModel, milOptions, modelOptions } from "./index.ts";

beforeAll(async () => {
  await readyBackend("auto", silentReporter);
});

const [bags, images, side] = [3, 5, 16];
const encoder = { kind: "miniresnet", widths: [8, 16], blocks: 1 } as const;
const pixels = (() => {
  const rng = seededRng(3);
  return Float32Array.from({ length: bags * images * side * side }, () => rng.uniform());
})();
const poolings = ["attention", "mean", "max", "topk", "persistence"] as const;

test.each(poolings)(
  "image by image and pooled by %s, a network of bags gives what it gives for bags, and its gradients",
  (kind) => {
    const options = milOptions.parse({ kind: "mil", encoder, pooling: { kind } });
    const shape = { inChannels: 1, outChannels: 1, seed: 4 };
    const [whole, single] = [buildMil(options, shape), buildBagModel(options, shape)];
    expect([...single.weights.keys()]).toEqual([...whole.weights.keys()]);
    tf.tidy(() => {
      const all = tf.tensor5d(pixels, [bags, images, side, side, 1]) as Tensor5D;
      const each = tf.reshape(all, [bags * images, side, side, 1]) as Tensor4D;
      for (const training of [true, false]) {
        const wanted = () => whole.apply(all, tf.ones([bags, images]) as Tensor2D, { training });
        const got = () => single.pool!(single.apply(each, { training }), bags);
        for (const part of ["logits", "attention"] as const) {
          const [a, b] = [wanted()[part], got()[part]];
          expect(b.shape).toEqual(a.shape);
          expect(worst(b.dataSync(), a.dataSync())).toBeLessThan(1e-5);
        }
        const gradients = (of: typeof whole | typeof single, run: typeof wanted) => {
          const moved = of.trainable.map((name) => of.weights.get(name)!);
          const { grads } = tf.variableGrads(() => tf.sum(tf.square(run().logits)) as Scalar, moved);
          return moved.flatMap((variable) => [...grads[variable.name]!.dataSync()]);
        };
        expect(worst(gradients(single, got), gradients(whole, wanted))).toBeLessThan(1e-4);
      }
    });
    whole.dispose();
    single.dispose();
  },
);

test("a bag of any number of images in batches of any size: the same; shares sum to 1, and alone an image is the bag", async () => {
  const model = buildModel(modelOptions.parse({ kind: "mil", encoder }), { inChannels: 1, outChannels: 2, seed: 4 });
  const windows = Array.from({ length: 7 }, (_, i) => pixels.subarray(i * side * side, (i + 1) * side * side));
  const tell = (some: Float32Array[], batchSlices: number) => bagLogits(model, some, side, { batchSlices, flips: "none" });
  const [seven, three] = [await tell(windows, 7), await tell(windows, 3)];
  expect(three.logit).toBeCloseTo(seven.logit, 5);
  expect(seven.images.reduce((sum, { attention }) => sum + attention, 0)).toBeCloseTo(1, 5);
  expect(seven.images.reduce((sum, { attention, logit }) => sum + attention * logit, 0)).toBeCloseTo(seven.logit, 5);
  const one = await tell(windows.slice(0, 1), 4);
  expect([one.logit, one.images[0]!.attention]).toEqual([one.images[0]!.logit, 1]);
  await expect(tell([], 4)).rejects.toThrow("needs a network of bags and an image");
  model.dispose();
});

test("persistence takes the run of neighbours with the highest mean logit, not the highest image; a bag of one or two images is a run", () => {
  const model = buildBagModel(milOptions.parse({ kind: "mil", encoder, pooling: { kind: "persistence", images: 3 } }), { inChannels: 1, seed: 4 }); // biome-ignore format: one line
  const pooled = (logits: readonly number[], of = 1) => {
    const told = tf.tensor4d(logits.flatMap((logit) => [logit, logit]), [logits.length, 1, 1, 2]); // biome-ignore format: one line
    const { logits: logit, attention } = model.pool!(told, of);
    return [[...logit.dataSync()], [...attention.dataSync()].map((share) => Math.round(share * 6) / 6)];
  };
  tf.tidy(() => {
    expect(pooled([9, -9, 0, 1, 2, 3, 0])).toEqual([[2], [0, 0, 0, 1 / 3, 1 / 3, 1 / 3, 0]]);
    expect(pooled([1, 1, 1, 1])).toEqual([[1], [1 / 6, 1 / 3, 1 / 3, 1 / 6]]); // two runs tie
    expect(pooled([4, 2])).toEqual([[3], [0.5, 0.5]]);
    expect(pooled([5])).toEqual([[5], [1]]);
    expect(pooled([0, 3, 3, 3, 7, 1, 1, 1], 2)[0]).toEqual([3, 3]); // bag by bag: no run over the border
  });
  model.dispose();
});

test("of a bag that is filled up, persistence takes real images alone", () => {
  const model = buildMil(milOptions.parse({ kind: "mil", encoder, pooling: { kind: "persistence", images: 2 } }), { inChannels: 1, outChannels: 1, seed: 4 }); // biome-ignore format: one line
  tf.tidy(() => {
    const all = tf.tensor5d(pixels, [bags, images, side, side, 1]) as Tensor5D;
    const real = tf.tensor2d([1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 0, 0], [bags, images]);
    const shares = model.apply(all, real, { training: false }).attention.arraySync();
    expect(shares[1]).toEqual([1, 0, 0, 0, 0]);
    for (const [i, there] of real.arraySync().entries()) {
      expect(shares[i]!.filter((share) => share > 0).length).toBe(
        Math.min(
          2,
          there.reduce((a, b) => a + b, 0),
        ),
      );
      expect(shares[i]!.every((share, n) => share === 0 || there[n] === 1)).toBe(true);
    }
  });
  model.dispose();
  const of = (outChannels: number) => () => buildMil(milOptions.parse({ kind: "mil", encoder, pooling: { kind: "persistence" } }), { inChannels: 1, outChannels, seed: 4 }); // biome-ignore format: one line
  expect(of(2)).toThrow("pooling persistence ranks images by one logit; got 2 classes");
});
