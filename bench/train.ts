// Milliseconds of a training step and of a forward pass: ours traced and op by op, TensorFlow.js' own layers, PyTorch in both of its layouts and
// onnxruntime, one step of each in turn, each contestant in a process of its own.
//   npx tsx bench/train.ts [--rounds 15] [--python python3] [--models unet,resnet34] [--what train] [--backend cuda] [--torch-compile]
// Prints medians, ratios, calls and milliseconds outside of TensorFlow, peak memory, all raw values as JSON, and the load of the machine.
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { availableParallelism, cpus, loadavg } from "node:os";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { parseArgs } from "node:util";
import type { Answer, Case } from "./contestants/serve.ts";

const { values: args } = parseArgs({
  options: {
    rounds: { type: "string", default: "15" },
    python: { type: "string", default: "python3" },
    models: { type: "string", default: "unet,resnet34,resnet50,yolov5s" },
    what: { type: "string", default: "train,predict" },
    backend: { type: "string", default: "tensorflow" },
    "torch-compile": { type: "boolean", default: false },
  },
});

const channels = [32, 64, 128, 256];
const sizes: readonly Omit<Case, "what">[] = [
  { model: "unet", channels, batch: 8, size: 128 },
  { model: "unet", channels, batch: 8, size: 256 },
  { model: "resnet34", batch: 8, size: 224 },
  { model: "resnet50", batch: 8, size: 224 },
  { model: "yolov5s", batch: 4, size: 320 },
];
const cases = sizes
  .filter(({ model }) => args.models.split(",").includes(model))
  .flatMap((size) => args.what.split(",").map((what): Case => ({ ...size, what: what as Case["what"] })));

const file = (name: string) => new URL(`contestants/${name}`, import.meta.url).pathname;
const ours = (name: string, ...more: string[]) => [process.execPath, "--import", "tsx", file(name), ...more];
const theirs = (way: string) => [args.python, file("torch_steps.py"), way, args.backend === "cuda" ? "cuda" : "cpu"];
const commands: Record<string, string[]> = {
  traced: ours("hemosynth.ts", "traced", args.backend),
  "op by op": ours("hemosynth.ts", "eager", args.backend),
  "stock tfjs": ours("stock.ts", args.backend),
  nchw: theirs("nchw"),
  channels_last: theirs("channels_last"),
  onnxruntime: theirs("onnxruntime"),
  ...(args["torch-compile"] && { "torch.compile": theirs("compile") }),
};

const before = loadavg()[0]!;
const results = [];
for (const of of cases) {
  const answers = await compare(of);
  results.push({ ...of, answers });
  print(of, answers);
}
const load = { before, after: loadavg()[0]! };
console.log(
  JSON.stringify({
    cpu: cpus()[0]!.model,
    cores: availableParallelism(),
    load,
    node: process.version,
    backend: args.backend,
    results,
  }),
);
if (before > 0.5) console.log("The machine was not idle before: do not quote these figures.");

/** Rounds in which each contestant makes one step. */
async function compare(of: Case): Promise<Record<string, Answer[]>> {
  const contestants: Record<string, Contestant> = {};
  for (const [name, command] of Object.entries(commands)) {
    const contestant = await start(command, of);
    if (contestant !== null) contestants[name] = contestant;
  }
  const answers: Record<string, Answer[]> = Object.fromEntries(Object.keys(contestants).map((name) => [name, []]));
  for (let round = 0; round < Number(args.rounds); round++)
    for (const [name, { step }] of Object.entries(contestants)) answers[name]!.push(await step());
  for (const { stop } of Object.values(contestants)) stop();
  return answers;
}

interface Contestant {
  step(): Promise<Answer>;
  stop(): void;
}

/** A process that has warmed up for the case; null where it does not take part, or is not installed. */
async function start([program, ...rest]: readonly string[], of: Case): Promise<Contestant | null> {
  const child: ChildProcessByStdio<Writable, Readable, null> = spawn(program!, rest, { stdio: ["pipe", "pipe", "inherit"] });
  const missing = new Promise<null>((resolve) => child.on("error", () => resolve(null))); // there is no such program
  child.stdin.on("error", () => {});
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (line: object): Promise<unknown> => {
    child.stdin.write(`${JSON.stringify(line)}\n`);
    const { value, done } = await lines.next();
    if (done) throw new Error(`${[program, ...rest].join(" ")}: ended before it answered; see above`);
    return JSON.parse(value);
  };
  const ready = (await Promise.race([missing, ask(of)])) as { takesPart: boolean } | null;
  if (!ready?.takesPart) {
    child.kill();
    return null;
  }
  return { step: async () => (await ask({})) as Answer, stop: () => child.stdin.end() };
}

function print({ model, channels: maps, batch, size, what }: Case, answers: Record<string, Answer[]>): void {
  const of = (name: string, key: "ms" | "calls" | "jsMs" | "peakMb") =>
    median((answers[name] ?? []).map((answer) => answer[key] ?? NaN));
  const names = Object.keys(answers);
  console.log(
    `${what} ${model}${maps ? ` ${maps.join("-")}` : ""}, ${batch} x ${size} x ${size}, load ${loadavg()[0]!.toFixed(1)}`,
  );
  console.log(`  ms: ${names.map((name) => `${name} ${of(name, "ms").toFixed(0)}`).join(", ")}`);
  console.log(`  peak MB: ${names.map((name) => `${name} ${of(name, "peakMb").toFixed(0)}`).join(", ")}`);
  const torch = Math.min(...["nchw", "channels_last"].filter((name) => name in answers).map((name) => of(name, "ms")));
  const ratios = { "PyTorch's better": torch, "stock tfjs": of("stock tfjs", "ms"), onnxruntime: of("onnxruntime", "ms") };
  const known = Object.entries(ratios).filter(([, ms]) => Number.isFinite(ms));
  console.log(`  times traced: ${known.map(([name, ms]) => `${name} ${(ms / of("traced", "ms")).toFixed(2)}`).join(", ")}`);
  console.log(`  traced: ${of("traced", "calls")} calls of TensorFlow, ${of("traced", "jsMs").toFixed(1)} ms outside of them`);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length === 0 ? NaN : sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}
