// Milliseconds of processor time a stack for HD95, and for HD95 and surface Dice, from masks in memory: ours, MedPy's hd95, and surface-distance's surface Dice, in turn.
//   npx tsx bench/masks.ts [--rounds 5] [--stacks 200] [--python python3]
// Prints medians, ratios, all raw values as JSON, and the load of the machine. PYTHON: one with medpy, surface-distance and scipy; without, ours run alone.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import type { Vec3 } from "../src/core/affine.ts";
import { forEachVoxelIn } from "../src/core/box.ts";
import { seededRng } from "../src/core/rng.ts";
import { type CaseImages, measureCase } from "../src/eval/masks/measure-case.ts";
import { masksOptions } from "../src/eval/masks/options.ts";

const { values: args } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    stacks: { type: "string", default: "200" },
    python: { type: "string", default: "python3" },
  },
});
const [rounds, stacks] = [Number(args.rounds), Number(args.stacks)];

const shape: Vec3 = [160, 160, 24];
const spacing: Vec3 = [0.8, 0.8, 4];

/** A reference of three ellipsoids somewhere in the middle, of 3 to 20 mm; a prediction of others near them. */
function stackOf(seed: number): readonly [Uint8Array, Uint8Array] {
  const rng = seededRng(seed);
  const blobs = Array.from({ length: 3 }, () => ({
    at: shape.map((n) => n * (0.3 + 0.4 * rng.uniform())),
    radii: spacing.map((mm) => (3 + 17 * rng.uniform()) / 2 / mm),
    off: [0, 1, 2].map(() => 2 * rng.normal()),
  }));
  const draw = (moved: number) => {
    const mask = new Uint8Array(shape[0] * shape[1] * shape[2]);
    for (const { at, radii, off } of blobs) {
      const centre = at.map((v, a) => v + (moved * off[a]!) / spacing[a]!);
      const box = (end: -1 | 1) => centre.map((v, a) => Math.min(shape[a]! - 1, Math.max(0, Math.round(v + end * (radii[a]! + 1))))) as unknown as Vec3; // biome-ignore format: short
      forEachVoxelIn({ shape }, { low: box(-1), high: box(1) }, (i, x, y, z) => {
        if (Math.hypot((x - centre[0]!) / radii[0]!, (y - centre[1]!) / radii[1]!, (z - centre[2]!) / radii[2]!) < 1) mask[i] = 1;
      });
    }
    return mask;
  };
  return [draw(0), draw(1)];
}

const pairs = Array.from({ length: stacks }, (_, s) => stackOf(s + 1));
const folder = mkdtempSync(join(tmpdir(), "hemosynth-bench-"));
writeFileSync(join(folder, "masks.bin"), Buffer.concat(pairs.flat()));
const program = `
import sys, time
import numpy as np
from scipy import ndimage
from medpy.metric import binary
import surface_distance.metrics as sd
np.Inf = np.inf
ndimage.filters = ndimage.morphology = ndimage
sd._sort_distances_surfels = lambda d, a: tuple(np.stack((d, a))[:, np.lexsort((a, d))])
masks = np.fromfile(sys.argv[1], np.uint8).reshape(-1, 2, ${[...shape].reverse().join(", ")}).astype(bool)
spacing = (${[...spacing].reverse().join(", ")})
print("ready", flush=True)
for line in sys.stdin:
    start = time.process_time()
    for truth, predicted in masks:
        if line.strip() == "medpy":
            binary.hd95(predicted, truth, spacing)
        else:
            sd.compute_surface_dice_at_tolerance(sd.compute_surface_distances(truth, predicted, spacing), 2.0)
    print((time.process_time() - start) * 1e3 / len(masks), flush=True)
`;
const usable = spawnSync(args.python, ["-c", "import medpy, surface_distance"]).status === 0;
const peer = usable ? spawn(args.python, ["-c", program, join(folder, "masks.bin")], { stdio: ["pipe", "pipe", "inherit"], env: { ...process.env, OMP_NUM_THREADS: "1" } }) : null; // biome-ignore format: short
const lines = peer === null ? null : createInterface({ input: peer.stdout })[Symbol.asyncIterator]();
await lines?.next();

async function ask(what: string): Promise<number> {
  if (peer === null) return Number.NaN;
  peer.stdin.write(`${what}\n`);
  return Number((await lines!.next()).value);
}

const options = masksOptions.parse({ tolerances: [2] });

/** The whole of a case: HD, HD95, ASSD, surface Dice, overlap, slices, lesions. */
function ours(): number {
  const start = process.cpuUsage();
  for (const [reference, predicted] of pairs) {
    const images: CaseImages = {
      shape,
      spacing,
      flat: null,
      sliceAxis: 2,
      reference: reference as never,
      predicted: predicted as never,
    };
    measureCase(images, null, options);
  }
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000 / pairs.length;
}

const before = loadavg()[0]!;
const raw: Record<"ours" | "medpy" | "surface-distance", number[]> = { ours: [], medpy: [], "surface-distance": [] };
for (let round = 0; round < rounds; round++) {
  raw.ours.push(ours());
  raw.medpy.push(await ask("medpy"));
  raw["surface-distance"].push(await ask("surface-distance"));
}
peer?.stdin.end();
rmSync(folder, { recursive: true });
const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!;
const own = median(raw.ours);
console.log(`ours, all figures of a case  ${own.toFixed(2)} ms a stack`);
console.log(
  `MedPy, hd95                  ${median(raw.medpy).toFixed(2)} ms a stack, ${(median(raw.medpy) / own).toFixed(1)} times ours`,
);
console.log(
  `surface-distance             ${median(raw["surface-distance"]).toFixed(2)} ms a stack, ${(median(raw["surface-distance"]) / own).toFixed(1)} times ours`,
);
console.log(JSON.stringify({ cpu: cpus()[0]!.model, cores: availableParallelism(), node: process.version, load: { before, after: loadavg()[0]! }, stacks, shape, spacing, raw })); // biome-ignore format: short
if (before > 0.5) console.log("The machine was not idle before: do not quote these figures.");
