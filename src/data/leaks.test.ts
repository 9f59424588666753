import { expect, test } from "vitest";
import { seededRng } from "../core/rng.ts";
import type { Case, Dataset } from "./dataset.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { assertNoLeak, leaks } from "./leaks.ts";

const hashOf = (letter: string) => letter.repeat(64);
const caseOf = (id: string, subject: string, more: Partial<Case> = {}): Case => ({
  ...{
    id,
    subject,
    session: null,
    gestationalAge: null,
    labels: null,
    brainMask: null,
    lesionMask: null,
    sidecar: null,
    grade: null,
  },
  image: { path: `${id}.nii.gz`, sha256: hashOf(id.slice(-1)) },
  shape: [2, 3, 4],
  spacing: [1, 1, 3],
  sources: [],
  ...more,
});
const datasetOf = (...cases: Case[]): Dataset => ({
  schemaVersion: 1,
  name: "test",
  root: ".",
  labelScheme: null,
  cases,
  findings: [],
});
const splits = { schemaVersion: 1 as const, train: ["a"], val: [], test: ["b"] };
const where = "data/splits.json";

test("a clean dataset passes, with several scans and synthetic children of one subject", () => {
  const dataset = datasetOf(caseOf("1", "a"), caseOf("2", "a"), caseOf("3", "b"), caseOf("4", "a", { sources: ["1"] }));
  assertNoLeak({ dataset, splits, where });
  const child = datasetOf(caseOf("5", "a", { sources: ["1"] }), caseOf("6", "b", { sources: ["3"] }));
  assertNoLeak({ dataset: child, splits, where, originals: dataset.cases });
});

test("with folds, one scan of two subjects is refused wherever they are: they may come into different folds", () => {
  const image = { path: "x.nii.gz", sha256: hashOf("9") };
  const dataset = datasetOf(caseOf("1", "a", { image }), caseOf("2", "a", { image }), caseOf("3", "b", { image }));
  const all = { schemaVersion: 1 as const, train: [], val: [], test: ["a", "b"] };
  expect(leaks({ dataset, splits: all, where })).toEqual([]);
  const found = leaks({ dataset, splits: all, where, folds: true });
  expect(found).toHaveLength(2); // each scan of a against that of b, never a's own
  expect(found[0]).toBe(
    "no scan may be of two subjects; got 1 (a) and 3 (b), which are the same file. Give both the same subject, or remove one.",
  );
});

test("where pictures may be alike, the same file of two subjects is none, but a subject in two splits is one", () => {
  const image = { path: "black.nii.gz", sha256: hashOf("9") };
  const dataset = datasetOf(caseOf("1", "a", { image }), caseOf("2", "b", { image }));
  expect(leaks({ dataset, splits, where })).toHaveLength(1);
  expect(leaks({ dataset, splits, where, alike: true })).toEqual([]);
  expect(leaks({ dataset, splits: { ...splits, val: ["a"] }, where, alike: true })).toEqual([
    "a subject may be in one split only; got a twice. Remove it from one of them.",
  ]);
});

test.each([
  [
    "a subject twice",
    datasetOf(caseOf("1", "a"), caseOf("2", "b")),
    { ...splits, val: ["a"] },
    /a subject may be in one split only; got a twice/,
  ],
  ["a subject that is not there", datasetOf(caseOf("1", "a")), splits, /must name subjects of the dataset; got b/],
  [
    "a child under another subject",
    datasetOf(caseOf("1", "a"), caseOf("2", "b", { sources: ["1"] })),
    splits,
    /must have the subject of its source 1, a; got b for 2/,
  ],
  [
    "siblings of an absent source under two subjects",
    datasetOf(caseOf("1", "a", { sources: ["0"] }), caseOf("2", "b", { sources: ["0"] })),
    splits,
    /must have the subject of its source 0, a; got b for 2/,
  ],
  [
    "one file in two splits",
    datasetOf(caseOf("1", "a"), caseOf("2", "b", { image: { path: "x", sha256: hashOf("1") } })),
    splits,
    /no scan may be in two splits; got 1 \(train\) and 2 \(test\), which are the same file/,
  ],
])("refuses %s", (_, dataset, chosen, message) => {
  expect(() => assertNoLeak({ dataset, splits: chosen, where })).toThrow(message);
  expect(() => assertNoLeak({ dataset, splits: chosen, where })).toThrow(where);
});

test("a child of another dataset's case is held to that case's subject", () => {
  const child = datasetOf(caseOf("5", "b", { sources: ["1"] }), caseOf("6", "a"));
  expect(leaks({ dataset: child, splits, where })).toEqual([]);
  expect(leaks({ dataset: child, splits, where, originals: [caseOf("1", "a")] })).toHaveLength(1);
});

test("the same picture in two splits is refused; in one split, or of one subject, it is not", () => {
  const rng = seededRng(1);
  const data = Float32Array.from({ length: 40 ** 3 }, () => rng.uniform());
  const volume = { data, shape: [40, 40, 40], affine: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0] } as const;
  const fingerprint = fingerprintOf(volume);
  const fingerprints = new Map(["1", "2"].map((id) => [id, fingerprint]));
  const dataset = datasetOf(caseOf("1", "a"), caseOf("2", "b"));
  expect(leaks({ dataset, splits, where, fingerprints })).toEqual([
    expect.stringContaining("show the same scan (likeness 1.000)"),
  ]);
  expect(leaks({ dataset, splits: { ...splits, train: ["a", "b"], test: [] }, where, fingerprints })).toEqual([]);
});
