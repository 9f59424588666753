import { expect, test } from "vitest";
import { isLabelled, onGridOf } from "./check.ts";

const mask = { path: "lesion.nii.gz", sha256: "0".repeat(64) };
const labelled = (lesionMask: typeof mask | null, grade: number | null, unlabelled: "refuse" | "healthy" | "skip") =>
  isLabelled({ id: "case-1", lesionMask, grade }, { unlabelled });

test("a mask, or grade 0, is truth; without both the option decides", () => {
  for (const option of ["refuse", "healthy", "skip"] as const) {
    expect([labelled(mask, 3, option), labelled(mask, null, option), labelled(null, 0, option)]).toEqual([true, true, true]);
  }
  expect([labelled(null, null, "healthy"), labelled(null, null, "skip"), labelled(null, 2, "skip")]).toEqual([
    true,
    false,
    false,
  ]);
  expect(() => labelled(null, null, "refuse")).toThrow(
    "case-1: a case needs a lesion mask, or grade 0, to be evaluated; got neither. Give it one, or set eval.unlabelled to healthy or skip.",
  );
});

test("a case with a grade is never counted healthy for want of its mask", () => {
  expect(() => labelled(null, 3, "healthy")).toThrow(
    "case-1: a case that counts as healthy (eval.unlabelled) must not have a grade; got grade 3 and no lesion mask. Give it its mask, or set eval.unlabelled to skip.",
  );
});

test("grids are one where no corner is half a voxel apart, however large they are", () => {
  const large = { shape: [320, 320, 20] as const, affine: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 4, 0] as const };
  const turned = { ...large, affine: [1, -0.009, 0, 0, 0.009, 1, 0, 0, 0, 0, 4, 0] as const };
  expect(() => onGridOf(turned, large, "a_lesion.nii.gz")).toThrow(
    "a_lesion.nii.gz: truth, prediction and image must share one grid of 320 x 320 x 20; got a corner 4.1 voxels away. Run predict again on this dataset.",
  );
  const near = { ...large, affine: [1, 0, 0, 0.1, 0, 1, 0, 0, 0, 0, 4, 0] as const };
  expect(onGridOf(near, large, "a_lesion.nii.gz")).toEqual(large);
  expect(() => onGridOf({ ...large, shape: [160, 320, 20] }, large, "a_lesion.nii.gz")).toThrow(/; got 160 x 320 x 20\. /);
});
