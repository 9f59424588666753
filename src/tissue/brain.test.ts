import { expect, test } from "vitest";
import { axisAlignedAffine, type Vec3 } from "../core/affine.ts";
import { findBrain } from "./brain.ts";

const shape: Vec3 = [80, 60, 24];
const affine = axisAlignedAffine(shape, [1.5, 1.5, 3.5]);
const size = shape[0] * shape[1] * shape[2];

/** 255 where `inside` holds, by mm from the corner. */
function map(inside: (x: number, y: number, z: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => {
    const [x, y, z] = [i % 80, Math.floor(i / 80) % 60, Math.floor(i / 4800)];
    return inside(1.5 * x, 1.5 * y, 3.5 * z) ? 255 : 0;
  });
}

const ball = (x0: number, y0: number, z0: number, r: number) => (x: number, y: number, z: number) =>
  Math.hypot(x - x0, y - y0, z - z0) < r;
const brain = ball(30, 42, 42, 22);
const cortex = map((x, y, z) => brain(x, y, z) && !ball(30, 42, 42, 19)(x, y, z));
const ventricle = map(ball(30, 42, 42, 7));
const none = new Uint8Array(size);
const dice = (a: Uint8Array, b: Uint8Array) =>
  (2 * a.reduce((n, v, i) => n + (v > 0 && b[i]! > 0 ? 1 : 0), 0)) /
  (a.reduce((n, v) => n + (v > 0 ? 1 : 0), 0) + b.reduce((n, v) => n + (v > 0 ? 1 : 0), 0));

test("the brain is the part with cortex and ventricles, not the largest; a neck is cut and holes are closed", () => {
  const placenta = ball(80.5, 42, 42, 30); // grown together with the brain by a neck of 13 mm
  const rod = (x: number, y: number, z: number) => x < 70 && Math.hypot(y - 70, z - 42) < 3;
  const hole = ball(30, 42, 42, 5);
  const likely = map((x, y, z) => (brain(x, y, z) && !hole(x, y, z)) || placenta(x, y, z) || rod(x, y, z));
  const truth = map(brain);
  expect(dice(likely, truth)).toBeLessThan(0.6);
  // A placenta that is taken for cortex here and ventricle there, less than a brain is.
  const signs = {
    likely,
    cortex: cortex.map((v, i) => v || likely[i]! / 12),
    ventricle: ventricle.map((v, i) => v || likely[i]! / 60),
  };
  const found = findBrain(signs, { shape, affine });
  expect(dice(found, truth)).toBeGreaterThan(0.9);
  expect(found.every((v, i) => !(truth[i]! > 0 && ventricle[i]! > 0) || v === 1)).toBe(true); // the hole too
});

test("a lone slice: the brain is found in the plane, however thick the slice is said to be", () => {
  const flat: Vec3 = [80, 60, 1];
  const at12 = (data: Uint8Array) => data.slice(12 * 4800, 13 * 4800); // through the brain's middle
  const placenta = ball(95, 42, 42, 20);
  const signs = {
    likely: at12(map((x, y, z) => brain(x, y, z) || placenta(x, y, z))),
    cortex: at12(cortex),
    ventricle: at12(ventricle),
  };
  for (const thick of [1, 3.5, 6]) {
    const found = findBrain(signs, { shape: flat, affine: axisAlignedAffine(flat, [1.5, 1.5, thick]) });
    expect(dice(found, at12(map(brain)))).toBeGreaterThan(0.95);
  }
  const tiny = { ...signs, likely: at12(map(ball(30, 42, 42, 11))) };
  expect(findBrain(tiny, { shape: flat, affine }).some((v) => v > 0)).toBe(false);
});

test("doubtful surroundings are left out where only they make the brain a head no more", () => {
  const slab = map((x, y, z) => x < 110 && y < 60 && Math.abs(z - 42) < 15);
  const likely = map(brain).map((v, i) => v || 0.6 * slab[i]!);
  expect(dice(findBrain({ likely, cortex, ventricle }, { shape, affine }), map(brain))).toBeGreaterThan(0.8);
});

test("nothing as large as a brain, or nothing of its tissues, is no brain", () => {
  const tiny = map(ball(30, 42, 42, 11));
  expect(findBrain({ likely: tiny, cortex, ventricle }, { shape, affine }).some((v) => v > 0)).toBe(false);
  expect(findBrain({ likely: map(brain), cortex: none, ventricle: none }, { shape, affine }).some((v) => v > 0)).toBe(false);
});
