import { expect, test } from "vitest";
import { seededRng } from "../../core/rng.ts";
import { drawPlan, quantileSorted } from "../metrics/bootstrap.ts";
import { bootstrapInterval } from "../metrics/bootstrap-interval.ts";
import type { MeasuredCase } from "./figures.ts";
import { measureMasks } from "./measure.ts";
import { type CaseFacts, frocThresholds, measureCase } from "./measure-case.ts";
import { masksOptions } from "./options.ts";

const options = masksOptions.parse({ resamples: 200, threshold: 0.5, sizes: [4], columns: { subgroup: "site" } });

/** 14 cases of 6 patients; one patient without any lesion, another without predictions. */
function casesOf(seed: number): MeasuredCase[] {
  const rng = seededRng(seed);
  return Array.from({ length: 14 }, (_, i) => {
    const patient = i % 6;
    const reference = Uint16Array.from({ length: 240 }, () => (patient !== 0 && rng.uniform() < 0.15 ? 1 : 0));
    const predicted = Float32Array.from(reference, (v) => (patient < 2 ? 0 : Math.min(1, 0.6 * rng.uniform() + 0.4 * v)));
    const images = {
      shape: [8, 6, 5] as const,
      spacing: [10, 10, 10] as const,
      flat: null,
      sliceAxis: 2 as const,
      reference,
      predicted,
    };
    return {
      id: String(i),
      patient: `p${patient}`,
      subgroup: i % 3 === 0 ? "a" : "b",
      facts: measureCase(images, null, options),
    };
  });
}

const mean = (values: readonly number[]) => {
  const known = values.filter((v) => !Number.isNaN(v));
  return known.length === 0 ? Number.NaN : known.reduce((a, b) => a + b, 0) / known.length;
};
const total = (cases: readonly MeasuredCase[], of: (f: CaseFacts) => number) =>
  cases.reduce((sum, { facts }) => sum + of(facts), 0);
const ratio = (a: number, b: number) => (b > 0 ? a / b : Number.NaN);

/** The obvious way: a patient drawn twice is two patients. */
type Slow = (patients: readonly (readonly MeasuredCase[])[]) => number;
const overCases =
  (of: (f: CaseFacts) => number): Slow =>
  (patients) =>
    mean(patients.flat().map(({ facts }) => of(facts)));
const overPatients = (of: (f: CaseFacts) => number): Slow => (patients) => mean(patients.map((cases) => mean(cases.map(({ facts }) => of(facts))))); // biome-ignore format: short
const error = (f: CaseFacts) => f.predictedMl - f.referenceMl;
const limit =
  (sign: number): Slow =>
  (patients) => {
    const d = patients.flat().map(({ facts }) => error(facts));
    const sd = Math.sqrt(d.reduce((sum, v) => sum + (v - mean(d)) ** 2, 0) / (d.length - 1));
    return mean(d) + sign * 1.96 * sd;
  };
const slow: Readonly<Record<string, Slow>> = {
  "slice dice": (p) => ratio(total(p.flat(), (f) => f.slices!.dice.sum), total(p.flat(), (f) => f.slices!.dice.n)),
  "case dice": overCases((f) => f.overlap.dice),
  "case dice_positive": overCases((f) => f.overlap.dice_positive),
  "case hd95_mm": overCases((f) => f.distances.hd95),
  "case surface_dice_2mm": overCases((f) => f.surfaceDice[1]!),
  "case volume_error_ml": overCases(error),
  "case volume_relative_error": overCases((f) => (f.referenceMl > 0 ? error(f) / f.referenceMl : Number.NaN)),
  "case volume_limit_low_ml": limit(-1),
  "case volume_limit_high_ml": limit(1),
  "patient dice": overPatients((f) => f.overlap.dice),
  "patient assd_mm": overPatients((f) => f.distances.assd),
  "pooled dice": (p) => ratio(2 * total(p.flat(), (f) => f.counts.both), total(p.flat(), (f) => 2 * f.counts.both + f.counts.predictedOnly + f.counts.truthOnly)),
  "pooled lesion_recall": (p) => ratio(total(p.flat(), (f) => f.lesions.detected), total(p.flat(), (f) => f.lesions.references)),
  "pooled lesion_recall_from_4_ml": (p) => ratio(total(p.flat(), (f) => f.lesions.bins[1]!.detected), total(p.flat(), (f) => f.lesions.bins[1]!.references)),
  "pooled lesion_precision": (p) => ratio(total(p.flat(), (f) => f.lesions.matched), total(p.flat(), (f) => f.lesions.predicted)),
  "pooled lesion_f1": (p) => {
    const [r, q] = [slow["pooled lesion_recall"]!(p), slow["pooled lesion_precision"]!(p)];
    return (2 * r * q) / (r + q);
  },
  "pooled false_positives_per_case": overCases((f) => f.lesions.predicted - f.lesions.matched),
  "pooled froc_score": (p) => {
    const at = frocThresholds.map((_, t) => ({
      s: ratio(total(p.flat(), (f) => f.froc[t]!.detected), total(p.flat(), (f) => f.lesions.references)),
      fp: mean(p.flat().map(({ facts }) => facts.froc[t]!.predicted - facts.froc[t]!.matched)),
    }));
    return mean([1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8].map((rate) => Math.max(0, ...at.filter(({ fp }) => fp <= rate).map(({ s }) => s))));
  },
}; // biome-ignore format: a list

test("figures and intervals are those of building each resample and evaluating it", () => {
  const cases = casesOf(1);
  const { figures } = measureMasks([{ label: null, predictions: [cases] }], false, true, options, seededRng(7));
  const plan = drawPlan(seededRng(7).fork("evaluated"), cases.map(({ patient }) => patient), 200); // biome-ignore format: short
  const groups = plan.patients.map((patient) => cases.filter((one) => one.patient === patient));
  const resamples = Array.from({ length: 200 }, (_, r) =>
    groups.flatMap((group, p) => Array.from({ length: plan.counts[r * groups.length + p]! }, () => group)),
  );
  for (const [name, statistic] of Object.entries(slow)) {
    const [per, metric] = name.split(" ");
    const found = figures.find((one) => one.subset === "all" && one.per === per && one.metric === metric)!;
    const values = resamples.map(statistic).filter((v) => !Number.isNaN(v)).sort((a, b) => a - b); // biome-ignore format: short
    expect(found.estimate, name).toBeCloseTo(statistic(groups), 10);
    expect(found.low, name).toBeCloseTo(quantileSorted(values, 0.025), 10);
    expect(found.high, name).toBeCloseTo(quantileSorted(values, 0.975), 10);
    expect(found.undefinedResamples, name).toBe(200 - values.length);
  }
  const dice = figures.find((one) => one.per === "patient" && one.metric === "dice")!;
  expect([dice.n, dice.clusters]).toEqual([5, 5]); // of one patient both masks are empty
  const subgroup = figures.filter(({ subset }) => subset === "site=a");
  expect(subgroup.find((one) => one.per === "case" && one.metric === "dice")!.estimate).toBeCloseTo(slow["case dice"]!([cases.filter((c) => c.subgroup === "a")]), 10); // biome-ignore format: short
});

test("a prediction compared with itself does not differ; p of another is the share of exchanges that differ as much", () => {
  const [a, b] = [casesOf(1), casesOf(2)];
  const { comparisons } = measureMasks([{ label: null, predictions: [a, a, b] }], false, true, options, seededRng(7));
  expect([comparisons[0]!.exact, comparisons[0]!.permutations]).toEqual([true, 64]);
  for (const { estimate, p } of comparisons[0]!.differences) if (estimate !== null) expect([estimate, p]).toEqual([0, 1]);
  const none = measureMasks([{ label: null, predictions: [a, b] }], false, true, { ...options, permutations: 0 }, seededRng(7));
  expect(none.comparisons[0]!.differences.every(({ p, pHolm }) => p === null && pHolm === null)).toBe(true);
  const patients = [...new Set(a.map(({ patient }) => patient))];
  const swapped = (n: number, first: MeasuredCase[], other: MeasuredCase[]) =>
    patients.map((patient, p) => ((n >> p) & 1 ? other : first).filter((one) => one.patient === patient));
  for (const [name, statistic] of Object.entries(slow)) {
    const [per, metric] = name.split(" ");
    const found = comparisons[1]!.differences.find((one) => one.per === per && one.metric === metric)!;
    const all = Array.from({ length: 64 }, (_, n) => Math.abs(statistic(swapped(n, a, b)) - statistic(swapped(n, b, a))));
    const known = all.filter((v) => !Number.isNaN(v));
    expect(found.p, name).toBeCloseTo(known.filter((v) => v >= all[0]! - 1e-12).length / known.length, 12);
    expect(found.pHolm, name).toBeCloseTo(Math.min(1, 2 * found.p!), 12);
    expect(found.estimate, name).toBeCloseTo(statistic(swapped(0, a, b)) - statistic(swapped(0, b, a)), 10);
  }
});

test("BCa leaves out patients, and the order of the cases changes nothing", () => {
  const cases = casesOf(3);
  const run = (all: MeasuredCase[]) => measureMasks([{ label: null, predictions: [all] }], false, true, { ...options, interval: "bca" }, seededRng(1)); // biome-ignore format: short
  const low = (found: ReturnType<typeof run>) =>
    found.figures.find(({ per, metric }) => per === "pooled" && metric === "iou")!.low!;
  const plan = drawPlan(seededRng(1).fork("evaluated"), cases.map(({ patient }) => patient), 200); // biome-ignore format: short
  const groups = plan.patients.map((patient) => cases.filter((one) => one.patient === patient));
  const iou: Slow = (p) => ratio(total(p.flat(), (f) => f.counts.both), total(p.flat(), (f) => f.counts.both + f.counts.predictedOnly + f.counts.truthOnly)); // biome-ignore format: short
  const values = Float64Array.from({ length: 200 }, (_, r) => iou(groups.flatMap((group, p) => Array.from({ length: plan.counts[r * groups.length + p]! }, () => group)))); // biome-ignore format: short
  const leftOut = Float64Array.from(groups, (group) => iou(groups.filter((other) => other !== group)));
  const slowly = bootstrapInterval("bca", { estimate: iou(groups), values, leftOut, clusters: groups.length });
  expect(low(run(cases))).toBeCloseTo(slowly.low!, 10);
  expect(low(run([...cases].reverse()))).toBeCloseTo(slowly.low!, 10);
});
