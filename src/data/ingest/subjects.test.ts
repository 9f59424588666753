import { expect, test } from "vitest";
import { folderOptions } from "./options.ts";
import { planFolder } from "./plan.ts";
import { subjectFindings } from "./subjects.ts";

const options = (more: object = {}) => folderOptions.parse({ kind: "folder", path: "x", ...more });
const messageOf = (images: readonly string[], more: object = {}) =>
  subjectFindings(images, options(more), new Map())[0]?.message ?? "";
const proposed = (images: readonly string[]) => /Set data\.subject: "(.*)" would give (.*)\.$/.exec(messageOf(images))?.slice(1);

test("three stacks of one patient by their names: the warning names data.subject and a pattern", () => {
  const images = ["patientA_ax_T2w.nii.gz", "patientA_cor_T2w.nii.gz", "patientA_sag_T2w.nii.gz"];
  const { cases, findings } = planFolder(images, [], options());
  expect(new Set(cases.map((c) => c.subject)).size).toBe(3);
  expect(findings.map((f) => [f.severity, f.rule])).toEqual([["warning", "subject-from-name"]]);
  expect(findings[0]!.message).toMatch(
    /^data\.subject: .*; got 3 images .* patientA_ax_T2w, patientA_cor_T2w, patientA_sag_T2w /,
  );
  expect(proposed(images)).toEqual(["([^/_]+)_[^/]*$", "1 patient (patientA)"]);
});

test("taking the proposed pattern groups the images and ends the warning", () => {
  const folders: readonly (readonly [string[], string[]])[] = [
    [
      ["p1_ax.nii.gz", "p1_cor.nii.gz", "p2_ax.nii.gz", "p2_cor.nii.gz"],
      ["p1", "p2"],
    ],
    [
      ["study_p1_ax.nii", "study_p1_cor.nii", "study_p2_ax.nii"],
      ["study_p1", "study_p2"],
    ],
    [
      ["p1/ax_T2w.nii.gz", "p1/cor_T2w.nii.gz", "p2/ax_T2w.nii.gz"],
      ["p1", "p2"],
    ],
    [
      ["a/b/p1-ax.nii.gz", "a/b/p1-cor.nii.gz", "a/b/p2-ax.nii.gz"],
      ["p1", "p2"],
    ],
    [
      ["axial/p1_1.nii.gz", "coronal/p1_2.nii.gz", "axial/p2_1.nii.gz"],
      ["p1", "p2"],
    ],
  ];
  for (const [images, patients] of folders) {
    const [subject] = proposed(images)!;
    const { cases, findings } = planFolder(images, [], options({ subject }));
    expect([images, [...new Set(cases.map((c) => c.subject))], findings]).toEqual([images, patients, []]);
  }
});

test("names that nothing groups are still told; a view is no patient", () => {
  expect(messageOf(["STA21.nii.gz", "STA22.nii.gz"])).toMatch(/If a patient has several images, set data\.subject to a regular/);
  expect(messageOf(["ax_1.nii.gz", "ax_2.nii.gz"])).toMatch(/If a patient has several/);
});

test("silent where the patient is named, or there is one image, or one name in several folders", () => {
  expect(messageOf(["sub-1/anat/sub-1_T2w.nii.gz", "sub-2/anat/sub-2_T2w.nii.gz"])).toBe("");
  expect(messageOf(["a.nii.gz", "b.nii.gz"], { subject: "([ab])" })).toBe("");
  expect(messageOf(["a.nii.gz"])).toBe("");
  expect(messageOf(["axial/p.nii.gz", "coronal/p.nii.gz"])).toBe("");
});
