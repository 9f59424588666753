import { expect, test } from "vitest";
import { parseExperiment } from "../../config/experiment.ts";
import type { StageJob } from "../stage.ts";
import { cacheKey } from "./key.ts";

test("what a network computed on one GPU is not taken for what another would; without a GPU none counts", () => {
  const experiment = parseExperiment("data: { kind: phantom }", "test", []);
  const keyOf = (backend: string, gpu: string) => {
    const made = { node: "v22", platform: "linux-x64", backend: { name: backend, versions: { libtensorflow: "2.21.0" } } };
    const parts = { stage: "train", version: "1.2.3", seed: 4, backend, options: {}, inputs: { synth: "ab" } };
    return cacheKey({ experiment, parts, made, root: "r", out: "r/train", inputs: {} } as unknown as StageJob, "code", () => gpu);
  };
  expect(keyOf("cuda", "NVIDIA H200")).toBe(keyOf("cuda", "NVIDIA H200"));
  expect(keyOf("cuda", "NVIDIA H200")).not.toBe(keyOf("cuda", "NVIDIA A100"));
  expect(keyOf("tensorflow", "NVIDIA H200")).toBe(keyOf("tensorflow", "NVIDIA A100"));
});
