// Trains one config once a control and seed, tests every network on the bleeds of `full`, and prints the table of the ablation.
//   npx tsx scripts/ablation.ts configs/ablation.yaml --out runs/ablation [--controls full,site-only] [--seeds 0,1,2] [--set key=value ...]
// Goes on where it was broken off: each part is a stage that knows whether it is up to date.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { withInterval } from "../src/eval/report/format.ts";
import { type Metric, resultsSchema } from "../src/eval/results.ts";
import type { ControlKind } from "../src/synth/controls/options.ts";

const all = [
  "full",
  "random-blobs",
  "intensity-only",
  "site-only",
  "foreign-patch",
  "ellipses",
] as const satisfies readonly ControlKind[];
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    out: { type: "string" },
    controls: { type: "string" },
    seeds: { type: "string", default: "0,1,2" },
    set: { type: "string", multiple: true, default: [] },
  },
});
const config = positionals[0]!;
const out = values.out!;
const controls = values.controls?.split(",") ?? all;
const seeds = values.seeds.split(",").map(Number);

/** Runs a verb of the built command line with the user's options; its words go to standard error as they come. */
function hemosynth(...args: readonly string[]): void {
  const sets = args[0] === "predict" ? [] : values.set.flatMap((set) => ["--set", set]);
  const { status } = spawnSync(process.execPath, ["dist/cli.js", ...args, ...sets, "--exist-ok"], { stdio: ["ignore", 2, 2] });
  if (status !== 0) process.exit(status ?? 1);
}

const stacksOf = (control: string) => join(out, control, "stacks");
for (const control of new Set(["full", ...controls]))
  hemosynth("synth", config, "--out", stacksOf(control), "--set", `synth.control.kind=${control}`);

const test = join(stacksOf("full"), "synth");
const wanted = [
  ["dice", "slice"],
  ["auroc", "slice"],
  ["auroc", "stack"],
] as const;
const found: { control: string; seed: number; metrics: Metric[] }[] = [];
for (const control of controls) {
  for (const seed of seeds) {
    const run = join(out, control, `seed-${seed}`);
    hemosynth("train", config, "--out", run, "--data", join(stacksOf(control), "synth"), "--seed", String(seed));
    hemosynth("predict", "--model", run, "--in", test, "--split", "val", "test", "--out", join(run, "predict"));
    hemosynth("eval", config, "--out", run, "--data", test, "--in", join(run, "predict"), "--seed", String(seed));
    const { metrics } = resultsSchema.parse(JSON.parse(readFileSync(join(run, "eval", "results.json"), "utf8")));
    const named = wanted.map(([metric, per]) => metrics.find((m) => m.metric === metric && m.per === per && m.subset === "all")!);
    found.push({ control, seed, metrics: named });
  }
}

const head = ["control", "seed", "slice Dice", "slice AUROC", "stack AUROC"];
const rows = found.map(({ control, seed, metrics }) => [control, String(seed), ...metrics.map(withInterval)]);
const table = [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
writeFileSync(join(out, "ablation.md"), `${table}\n`);
writeFileSync(join(out, "ablation.json"), `${JSON.stringify(found, null, 1)}\n`);
console.log(table);
