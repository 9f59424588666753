import { expect, test } from "vitest";
import { seededRng } from "../../../core/rng.ts";
import { networkEvidence, type ScoredCase, simulateReadings } from "./model.ts";
import { type SimulateOptions, simulateOptions } from "./options.ts";

/** Cases of a network that separates them by so many deviations; every third has a finding. */
function casesOf(separation: number, n = 3000): ScoredCase[] {
  const rng = seededRng(3);
  return Array.from({ length: n }, (_, k) => {
    const label = k % 3 === 0 ? 1 : 0;
    return { id: `case-${k}`, patient: `p${k}`, label, score: separation * label + rng.normal() };
  });
}

function shares(cases: readonly ScoredCase[], options: Partial<SimulateOptions>, arm: "with" | "without") {
  const readings = simulateReadings(cases, simulateOptions.parse({ readers: 8, ...options }), seededRng(0));
  const called = (label: 0 | 1) => {
    const own = readings.filter((one) => one.arm === arm && one.case.label === label);
    return own.filter(({ rating }) => rating > 0).length / own.length;
  };
  const seconds = readings.filter((one) => one.arm === arm).map((one) => Math.log(one.seconds));
  return { sensitivity: called(1), specificity: 1 - called(0), logTime: seconds.reduce((a, b) => a + b, 0) / seconds.length };
}

test("without assistance, readers are as sensitive and specific as asked for; the network's scores have no part in it", () => {
  const alone = shares(casesOf(2), { sensitivity: 0.8, specificity: 0.7 }, "without");
  expect(alone.sensitivity).toBeCloseTo(0.8, 1);
  expect(alone.specificity).toBeCloseTo(0.7, 1);
  expect(shares(casesOf(0), { sensitivity: 0.8, specificity: 0.7 }, "without")).toEqual(alone);
});

test("a network that separates helps, one that does not does nothing, and one that is not trusted neither", () => {
  const gain = (separation: number, trust: [number, number]) =>
    shares(casesOf(separation), { trust }, "with").sensitivity - shares(casesOf(separation), { trust }, "without").sensitivity;
  expect(gain(2.5, [0.5, 1])).toBeGreaterThan(0.03);
  expect(Math.abs(gain(0, [0.5, 1]))).toBeLessThan(0.015);
  expect(Math.abs(gain(2.5, [0, 0]))).toBeLessThan(0.015);
});

test("what is saved of the time is what was put in", () => {
  const saved = (saving: [number, number]) =>
    shares(casesOf(1), { saving }, "with").logTime - shares(casesOf(1), { saving }, "without").logTime;
  expect(saved([0.4, 0.4])).toBeCloseTo(Math.log(0.6), 1);
  expect(saved([0, 0])).toBeCloseTo(0, 1);
});

test("evidence is the log odds of two normal classes, whatever the scale of the scores, and 0 of scores the wrong way round", () => {
  const cases = casesOf(1.5);
  const evidence = networkEvidence(cases);
  const rescaled = cases.map((one) => ({ ...one, score: 1 / (1 + Math.exp(-one.score)) }));
  expect(networkEvidence(rescaled)).toEqual(evidence);
  // Of two normals 1.5 apart, 2 : 1, the middle says nothing and a deviation more says 1.5; ranks of the mixture bend that a little.
  const at = (score: number) => evidence[cases.reduce((best, one, k) => (Math.abs(one.score - score) < Math.abs(cases[best]!.score - score) ? k : best), 0)]!; // biome-ignore format: a search
  expect(at(0.75)).toBeCloseTo(0, 0);
  expect(at(1.75) - at(0.75)).toBeGreaterThan(1);
  expect(at(1.75) - at(0.75)).toBeLessThan(2);
  expect(networkEvidence(cases.map((one) => ({ ...one, score: -one.score }))).every((value) => value === 0)).toBe(true);
});

test("every reader reads every case in each arm, under a name that says simulated", () => {
  const readings = simulateReadings(casesOf(1, 30), simulateOptions.parse({ readers: 3 }), seededRng(0));
  expect(new Set(readings.map((one) => `${one.reader} ${one.arm} ${one.case.id}`)).size).toBe(3 * 2 * 30);
  const ok = readings.every(({ reader, confidence }) => reader.startsWith("simulated-") && confidence >= 1 && confidence <= 5);
  expect(ok).toBe(true);
});
