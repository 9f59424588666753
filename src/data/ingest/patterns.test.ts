import { expect, test } from "vitest";
import { fillSlots, outsideFolder, patternRegex } from "./patterns.ts";

const matches = (pattern: string, path: string, slots: Record<string, string> | null = null) =>
  patternRegex(pattern, slots).test(path);

test.each([
  ["*.nii.gz", "a.nii.gz", true],
  ["*.nii.gz", "a/b.nii.gz", false],
  ["**/*.nii.gz", "a.nii.gz", true],
  ["**/*.nii.gz", "a/b/c.nii.gz", true],
  ["STA??.nii.gz", "STA21.nii.gz", true],
  ["STA??.nii.gz", "STA21_parc.nii.gz", false],
  ["sub-*/anat/*_T2w.nii", "sub-1/anat/x_T2w.nii", true],
  ["a+(b).nii", "a+(b).nii", true],
  ["a.nii", "aXnii", false],
  ["{dir}/{stem}_mask.nii", "x_mask.nii", true],
  ["{dir}/{stem}_mask.nii", "p/q/x_mask.nii", true],
  ["*.nii", "a\nb.nii", true],
])("%s on %s: %s", (pattern, path, expected) => {
  expect(matches(pattern, path)).toBe(expected);
});

test("slots are literal text, whatever it looks like as a pattern", () => {
  const slots = { dir: "a.b", stem: "x*(1)?", base: "x" };
  expect(matches("{dir}/{stem}_*.nii", "a.b/x*(1)?_seg.nii", slots)).toBe(true);
  expect(matches("{dir}/{stem}_*.nii", "aXb/xyz(1)z_seg.nii", slots)).toBe(false);
  expect(matches("derivatives/*/{dir}/{base}_*.nii", "derivatives/t/x_seg.nii", { ...slots, dir: "." })).toBe(true);
  expect(fillSlots("{dir}/../labels/{stem}.nii", { ...slots, dir: "p" })).toBe("labels/x*(1)?.nii");
});

test("a pattern that leaves the folder names where it goes", () => {
  expect(outsideFolder("../labels/{stem}.nii.gz")).toBe("../labels");
  expect(outsideFolder("../../x/*/{stem}.nii.gz")).toBe("../../x");
  expect(outsideFolder("labels/{stem}.nii.gz")).toBeNull();
});
