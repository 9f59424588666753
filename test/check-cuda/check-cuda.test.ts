import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { detect } from "../../scripts/check-cuda/detect.ts";
import { decodeKernelList, type RegisteredKernel } from "../../scripts/check-cuda/kernel-list.ts";
import { gradientsOfPretraining, gradientsOfSets, recordOps, trainAndPredict } from "../../scripts/check-cuda/record.ts";
import { gpuVerdicts, verdictTable } from "../../scripts/check-cuda/verdict.ts";
import { chooseBackend, readyBackend } from "../../src/backend/ready.ts";
import { silentReporter } from "../../src/core/context.ts";

interface Fixture {
  readonly message: string;
  readonly kernels: readonly { device: string; types: Record<string, number[]> }[];
}

const fixture: Record<string, Fixture> = JSON.parse(
  readFileSync(new URL("../fixtures/kernel-list.json", import.meta.url), "utf8"),
);

test.each(Object.entries(fixture))("reads the kernels of %s as TensorFlow's own protobuf does", (_, { message, kernels }) => {
  const decoded = decodeKernelList(Buffer.from(message, "base64"));
  expect(decoded.map(({ device, types }) => ({ device, types: Object.fromEntries(types) }))).toEqual(kernels);
});

test("a message cut short is refused, not misread", () => {
  const whole = Buffer.from(fixture.Relu!.message, "base64");
  expect(() => decodeKernelList(whole.subarray(0, whole.length - 1))).toThrow("ends early");
});

const kernel = (device: string, types: Record<string, number[]> = {}): RegisteredKernel => ({
  device,
  types: new Map(Object.entries(types)),
});

test("an op has a GPU kernel only if one takes the types it was called with", () => {
  const calls = [
    { op: "Sum", types: new Map([["T", 1]]), count: 2 },
    { op: "Sum", types: new Map([["T", 3]]), count: 1 },
    { op: "OnCpuAlone", types: new Map(), count: 1 },
    { op: "Unknown", types: new Map(), count: 1 },
  ];
  const kernels = new Map([
    ["Sum", [kernel("CPU", { T: [1, 3] }), kernel("GPU", { T: [1, 2] })]],
    ["OnCpuAlone", [kernel("CPU")]],
  ]);
  const verdicts = gpuVerdicts(calls, kernels);
  expect(verdicts.map(({ hasGpu }) => hasGpu)).toEqual([true, false, false, false]);
  expect(verdictTable(verdicts).split("\n")[2]).toMatch(/^NO\s+Sum\s+T=int32\s+1\s+CPU$/);
});

const isMissing = chooseBackend().backend === "wasm";
if (isMissing) console.warn("recording ops skipped: the native addon is not installed");
test.skipIf(isMissing)("a detector's step is recorded with what gathers its boxes", async () => {
  await readyBackend("tensorflow", silentReporter);
  const ops = recordOps(detect).map(({ op }) => op);
  expect(ops).toEqual(expect.arrayContaining(["GatherNd", "ScatterNd", "MaxPoolGrad", "Atan"]));
  expect(ops).not.toContain("UnsortedSegmentSum");
});

test.skipIf(isMissing)("a recorded step has the fused ops and both gradients of the convolution", async () => {
  await readyBackend("tensorflow", silentReporter);
  const ops = recordOps(trainAndPredict).map(({ op }) => op);
  expect(ops).toEqual(
    expect.arrayContaining(["Conv2DBackpropFilter", "Conv2DBackpropInput", "FusedBatchNormGradV3", "ReluGrad"]),
  );
  expect(ops).not.toContain("Select"); // batch normalisation and ReLU taken apart
});

test.skipIf(isMissing)("the networks of sets and the heads of pretraining are recorded with their gradients", async () => {
  await readyBackend("tensorflow", silentReporter);
  const ops = (work: () => void) => recordOps(work).map(({ op }) => op);
  expect(ops(gradientsOfSets)).toEqual(expect.arrayContaining(["Conv2DBackpropFilter", "TopKV2", "Softmax", "Tanh"]));
  expect(ops(gradientsOfPretraining)).toEqual(expect.arrayContaining(["Conv2DBackpropInput", "BatchMatMulV2", "FusedBatchNormGradV3"])); // biome-ignore format: one line
});
