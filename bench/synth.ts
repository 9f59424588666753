// Thick slices that a core makes in a second: ours, TorchIO and a SynthSeg-like generator, one volume of each in turn.
//   npx tsx bench/synth.ts [--rounds 7] [--python python3] [--scaling] [--memory 100,10000]
// Prints medians, the ratio to TorchIO, and all raw values as JSON. --scaling runs the stage with 1 and 2 workers in turn; --memory makes so
// many small stacks by the command line and prints the peak of each run. See bench/README.md.
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { availableParallelism, cpus, loadavg, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { silentContext } from "../src/core/context.ts";
import { seededRng } from "../src/core/rng.ts";
import type { LabelVolume, Volume } from "../src/core/volume.ts";
import { toTissues } from "../src/data/label-schemes.ts";
import { readLabels, readVolume, writeNifti } from "../src/data/nifti.ts";
import { splitOptions } from "../src/data/splits.ts";
import { type NormalCase, prepareCase } from "../src/synth/normal/case.ts";
import { synthOptions } from "../src/synth/options.ts";
import { buildPhantom } from "../src/synth/phantom/build.ts";
import { drawPhantom } from "../src/synth/phantom/draw.ts";
import { phantomOptions } from "../src/synth/phantom/options.ts";
import { runPhantom } from "../src/synth/phantom/stage.ts";
import { makeStacks } from "../src/synth/stacks.ts";
import { runSynth } from "../src/synth/stage.ts";

const { values: args } = parseArgs({
  options: {
    rounds: { type: "string", default: "7" },
    python: { type: "string", default: "python3" },
    scaling: { type: "boolean", default: false },
    memory: { type: "string" },
  },
});

const thicknessMm = 4;
const pixelMm = 0.8;
/** As many pixels as the atlas' 135 x 189. */
const fieldMm = 128;

interface Source {
  readonly name: string;
  readonly image: Volume;
  readonly tissue: LabelVolume;
  readonly weeks: number;
}
/** One volume: processor seconds and thick slices. */
interface Made {
  readonly cpu: number;
  readonly slices: number;
}

const folder = await mkdtemp(join(tmpdir(), "hemosynth-bench-"));
try {
  if (args.memory !== undefined) await memory(args.memory.split(",").map(Number));
  else if (args.scaling) await scaling();
  else await compare();
} finally {
  await rm(folder, { recursive: true });
}

/** CRL atlas volumes where they lie beside the checkout, else a phantom. */
async function readSources(): Promise<Source[]> {
  const atlas = resolve(import.meta.dirname, "../../shared/data/fetal_mri/crl_sta_atlas");
  if (!existsSync(atlas)) {
    const phantom = buildPhantom(drawPhantom(seededRng(1), 30), pixelMm);
    return [{ name: "phantom", image: phantom.image, tissue: phantom.tissue, weeks: 30 }];
  }
  return await Promise.all(
    [24, 27, 30].map(async (weeks) => {
      const labels = await readLabels(join(atlas, `STA${weeks}_WMZparc.nii.gz`));
      const tissue = toTissues(labels, "crl2017", atlas);
      return { name: `STA${weeks}`, image: await readVolume(join(atlas, `STA${weeks}.nii.gz`)), tissue, weeks };
    }),
  );
}

async function compare(): Promise<void> {
  const sources = await readSources();
  for (const { name, tissue } of sources) await writeNifti(join(folder, `${name}_labels.nii.gz`), tissue);
  const normals = new Map(sources.map(({ name, image, tissue, weeks }) => [name, prepareCase(image, tissue, weeks)]));
  const peer = await startPeer();
  const before = loadavg()[0]!;
  const contestants: Record<string, (name: string, seed: number) => Promise<Made>> = {
    // The same steps as the peers': contrast from labels, motion, bias, noise, thick slices; no bleed, no surround.
    "hemosynth, scan of labels": async (name, seed) => ours(normals.get(name)!, seed, "scan"),
    "hemosynth, bleed and scan": async (name, seed) => ours(normals.get(name)!, seed, "bleed"),
    "hemosynth, bleed, surround and scan": async (name, seed) => ours(normals.get(name)!, seed, "all"),
    ...(peer && {
      torchio: (name, seed) => peer.ask("torchio", name, seed),
      synthseg: (name, seed) => peer.ask("synthseg", name, seed),
    }),
  };
  const raw: Record<string, number[]> = Object.fromEntries(Object.keys(contestants).map((kind) => [kind, []]));
  for (let round = -1; round < Number(args.rounds); round++) {
    for (const { name } of sources) {
      for (const [kind, make] of Object.entries(contestants)) {
        const { cpu, slices } = await make(name, round + 1);
        if (round >= 0) raw[kind]!.push(slices / cpu); // the first round warms up
      }
    }
  }
  peer?.child.stdin.end();
  const theirs = raw.torchio && median(raw.torchio);
  for (const [kind, values] of Object.entries(raw)) {
    const ratio = theirs ? `, ${(median(values) / theirs).toFixed(1)} x TorchIO` : "";
    console.log(`${kind}: ${median(values).toFixed(1)} slices a second and core${ratio}`);
  }
  report({ sources: sources.map(({ name }) => name), versions: peer?.versions ?? "no python peers", raw }, before);
}

/** Three stacks of one scene, as the stage makes them. */
function ours(normal: NormalCase, seed: number, what: "scan" | "bleed" | "all"): Made {
  const options = synthOptions.parse({
    ...(what === "scan" && { appearance: { kind: "random" } }),
    acquisition: {
      pixelMm: [pixelMm, pixelMm],
      thicknessMm: [thicknessMm, thicknessMm],
      gapMm: [0, 0],
      fieldMm: [fieldMm, fieldMm],
    },
    surround: { kind: what === "all" ? "uterus" : "none", maskedShare: 0 },
  });
  const started = process.cpuUsage();
  const stacks = makeStacks(seededRng(seed), normal, what === "scan", options);
  const { user, system } = process.cpuUsage(started);
  return { cpu: (user + system) / 1e6, slices: stacks.reduce((sum, { image }) => sum + image.shape[2], 0) };
}

async function startPeer() {
  const child = spawn(args.python, [join(import.meta.dirname, "peers/synth_peers.py"), folder, String(thicknessMm)]);
  let errors = "";
  child.stderr.on("data", (text) => {
    errors += text;
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => (await lines.next()).value as string | undefined;
  const first = await Promise.race([next(), once(child, "error").then(() => undefined)]);
  if (first === undefined) {
    console.log(`no python peers: ${errors.trim().split("\n").at(-1)}`);
    return null;
  }
  const ask = async (kind: string, name: string, seed: number): Promise<Made> => {
    child.stdin.write(`${JSON.stringify({ kind, name, seed })}\n`);
    return JSON.parse((await next()) ?? "null") as Made;
  };
  return { child: child as ChildProcessWithoutNullStreams, ask, versions: JSON.parse(first) as unknown };
}

/** Wall seconds of the whole stage with 1 and with 2 workers, in turn. */
async function scaling(): Promise<void> {
  const data = join(folder, "data");
  const phantoms = phantomOptions.parse({ kind: "phantom", subjects: 8 });
  await runPhantom({ out: data, options: phantoms, split: splitOptions.parse({}), seed: 1 }, silentContext(2));
  const before = loadavg()[0]!;
  const raw: Record<"1" | "2", number[]> = { 1: [], 2: [] };
  for (let round = 0; round < Number(args.rounds); round++) {
    for (const workers of [1, 2] as const) {
      const out = join(folder, `out-${round}-${workers}`);
      const started = performance.now();
      await runSynth({ data, out, options: synthOptions.parse({}), seed: round }, silentContext(workers));
      raw[workers].push((performance.now() - started) / 1000);
      await rm(out, { recursive: true });
    }
  }
  console.log(
    `1 worker ${median(raw[1]).toFixed(1)} s, 2 workers ${median(raw[2]).toFixed(1)} s: ${(median(raw[1]) / median(raw[2])).toFixed(2)} times as fast`,
  );
  report({ raw }, before);
}

/** Peak memory of the command line when it makes so many small masked stacks, all in fresh processes with 2 workers. */
async function memory(counts: readonly number[]): Promise<void> {
  const before = loadavg()[0]!;
  for (const count of counts) {
    const out = join(folder, `run-${count}`);
    const cases = 10;
    const small = [
      `data.subjects=${cases}`, "data.spacingMm=2", `synth.copies=${count / cases}`, "synth.planes=[axial]", "synth.mostGivenUp=1",
      "synth.surround.kind=none", "synth.healthyShare=0.95", "synth.acquisition.pixelMm=[2,2]", "synth.acquisition.thicknessMm=[5,5]",
    ]; // biome-ignore format: a list
    const cli = resolve(import.meta.dirname, "../src/cli.ts");
    const sets = small.flatMap((one) => ["--set", one]);
    const child = spawn("npx", ["tsx", cli, "synth", resolve(import.meta.dirname, "../configs/smoke.yaml"), "--out", out, "--workers", "2", ...sets], { stdio: "inherit" }); // biome-ignore format: one line
    await once(child, "close");
    const timings = JSON.parse(await readFile(join(out, "timings.json"), "utf8"));
    console.log(`${count} stacks: ${timings.synth.peakMemoryMb} MB at the peak, ${timings.synth.wallSeconds} s`);
    await rm(out, { recursive: true });
  }
  report({}, before);
}

function report(more: object, before: number): void {
  const machine = { cpu: cpus()[0]!.model, cores: availableParallelism(), node: process.version };
  console.log(JSON.stringify({ ...machine, load: { before, after: loadavg()[0] }, ...more }));
  if (before > 0.5) console.log("The machine was not idle before: do not quote these figures.");
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}
