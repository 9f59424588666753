import { expect, test } from "vitest";
import { membersOf, parseCases } from "./cases.ts";
import { masksOptions } from "./options.ts";
import { caseName, pairFiles } from "./pair.ts";

const source = (where: string, ...files: string[]) => ({ where, files });
const { columns } = masksOptions.parse({});

test("a case is called as its file without what says that it is a mask", () => {
  const names = ["sub-01_acq-ax_desc-lesion_mask.nii.gz", "sub-01/anat/sub-01_acq-ax_T2w_label-lesion_dseg.nii", "sub-01_acq-ax_lesionprob.nii.gz", "x/sub-01_acq-ax.png", "sub-01_acq-ax_0000.nii.gz"]; // biome-ignore format: a list
  expect(new Set(names.map(caseName))).toEqual(new Set(["sub-01_acq-ax"]));
  expect(caseName("HEM_001.nii.gz")).toBe("HEM_001");
  expect(caseName("mask.nii.gz")).toBe("mask"); // nothing would be left
});

test("cases are matched by name, across folders; else by folder and name; two files in any case", () => {
  const reference = source("ref", "sub-02/anat/sub-02_mask.nii.gz", "sub-01/anat/sub-01_mask.nii.gz", "sub-01/anat/sub-01.json");
  const found = pairFiles(reference, [source("a", "sub-01_pred.nii.gz", "sub-02_pred.nii.gz", "plan.json", "overlay.png")]);
  expect(found).toEqual({
    kind: "nifti",
    by: "name",
    passedOver: 1,
    cases: [
      { id: "sub-01", reference: "sub-01/anat/sub-01_mask.nii.gz", predicted: ["sub-01_pred.nii.gz"] },
      { id: "sub-02", reference: "sub-02/anat/sub-02_mask.nii.gz", predicted: ["sub-02_pred.nii.gz"] },
    ],
  });
  const twice = ["p1/ax_mask.nii", "p2/ax_mask.nii"];
  const byPath = pairFiles(source("ref", ...twice), [source("a", "p2/ax.nii", "p1/ax.nii")]);
  expect([byPath.by, byPath.cases.map(({ predicted }) => predicted[0])]).toEqual(["path", ["p1/ax.nii", "p2/ax.nii"]]);
  expect(pairFiles(source("x", "truth.nii"), [source("y", "ours.nii")]).cases[0]!.predicted).toEqual(["ours.nii"]);
});

test("what cannot be matched is refused, with folder and files", () => {
  const two = source("ref", "a.nii", "b.nii");
  const fails = (rule: string, reference: ReturnType<typeof source>, ...predictions: ReturnType<typeof source>[]) =>
    expect(() => pairFiles(reference, predictions)).toThrow(rule);
  fails("a: must hold a prediction for each mask of ref; got b.nii without.", two, source("a", "a.nii", "readme.txt"));
  fails("ref: must hold a mask for each prediction of a; got c.nii without.", two, source("a", "a.nii", "b.nii", "c.nii"));
  fails("b: must hold a prediction for each mask of ref; got a.nii, b.nii without", two, source("a", "a.nii", "b.nii"), source("b", "c.nii", "d.nii"));
  fails("a: one file must be the mask of a; got a.nii and a_mask.nii.", two, source("a", "a.nii", "a_mask.nii", "b.nii"));
  fails("ref: one file must be the mask of a; got a.nii and a_mask.nii.gz.", source("ref", "a.nii", "a_mask.nii.gz"), two);
  fails("ref: references must be NIfTI volumes, or pictures of slices; got both.", source("ref", "a.nii", "a.png"), two);
  fails("ref: references must be NIfTI volumes, or pictures of slices; got neither.", source("ref"), two);
  fails("a: must hold NIfTI files, as the reference; got none.", two, source("a"));
  fails("a: must hold NIfTI files, as the reference; got 2 images of the other kind.", two, source("a", "a.png", "b.png"));
  fails("it must be of sub-1, as ref/sub-1/ax.nii; got sub-2.", source("ref", "sub-1/ax.nii", "sub-1/cor.nii"), source("a", "sub-2/ax.nii", "sub-1/cor.nii"));
}); // biome-ignore format: lines of one kind

test("patients stand in the table of cases, else in names, else nowhere", () => {
  const of = (...references: string[]) => references.map((reference) => ({ id: caseName(reference), reference, predicted: [] }));
  expect(membersOf(of("sub-1_ax.nii", "sub-1_cor.nii"), null, null)).toEqual({ by: "sub", members: [{ patient: "sub-1", subgroup: null }, { patient: "sub-1", subgroup: null }] });
  expect(membersOf(of("HEM_1.nii", "HEM_2.nii"), null, null)).toEqual({ by: "none", members: [{ patient: "HEM_1", subgroup: null }, { patient: "HEM_2", subgroup: null }] });
  const table = parseCases("id;patient;site\nHEM_1_mask.nii.gz;A;x\nHEM_2;A;\n", "cases.csv", { ...columns, subgroup: "site" });
  expect(membersOf(of("HEM_1.nii", "HEM_2.nii"), table, "cases.csv")).toEqual({ by: "table", members: [{ patient: "A", subgroup: "x" }, { patient: "A", subgroup: "" }] });
  const paths = parseCases("id,patient\np1/ax,A\np2/ax.nii,B\n", "cases.csv", columns);
  expect(membersOf(of("p1/ax_mask.nii", "p2/ax_mask.nii"), paths, "cases.csv").members.map((m) => m.patient)).toEqual(["A", "B"]);
  expect(() => membersOf(of("HEM_1.nii"), table, "cases.csv")).toThrow("cases.csv: each row must have a reference and a prediction; got none for HEM_2.");
}); // biome-ignore format: lines of one kind

test("a table of cases with a hole is refused, with its row", () => {
  const fails = (text: string, rule: string, more: object = {}) => expect(() => parseCases(text, "c.csv", { ...columns, ...more })).toThrow(rule); // biome-ignore format: short
  fails("name,patient\na,b\n", "c.csv: must have a column with the id; got name, patient. Name it: --id COLUMN.");
  fails("id\na\n", "c.csv: must have a column mother; got id.", { cluster: "mother" });
  fails("id,patient\na,\n", "c.csv, row 2, patient: must not be empty");
  fails("id,patient\na,b\na_mask.nii,c\n", "c.csv, row 3, id: each case may come once; got a.");
  fails("id,image,patient\na,b,c\n", "c.csv: which column is the id must be clear; got id, image. Name one: --id id.");
  fails("id,patient\n", "c.csv: must have a head and at least one row; got none.");
});
