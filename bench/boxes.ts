// Milliseconds of processor time: COCO's twelve numbers of one set of boxes, beside pycocotools and faster-coco-eval; and resamples of mAP@.5 of the same boxes, beside one
// evaluation at that overlap by pycocotools, as it comes (four ranges of areas) and with one alone. In turn, boxes in memory.
//   npx tsx bench/boxes.ts [--rounds 5] [--images 5000] [--classes 6] [--boxes 5] [--resamples 2000] [--python python3]
// Prints medians, ratios, all raw values as JSON, and the load of the machine.
// With --memory: the resamples of mAP@.5 alone, once, and the highest resident memory before and after them, of a process that holds the boxes and the text of both files.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { seededRng } from "../src/core/rng.ts";
import { type Entry, parseDetections, parseReference } from "../src/eval/boxes/coco.ts";
import { boxSample, boxValues } from "../src/eval/boxes/figures.ts";
import { drawPlan } from "../src/eval/metrics/bootstrap.ts";
import { cocoAreas, matchColumns } from "../src/eval/metrics/detection/match.ts";
import { areaUnder, meanDefined, precisionCurve, rankCalls } from "../src/eval/metrics/detection/precision.ts";
import { replicate } from "../src/eval/tables/replicate.ts";

const { values: args } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    images: { type: "string", default: "5000" },
    classes: { type: "string", default: "6" },
    boxes: { type: "string", default: "5" },
    resamples: { type: "string", default: "2000" },
    python: { type: "string", default: "python3" },
    memory: { type: "boolean", default: false },
  },
});
const [rounds, images, classes, perClass, resamples] = [args.rounds, args.images, args.classes, args.boxes, args.resamples].map(Number) as [number, number, number, number, number]; // biome-ignore format: short

/** In each picture and class so many boxes, about the same of them true, found with an error of a few pixels or elsewhere. */
function madeUp(): { instances: object; results: Entry[] } {
  const rng = seededRng(1);
  const annotations: Entry[] = [];
  const results: Entry[] = [];
  const side = (least: number, most: number) => Math.round(100 * (least + (most - least) * rng.uniform())) / 100;
  for (let image_id = 1; image_id <= images; image_id++)
    for (let category_id = 1; category_id <= classes; category_id++)
      for (let k = 0; k < perClass; k++) {
        const bbox = [side(0, 500), side(0, 400), side(8, 140), side(8, 140)];
        const there = rng.uniform() < 0.6;
        if (there)
          annotations.push({ id: annotations.length + 1, image_id, category_id, bbox, area: bbox[2]! * bbox[3]!, iscrowd: 0 });
        const found = bbox.map((v) => Math.max(1, v + side(-6, 6)));
        results.push({
          image_id,
          category_id,
          bbox: found,
          score: Math.min(1, Math.max(0, (there ? 0.6 : 0.4) + 0.2 * rng.normal())),
        });
      }
  const list = (n: number) => Array.from({ length: n }, (_, i) => ({ id: i + 1, name: `c${i + 1}`, width: 640, height: 480 }));
  return { instances: { images: list(images), categories: list(classes), annotations }, results };
}

const folder = mkdtempSync(join(tmpdir(), "hemosynth-bench-boxes-"));
const [instancesFile, resultsFile] = [join(folder, "instances.json"), join(folder, "results.json")];
const made = madeUp();
writeFileSync(instancesFile, JSON.stringify(made.instances));
writeFileSync(resultsFile, JSON.stringify(made.results));
const reference = parseReference(JSON.stringify(made.instances), instancesFile);
const { found } = parseDetections(JSON.stringify(made.results), resultsFile, reference);

/** What each contestant found, to see that they did the same. */
const said: Record<string, number> = {};

/** Ours match and draw their plan too: it is part of the work. */
const contestants: Record<string, () => number> = {
  "ours, resamples of mAP@.5": () =>
    timed("ours, resamples of mAP@.5", () => {
      const matched = matchColumns(reference.truth, found, { overlaps: [0.5], areas: [cocoAreas.all] });
      const ranked = matched.map((of) => rankCalls(of, 0, 0));
      const pictures = reference.images.map(({ id }) => String(id));
      const plan = drawPlan(seededRng(2), pictures, resamples);
      const { whole } = replicate(plan, pictures, false, (weights) =>
        meanDefined(ranked.map((calls) => areaUnder(precisionCurve(calls, weights), "coco"))),
      );
      return whole;
    }),
  "pycocotools, .5 once": () =>
    python("pycocotools, .5 once", "pycocotools.coco", "COCO", "pycocotools.cocoeval", "COCOeval", "once"),
  "pycocotools, .5, one area": () =>
    python("pycocotools, .5, one area", "pycocotools.coco", "COCO", "pycocotools.cocoeval", "COCOeval", "one area"),
  "ours, twelve numbers": () => timed("ours, twelve numbers", () => boxValues(boxSample(reference, found), null)[0]!),
  "faster-coco-eval, twelve": () =>
    python("faster-coco-eval, twelve", "faster_coco_eval", "COCO", "faster_coco_eval", "COCOeval_faster", "all"),
  "pycocotools, twelve": () =>
    python("pycocotools, twelve", "pycocotools.coco", "COCO", "pycocotools.cocoeval", "COCOeval", "all"),
};

function timed(name: string, work: () => number): number {
  const start = process.cpuUsage();
  said[name] = work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

/** Milliseconds of an evaluation by a package of Python, files read before; NaN without it. */
function python(
  name: string,
  cocoModule: string,
  coco: string,
  evalModule: string,
  evaluator: string,
  what: "once" | "one area" | "all",
): number {
  const program = `
import contextlib, io, sys, time
from ${cocoModule} import ${coco} as Coco
from ${evalModule} import ${evaluator} as Evaluation
with contextlib.redirect_stdout(io.StringIO()):
    truth = Coco("${instancesFile}")
    found = truth.loadRes("${resultsFile}")
    evaluation = Evaluation(truth, found, iouType="bbox")
    if "${what}" != "all":
        evaluation.params.iouThrs = evaluation.params.iouThrs[:1]
    if "${what}" == "one area":
        evaluation.params.areaRng, evaluation.params.areaRngLbl = evaluation.params.areaRng[:1], ["all"]
        evaluation.params.maxDets = [100]
    start = time.process_time()
    evaluation.evaluate()
    evaluation.accumulate()
    if "${what}" == "all": evaluation.summarize()
    spent = time.process_time() - start
precision = evaluation.eval["precision"][..., 0, -1]
print(spent * 1000, precision[precision > -1].mean())`;
  const { stdout, status } = spawnSync(args.python, ["-c", program], { encoding: "utf8" });
  if (status !== 0) return Number.NaN;
  const [spent, value] = stdout.trim().split("\n").at(-1)!.split(" ").map(Number) as [number, number];
  said[name] = value;
  return spent;
}

if (args.memory) {
  const peak = () => `${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MB`;
  const held = peak();
  contestants["ours, resamples of mAP@.5"]!();
  console.log(`${resamples} resamples, ${images} images, ${classes} classes: ${held} before, ${peak()} at the peak`);
  rmSync(folder, { recursive: true });
  process.exit();
}

const before = loadavg()[0]!;
const raw: Record<string, number[]> = Object.fromEntries(Object.keys(contestants).map((name) => [name, []]));
for (let round = 0; round < rounds; round++) for (const [name, work] of Object.entries(contestants)) raw[name]!.push(work());
rmSync(folder, { recursive: true });
const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!;
for (const [name, values] of Object.entries(raw))
  console.log(`${name.padEnd(26)} ${median(values).toFixed(0).padStart(8)} ms, says ${said[name]}`);
const ratio = (a: string, b: string) => (median(raw[a]!) / median(raw[b]!)).toFixed(1);
console.log(
  `${resamples} resamples take 1/${ratio("pycocotools, .5 once", "ours, resamples of mAP@.5")} of pycocotools' one evaluation, 1/${ratio("pycocotools, .5, one area", "ours, resamples of mAP@.5")} of one with one area`,
);
console.log(`the twelve numbers 1/${ratio("faster-coco-eval, twelve", "ours, twelve numbers")} of faster-coco-eval's, 1/${ratio("pycocotools, twelve", "ours, twelve numbers")} of pycocotools'`); // biome-ignore format: short
const load = { before, after: loadavg()[0]! };
const about = { cpu: cpus()[0]!.model, cores: availableParallelism(), node: process.version, load };
console.log(JSON.stringify({ ...about, images, classes, perClass, resamples, raw }));
if (before > 0.5) console.log("The machine was not idle before: do not quote these figures.");
