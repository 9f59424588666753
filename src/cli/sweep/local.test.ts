import { expect, test } from "vitest";
import { parseExperiment } from "../../config/experiment.ts";
import { trainingBytes } from "../../train/memory.ts";
import type { Job } from "./jobs.ts";
import { memoryOf } from "./local.ts";

const jobOf = (text: string, what: Job["what"] = "run"): Job => {
  const experiment = parseExperiment(`data: {kind: phantom}\nbackend: tensorflow\n${text}`, "x.yaml");
  return { id: "a", needs: [], what, root: "a", shared: {}, tested: null, experiment };
};

test("a run takes what is stated, else what its training is estimated at; what is stated is of runs alone", () => {
  const small = jobOf("train: {batchSize: 2}");
  const large = jobOf("train: {batchSize: 32, cropSize: 256}");
  expect(memoryOf(large, 3.5)).toBe(3.5e9);
  expect(memoryOf(large, null)).toBe(trainingBytes(large.experiment.model, large.experiment.train));
  expect(memoryOf(large, null)).toBeGreaterThan(2 * memoryOf(small, null));
  const synthesis = jobOf("train: {batchSize: 32, cropSize: 256}", "synth");
  expect(memoryOf(synthesis, 100)).toBe(memoryOf(synthesis, null));
});
