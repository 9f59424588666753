import { beforeAll, expect, test } from "vitest";
import { toyHead } from "../../test/helpers/toy-head.ts";
import { type Tensor4D, tf } from "../backend/tf.ts";
import { axisAlignedAffine, type Vec3 } from "../core/affine.ts";
import { tissues } from "../core/tissue.ts";
import type { LabelVolume } from "../core/volume.ts";
import { preprocessOptions } from "../data/preprocess.ts";
import { outputOfTissue, tissueOfOutput, tissueOutputs } from "../models/index.ts";
import { segmentTissue, type TissueNetwork } from "./segment.ts";

beforeAll(async () => {
  await tf.setBackend("cpu");
});

/** Signals of the toy head, as shares of its white point, which is its fluid. */
const signal = { background: 0, csf: 1, cortex: 0.526, whiteMatter: 0.653, lateralVentricle: 0.863, deepGrey: 0.579 };

/** A "network" that knows the toy head's signals: the nearer the signal of a tissue, the likelier it is. */
const knowing: TissueNetwork = {
  preprocess: preprocessOptions.parse({ pixelMm: 1.5, whitePercentile: 99.9 }),
  model: {
    sizeMultiple: 4,
    apply(x) {
      const levels = tissueOutputs.map((name) => (name in signal ? signal[name as keyof typeof signal] : 9));
      return tf.tidy(() => tf.mul(tf.square(tf.sub(x, tf.tensor1d(levels))), -4000) as Tensor4D);
    },
  },
};
const never = new AbortController().signal;

/** Share of the voxels of a tissue that were called by it. */
function recall(truth: LabelVolume, found: LabelVolume, tissue: keyof typeof signal): number {
  let [all, right] = [0, 0];
  for (let i = 0; i < truth.data.length; i++) {
    if (truth.data[i] !== tissues[tissue]) continue;
    all++;
    if (found.data[i] === tissues[tissue]) right++;
  }
  return right / all;
}

test("tissues come back on the volume's own grid, sliced along three axes where it is isotropic and along its own where it is thick", async () => {
  const shape: Vec3 = [66, 82, 17];
  const thick = axisAlignedAffine(shape, [1.1, 1.1, 3.6]);
  for (const head of [toyHead(), toyHead({ shape, affine: thick })]) {
    const { tissue, brain, brainMl } = await segmentTissue(knowing, head.image, null, never);
    expect(tissue.shape).toEqual(head.image.shape);
    expect(recall(head.tissue, tissue, "whiteMatter")).toBeGreaterThan(0.9);
    expect(recall(head.tissue, tissue, "lateralVentricle")).toBeGreaterThan(0.8);
    expect(recall(head.tissue, tissue, "deepGrey")).toBeGreaterThan(0.8);
    expect(tissue.data.every((id, i) => id > 0 === (brain.data[i] === 1))).toBe(true);
    const [x, y, z] =
      head === undefined ? [0, 0, 0] : [0, 1, 2].map((a) => Math.hypot(...[0, 1, 2].map((r) => head.image.affine[4 * r + a]!)));
    const truth = head.tissue.data.reduce((n, id) => n + (id > 0 ? 1 : 0), 0) * x! * y! * z!;
    expect(brainMl / (truth / 1000)).toBeCloseTo(1, 1);
  }
});

test("a given mask is the brain, to the voxel", async () => {
  const head = toyHead();
  const mask = { ...head.tissue, data: Uint16Array.from(head.tissue.data, (id, i) => (id > 0 && i % 50 < 25 ? 1 : 0)) };
  const { tissue, brain } = await segmentTissue(knowing, head.image, mask, never);
  expect([...brain.data]).toEqual([...mask.data]);
  expect(
    recall({ ...head.tissue, data: head.tissue.data.map((id, i) => (mask.data[i] ? id : 0)) }, tissue, "whiteMatter"),
  ).toBeGreaterThan(0.9);
});

test("every tissue has an output, and an output's tissue is that output", () => {
  expect(outputOfTissue.length).toBe(Object.keys(tissues).length);
  for (const [output, id] of tissueOfOutput.entries()) expect(outputOfTissue[id]).toBe(output);
  expect(outputOfTissue[tissues.background]).toBe(0);
  expect([...outputOfTissue].filter((output) => output === 0)).toHaveLength(1);
});
