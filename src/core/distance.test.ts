import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Vec3 } from "./affine.ts";
import { distanceNear, distanceTo, signedDistance } from "./distance.ts";

interface Fixture {
  cases: { shape: Vec3; spacing: Vec3; mask: number[]; distance: number[] }[];
}
const file = join(import.meta.dirname, "../../test/fixtures/ndimage/ndimage.json");
const fixture = JSON.parse(readFileSync(file, "utf8")) as Fixture;

test.each(fixture.cases)("distances on a $shape grid with spacing $spacing are scipy's", ({ shape, spacing, mask, distance }) => {
  const ours = distanceTo((i) => mask[i] === 1, shape, spacing);
  for (let i = 0; i < ours.length; i++) expect(ours[i]).toBeCloseTo(distance[i]!, 5);
});

test("an empty set is infinitely far, a full one nowhere far", () => {
  expect(distanceTo(() => false, [2, 3, 1], [1, 1, 1]).every((d) => d === Infinity)).toBe(true);
  expect(signedDistance(() => true, [2, 3, 1], [1, 1, 1]).every((d) => d === -Infinity)).toBe(true);
});

test("the signed distance of a ball is the distance to its sphere, within a voxel", () => {
  const shape: Vec3 = [31, 31, 31];
  const r = (i: number) => Math.hypot((i % 31) - 15, (Math.floor(i / 31) % 31) - 15, Math.floor(i / 961) - 15);
  const signed = signedDistance((i) => r(i) <= 9, shape, [1, 1, 1]);
  let worst = 0;
  for (let i = 0; i < signed.length; i++) worst = Math.max(worst, Math.abs(signed[i]! - (r(i) - 9)));
  expect(worst).toBeLessThan(1);
});

test("near a set, the distances within a box are those of the whole grid", () => {
  const shape: Vec3 = [20, 17, 12];
  const spacing: Vec3 = [0.8, 1, 2.5];
  const inside = (i: number) => [2500, 2501, 2530, 1800].includes(i);
  const whole = distanceTo(inside, shape, spacing);
  const signed = signedDistance(inside, shape, spacing);
  const near = distanceNear(inside, shape, spacing, 4);
  const signedNear = signedDistance(inside, shape, spacing, 4);
  let checked = 0;
  for (let i = 0; i < whole.length; i++) {
    if (whole[i]! > 4) continue;
    checked++;
    expect([near[i], signedNear[i]]).toEqual([whole[i], signed[i]]);
  }
  expect(checked).toBeGreaterThan(100);
  expect(near.filter((d) => d === Infinity).length).toBeGreaterThan(1000);
});
