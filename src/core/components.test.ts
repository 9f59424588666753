import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Vec3 } from "./affine.ts";
import { connectedComponents } from "./components.ts";

interface Fixture {
  cases: { shape: Vec3; mask: number[]; faces: number[]; corners: number[] }[];
}
const file = join(import.meta.dirname, "../../test/fixtures/ndimage/ndimage.json");
const fixture = JSON.parse(readFileSync(file, "utf8")) as Fixture;

test.each(fixture.cases)("the parts on a $shape grid have scipy's sizes, touching by faces or by corners", (c) => {
  for (const touch of ["faces", "corners"] as const) {
    const { labels, sizes } = connectedComponents((i) => c.mask[i] === 1, c.shape, touch);
    expect(sizes.slice(1).sort((a, b) => a - b)).toEqual(c[touch]);
    expect([...labels].map((l) => (l > 0 ? 1 : 0))).toEqual(c.mask);
  }
});

test("parts are numbered in the order of the array", () => {
  const { labels, sizes } = connectedComponents((i) => [0, 2, 3].includes(i), [5, 1, 1], "faces");
  expect([...labels]).toEqual([1, 0, 2, 2, 0]);
  expect(sizes).toEqual([0, 1, 2]);
});
