// Milliseconds of a U-Net's training step and forward pass: ours traced and op by op, and PyTorch in both of its layouts, one step of each in turn.
//   npx tsx bench/train.ts [--rounds 15] [--python python3] [--small]
// Prints medians, the ratio to PyTorch's better layout, all raw values as JSON, and the load of the machine before and after.
import { spawn } from "node:child_process";
import { availableParallelism, loadavg } from "node:os";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { readyBackend } from "../src/backend/index.ts";
import { type Tensor4D, tf } from "../src/backend/tf.ts";
import { silentReporter } from "../src/core/context.ts";
import { seededRng } from "../src/core/rng.ts";
import { buildModel, forInference, modelOptions } from "../src/models/index.ts";
import { trainOptions } from "../src/train/options.ts";
import { createState, disposeState } from "../src/train/state.ts";
import { makeTrainStep } from "../src/train/step.ts";

const { values: args } = parseArgs({
  options: { rounds: { type: "string", default: "15" }, python: { type: "string", default: "python3" }, small: { type: "boolean", default: false } },
}); // biome-ignore format: one line

interface Size {
  readonly channels: readonly number[];
  readonly batch: number;
  readonly size: number;
}
const sizes: readonly Size[] = args.small
  ? [{ channels: [16, 32, 64, 128], batch: 8, size: 96 }]
  : [
      { channels: [16, 32, 64, 128], batch: 8, size: 128 },
      { channels: [32, 64, 128, 256], batch: 8, size: 128 },
      { channels: [32, 64, 128, 256], batch: 8, size: 256 },
    ];

/** One step of a contestant; resolves to its milliseconds. */
type Step = () => Promise<number>;

await readyBackend("tensorflow", silentReporter);
const peer = startPeer(args.python);
const before = loadavg()[0];
const results = [];
for (const size of sizes) {
  for (const what of ["train", "predict"] as const) results.push({ ...size, what, ms: await compare(size, what) });
}
peer.stop();
for (const { channels, batch, size, what, ms } of results) {
  const medians = Object.fromEntries(Object.entries(ms).map(([name, list]) => [name, median(list)]));
  const best = Math.min(medians.nchw ?? Infinity, medians.channels_last ?? Infinity);
  const ratio = Number.isFinite(best) ? `PyTorch's better / traced: ${(best / medians.traced!).toFixed(2)}` : "no PyTorch";
  const list = Object.entries(medians).map(([name, value]) => `${name} ${value.toFixed(0)}`);
  console.log(`${what} ${batch} x ${size} x ${size}, ${channels.join("-")}: ${list.join(", ")} ms; ${ratio}`);
}
const load = { before, after: loadavg()[0] };
console.log(JSON.stringify({ cores: availableParallelism(), load, node: process.version, pytorch: peer.version(), results }));
if (load.before! > 0.5) console.log("The machine was not idle before: do not quote these figures.");

/** Rounds in which each contestant makes one step; the first two rounds, in which graphs are made, are left out. */
async function compare(size: Size, what: "train" | "predict"): Promise<Record<string, number[]>> {
  const ours = what === "train" ? trainers(size) : predictors(size);
  const theirs = await peer.contestants(size, what);
  const contestants: Record<string, Step> = { ...ours.steps, ...theirs };
  const ms: Record<string, number[]> = Object.fromEntries(Object.keys(contestants).map((name) => [name, []]));
  for (let round = -2; round < Number(args.rounds); round++) {
    for (const [name, step] of Object.entries(contestants)) {
      const took = await step();
      if (round >= 0) ms[name]!.push(Number(took.toFixed(1)));
    }
  }
  ours.dispose();
  return ms;
}

function trainers({ channels, batch, size }: Size) {
  const image = noise([batch, size, size, 1], 1);
  const target = tf.round(noise([batch, size, size, 2], 2)) as Tensor4D;
  const ends: (() => void)[] = [() => tf.dispose([image, target])];
  const stepBy = (compile: "graph" | "off"): Step => {
    const model = build(channels);
    const options = trainOptions.parse({ compile });
    const state = createState(model, options);
    const step = makeTrainStep(state, options);
    ends.push(() => [step, model].forEach((owner) => void owner.dispose()), () => disposeState(state)); // biome-ignore format: short
    let n = 0;
    return timed(() => step({ image, target }, ++n));
  };
  return { steps: { traced: stepBy("graph"), "op by op": stepBy("off") }, dispose: () => ends.forEach((end) => void end()) };
}

function predictors({ channels, batch, size }: Size) {
  const image = noise([batch, size, size, 1], 1);
  const plain = build(channels);
  const fast = forInference(plain);
  const steps = {
    traced: timed(() => fast.apply(image, { training: false })),
    "op by op": timed(() => plain.apply(image, { training: false })),
  };
  return { steps, dispose: () => void [image, fast].forEach((owner) => void owner.dispose()) };
}

/** A result is read back, so that the work is done when the clock stops. */
function timed(run: () => { dataSync(): unknown; dispose(): void }): Step {
  return async () => {
    const start = performance.now();
    const result = run();
    result.dataSync();
    const took = performance.now() - start;
    result.dispose();
    return took;
  };
}

function build(channels: readonly number[]) {
  return buildModel(modelOptions.parse({ kind: "unet", channels }), { inChannels: 1, outChannels: 2, seed: 1 });
}

function noise(shape: [number, number, number, number], seed: number): Tensor4D {
  const rng = seededRng(seed);
  return tf.tensor4d(Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => rng.uniform()), shape); // biome-ignore format: short
}

function median(list: readonly number[]): number {
  const sorted = [...list].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

/** PyTorch in a process of its own, which works only while it is asked. Without PyTorch there are no contestants. */
function startPeer(python: string) {
  const child = spawn(python, [new URL("peers/torch_unet.py", import.meta.url).pathname], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let version: string | null = null;
  child.on("error", () => {});
  child.stdin.on("error", () => {});
  const ask = async (request: object): Promise<number | null> => {
    child.stdin.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await lines.next();
    if (done) return null;
    const answer = JSON.parse(value) as { ms: number; version: string };
    version = answer.version;
    return answer.ms;
  };
  return {
    version: () => version,
    stop: () => child.stdin.end(),
    async contestants(size: Size, what: string): Promise<Record<string, Step>> {
      const steps: Record<string, Step> = {};
      for (const layout of ["nchw", "channels_last"]) {
        const request = { layout, what, ...size, threads: availableParallelism() };
        if ((await ask(request)) !== null) steps[layout] = async () => (await ask(request))!;
      }
      return steps;
    },
  };
}
