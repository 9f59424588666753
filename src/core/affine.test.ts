import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type Affine,
  affineSpacing,
  applyAffine,
  axisAlignedAffine,
  composeAffine,
  determinant,
  invertAffine,
  rotationMatrix,
  worldAxes,
} from "./affine.ts";

const entry = fc.double({ min: -5, max: 5, noNaN: true });
const affines = fc
  .array(entry, { minLength: 12, maxLength: 12 })
  .map((a) => a as unknown as Affine)
  .filter((a) => Math.abs(determinant(a)) > 0.1);
const points = fc.tuple(entry, entry, entry);

test("the inverse undoes the affine", () => {
  fc.assert(
    fc.property(affines, points, (a, p) => {
      const back = applyAffine(invertAffine(a), applyAffine(a, p));
      for (let i = 0; i < 3; i++) expect(back[i]).toBeCloseTo(p[i]!, 6);
    }),
  );
});

test("composing is applying one after the other, and determinants multiply", () => {
  fc.assert(
    fc.property(affines, affines, points, (outer, inner, p) => {
      const both = applyAffine(composeAffine(outer, inner), p);
      const steps = applyAffine(outer, applyAffine(inner, p));
      for (let i = 0; i < 3; i++) expect(both[i]).toBeCloseTo(steps[i]!, 6);
      expect(determinant(composeAffine(outer, inner))).toBeCloseTo(determinant(outer) * determinant(inner), 4);
    }),
  );
});

test("a singular affine has no inverse", () => {
  expect(() => invertAffine([1, 2, 3, 0, 2, 4, 6, 0, 0, 0, 1, 0])).toThrow("singular");
});

test("world axes of a sagittal stack stored as posterior, superior, left", () => {
  const sagittal: Affine = [0, 0, -3.3, 40, -1.1, 0, 0.1, 60, 0, 1.1, 0, -50];
  expect(worldAxes(sagittal)).toEqual([1, 2, 0]);
  expect(affineSpacing(sagittal)[0]).toBeCloseTo(1.1, 12);
});

test("the centre of an axis-aligned grid lies where it was asked for", () => {
  const a = axisAlignedAffine([5, 4, 3], [1, 2, 3], [10, 20, 30]);
  expect(applyAffine(a, [2, 1.5, 1])).toEqual([10, 20, 30]);
});

test("a rotation vector turns about its axis by its length", () => {
  const m = rotationMatrix([0, 0, 90]);
  for (const [i, v] of [0, -1, 0, 1, 0, 0, 0, 0, 1].entries()) expect(m[i]).toBeCloseTo(v, 12);
});
