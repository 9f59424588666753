// Peak memory of a few training steps in a process of its own, beside what train/memory.ts estimates.
//   npx tsx bench/memory.ts unet 32-64-128-256 4 256
//   npx tsx bench/memory.ts resnet34 64 16 224
import { readyBackend } from "../src/backend/index.ts";
import { type Rank, tf } from "../src/backend/tf.ts";
import { silentReporter } from "../src/core/context.ts";
import { buildModel, modelOptions } from "../src/models/index.ts";
import { trainingBytes } from "../src/train/memory.ts";
import { trainOptions } from "../src/train/options.ts";
import { createState } from "../src/train/state.ts";
import { makeTrainStep } from "../src/train/step.ts";

const [kind, channels = "", batch, size] = process.argv.slice(2);
await readyBackend("tensorflow", silentReporter);
const whole = kind!.startsWith("resnet"); // channels is its width then
const options = trainOptions.parse({ batchSize: Number(batch), cropSize: Number(size), task: whole ? "classify" : "lesion" });
const which = modelOptions.parse({
  kind,
  ...(whole ? { width: Number(channels) } : { channels: channels.split("-").map(Number) }),
});
const model = buildModel(which, { inChannels: 1, outChannels: whole ? 1 : 2, seed: 1 });
const step = makeTrainStep(createState(model, options), options);
const image = tf.randomNormal<Rank.R4>([options.batchSize, options.cropSize, options.cropSize, 1]);
const side = whole ? 1 : options.cropSize;
const target = tf.zeros<Rank.R4>([options.batchSize, side, side, whole ? 1 : 2]);
for (let i = 1; i <= 3; i++) step({ image, target }, i).dataSync();
const [peak, estimate] = [process.resourceUsage().maxRSS * 1024, trainingBytes(which, options)];
console.log(
  JSON.stringify({ kind, channels, batch, size, peakMb: Math.round(peak / 1e6), estimateMb: Math.round(estimate / 1e6) }),
);
