import { expect, test } from "vitest";
import { axisAlignedAffine } from "../../core/affine.ts";
import { forEachVoxel } from "../../core/volume.ts";
import { skullCavity } from "./cavity.ts";

const shape = [110, 120, 18] as const;
const affine = axisAlignedAffine(shape, [2, 2, 6]);

/** A skull of 8 mm round a brain of 60 x 76 x 60 mm, open by `gap` mm in front; scalp, and an eye that lies against it. Everything outside the skull is muscle or air. */
function head(gap: number, brain = 38) {
  const data = new Float32Array(110 * 120 * 18).fill(-1000);
  const inside = new Uint8Array(data.length);
  forEachVoxel(shape, (i, x, y, z) => {
    const [u, v, w] = [2 * (x - 55), 2 * (y - 60), 6 * (z - 8)];
    const shell = (more: number) => Math.hypot(u / (60 + more), v / (76 + more), w / (60 + more)) < 1;
    inside[i] = shell(0) ? 1 : 0;
    const isGap = v > 0 && Math.abs(u) < gap / 2;
    const isEye = Math.hypot(u - 30, v - 88, w) < 12;
    if (shell(0)) data[i] = Math.hypot(u - 20, v, w) < 9 ? 70 : brain - (Math.hypot(u, v, w) < 15 ? 30 : 0);
    else if (shell(8)) data[i] = isGap ? 45 : 900;
    else if (shell(14) || isEye) data[i] = 45;
  });
  return { image: { data, shape, affine }, inside };
}

function overlap(found: Uint8Array, inside: Uint8Array) {
  const both = found.reduce((sum, value, i) => sum + (value === 1 && inside[i] === 1 ? 1 : 0), 0);
  const count = (mask: Uint8Array) => mask.reduce((sum, value) => sum + value, 0);
  return { precision: both / count(found), recall: both / count(inside) };
}

test.each([0, 8])(
  "finds what the skull encloses, blood and ventricles with it, and neither scalp nor eye; gap of %d mm",
  (gap) => {
    const { image, inside } = head(gap);
    const { precision, recall } = overlap(skullCavity(image)!.data, inside);
    expect(precision).toBeGreaterThan(0.98);
    expect(recall).toBeGreaterThan(0.94);
  },
);

test("values beside the bone, noise and calcium change little", () => {
  const { image, inside } = head(0);
  const data = image.data.map((value, i) => value + ((i * 7919) % 41) - 20);
  data[55 + 110 * (60 + 120 * 8)] = 400;
  const { precision, recall } = overlap(skullCavity({ ...image, data })!.data, inside);
  expect(precision).toBeGreaterThan(0.98);
  expect(recall).toBeGreaterThan(0.94);
});

test("nothing of a head's size: null", () => {
  const { image } = head(0);
  expect(skullCavity({ ...image, affine: axisAlignedAffine(shape, [0.2, 0.2, 0.6]) })).toBeNull();
  expect(skullCavity({ ...image, data: new Float32Array(image.data.length) })).toBeNull();
});
