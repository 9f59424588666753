import { expect, test } from "vitest";
import { caseSchema, type Dataset } from "../../data/dataset.ts";
import type { Results } from "../results.ts";
import { dataOf } from "../summary.ts";
import { kindOfScores, lesionWord } from "./format.ts";
import { imagesOf, wordsOf } from "./origin.ts";

const file = { path: "a", sha256: "0".repeat(64) };
const one = caseSchema.parse({
  ...{ id: "a", subject: "a", session: null, gestationalAge: null, image: file, labels: null, brainMask: null },
  ...{ lesionMask: file, sidecar: null, shape: [1, 1, 1], spacing: [1, 1, 1], grade: null, sources: [] },
});
const resultsOf = (dataset: Partial<Dataset>) => {
  const whole: Dataset = { schemaVersion: 1, name: "some", root: ".", labelScheme: null, findings: [], cases: [one], ...dataset };
  return { dataset: whole.name, split: "test", ...dataOf(whole) } as Results;
};

/** All that is said of where images came from. */
const said = (results: Results) => {
  const { banner, methods, source, truth, external, limits } = wordsOf(results);
  return [banner(results), methods(imagesOf(results)), source, truth, external, ...limits, kindOfScores(results), lesionWord(results)].join("\n"); // biome-ignore format: one line
};

test("simulated images are never said to be normal ones with painted lesions, painted ones never simulated", () => {
  const simulated = resultsOf({ modality: "US", cases: [{ ...one, sidecar: file }] });
  expect(said(simulated)).not.toMatch(/paint/);
  expect(said(simulated)).toMatch(/^Scores on simulated ultrasound images, not clinical performance\./);
  expect([kindOfScores(simulated), lesionWord(simulated), simulated.pseudoLesions]).toEqual(["scores on simulated images", "simulated lesion", true]); // biome-ignore format: one line
  const painted = resultsOf({ cases: [one, { ...one, id: "b", sidecar: file, sources: ["a"] }] });
  expect(said(painted)).not.toMatch(/simulat/);
  expect(said(painted)).toMatch(/^Pseudo-lesion scores, not clinical performance\./);
  expect([painted.pseudoLesions, lesionWord(painted), painted.data?.modality]).toEqual([true, "pseudo-lesion", "T2w"]);
});

test("a labelled dataset is said to be one, by its modality", () => {
  const given = resultsOf({ modality: "CT" });
  expect(said(given)).toMatch(/^A research evaluation on some, a dataset of CT images that came with its truth\./);
  expect(said(given)).not.toMatch(/paint|simulat|pseudo/);
  expect([kindOfScores(given), lesionWord(given), given.pseudoLesions]).toEqual(["", "lesion", false]);
});

test("results of earlier versions are spoken of as before", () => {
  const old = (pseudoLesions: boolean) => lesionWord({ dataset: "some", split: "test", pseudoLesions } as Results);
  expect([old(true), old(false)]).toEqual(["pseudo-lesion", "lesion"]);
});
