/**
 * Processor time of procedural ultrasound on one core, files written, and a hash of all bytes:
 *   npx tsx bench/ultrasound.ts [--pictures 24] [--exams 4] [--pixels 224] [--voxel 1.5] [--rounds 3]
 * `--exams 8 --pixels 96 --voxel 2 --coronal 6 --sagittal 4` is what configs/neo-mil.yaml makes at size small. Timed after one of each.
 * Prints medians, raw values as JSON, and the load of the machine.
 */
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { median } from "simple-statistics";
import { seededRng } from "../src/core/rng.ts";
import { drawFetus } from "../src/synth/ultrasound/fetal/draw.ts";
import { abnormalFindings } from "../src/synth/ultrasound/fetal/finding.ts";
import makeFetalPicture from "../src/synth/ultrasound/fetal/job.ts";
import { drawView } from "../src/synth/ultrasound/fetal/view.ts";
import makeExam from "../src/synth/ultrasound/neonatal/job.ts";
import { cranialUltrasoundOptions } from "../src/synth/ultrasound/neonatal/options.ts";

const defaults = { pictures: 24, exams: 4, pixels: 224, voxel: 1.5, coronal: 9, sagittal: 7, rounds: 3 };
const names = Object.keys(defaults) as (keyof typeof defaults)[];
const { values } = parseArgs({ options: Object.fromEntries(names.map((name) => [name, { type: "string" }] as const)) });
const given = names.map((name) => [name, Number(values[name] ?? defaults[name])] as const);
const { pictures, exams, pixels, voxel: voxelMm, coronal, sagittal, rounds } = Object.fromEntries(given) as typeof defaults;

/** Half of the fetuses are normal, planes by turns. */
async function picture(out: string, i: number): Promise<number> {
  const rng = seededRng(i);
  const plane = i % 2 === 0 ? "transventricular" : "transcerebellar";
  const finding = i % 4 < 2 ? "normal" : abnormalFindings[(i >> 2) % abnormalFindings.length]!;
  const view = drawView(rng.fork("view"), drawFetus(rng.fork("fetus"), 18 + ((i * 7) % 60) / 10, finding), plane, {
    pixels,
    marks: true,
  });
  await makeFetalPicture({ out, id: `p${i}`, subject: `p${i}`, class: finding, lesionType: 1, view });
  return 1;
}

/** One exam in four bleeds. */
async function exam(out: string, i: number): Promise<number> {
  const options = cranialUltrasoundOptions.parse({ kind: "cranial-ultrasound", pixels, voxelMm, coronal, sagittal });
  const job = { out, subject: `e${i}`, age: 24 + ((i * 3.7) % 10), bleeds: i % 4 === 3, options, seed: `${i}` };
  return (await makeExam(job)).frames;
}

const raw: Record<string, number[]> = {};

/** One round: things made a second of processor time, and a hash of all bytes. */
async function measure(name: string, count: number, make: (out: string, i: number) => Promise<number>): Promise<void> {
  if (count === 0) return;
  const out = mkdtempSync(join(tmpdir(), "ultrasound-"));
  mkdirSync(join(out, "images"));
  await make(out, 0);
  const start = process.cpuUsage();
  let made = 0;
  for (let i = 0; i < count; i++) made += await make(out, i);
  const { user, system } = process.cpuUsage(start);
  const hash = createHash("sha256");
  for (const file of readdirSync(join(out, "images")).sort()) hash.update(file).update(readFileSync(join(out, "images", file)));
  rmSync(out, { recursive: true });
  const key = `${name} (${made}; ${hash.digest("hex").slice(0, 16)})`;
  raw[key] = [...(raw[key] ?? []), made / ((user + system) / 1e6)];
}

const before = loadavg()[0]!;
for (let round = 0; round < rounds; round++) {
  await measure("fetal pictures", pictures, picture);
  await measure("frames of exams", exams, exam);
}
for (const [name, each] of Object.entries(raw)) console.log(`${name}: ${median(each).toFixed(1)} a second`);
console.log(JSON.stringify({ cpu: cpus()[0]!.model, cores: availableParallelism(), node: process.version, load: { before, after: loadavg()[0]! }, raw })); // biome-ignore format: one line
if (before > 0.5) console.log("The machine was not idle before: do not quote these figures.");
