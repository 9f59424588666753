// Proves, without a GPU, that training has a GPU kernel for each of its ops: builds the addon against TensorFlow for CUDA, runs real
// training steps on that library (on the CPU), and looks up every op that they called in the library's own list of kernels.
//
//   npm run check:cuda            downloads 573 MB once, into the cache
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compileAddon, findNative, linkTo } from "../../src/backend/native/addon.mjs";
import { cacheRoot } from "../../src/backend/native/cache.mjs";
import { installNative } from "../../src/backend/native/install.mjs";
import { loadNative } from "../../src/backend/native.ts";
import { tf } from "../../src/backend/tf.ts";
import { consoleReporter } from "../setup/reporter.mjs";
import { detect } from "./detect.ts";
import { decodeKernelList, type RegisteredKernel } from "./kernel-list.ts";
import { gradientsOfPretraining, gradientsOfSets, recordOps, trainAndPredict } from "./record.ts";
import { gpuVerdicts, verdictTable } from "./verdict.ts";

const reporter = consoleReporter();
const native = findNative("cuda", cacheRoot()) ?? (await installNative("cuda-library", reporter));
reporter.info(`TensorFlow ${native.tensorflow.version} for CUDA: ${native.tensorflow.folder}`);
loadNative(native, true);
await tf.setBackend("tensorflow");
const calls = recordOps(() => {
  trainAndPredict();
  gradientsOfSets();
  gradientsOfPretraining();
  detect();
});

const folder = await mkdtemp(join(tmpdir(), "hemosynth-kernels-"));
const addon = join(folder, "kernels.node");
await compileAddon([join(import.meta.dirname, "kernels.cc")], addon, linkTo(native.tensorflow));
const { registeredKernels } = createRequire(import.meta.url)(addon) as { registeredKernels(op: string): Uint8Array };
await rm(folder, { recursive: true });

const kernels = new Map<string, RegisteredKernel[]>();
for (const { op } of calls) if (!kernels.has(op)) kernels.set(op, decodeKernelList(registeredKernels(op)));
const verdicts = gpuVerdicts(calls, kernels);
console.log(verdictTable(verdicts));
const lacking = [...new Set(verdicts.filter(({ hasGpu }) => !hasGpu).map(({ call }) => call.op))];
if (lacking.length > 0) {
  console.error(`no GPU kernel: ${lacking.join(", ")}; such an op would run on the CPU in every step or fail`);
  process.exitCode = 1;
} else {
  console.log(
    `all ${kernels.size} ops have GPU kernels in TensorFlow ${native.tensorflow.version} (looked up, not run on a GPU)`,
  );
}
