import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { hasShared, sharedData } from "../../../test/fixtures/shared.ts";
import { boxConfusion } from "../metrics/detection/confusion.ts";
import { bestF1, countCalls, frocRates, frocSensitivities } from "../metrics/detection/operating.ts";
import { type Entry, parseDetections, parseReference } from "./coco.ts";
import { type BoxSample, boxSample, boxValues, figureKeys } from "./figures.ts";
import { cocoFigures, otherAreas } from "./results.ts";

/** Made by scripts/fixtures/boxes.py; classes by their ids. */
interface Expected {
  readonly stats: readonly (number | null)[];
  readonly ap: Readonly<Record<string, readonly [ap: number, ap50: number] | null>>;
  readonly others: Readonly<Record<string, readonly number[] | null>>;
  readonly confidence: number;
  readonly counts: Readonly<Record<string, readonly [right: number, wrong: number, all: number]>>;
  readonly best: readonly [confidence: number, f1: number] | null;
  readonly froc: readonly number[];
}
interface Case extends Expected {
  readonly instances: { readonly images: Entry[]; readonly annotations: Entry[]; readonly categories: Entry[] };
  readonly results: Entry[];
  readonly confusion: readonly (readonly number[])[];
}
const fixture = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../../test/fixtures/eval/${name}`, import.meta.url), "utf8"));
const cases: readonly Case[] = fixture("boxes.json");

const read = (instances: unknown, results: unknown) => {
  const reference = parseReference(JSON.stringify(instances), "instances.json");
  return { reference, ...parseDetections(JSON.stringify(results), "results.json", reference) };
};
const near = (ours: number, theirs: number | null | undefined, because: string) => {
  if (theirs === null) expect(ours, because).toBeNaN();
  else expect(Math.abs(ours - theirs!), because).toBeLessThan(1e-12);
};
const readValues = (sample: BoxSample, values: Float64Array) => {
  const keys = figureKeys(sample);
  return (metric: string, of: "all" | number) => values[keys.findIndex((key) => key.metric === metric && key.of === of)]!;
};

test("the fixture holds what it is for: ties, crowds, empty pictures, nothing found, a class without truth, figures in the middle", () => {
  expect(cases.filter(({ stats }) => stats[0]! > 0.1 && stats[0]! < 0.9).length).toBeGreaterThan(9);
  expect(cases.some(({ results }) => results.length === 0)).toBe(true);
  expect(cases.some(({ results }) => new Set(results.map(({ score }) => score)).size < 7 && results.length > 20)).toBe(true);
  expect(cases.some(({ instances }) => instances.annotations.some(({ iscrowd }) => iscrowd === 1))).toBe(true);
  expect(cases.some(({ ap }) => Object.values(ap).includes(null))).toBe(true);
  expect(cases.some(({ stats }) => stats.includes(null))).toBe(true);
});

test("COCO's twelve numbers and AP of each class are pycocotools' to 1e-12", () => {
  for (const [n, { instances, results, stats, ap }] of cases.entries()) {
    const { reference, found } = read(instances, results);
    const sample = boxSample(reference, found);
    const value = readValues(sample, boxValues(sample, null));
    for (const [i, metric] of cocoFigures.entries()) near(value(metric, "all"), stats[i], `case ${n}, ${metric}`);
    for (const [label, { id }] of reference.classes.entries()) {
      const of = sample.labels.indexOf(label);
      expect(of === -1, `case ${n}, class ${id}`).toBe(ap[id] === null);
      if (of >= 0)
        for (const [i, metric] of (["AP", "AP50"] as const).entries())
          near(value(metric, of), ap[id]![i], `case ${n}, class ${id}, ${metric}`);
    }
  }
});

test("AP at overlap .5 by VOC's 11 recalls, VOC's whole area, YOLOv5 and Ultralytics is theirs, each class and the mean", () => {
  for (const [n, { instances, results, others }] of cases.entries()) {
    const { reference, found } = read(instances, results);
    const sample = boxSample(reference, found);
    const value = readValues(sample, boxValues(sample, null));
    for (const [i, metric] of otherAreas.entries()) {
      const known = sample.labels.map((label, of) => {
        const theirs = others[reference.classes[label]!.id]!;
        near(value(metric, of), theirs[i], `case ${n}, ${metric}`);
        return theirs[i]!;
      });
      near(value(metric, "all"), known.reduce((a, b) => a + b, 0) / known.length, `case ${n}, ${metric}`);
    }
  }
});

test("counts at a confidence, the best F1, FROC and the confusion of classes are those of plain loops in Python", () => {
  for (const [n, { instances, results, counts, confidence, best, froc, confusion }] of cases.entries()) {
    const { reference, found } = read(instances, results);
    const sample = boxSample(reference, found);
    for (const [of, label] of sample.labels.entries()) {
      const { right, wrong, all } = countCalls(sample.classes[of]!.scored, confidence);
      expect([right, wrong, all], `case ${n}`).toEqual(counts[reference.classes[label]!.id]);
    }
    const pooled = countCalls(sample.pooled, confidence);
    const sums = [0, 1, 2].map((i) => Object.values(counts).reduce((sum, row) => sum + row[i]!, 0));
    expect([pooled.right, pooled.wrong, pooled.all], `case ${n}`).toEqual(sums);
    const ours = bestF1(sample.pooled);
    if (best === null) expect(ours.confidence).toBeNaN();
    else expect([ours.confidence, ours.f1], `case ${n}`).toEqual([best[0], expect.closeTo(best[1], 12)]);
    const found50 = frocSensitivities(sample.pooled, sample.images, frocRates);
    for (const [i, reach] of froc.entries()) near(found50[i]!, reach, `case ${n}, FROC ${frocRates[i]}`);
    expect(boxConfusion(reference.truth, found, reference.classes.length, 0.5, confidence), `case ${n}`).toEqual(confusion);
  }
});

test("a picture of weight n counts as if it were there n times, one of weight 0 as if it were not: every figure", () => {
  for (const [n, { instances, results: tied }] of cases.entries()) {
    const results = tied.map((row, i) => ({ ...row, score: Number(row.score) - 1e-7 * i })); // copies of equal scores would be mixed
    const { reference, found } = read(instances, results);
    const sample = boxSample(reference, found);
    const weights = Uint16Array.from(reference.images, (_, i) => [2, 0, 3, 1, 1, 2][(i + n) % 6]!);
    const copies = <T extends Entry>(rows: readonly T[], key: string) =>
      rows.flatMap((row) => {
        const at = reference.images.findIndex(({ id }) => id === row[key]);
        return Array.from({ length: weights[at]! }, (_, k) => ({ ...row, [key]: 10 * Number(row[key]) + k }));
      });
    const annotations: Entry[] = copies(instances.annotations, "image_id").map((row, i) => ({ ...row, id: i + 1 }));
    if (annotations.every(({ iscrowd }) => iscrowd === 1)) continue;
    const copied = read({ ...instances, images: copies(instances.images, "id"), annotations }, copies(results, "image_id"));
    const theirs = boxSample(copied.reference, copied.found);
    const [ours, expected] = [readValues(sample, boxValues(sample, null, weights)), readValues(theirs, boxValues(theirs, null))];
    for (const { metric, of } of figureKeys(theirs)) {
      const place = of === "all" ? of : sample.labels.indexOf(theirs.labels[of]!);
      near(
        ours(metric, place),
        Number.isNaN(expected(metric, of)) ? null : expected(metric, of),
        `case ${n}, ${metric} of ${of}`,
      );
    }
  }
});

test("a perfect detector has 1 by every rule but YOLOv5's and Ultralytics', who stop short of recall 1; one that finds nothing has 0", () => {
  const { instances } = cases[0]!;
  const perfect = instances.annotations.flatMap((row, i) => (row.iscrowd === 1 ? [] : [{ ...row, score: 1 - i / 1000 }]));
  const { reference, found } = read(instances, perfect);
  const sample = boxSample(reference, found);
  const value = readValues(sample, boxValues(sample, null));
  for (const metric of ["AP", "AP50", "AR100", "AP50_voc11", "AP50_voc", "recall", "precision", "f1", "froc_0.125"])
    expect(value(metric, "all"), metric).toBe(1);
  for (const metric of ["AP50_yolov5", "AP50_ultralytics"]) expect(value(metric, "all"), metric).toBeCloseTo(0.995, 12);
  const nothing = boxSample(reference, read(instances, []).found);
  const none = readValues(nothing, boxValues(nothing, null));
  for (const metric of ["AP", "AR1", "AP50_voc", "AP50_yolov5", "recall", "f1"]) expect(none(metric, "all"), metric).toBe(0);
  expect(none("precision", "all")).toBeNaN();
});

const coco = "stats/coco_val2014_100";
test.skipIf(!hasShared(coco))(
  "COCO's 100 pictures: the twelve numbers are pycocotools' to 1e-12, and so are the rest by their references",
  () => {
    const text = (name: string) => readFileSync(`${sharedData}${coco}/${name}`, "utf8");
    const reference = parseReference(text("instances_val2014_100.json"), "instances");
    const { found } = parseDetections(text("instances_val2014_fakebbox100_results.json"), "results", reference);
    const sample = boxSample(reference, found);
    const value = readValues(sample, boxValues(sample, null));
    const expected: { stats: number[]; others: number[]; best: number[]; froc: number[]; counts: number[] } =
      fixture("coco-100.json");
    for (const [i, metric] of cocoFigures.entries()) near(value(metric, "all"), expected.stats[i], metric);
    for (const [i, metric] of otherAreas.entries()) near(value(metric, "all"), expected.others[i], metric);
    const best = bestF1(sample.pooled);
    expect([best.confidence, best.f1]).toEqual([expected.best[0], expect.closeTo(expected.best[1]!, 12)]);
    for (const [i, reach] of expected.froc.entries()) near(value(`froc_${frocRates[i]}`, "all"), reach, `FROC ${frocRates[i]}`);
    const { right, wrong, all } = countCalls(sample.pooled, 0.5);
    expect([right, wrong, all]).toEqual(expected.counts);
  },
);
