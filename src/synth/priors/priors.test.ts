import { describe, expect, test } from "vitest";
import { crlLabels, crlTissue, hasCrl } from "../../../test/helpers/crl.ts";
import { toyHead } from "../../../test/helpers/toy-head.ts";
import { applyAffine, axisAlignedAffine, composeAffine, type Vec3 } from "../../core/affine.ts";
import { distanceTo } from "../../core/distance.ts";
import { tissues } from "../../core/tissue.ts";
import { forEachVoxel, type LabelVolume } from "../../core/volume.ts";
import { gestationalAgeOf, weeksOfVolume } from "./age.ts";
import { type Anatomy, headPoint, readAnatomy } from "./anatomy.ts";
import { germinalMatrixMm } from "./germinal-matrix.ts";
import { sites, siteWeights } from "./index.ts";
import { fitHeadFrame, sides, signOf } from "./midplane.ts";

const toy = readAnatomy(toyHead({ zoned: true }).tissue);
const plain = readAnatomy(toyHead().tissue);

/** Weighted mean of head coordinates. */
function centroid(anatomy: Anatomy, weights: Float32Array): Vec3 {
  const sum = [0, 0, 0];
  let total = 0;
  forEachVoxel(anatomy.tissue.shape, (i, x, y, z) => {
    if (weights[i] === 0) return;
    total += weights[i]!;
    for (const [k, c] of headPoint(anatomy.toHead, x, y, z).entries()) sum[k]! += weights[i]! * c;
  });
  return sum.map((v) => v / total) as unknown as Vec3;
}

describe.each(sites)("%s", (site) => {
  test.each(sides)("lies in the brain, on the %s side only, against that side's ventricle", (side) => {
    for (const anatomy of [toy, plain]) {
      const weights = siteWeights(site, anatomy, side, 26);
      let [count, wrong] = [0, 0];
      forEachVoxel(anatomy.tissue.shape, (i, x, y, z) => {
        if (weights[i] === 0) return;
        count++;
        const own = signOf(side) * headPoint(anatomy.toHead, x, y, z)[0] > 0;
        const near = anatomy[side].wallMm[i]! <= 3.5;
        if (!(weights[i]! > 0 && own && near && anatomy.tissue.data[i] !== tissues.background)) wrong++;
      });
      expect(count).toBeGreaterThan(10);
      expect(wrong).toBe(0);
    }
  });

  test("is the mirror image on the other side", () => {
    const [left, right] = sides.map((side) => centroid(plain, siteWeights(site, plain, side, 26)));
    expect(Math.abs(left![0] + right![0])).toBeLessThan(0.3);
    expect(Math.abs(left![1] - right![1])).toBeLessThan(0.3);
  });

  test("does not depend on how the array lies in space", () => {
    const { tissue } = toyHead();
    const flipped: LabelVolume = {
      data: Uint8Array.from(tissue.data).reverse(),
      shape: tissue.shape,
      affine: composeAffine(tissue.affine, [
        -1,
        0,
        0,
        tissue.shape[0] - 1,
        0,
        -1,
        0,
        tissue.shape[1] - 1,
        0,
        0,
        -1,
        tissue.shape[2] - 1,
      ]),
    };
    const anatomy = readAnatomy(flipped);
    const back = siteWeights(site, anatomy, "left", 26).reverse();
    const weights = siteWeights(site, plain, "left", 26);
    const apart = back.reduce((most, w, i) => Math.max(most, Math.abs(w - weights[i]!)), 0);
    expect(apart).toBeLessThan(0.05);
  });
});

test("the germinal matrix is gone from 36 weeks on, the other sites are not", () => {
  for (const weeks of [36, 37.5, 40]) {
    expect(siteWeights("germinalMatrix", toy, "left", weeks).every((w) => w === 0)).toBe(true);
    expect(siteWeights("lumen", toy, "left", weeks).some((w) => w > 0)).toBe(true);
    expect(siteWeights("periventricular", toy, "left", weeks).some((w) => w > 0)).toBe(true);
  }
});

test("the germinal matrix has the width of Ballabh 2004, and thins the site with it", () => {
  expect([20, 23.5, 27.75, 32, 34, 36, 40].map(germinalMatrixMm)).toEqual([2.5, 2.5, 1.95, 1.4, 0.7, 0, 0]);
  const voxels = [24, 30, 35].map((weeks) => siteWeights("germinalMatrix", plain, "left", weeks).filter((w) => w > 0).length);
  expect(voxels[0]).toBeGreaterThan(voxels[1]!);
  expect(voxels[1]).toBeGreaterThan(voxels[2]!);
});

test("the mid-sagittal plane of a turned and shifted head is found within a degree and half a millimetre", () => {
  const [yaw, roll] = [0.14, -0.1];
  const turned = composeAffine(
    [Math.cos(yaw), Math.sin(yaw), 0, 0, -Math.sin(yaw), Math.cos(yaw), 0, 0, 0, 0, 1, 0],
    [Math.cos(roll), 0, Math.sin(roll), -4, 0, 1, 0, 2, -Math.sin(roll), 0, Math.cos(roll), 0],
  );
  const frame = fitHeadFrame(
    toyHead({ toHead: turned, shape: [60, 70, 55], affine: axisAlignedAffine([60, 70, 55], [1.5, 1.5, 1.5]) }).tissue,
  );
  const cosine = frame[0] * turned[0] + frame[1] * turned[1] + frame[2] * turned[2];
  expect((Math.acos(Math.min(1, cosine)) * 180) / Math.PI).toBeLessThan(1);
  const centre: Vec3 = [4, -2, 0];
  expect(Math.abs(applyAffine(frame, centre)[0] - applyAffine(turned, centre)[0])).toBeLessThan(0.5);
});

test("with one label for all ventricles, cavum and third ventricle are not taken for lateral", () => {
  const merged = readAnatomy(toyHead({ merged: true }).tissue);
  for (const side of sides) {
    let [both, either] = [0, 0];
    for (let i = 0; i < merged[side].lumen.length; i++) {
      both += merged[side].lumen[i]! & plain[side].lumen[i]!;
      either += merged[side].lumen[i]! | plain[side].lumen[i]!;
    }
    expect(both / either).toBeGreaterThan(0.9);
  }
});

test("labels without ventricles, without brain: a line that says what is missing", () => {
  const { tissue } = toyHead();
  const dry = { ...tissue, data: tissue.data.map((t) => (t === tissues.lateralVentricle ? tissues.whiteMatter : t)) };
  expect(() => readAnatomy(dry)).toThrow("the left lateral ventricle must be labelled and hold at least 0.15 ml; got 0.00 ml");
  expect(() => readAnatomy({ ...tissue, data: tissue.data.map(() => 0) })).toThrow("must show a brain of at least 100 voxels");
});

test("age is the inverse of normal growth, limited to 20-40 weeks", () => {
  expect([40.2, 62.6, 115.9, 179.9, 254.8].map(weeksOfVolume)).toEqual([22, 24, 28, 32, 36]);
  expect([1, 1000].map(weeksOfVolume)).toEqual([20, 40]);
});

test("an estimated age has its standard error, of a network's labels its bias taken off; a given one is as it is", () => {
  const { tissue } = toyHead();
  const [own, found] = [gestationalAgeOf(tissue, null), gestationalAgeOf(tissue, null, true)];
  expect(own.weeks - found.weeks).toBeCloseTo(0.8, 9);
  expect(own.sd).toBeGreaterThan(1.3); // sources of normal brains alone differ by as much
  expect(own.sd).toBeLessThan(2);
  expect(gestationalAgeOf(tissue, 27, true)).toEqual({ weeks: 27, estimated: false });
});

describe.skipIf(!hasCrl)("on the CRL atlas", () => {
  // Normal and offset of the plane between left and right labels: scripts/fixtures/crl_midplane.py.
  test.each([
    [21, [0.995, -0.078, 0.058, 2.028]],
    [34, [0.999, 0.032, -0.038, -1.382]],
  ] as const)("week %i: the mid-sagittal plane is the one between left and right labels", async (week, truth) => {
    const frame = fitHeadFrame(await crlTissue(week, "crl2017"));
    const cosine = frame[0] * truth[0] + frame[1] * truth[1] + frame[2] * truth[2];
    expect((Math.acos(Math.min(1, cosine)) * 180) / Math.PI).toBeLessThan(2);
    expect(Math.abs(frame[3] - truth[3])).toBeLessThan(0.5);
  });

  test.each([
    [22, "crl2017", 0.99],
    [28, "fidon8", 0.9],
  ] as const)("week %i, %s: the lumen of each side is the atlas' own (labels 92, 93)", async (week, scheme, overlap) => {
    const truth = await crlLabels(week);
    const anatomy = readAnatomy(await crlTissue(week, scheme));
    for (const [side, label] of [
      ["left", 92],
      ["right", 93],
    ] as const) {
      let [both, sum] = [0, 0];
      for (let i = 0; i < truth.data.length; i++) {
        const inside = truth.data[i] === label ? 1 : 0;
        both += inside & anatomy[side].lumen[i]!;
        sum += inside + anatomy[side].lumen[i]!;
      }
      expect((2 * both) / sum).toBeGreaterThan(overlap);
    }
  });

  test.each([26])("week %i: germinal matrix bleeds centre where caudate, thalamus and ventricle meet", async (week) => {
    const raw = await crlLabels(week);
    const anatomy = readAnatomy(await crlTissue(week, "crl2017"));
    for (const [side, caudate, thalamus, lumen] of [
      ["left", 71, 77, 92],
      ["right", 72, 78, 93],
    ] as const) {
      const [c, t, l] = [caudate, thalamus, lumen].map((id) => distanceTo((i) => raw.data[i] === id, raw.shape, anatomy.spacing));
      const sum = c!.map((v, i) => v + t![i]! + l![i]!);
      const least = sum.reduce((a, b) => Math.min(a, b));
      const meeting = centroid(
        anatomy,
        sum.map((v) => (v < least + 1.5 ? 1 : 0)),
      );
      const found = centroid(anatomy, siteWeights("germinalMatrix", anatomy, side, week));
      expect(Math.hypot(...found.map((v, k) => v - meeting[k]!))).toBeLessThan(4);
    }
  });
});
