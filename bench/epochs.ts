// Whether a long training holds on to memory: trains 50 epochs of the network of configs/smoke.yaml, each with a validation and a checkpoint, and
// prints the slope of resident memory over all but the first ten, in which heap and caches fill. Exit code 1 where it is above the bound.
//   npx tsx bench/epochs.ts [wasm]
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { linearRegression } from "simple-statistics";
import { type BackendName, readyBackend } from "../src/backend/index.ts";
import { silentReporter } from "../src/core/context.ts";
import { preprocessOptions } from "../src/data/preprocess.ts";
import { modelOptions } from "../src/models/index.ts";
import { trainOptions } from "../src/train/options.ts";
import { runTrain } from "../src/train/stage.ts";
import { writeDiscDataset } from "../test/helpers/disc-dataset.ts";

const [epochs, warmUp, stepsAnEpoch] = [50, 10, 10];
/** Megabytes an epoch: a batch, the logits of a validation or a checkpoint left behind each time would be more. */
const bound = 0.5;

const { backend } = await readyBackend((process.argv[2] ?? "auto") as BackendName, silentReporter);
const folder = await mkdtemp(join(tmpdir(), "hemosynth-epochs-"));
const data = join(folder, "data");
await writeDiscDataset(data, { cases: 6, shape: [96, 80, 12], seed: 1 });
const options = trainOptions.parse({
  steps: epochs * stepsAnEpoch,
  cropSize: 64,
  validateEvery: stepsAnEpoch,
  checkpointEvery: stepsAnEpoch,
});
const resident: number[] = [];
const progress = (label: string) => {
  if (label === "train") resident.push(process.memoryUsage.rss() / 1e6);
};
const context = { reporter: { ...silentReporter, progress }, signal: new AbortController().signal, workers: 1 };
const model = modelOptions.parse({ kind: "unet", channels: [4, 8, 8] });
const preprocess = preprocessOptions.parse({});
await runTrain({ data, out: join(folder, "train"), model, preprocess, options, seed: 1, resume: false }, context);
await rm(folder, { recursive: true });

const { m: slope } = linearRegression(resident.map((megabytes, i) => [i, megabytes]).slice(warmUp));
const rounded = resident.map(Math.round);
console.log(JSON.stringify({ backend, epochs: resident.length, megabytesAnEpoch: Number(slope.toFixed(3)), bound, resident: rounded })); // biome-ignore format: one line
if (slope > bound) process.exitCode = 1;
