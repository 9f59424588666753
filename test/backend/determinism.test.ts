import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { findProgram } from "../../src/backend/native/process.mjs";
import { chooseBackend } from "../../src/backend/ready.ts";

const worker = fileURLToPath(new URL("steps-worker.ts", import.meta.url));

async function train(
  backend: string,
  prefix: readonly string[] = [],
): Promise<{ losses: number[]; weights: string; stderr: string }> {
  const [command, ...args] = [...prefix, process.execPath, "--import", "tsx", worker, backend, "3"];
  const { stdout, stderr } = await promisify(execFile)(command!, args);
  return { ...JSON.parse(stdout), stderr };
}

for (const backend of ["tensorflow", "wasm"] as const) {
  const isMissing = backend === "tensorflow" && chooseBackend().backend === "wasm";
  if (isMissing) console.warn("tensorflow skipped: the native addon is not installed");
  test.skipIf(isMissing)(`training steps give the same bits in another process, and nothing on stderr: ${backend}`, async () => {
    const [first, second] = await Promise.all([train(backend), train(backend)]);
    expect(second).toEqual(first);
    expect(first.stderr).toBe("");
    expect(first.losses.at(-1)).toBeLessThan(first.losses[0]!);
  });
}

const canPin = findProgram(["taskset"]) !== null && findProgram(["env"]) !== null;
test.skipIf(!canPin || chooseBackend().backend === "wasm")(
  "a fixed thread count gives the same bits whatever the cores",
  async () => {
    const threads = ["env", "TF_NUM_INTRAOP_THREADS=2"];
    const [wide, narrow] = await Promise.all([
      train("tensorflow", threads),
      train("tensorflow", [...threads, "taskset", "-c", "0"]),
    ]);
    expect(narrow.weights).toBe(wide.weights);
  },
);
