import { beforeAll, expect, test } from "vitest";
import { type Tensor4D, tf } from "../../backend/tf.ts";
import { type Affine, applyAffine, axisAlignedAffine, type Vec3 } from "../../core/affine.ts";
import { seededRng } from "../../core/rng.ts";
import { type Volume, voxelCount } from "../../core/volume.ts";
import { preprocessOptions } from "../../data/preprocess.ts";
import { tissueOutputs } from "../../models/index.ts";
import { diceScore } from "../metrics/dice.ts";
import { predictOptions } from "./options.ts";
import { scoreFloor } from "./score.ts";
import { predictVolume, type Segmenter } from "./volume.ts";

beforeAll(async () => {
  await tf.setBackend("cpu");
});

/** Calls dark pixels lesion, and bright ones brain. */
const darkIsLesion: Segmenter = {
  model: {
    sizeMultiple: 16,
    apply: (x: Tensor4D) => tf.concat([tf.mul(tf.sub(0.35, x), 20), tf.mul(tf.sub(x, 0.7), 40)], 3) as Tensor4D,
  },
  preprocess: preprocessOptions.parse({}),
  outputs: ["lesion", "brain"],
};
const options = (changes: object = {}) => predictOptions.parse(changes);
const quiet = new AbortController().signal;

const inBall = (p: Vec3, centre: Vec3, radius: number) =>
  Math.hypot(p[0] - centre[0], p[1] - centre[1], p[2] - centre[2]) < radius;
const bleed: Vec3 = [12, -9, 6];

/**
 * A bright head of 30 mm with a dark bleed of 9 mm off its middle. `surround`: grey all around, and a smaller bright ball with a
 * dark blob in it, like a body.
 */
function scene(
  affine: Affine,
  shape: Vec3,
  { lesion = true, brain = true, surround = false } = {},
): { image: Volume; truth: Uint8Array } {
  const rng = seededRng(3);
  const data = new Float32Array(voxelCount(shape));
  const truth = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const p = applyAffine(affine, [i % shape[0], Math.floor(i / shape[0]) % shape[1], Math.floor(i / (shape[0] * shape[1]))]);
    if (brain && inBall(p, [0, 0, 0], 30)) {
      truth[i] = lesion && inBall(p, bleed, 9) ? 1 : 0;
      data[i] = (truth[i] ? 200 : 1000) + 20 * rng.normal();
    } else if (surround) {
      const level = inBall(p, [48, 0, 0], 6) ? 150 : inBall(p, [48, 0, 0], 11) ? 1000 : 500;
      data[i] = inBall(p, [0, 0, 0], 34) ? 0 : level + 20 * rng.normal();
    }
  }
  return { image: { data, shape, affine }, truth };
}

const grids: Record<string, [Affine, Vec3]> = {
  "axial, thick": [[-1.3, 0, 0, 60, 0, 1.3, 0, -60, 0, 0, 4, -40], [93, 93, 21]],
  "sagittal, array order turned": [[0, 0, -4, 40, -1.1, 0, 0, 60, 0, 1.1, 0, -60], [110, 110, 21]],
  "coronal, oblique": [[1.2, 0.1, 0.3, -62, 0.1, 0.2, 3.9, -48, 0, -1.2, 0.4, 55], [100, 100, 21]],
  "isotropic, odd sizes": [[0, 0, 1.7, -57, 0, 1.7, 0, -57, 1.7, 0, 0, -57], [67, 69, 67]],
}; // biome-ignore format: rows of matrices

for (const [name, [affine, shape]] of Object.entries(grids)) {
  test(`on the input's own grid, the bleed where it is: ${name}`, async () => {
    const { image, truth } = scene(affine, shape);
    const { lesion, brain, axis, sliceScores, sliceMm3, gateSource } = await predictVolume(
      darkIsLesion,
      image,
      null,
      options(),
      quiet,
    );
    expect([lesion.shape, lesion.affine, brain!.shape, brain!.affine]).toEqual([shape, affine, shape, affine]);
    expect(gateSource).toBe("background");
    const mask = lesion.data.map((p) => (p >= 0.5 ? 1 : 0));
    expect(diceScore(truth, mask)).toBeGreaterThan(0.8);
    const stride = [1, shape[0], shape[0] * shape[1]][axis]!;
    const blood = sliceScores.map(() => 0);
    truth.forEach((v, i) => {
      blood[Math.floor(i / stride) % shape[axis]!]! += v;
    });
    expect(sliceScores.length).toBe(shape[axis]);
    expect(sliceScores.indexOf(Math.max(...sliceScores))).toSatisfy((slice: number) => blood[slice]! > 0);
    const ball = (4 / 3) * Math.PI * 9 ** 3;
    expect(Math.abs(sliceMm3.reduce((a, b) => a + b, 0) / ball - 1)).toBeLessThan(0.25);
  });
}

const raw = () => scene(...grids["axial, thick"]!, { surround: true });

test("in a raw stack the gate is the brain: a dark blob in another bright thing does not count, unless the gate is open", async () => {
  const { image, truth } = raw();
  const head: Volume<Uint8Array> = {
    ...image,
    data: Uint8Array.from(scene(...grids["axial, thick"]!).image.data, (v) => (v > 0 ? 1 : 0)),
  };
  const predict = (gate: string, mask: Volume<Uint8Array> | null) =>
    predictVolume(darkIsLesion, image, mask, options({ gate }), quiet);
  const [found, given, open] = [await predict("predicted", null), await predict("given", head), await predict("none", null)];
  expect([found.gateSource, given.gateSource, open.gateSource]).toEqual(["predicted", "given", "none"]);
  expect(open.gate).toBeNull();
  for (const { lesion, gate } of [found, given]) {
    expect(diceScore(head.data, gate!.data)).toBeGreaterThan(0.9);
    expect(
      diceScore(
        truth,
        lesion.data.map((p) => (p >= 0.5 ? 1 : 0)),
      ),
    ).toBeGreaterThan(0.8);
  }
  const dice = diceScore(
    truth,
    open.lesion.data.map((p) => (p >= 0.5 ? 1 : 0)),
  );
  expect(dice).toBeLessThan(0.5);
});

test("a brain-masked input is gated by its own mask, a raw one by the network", async () => {
  const noBrain: Segmenter = { ...darkIsLesion, outputs: ["lesion"] };
  const masked = await predictVolume(noBrain, scene(...grids["axial, thick"]!).image, null, options(), quiet);
  expect(masked.gateSource).toBe("background");
  const ball = (4 / 3) * Math.PI * 30 ** 3;
  expect(Math.abs(masked.gateMm3 / ball - 1)).toBeLessThan(0.15); // the bleed is inside: holes are closed
  await expect(predictVolume(noBrain, raw().image, null, options(), quiet)).rejects.toThrow(
    /needs a network with a brain output/,
  );
});

test("a raw stack with a black border is not taken for a brain-masked one: what it shows is larger than a head", async () => {
  const [affine, shape] = grids["axial, thick"]!;
  const data = Float32Array.from({ length: voxelCount(shape) }, (_, i) => (i % shape[0] < 35 ? 0 : 900));
  const padded = { data, shape, affine: affine.map((v, i) => (i % 4 === 3 ? v : 1.6 * v)) as unknown as Affine };
  expect((await predictVolume(darkIsLesion, padded, null, options(), quiet)).gateSource).toBe("predicted");
});

test("healthy stacks and stacks without brain get finite scores, lower than a bleed's; slices without brain the floor", async () => {
  const predict = (changes: object) =>
    predictVolume(darkIsLesion, scene(...grids["axial, thick"]!, changes).image, null, options(), quiet);
  const [ill, healthy, nothing] = [await predict({}), await predict({ lesion: false }), await predict({ brain: false })];
  for (const { sliceScores } of [ill, healthy, nothing]) expect(sliceScores.every(Number.isFinite)).toBe(true);
  expect(healthy.stackScore).toBeLessThan(ill.stackScore - 3);
  expect(ill.sliceScores[0]).toBe(scoreFloor);
  expect(nothing.sliceScores.every((s) => s === scoreFloor)).toBe(true);
  expect([nothing.stackScore, nothing.gateMm3]).toEqual([scoreFloor, 0]);
  expect(nothing.lesion.data.every((p) => p === 0)).toBe(true);
});

test("lesions smaller than asked for are dropped, larger ones untouched", async () => {
  const { image } = scene(...grids["axial, thick"]!);
  const predict = (minLesionMm3: number) => predictVolume(darkIsLesion, image, null, options({ minLesionMm3 }), quiet);
  const [all, some, none] = [await predict(0), await predict(1000), await predict(20_000)];
  expect(some.stackScore).toBe(all.stackScore);
  expect(none.stackScore).toBeLessThan(0);
  expect(none.lesion.data.some((p) => p >= 0.5)).toBe(false);
});

test("one slice of one pixel, and a constant volume, are predicted", async () => {
  for (const shape of [
    [1, 1, 1],
    [5, 1, 3],
  ] as const) {
    const image = { data: new Float32Array(voxelCount(shape)).fill(7), shape, affine: grids["axial, thick"]![0] };
    const { lesion, sliceScores } = await predictVolume(darkIsLesion, image, null, options(), quiet);
    expect(lesion.shape).toEqual(shape);
    expect(sliceScores.every(Number.isFinite)).toBe(true);
  }
});

test("with gate: tissue a lesion counts inside the brain that the tissue network finds", async () => {
  const shape: Vec3 = [100, 80, 20];
  const { image, truth } = scene(axisAlignedAffine(shape, [1, 1, 4]), shape, { surround: true });
  // Calls everything bright half cortex, half lateral ventricle, and everything else background: the head and the smaller ball beside it.
  const finder = {
    model: {
      sizeMultiple: 16,
      apply: (x: Tensor4D) =>
        tf.concat(
          tissueOutputs.map((name) =>
            name === "cortex" || name === "lateralVentricle"
              ? tf.mul(tf.sub(x, 0.7), 40)
              : tf.fill(x.shape, name === "background" ? 0 : -99),
          ),
          3,
        ) as Tensor4D,
    },
    preprocess: preprocessOptions.parse({}),
  };
  const found = await predictVolume(darkIsLesion, image, null, options({ gate: "tissue" }), quiet, finder);
  expect(found.gateSource).toBe("tissue");
  expect(
    diceScore(
      Float32Array.from(truth),
      found.lesion.data.map((p) => (p >= 0.5 ? 1 : 0)),
    ),
  ).toBeGreaterThan(0.8);
  expect(found.gateMm3 / ((4 / 3) * Math.PI * 30 ** 3)).toBeCloseTo(1, 1);
  await expect(predictVolume(darkIsLesion, image, null, options({ gate: "tissue" }), quiet)).rejects.toThrow("no tissue network");
});
