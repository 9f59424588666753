import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { casesOfSplit, type Dataset, readDataset, readSplits, writeDataset, writeSplits } from "./dataset.ts";

const hash = "a".repeat(64);
const caseOf = (id: string, subject: string): Dataset["cases"][number] => ({
  id,
  subject,
  session: null,
  gestationalAge: 25.5,
  image: { path: `images/${id}.nii.gz`, sha256: hash },
  labels: null,
  brainMask: null,
  lesionMask: null,
  sidecar: null,
  shape: [2, 3, 4],
  spacing: [1, 1, 3],
  grade: null,
  sources: [],
});
const dataset: Dataset = {
  schemaVersion: 1,
  name: "test",
  root: ".",
  labelScheme: "feta",
  cases: [caseOf("a1", "a"), caseOf("b1", "b"), caseOf("a2", "a")],
  findings: [],
};
const folder = () => mkdtemp(join(tmpdir(), "hemosynth-"));

test("a dataset comes back as it was written, and a split takes all of a subject's cases", async () => {
  const root = await folder();
  await writeDataset(root, dataset);
  await writeSplits(root, { schemaVersion: 1, train: ["a"], val: [], test: ["b"] });
  const back = await readDataset(root);
  expect(back).toEqual(dataset);
  expect(casesOfSplit(back, await readSplits(root), "train").map((c) => c.id)).toEqual(["a1", "a2"]);
});

test.each([
  ["a case id twice", { ...dataset, cases: [caseOf("a", "a"), caseOf("a", "b")] }, "case ids must be unique; got a twice"],
  [
    "a path that leaves the folder",
    { ...dataset, cases: [{ ...caseOf("a", "a"), image: { path: "../x", sha256: hash } }] },
    "cases.0.image.path",
  ],
  [
    "a class that is none of the dataset's",
    { ...dataset, classes: ["normal", "abnormal"], cases: [{ ...caseOf("a", "a"), class: "odd" }] },
    "the class of a case must be one of classes; got odd for a",
  ],
  [
    "a box of an unknown region",
    {
      ...dataset,
      regions: ["cerebellum"],
      cases: [{ ...caseOf("a", "a"), boxes: [{ name: "csp", slice: 0, box: [0, 0, 1, 1] }] }],
    },
    "got csp in slice 0 of a",
  ],
  [
    "an empty box",
    { ...dataset, regions: ["csp"], cases: [{ ...caseOf("a", "a"), boxes: [{ name: "csp", slice: 0, box: [1, 0, 1, 1] }] }] },
    "must be [x0, y0, x1, y1] with x0 < x1 and y0 < y1",
  ],
  ["a class named twice", { ...dataset, classes: ["normal", "normal"] }, "must name each once"],
  ["a newer schema", { ...dataset, schemaVersion: 2 }, "schemaVersion"],
  ["an unknown key", { ...dataset, extra: 1 }, "extra"],
])("refuses %s", async (_, value, message) => {
  const root = await folder();
  await writeFile(join(root, "dataset.json"), JSON.stringify(value));
  await expect(readDataset(root)).rejects.toThrow(message);
});

test("refuses a file that is not JSON, a missing one, and a subject in two splits", async () => {
  const root = await folder();
  await expect(readDataset(root)).rejects.toThrow(/could not read: no such file or folder; run `hemosynth ingest`/);
  await writeFile(join(root, "dataset.json"), "{");
  await expect(readDataset(root)).rejects.toThrow("must be JSON");
  await writeSplits(root, { schemaVersion: 1, train: ["a"], val: ["a"], test: [] });
  await expect(readSplits(root)).rejects.toThrow("a subject may be in one split only; got a twice");
});
