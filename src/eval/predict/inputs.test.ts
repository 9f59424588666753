import fc from "fast-check";
import { expect, test } from "vitest";
import { caseSchema } from "../../data/dataset.ts";
import { imageKind } from "../../data/image-name.ts";
import { gatherPictures, nameInputs } from "./inputs.ts";

test("any names give distinct ids that are safe as file names, also where case does not count", () => {
  const id = caseSchema.shape.id;
  const names = fc.array(
    fc.oneof(fc.string({ unit: "grapheme", maxLength: 300 }), fc.constantFrom("a b", "a_b", "A_b", "-x", "..")),
  );
  fc.assert(
    fc.property(names, (all) => {
      const ids = nameInputs(all.map((name) => `${name}.nii.gz`)).map((n) => n.id);
      expect(new Set(ids.map((i) => i.toLowerCase())).size).toBe(all.length);
      for (const i of ids) expect(id.safeParse(i).success && i.length <= 210).toBe(true);
    }),
  );
});

test("a long name leaves room for what is put behind it", () => {
  const ids = nameInputs([`${"a".repeat(250)}.nii`, `${"a".repeat(250)}.nii.gz`]).map((n) => n.id);
  expect(new Set(ids).size).toBe(2);
  for (const id of ids) expect(`${id}_lesionprob.nii.gz`.length).toBeLessThan(255);
});

test("plain names stay as they are; BIDS names tell subject and session", () => {
  expect(nameInputs(["sub-01_ses-02_acq-axial_T2w.nii.gz", "scan.PNG", "scan.nii"])).toEqual([
    { id: "sub-01_ses-02_acq-axial_T2w", subject: "sub-01", session: "ses-02" },
    { id: "scan", subject: "scan", session: null },
    { id: "scan-2", subject: "scan-2", session: null },
  ]);
});

test("the kind goes by the suffix", () => {
  expect(["a.NII.GZ", "a.nii", "a.png", "a.dcm", "a.nii.gz.txt", "png"].map(imageKind)).toEqual([
    "nifti",
    "nifti",
    "picture",
    null,
    null,
    null,
  ]);
});

test("pictures whose names agree up to the last _ are one stack, in the order of their names; all else stays alone", () => {
  const files = ["a_COR1.png", "a_COR2.png", "a_SAG1.jpg", "b.png", "sub-1_ses-2_1.png", "sub-1_ses-2_2.png", "v_1.nii.gz", "v_2.nii.gz", "c_1.png"]; // biome-ignore format: one line
  expect(gatherPictures(files)).toEqual([
    { name: "a", files: ["a_COR1.png", "a_COR2.png", "a_SAG1.jpg"] },
    { name: "b.png", files: ["b.png"] },
    { name: "sub-1_ses-2", files: ["sub-1_ses-2_1.png", "sub-1_ses-2_2.png"] },
    { name: "v_1.nii.gz", files: ["v_1.nii.gz"] },
    { name: "v_2.nii.gz", files: ["v_2.nii.gz"] },
    { name: "c_1.png", files: ["c_1.png"] },
  ]);
  const frames = ["b_10.png", "b_1.png", "b_02.png", "b_2.png", "B_11.png"];
  for (const given of [frames, [...frames].reverse()])
    expect(gatherPictures(given).find(({ name }) => name === "b")?.files).toEqual(["b_1.png", "b_02.png", "b_2.png", "b_10.png"]);
  expect(nameInputs(["a", "sub-1_ses-2"])).toEqual([
    { id: "a", subject: "a", session: null },
    { id: "sub-1_ses-2", subject: "sub-1", session: "ses-2" },
  ]);
});
