import { expect, test } from "vitest";
import { seededRng, shuffled } from "../../core/rng.ts";
import { aurocScore, type LabelledScore, rankScores, weightedAuroc } from "./auroc.ts";
import {
  clusterCount,
  clusterId,
  clusterUnits,
  drawNestedPlan,
  drawPlan,
  percentileInterval,
  type ResamplingPlan,
  resampleWeights,
} from "./bootstrap.ts";
import { type Confusion, confusionAt, f1Score, sensitivity, specificity } from "./confusion.ts";

interface Unit extends LabelledScore {
  patient: string;
}
const unitsOf = (label: 0 | 1, score: number, n: number, name: string): Unit[] =>
  Array.from({ length: n }, (_, i) => ({ label, score, patient: `${name}${i}` }));

function resample(units: readonly Unit[], plan: ResamplingPlan, statistic: (weights: Uint16Array) => number): Float64Array {
  const clustered = clusterUnits(plan, units.map((u) => u.patient)); // biome-ignore format: short
  const weights = new Uint16Array(units.length);
  return Float64Array.from({ length: plan.resamples }, (_, r) => statistic(resampleWeights(clustered, r, weights)));
}

// 47 fetuses of the published two-stage ultrasound system: TP 13, FN 2, FP 3, TN 29.
const hexanet = [...unitsOf(1, 1, 13, "tp"), ...unitsOf(1, -1, 2, "fn"), ...unitsOf(0, 1, 3, "fp"), ...unitsOf(0, -1, 29, "tn")];
const published = (stratum?: (patient: string) => string) => {
  const patients = hexanet.map((u) => u.patient);
  const plan = drawPlan(seededRng(3), patients, 20_000, stratum);
  const ranked = rankScores(hexanet);
  const interval = (metric: (c: Confusion) => number) => {
    const values = resample(hexanet, plan, (weights) => metric(confusionAt(ranked, 0, weights)));
    const { low, high } = percentileInterval(values, patients.length);
    return [Number(low!.toFixed(3)), Number(high!.toFixed(3))];
  };
  return { sensitivity: interval(sensitivity), specificity: interval(specificity), f1: interval(f1Score) };
};

test("unstratified, it reproduces the published intervals of 13/15, 29/32 and F1 .839", () => {
  expect(f1Score(confusionAt(rankScores(hexanet), 0))).toBeCloseTo(0.8387, 4);
  const got = published();
  expect(got.sensitivity).toEqual([0.667, 1]);
  // Where the percentile falls between two values that resamples can take (.793 and .794, .960 and .963), the seed decides which.
  const near = (interval: readonly number[], printed: readonly number[]) =>
    printed.every((end, i) => Math.abs(interval[i]! - end) < 0.0035);
  expect(near(got.specificity, [0.793, 1])).toBe(true);
  expect(near(got.f1, [0.667, 0.963])).toBe(true);
});

test("stratified, it gives the narrower ones", () => {
  const positive = new Set(hexanet.filter((u) => u.label === 1).map((u) => u.patient));
  const got = published((patient) => String(positive.has(patient)));
  expect(got.specificity).toEqual([0.781, 1]);
  expect(got.f1[0]).toBeCloseTo(0.69, 2);
  expect(got.f1[1]).toBeCloseTo(0.966, 2);
});

/** Slices of 12 patients; the patients differ, the slices of one hardly. */
function clusteredSlices(seed: number): Unit[] {
  const rng = seededRng(seed);
  return Array.from({ length: 12 }, (_, p) => {
    const label = (p % 2) as 0 | 1;
    const centre = rng.normal() + 0.5 * label;
    return Array.from({ length: 20 }, () => ({ label, score: centre + 0.1 * rng.normal(), patient: `p${p}` }));
  }).flat();
}

test("agrees with the slow way: build each resampled table and score it", () => {
  const units = clusteredSlices(1);
  const plan = drawPlan(seededRng(2), units.map((u) => u.patient), 50); // biome-ignore format: short
  const ranked = rankScores(units);
  const fast = resample(units, plan, (weights) => weightedAuroc(ranked, weights));
  for (let r = 0; r < plan.resamples; r++) {
    const table = plan.patients.flatMap((patient, p) =>
      Array.from({ length: plan.counts[r * plan.patients.length + p]! }, () => units.filter((u) => u.patient === patient)).flat(),
    );
    expect(table.length).toBe(units.length); // equal patients: every resample has as many slices
    const slow = aurocScore(table);
    if (Number.isNaN(slow)) expect(fast[r]).toBeNaN();
    else expect(fast[r]).toBeCloseTo(slow, 12);
  }
});

test("the order of the table does not change the interval", () => {
  const interval = (units: Unit[]) => {
    const plan = drawPlan(seededRng(4), units.map((u) => u.patient), 200); // biome-ignore format: short
    const ranked = rankScores(units);
    return percentileInterval(resample(units, plan, (weights) => weightedAuroc(ranked, weights)), 12); // biome-ignore format: short
  };
  const units = clusteredSlices(5);
  expect(interval(shuffled(seededRng(6), units))).toEqual(interval(units));
});

test("slices of one patient are not independent: the patient-wise interval is much wider than the slice-wise one", () => {
  const units = clusteredSlices(7);
  const width = (rows: Unit[]) => {
    const plan = drawPlan(seededRng(8), rows.map((u) => u.patient), 500); // biome-ignore format: short
    const ranked = rankScores(rows);
    const { low, high } = percentileInterval(resample(rows, plan, (weights) => weightedAuroc(ranked, weights)), plan.patients.length); // biome-ignore format: short
    return high! - low!;
  };
  expect(width(units)).toBeGreaterThan(2 * width(units.map((u, i) => ({ ...u, patient: `slice${i}` }))));
});

test("where there is no interval it says why, and counts what was undefined", () => {
  const nan = Number.NaN;
  expect(percentileInterval(Float64Array.of(0.4, 0.5), 1)).toMatchObject({
    low: null,
    reason: expect.stringContaining("there is 1"),
  });
  expect(percentileInterval(Float64Array.of(0.4, 0.5), 1, 0.95, "positive patients").reason).toBe(
    "resampling needs at least 2 positive patients; there is 1",
  );
  expect(percentileInterval(Float64Array.of(nan, nan), 9)).toMatchObject({
    low: null,
    undefinedResamples: 2,
    reason: "not defined in any resample",
  });
  expect(percentileInterval(Float64Array.of(1, 1, nan), 9)).toMatchObject({
    low: null,
    undefinedResamples: 1,
    reason: "the same value in every resample",
  });
  expect(percentileInterval(Float64Array.of(0, nan, 1), 9, 0.5)).toEqual({
    low: 0.25,
    high: 0.75,
    undefinedResamples: 1,
    reason: null,
  });
  expect(() => drawPlan(seededRng(1), [], 10)).toThrow("got 0");
  expect(() => clusterUnits(drawPlan(seededRng(1), ["a"], 10), ["b"])).toThrow("patient b is not in the plan");
});

test("2,000 resamples of AUROC over 5,000 slices take seconds at most", () => {
  const rng = seededRng(9);
  const units = Array.from({ length: 5000 }, (_, i): Unit => {
    const label = rng.below(2) as 0 | 1;
    return { label, score: rng.normal() + label, patient: `p${i % 60}` };
  });
  const start = process.cpuUsage();
  const plan = drawPlan(seededRng(10), units.map((u) => u.patient), 2000); // biome-ignore format: short
  const ranked = rankScores(units);
  resample(units, plan, (weights) => weightedAuroc(ranked, weights));
  expect(process.cpuUsage(start).user / 1e6).toBeLessThan(5);
});

test("clusters in clusters: agrees with the slow way, loops that build each resampled table", () => {
  const names = seededRng(11);
  const units = clusteredSlices(12).map((unit) => ({
    ...unit,
    stack: `s${names.below(1 + (Number(unit.patient.slice(1)) % 4))}`,
  }));
  const paths = units.map(({ patient, stack }) => [patient, stack]);
  const plan = drawNestedPlan(seededRng(13), paths, 60);
  const clustered = clusterUnits(plan, paths.map(clusterId));
  const ranked = rankScores(units);
  const weights = new Uint16Array(units.length);
  const rng = seededRng(13);
  const patients = [...new Set(units.map((u) => u.patient))].sort();
  for (let r = 0; r < 60; r++) {
    const table: Unit[] = [];
    for (let k = 0; k < patients.length; k++) {
      const patient = patients[rng.below(patients.length)]!;
      const own = units.filter((u) => u.patient === patient);
      const stacks = [...new Set(own.map((u) => u.stack))].sort();
      for (let s = 0; s < stacks.length; s++) {
        const stack = stacks[rng.below(stacks.length)]!;
        table.push(...own.filter((u) => u.stack === stack));
      }
    }
    resampleWeights(clustered, r, weights);
    expect(weights.reduce((sum, w) => sum + w, 0)).toBe(table.length);
    expect(weightedAuroc(ranked, weights)).toBeCloseTo(aurocScore(table), 12);
  }
});

test("a nested plan of one level is the plan of clusters, and its strata keep their sizes", () => {
  const patients = ["a", "b", "c", "d", "e"];
  const flat = drawPlan(seededRng(1), patients, 20);
  expect(drawNestedPlan(seededRng(1), patients.map((p) => [p]), 20)).toEqual(flat); // biome-ignore format: short
  expect(clusterCount(flat)).toBe(5);
  const paths = patients.flatMap((p) => [[p, "1"], [p, "2"], [p, "3"]]); // biome-ignore format: short
  const nested = drawNestedPlan(seededRng(1), paths, 50, (p) => (p < "c" ? "early" : "late"));
  expect([nested.patients.length, clusterCount(nested), [...nested.outermost].slice(0, 4)]).toEqual([15, 5, [0, 0, 0, 1]]);
  for (let r = 0; r < 50; r++) {
    const counts = [...nested.counts.subarray(r * 15, r * 15 + 15)];
    const inEarly = counts.filter((_, p) => nested.outermost[p]! < 2).reduce((a, b) => a + b, 0);
    expect([inEarly, counts.reduce((a, b) => a + b, 0)]).toEqual([6, 15]);
  }
  expect(() => drawNestedPlan(seededRng(1), [["a"], ["b", "1"]], 5)).toThrow("one length");
});
