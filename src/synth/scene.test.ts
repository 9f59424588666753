import { expect, test } from "vitest";
import { type Affine, axisAlignedAffine } from "../core/affine.ts";
import { headGeometry } from "./scene.ts";

test("the head's box is in world millimetres, whichever way the axes run", () => {
  const data = new Uint8Array(10 * 12 * 8);
  for (let z = 2; z <= 5; z++) for (let y = 1; y <= 9; y++) for (let x = 4; x <= 6; x++) data[x + 10 * (y + 12 * z)] = 3;
  const shape = [10, 12, 8] as const;
  const head = headGeometry({ tissue: { data, shape, affine: axisAlignedAffine(shape, [1, 1.5, 2], [10, 20, 30]) } });
  expect(head.centre).toEqual([10 + 0.5, 20 - 0.5 * 1.5, 30]);
  expect(head.radii).toEqual([1.5, 6.75, 4]);
  // Array x to posterior, y to the left.
  const turned: Affine = [0, -1.5, 0, 7, -1, 0, 0, 3, 0, 0, 2, 0];
  const other = headGeometry({ tissue: { data, shape, affine: turned } });
  expect(other.centre).toEqual([7 - 1.5 * 5, 3 - 5, 2 * 3.5]);
  expect(other.radii).toEqual([6.75, 1.5, 4]);
});

test("a scene without a brain is a broken contract", () => {
  const tissue = { data: new Uint8Array(8), shape: [2, 2, 2] as const, affine: axisAlignedAffine([2, 2, 2], [1, 1, 1]) };
  expect(() => headGeometry({ tissue })).toThrow("headGeometry: the scene has no brain voxel");
});
