import { describe, expect, test } from "vitest";
import { crlTissue, hasCrl } from "../../test/helpers/crl.ts";
import { toyHead } from "../../test/helpers/toy-head.ts";
import { axisAlignedAffine } from "../core/affine.ts";
import { seededRng } from "../core/rng.ts";
import { tissues } from "../core/tissue.ts";
import { forEachVoxel } from "../core/volume.ts";
import { type Dilation, dilate, fitDilation } from "./dilation.ts";
import { sampleCubic, sampleLinear, sampleTrilinear, type VectorField } from "./field/interpolate.ts";
import { measureBiometry } from "./phantom/biometry.ts";
import { buildPhantom } from "./phantom/build.ts";
import { drawPhantom } from "./phantom/draw.ts";
import { readAnatomy } from "./priors/anatomy.ts";
import { measureAtrium } from "./priors/atrium.ts";

const { image, tissue } = toyHead();
const scene = { image, tissue, lesion: null };
const anatomy = readAnatomy(tissue);
const both = (atrialMm: number): Dilation[] => [
  { side: "left", atrialMm },
  { side: "right", atrialMm },
];

test("a ventricle that is as wide already is left alone: the very same scene", () => {
  expect(dilate(scene, anatomy, [])).toBe(scene);
  expect(dilate(scene, anatomy, both(measureAtrium(anatomy, "left") - 1))).toBe(scene);
});

/** The least Jacobian determinant of a pull-back over a grid's voxels. */
function leastJacobian(pull: VectorField, shape: readonly [number, number, number]): number {
  const at = sampleLinear(pull);
  let least = Infinity;
  forEachVoxel(shape, (_, x, y, z) => {
    const [p, q, r, s] = [at(x, y, z), at(x + 1, y, z), at(x, y + 1, z), at(x, y, z + 1)].map((v) => [...v]);
    const d = [0, 1, 2].map((a) => [q![a]! - p![a]!, r![a]! - p![a]!, s![a]! - p![a]!].map((v, k) => v + (a === k ? 1 : 0)));
    const [a, b, c] = d as [number[], number[], number[]];
    const det =
      a[0]! * (b[1]! * c[2]! - b[2]! * c[1]!) - a[1]! * (b[0]! * c[2]! - b[2]! * c[0]!) + a[2]! * (b[0]! * c[1]! - b[1]! * c[0]!);
    least = Math.min(least, det);
  });
  return least;
}

test.each([12, 16, 20])("dilated to %d mm, the map folds nowhere: its Jacobian is positive everywhere", (mm) => {
  expect(leastJacobian(fitDilation(anatomy, both(mm))!, tissue.shape)).toBeGreaterThan(0);
});

test.each([12, 15, 18])("an atrium drawn %d mm wide measures so on the warped labels, by two measures; the other stays", (mm) => {
  const after = dilate(scene, anatomy, [{ side: "left", atrialMm: mm }]);
  const warped = readAnatomy(after.tissue);
  expect(Math.abs(measureAtrium(warped, "left") - mm)).toBeLessThan(1);
  expect(Math.abs(measureBiometry(after.tissue).atrialWidth.left - mm)).toBeLessThan(1);
  expect(Math.abs(measureAtrium(warped, "right") - measureAtrium(anatomy, "right"))).toBeLessThan(1.2);
  const brain = (t: Uint8Array) => t.map((id) => (id === tissues.background ? 0 : 1));
  expect(brain(after.tissue.data)).toEqual(brain(tissue.data));
  expect(image.data).toEqual(toyHead().image.data);
});

test("voxels of 2 mm, whose centres lie a whole millimetre from the wall, dilate as well", () => {
  const coarse = readAnatomy(buildPhantom(drawPhantom(seededRng(1), 27), 2).tissue);
  for (const mm of [10.5, 14]) {
    const pull = fitDilation(coarse, both(mm));
    for (const side of ["left", "right"] as const) expect(Math.abs(measureAtrium(coarse, side, pull) - mm)).toBeLessThan(1);
  }
});

test("both sides reach widths of their own at once", () => {
  const after = readAnatomy(
    dilate(scene, anatomy, [
      { side: "left", atrialMm: 18 },
      { side: "right", atrialMm: 13 },
    ]).tissue,
  );
  expect(Math.abs(measureAtrium(after, "left") - 18)).toBeLessThan(1);
  expect(Math.abs(measureAtrium(after, "right") - 13)).toBeLessThan(1);
});

test("the skull's inner table does not move", () => {
  const at = sampleLinear(fitDilation(anatomy, both(18))!);
  let most = 0;
  forEachVoxel(tissue.shape, (i, x, y, z) => {
    const border = tissue.data[i] !== 0 && (tissue.data[i - 1] === 0 || tissue.data[i + 1] === 0);
    if (border) most = Math.max(most, Math.hypot(...at(x, y, z)));
  });
  expect(1.5 * most).toBeLessThan(0.5);
});

test("a width that the brain has no room for is refused, with the reason", () => {
  expect(() => dilate(scene, anatomy, both(80))).toThrow(
    /cannot be dilated to the atrial width that was drawn \(left 80\.0 mm, right 80\.0 mm\)/,
  );
});

test("it works on thick slices", () => {
  const shape = [74, 90, 19] as const;
  const stack = toyHead({ shape, affine: axisAlignedAffine(shape, [1, 1, 3.5]) });
  const own = readAnatomy(stack.tissue);
  const after = readAnatomy(dilate({ ...stack, lesion: null }, own, both(16)).tissue);
  for (const side of ["left", "right"] as const) expect(Math.abs(measureAtrium(after, side) - 16)).toBeLessThan(1.5);
});

describe.skipIf(!hasCrl)("on the CRL atlas", () => {
  test.each([
    [22, 13],
    [28, 18],
    [34, 24],
  ] as const)("week %i: %i mm are reached within 1 mm, without a fold", async (week, mm) => {
    const atlas = await crlTissue(week, "crl2017");
    const own = readAnatomy(atlas);
    const pull = fitDilation(own, both(mm))!;
    expect(leastJacobian(pull, atlas.shape)).toBeGreaterThan(0);
    const blank = { ...atlas, data: new Float32Array(atlas.data.length) };
    const after = readAnatomy(dilate({ image: blank, tissue: atlas, lesion: null }, own, both(mm)).tissue);
    for (const side of ["left", "right"] as const) expect(Math.abs(measureAtrium(after, side) - mm)).toBeLessThan(1);
  });
});

test("interpolation goes through the voxels; cubic is exact for a quadratic, linear for a product of straight lines", () => {
  const shape = [6, 5, 4] as const;
  const f = (x: number, y: number, z: number) => 1 + x - 0.3 * x * x + 0.5 * y * z + 0.2 * y * y;
  const g = (x: number, y: number, z: number) => (1 + x) * (2 - y) * (0.5 + z);
  const [data, plain] = [new Float32Array(120), new Float32Array(120)];
  forEachVoxel(shape, (i, x, y, z) => {
    data[i] = f(x, y, z);
    plain[i] = g(x, y, z);
  });
  const at = sampleCubic(data, shape);
  expect(at(3, 2, 1)).toBeCloseTo(f(3, 2, 1), 5);
  expect(at(2.3, 1.6, 1.5)).toBeCloseTo(f(2.3, 1.6, 1.5), 5);
  const linear = sampleTrilinear(plain, shape);
  expect(linear(3, 2, 1)).toBeCloseTo(g(3, 2, 1), 5);
  expect(linear(4.3, 3.6, 2.5)).toBeCloseTo(g(4.3, 3.6, 2.5), 4);
  expect(linear(-3, 9, 1)).toBeCloseTo(g(0, 4, 1), 5);
});
