// Seconds that a sweep adds to its runs: the same tiny trainings as a sweep's, one at a time, and each as `hemosynth run`; in turn. And the plan of a sweep of 1,000 points.
//   npx tsx bench/sweep.ts [--rounds 3] [--runs 6]
// Data and stacks are there before; both train, predict and evaluate. Prints medians, all raw values as JSON, and the load of the machine.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { median } from "simple-statistics";
import { tinyConfig } from "../test/helpers/tiny-config.ts";

const { values: args } = parseArgs({
  options: { rounds: { type: "string", default: "3" }, runs: { type: "string", default: "6" } },
});
const [rounds, runs] = [Number(args.rounds), Number(args.runs)];
const cli = fileURLToPath(new URL("../dist/cli.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "hemosynth-bench-sweep-"));

/** Runs the command line. @returns Seconds from the start, or from the first line that shows `from`, to the end. */
function seconds(words: readonly string[], from?: string): Promise<number> {
  let begun = performance.now();
  let isSeen = from === undefined;
  const child = spawn(process.execPath, [cli, ...words], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (text: Buffer) => {
    said += text.toString();
    if (isSeen || !said.includes(from!)) return;
    isSeen = true;
    begun = performance.now();
  });
  return new Promise((done, fail) =>
    child.on("close", (code) => (code === 0 && isSeen ? done((performance.now() - begun) / 1000) : fail(new Error(said)))),
  );
}

const steps = Array.from({ length: runs }, (_, i) => i + 3);
const config = (name: string, more: string) => {
  const file = join(folder, name);
  writeFileSync(file, tinyConfig + more);
  return file;
};
const one = config("one.yaml", "");
const many = config("many.yaml", `sweep: {grid: {train.steps: [${steps}]}}\n`);
const thousand = config("thousand.yaml", `sweep: {grid: {train.steps: [${Array.from({ length: 1000 }, (_, i) => i + 1)}]}}\n`);
const alone = join(folder, "alone");

const raw: Record<string, number[]> = { "a run in a sweep": [], "hemosynth run": [], "plan of 1,000 points": [] };
const before = loadavg()[0]!;
await seconds(["run", one, "--out", alone]);
for (let round = 0; round < rounds; round++) {
  const out = join(folder, `sweep${round}`);
  raw["a run in a sweep"]!.push((await seconds(["sweep", many, "--out", out], `steps=${steps[0]}: runs`)) / runs);
  for (const n of steps)
    raw["hemosynth run"]!.push(await seconds(["run", one, "--out", alone, "--exist-ok", "--set", `train.steps=${n}`]));
  raw["plan of 1,000 points"]!.push(await seconds(["sweep", thousand, "--out", join(folder, "plan"), "--dry-run"]));
}
rmSync(folder, { recursive: true });
for (const [name, values] of Object.entries(raw)) console.log(`${name}: ${median(values).toFixed(2)} s`);
console.log(`a sweep adds ${(median(raw["a run in a sweep"]!) - median(raw["hemosynth run"]!)).toFixed(2)} s to a run`);
console.log(JSON.stringify({ cpu: cpus()[0]!.model, cores: availableParallelism(), node: process.version, load: { before, after: loadavg()[0]! }, runs, raw })); // biome-ignore format: one line
if (before > 0.5) console.log("The machine was not idle before: do not quote these figures.");
