import { expect, test } from "vitest";
import { toyHead } from "../../test/helpers/toy-head.ts";
import { axisAlignedAffine } from "../core/affine.ts";
import { tissues } from "../core/tissue.ts";
import { distend, pullBack } from "./distension.ts";
import { forEachVoxel, readAnatomy } from "./priors/anatomy.ts";
import { sampleCubic, sampleLinear } from "./warp.ts";

const { image, tissue } = toyHead();
const scene = { image, tissue, lesion: null };
const anatomy = readAnatomy(tissue);
const both = (mm: number) => [
  { side: "left" as const, distensionMm: mm },
  { side: "right" as const, distensionMm: mm },
];

test("no distension is the identity: the very same scene", () => {
  expect(distend(scene, anatomy, both(0))).toBe(scene);
});

test.each([1, 3.5, 8])("pushed by %d mm, the map folds nowhere: its Jacobian is positive everywhere", (mm) => {
  const at = sampleLinear(pullBack(anatomy, both(mm)));
  let least = Infinity;
  forEachVoxel(tissue.shape, (_, x, y, z) => {
    const [p, q, r, s] = [at(x, y, z), at(x + 1, y, z), at(x, y + 1, z), at(x, y, z + 1)].map((v) => [...v]);
    const d = [0, 1, 2].map((a) => [q![a]! - p![a]!, r![a]! - p![a]!, s![a]! - p![a]!].map((v, k) => v + (a === k ? 1 : 0)));
    const [a, b, c] = d as [number[], number[], number[]];
    const det =
      a[0]! * (b[1]! * c[2]! - b[2]! * c[1]!) - a[1]! * (b[0]! * c[2]! - b[2]! * c[0]!) + a[2]! * (b[0]! * c[1]! - b[1]! * c[0]!);
    least = Math.min(least, det);
  });
  expect(least).toBeGreaterThan(0);
});

test("the pushed ventricle's wall moves by about the distance asked for; the outline and the other side stay", () => {
  const after = distend(scene, anatomy, [{ side: "left", distensionMm: 3 }]);
  const { left, right } = readAnatomy(after.tissue);
  expect(left.lumenMl / anatomy.left.lumenMl).toBeGreaterThan(1.6);
  expect(right.lumenMl / anatomy.right.lumenMl).toBeGreaterThan(0.75);
  expect(right.lumenMl / anatomy.right.lumenMl).toBeLessThan(1.1);
  // Far out the old wall lies inside the new lumen, by the median of the wall's voxels.
  const moved = left.wallMm.filter((_, i) => anatomy.left.lumen[i] === 0 && Math.abs(anatomy.left.wallMm[i]!) < 1).sort();
  expect(moved[moved.length >> 1]!).toBeLessThan(-1);
  expect(moved[moved.length >> 1]!).toBeGreaterThan(-5);
  const brain = (t: Uint8Array) => t.map((id) => (id === tissues.background ? 0 : 1));
  expect(brain(after.tissue.data)).toEqual(brain(tissue.data));
  expect(image.data).toEqual(toyHead().image.data);
});

test("the skull's inner table does not move", () => {
  const at = sampleLinear(pullBack(anatomy, both(8)));
  let most = 0;
  forEachVoxel(tissue.shape, (i, x, y, z) => {
    const border = tissue.data[i] !== 0 && (tissue.data[i - 1] === 0 || tissue.data[i + 1] === 0);
    if (border) most = Math.max(most, Math.hypot(...at(x, y, z)));
  });
  expect(1.5 * most).toBeLessThan(0.4);
});

test("it works on thick slices", () => {
  const shape = [74, 90, 19] as const;
  const stack = toyHead({ shape, affine: axisAlignedAffine(shape, [1, 1, 3.5]) });
  const own = readAnatomy(stack.tissue);
  const after = distend({ ...stack, lesion: null }, own, both(3));
  expect(readAnatomy(after.tissue).left.lumenMl / own.left.lumenMl).toBeGreaterThan(1.5);
});

test("cubic interpolation goes through the voxels and is exact for a quadratic", () => {
  const shape = [6, 5, 4] as const;
  const f = (x: number, y: number, z: number) => 1 + x - 0.3 * x * x + 0.5 * y * z + 0.2 * y * y;
  const data = new Float32Array(120);
  forEachVoxel(shape, (i, x, y, z) => {
    data[i] = f(x, y, z);
  });
  const at = sampleCubic(data, shape);
  expect(at(3, 2, 1)).toBeCloseTo(f(3, 2, 1), 5);
  expect(at(2.3, 1.6, 1.5)).toBeCloseTo(f(2.3, 1.6, 1.5), 5);
});
