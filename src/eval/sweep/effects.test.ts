import { expect, test } from "vitest";
import { rangeOf } from "./effects.ts";

test("an axis has room around its values, but none beyond what an AUROC or a Dice can be", () => {
  expect(rangeOf([0.5, 0.75])).toEqual([0.48, 0.77]);
  expect(rangeOf([0.2, 1])).toEqual([expect.closeTo(0.136, 12), 1]);
  expect(rangeOf([1, 1])).toEqual([0.98, 1]);
  expect(rangeOf([0, 0])).toEqual([0, 0.02]);
});
