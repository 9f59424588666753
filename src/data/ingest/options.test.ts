import { expect, test } from "vitest";
import { folderOptions } from "./options.ts";

const issuesOf = (more: object) => {
  const result = folderOptions.safeParse({ kind: "folder", path: "x", ...more });
  return result.success ? [] : result.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
};

test("a folder's path is all that is needed", () => {
  expect(issuesOf({})).toEqual([]);
});

test.each([
  [{ image: ["/data/*.nii"] }, /^image\.0: must be relative to data\.path/],
  [{ brainMask: ["a\\b.nii"] }, /^brainMask\.0: must be relative to data\.path, with forward slashes/],
  [{ subject: "sub-\\d+" }, /^subject: must be a regular expression with at least one \(group\)/],
  [{ gestationalAge: "(" }, /^gestationalAge: must be a regular expression/],
  [{ labels: { scheme: 8 } }, /^labels\.scheme: a label scheme is one of .*a number does not say whose ids/],
  [{ labels: "x" }, /^labels: /],
])("refuses %j", (more, message) => {
  expect(issuesOf(more)).toEqual([expect.stringMatching(message)]);
});
