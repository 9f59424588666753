import { expect, test } from "vitest";
import { seededRng } from "../../core/rng.ts";
import { drawPlan } from "../metrics/bootstrap.ts";
import { diceOf } from "../metrics/dice.ts";
import { wilsonInterval } from "../metrics/wilson.ts";
import { measurePredictions } from "./measure.ts";
import { metricsOptions } from "./options.ts";
import { parsePredictions } from "./read/rows.ts";
import type { FigureName } from "./results.ts";

// Every interval that the five published systems print and that counts give back, with the method found to give it. Each number a row.

const wilson = [
  // [what, hits, of, low, high to four digits, low and high as printed]
  ["fetal MRI, internal sensitivity of stacks", 192, 210, 0.8686, 0.9451, ".869", ".945"],
  ["fetal MRI, internal specificity", 504, 522, 0.9462, 0.9781, ".946", ".978"],
  ["fetal MRI, internal specificity, other counts that fit", 507, 525, 0.9465, 0.9782, null, ".978"],
  ["fetal MRI, internal specificity, other counts that fit", 478, 495, 0.9457, 0.9784, ".946", ".978"],
  ["fetal MRI, external sensitivity (prints .739)", 84, 102, 0.7382, 0.8854, null, ".885"],
  ["fetal MRI, external specificity", 317, 336, 0.9134, 0.9635, ".913", ".964"],
  ["fetal MRI, readers alone, patients", 30, 34, 0.7338, 0.9533, null, null],
  ["fetal MRI, readers assisted, patients", 32, 34, 0.8091, 0.9837, null, null],
  ["fetal ultrasound, sensitivity: not the printed one", 13, 15, 0.6212, 0.9626, null, null],
  ["fetal ultrasound, specificity: not the printed one", 29, 32, 0.7578, 0.9676, null, null],
] as const; // biome-ignore format: a table

test.each(wilson)("Wilson: %s, %i of %i", (_, hits, of, low, high, ...printed) => {
  const interval = wilsonInterval(hits, of)!;
  expect([interval.low.toFixed(4), interval.high.toFixed(4)]).toEqual([low.toFixed(4), high.toFixed(4)]);
  for (const [i, text] of printed.entries())
    if (text !== null) expect([interval.low, interval.high][i]!.toFixed(3).slice(1)).toBe(text);
});

test.each([4, 15, 16, 100])("Wilson: %i of all start at n / (n + 3.8415)", (n) => {
  expect(wilsonInterval(n, n)!.low).toBeCloseTo(n / (n + 3.8415), 5);
});
test("16 of 16 is the first to start above .80", () => {
  const first = Array.from({ length: 30 }, (_, i) => i + 1).find((n) => wilsonInterval(n, n)!.low >= 0.8);
  expect(first).toBe(16);
});

/** A table with so many calls of each kind, each row a patient. */
function counts([tp, fn, fp, tn]: readonly [number, number, number, number]): string {
  const kinds = [[1, 0.9, tp], [1, 0.1, fn], [0, 0.9, fp], [0, 0.1, tn]] as const; // biome-ignore format: short
  const rows = kinds.flatMap(([label, prob, n], k) => Array.from({ length: n }, (_, i) => `k${k}i${i},${label},${prob}`));
  return ["patient,label,prob", ...rows, ""].join("\n");
}

const hexanet = [13, 2, 3, 29] as const;
const bootstrap: readonly [string, readonly [number, number, number, number], string | null, FigureName, number, number, number][] = [
  ["fetal ultrasound, sensitivity", hexanet, null, "recall", 13 / 15, 0.667, 1],
  ["fetal ultrasound, specificity", hexanet, null, "specificity", 29 / 32, 0.793, 1],
  ["fetal ultrasound, F1", hexanet, null, "f1", 0.8387, 0.667, 0.963],
  ["fetal ultrasound, stratified: not the printed one", hexanet, "truth", "specificity", 29 / 32, 0.781, 1],
  ["fetal ultrasound, stratified: not the printed one", hexanet, "truth", "f1", 0.8387, 0.69, 0.966],
]; // biome-ignore format: a table

test.each(bootstrap)("percentile bootstrap of patients: %s", (_, cells, stratify, metric, estimate, low, high) => {
  const options = metricsOptions.parse({ resamples: 20_000, seed: 1, permutations: 0, columns: { stratify } });
  const { figures } = measurePredictions(
    parsePredictions(counts(cells), "p.csv", options.columns),
    null,
    [],
    options,
    seededRng(1),
  );
  const figure = figures.find((one) => one.metric === metric)!;
  expect(figure.estimate).toBeCloseTo(estimate, 4);
  // A quantile may fall between two values that resamples can take, such as .793 and .794; the seed then decides.
  expect(Math.abs(figure.low! - low)).toBeLessThan(0.0035);
  expect(Math.abs(figure.high! - high)).toBeLessThan(0.0035);
});

test("head CT: Dice with 1 added of two empty masks is 1", () => {
  expect(diceOf({ both: 0, predictedOnly: 0, truthOnly: 0 }, "smoothed")).toBe(1);
});

test("neonatal ultrasound: average precision by chance is the share of positives, 124 of 2,127", () => {
  const options = metricsOptions.parse({ resamples: 100, permutations: 0 });
  const text = counts([62, 62, 1000, 1003]);
  const { figures } = measurePredictions(parsePredictions(text, "p.csv", options.columns), null, [], options, seededRng(1));
  expect(figures.find(({ metric }) => metric === "average_precision")!.chance).toBeCloseTo(0.0583, 4);
});

test("a thesis on the same cases prints accuracy 87.2-100 of 44/47 and sensitivity 78.6-100 of 14/15: 2.5 % of the resamples lie below, as near as 1,000 of them tell", () => {
  const resamples = 20_000;
  const { patients, counts: drawn } = drawPlan(seededRng(1), Array.from({ length: 47 }, (_, i) => `${100 + i}`), resamples); // biome-ignore format: short
  const right = (p: number) => p !== 0 && p < 45; // the first of the 15 positives is missed, and the last two negatives are called
  const below = { accuracy: 0, sensitivity: 0 };
  for (let r = 0; r < resamples; r++) {
    const sum = (of: (p: number) => boolean) => patients.reduce((s, _, p) => s + (of(p) ? drawn[r * 47 + p]! : 0), 0);
    if (sum(right) / 47 < 0.872) below.accuracy++;
    if (sum((p) => p < 15 && right(p)) / sum((p) => p < 15) < 0.7855) below.sensitivity++;
  }
  const error = 2 * Math.sqrt((0.025 * 0.975) / 1000);
  for (const count of Object.values(below)) expect(Math.abs(count / resamples - 0.025)).toBeLessThan(error);
});
