import { expect, test } from "vitest";
import { type Rng, seededRng, shuffled } from "../core/rng.ts";
import { type Measured, measure } from "./measure.ts";
import { type EvalOptions, evalOptions } from "./options.ts";
import { metricSchema } from "./results.ts";
import type { Level } from "./scores.ts";
import type { Tables, Unit } from "./table.ts";
import { sumTallies, type Tally } from "./tally.ts";

const grid = [0.25, 0.5, 0.75];

/** Patients with an ill and a healthy examination of two stacks of six slices each; better scores with more `effect`. */
function tables(seed: number, patients: number, effect: number, { ill = true, healthy = true } = {}): Tables {
  const rng = seededRng(seed);
  const out: Record<Level, Unit[]> = { slice: [], stack: [], subject: [] };
  for (let p = 0; p < patients; p++) {
    const own = rng.normal();
    for (const label of [...(ill ? [1 as const] : []), ...(healthy ? [0 as const] : [])]) {
      const exam = { subject: `s${p}`, session: `e${label}`, grade: label && 1 + (p % 4), slice: null };
      const stacks = (["axial", "coronal"] as const).map((plane) => {
        const name = { ...exam, case: `s${p}-${label}-${plane}`, plane, voxelMm3: 2 };
        const slices = Array.from({ length: 6 }, (_, i): Unit => {
          const blood = label === 1 && i > 1 && i < 5 ? 40 : 0;
          const found = Math.round(blood * (0.6 + 0.4 * rng.uniform()));
          const tally: Tally = {
            truth: blood,
            both: Float64Array.of(blood, found, 0),
            predicted: Float64Array.of(3 * blood + 10, found + (blood > 0 ? 5 : 0), 0),
          };
          return {
            ...name,
            level: "slice",
            slice: i,
            label: blood > 0 ? 1 : 0,
            score: own + rng.normal() + (blood ? effect : 0),
            tally,
          };
        });
        out.slice.push(...slices);
        const tally = sumTallies(slices.map((s) => s.tally));
        const stack: Unit = { ...name, level: "stack", label, score: Math.max(...slices.map((s) => s.score)), tally };
        out.stack.push(stack);
        return stack;
      });
      const tally = sumTallies(stacks.map((s) => s.tally));
      const score = (stacks[0]!.score + stacks[1]!.score) / 2;
      out.subject.push({ ...exam, level: "subject", case: `e${label}`, label, score, tally, plane: null, voxelMm3: 1 });
    }
  }
  return out;
}
const options = (changes: object = {}) => evalOptions.parse({ bootstrap: { resamples: 300 }, ...changes });
const nothing: Tables = { slice: [], stack: [], subject: [] };
/** One network. */
const measureOne = (evaluated: Tables, validation: Tables, ...rest: [readonly number[], EvalOptions, Rng]) => {
  const measured = measure([{ evaluated, validation }], ...rest);
  return { ...measured, ...measured.operations[0]! };
};
const find = (m: Pick<Measured, "metrics">, metric: string, per: string, subset = "all") =>
  m.metrics.find((x) => x.metric === metric && x.per === per && x.subset === subset)!;

test("figures are what counting gives", () => {
  const evaluated = tables(1, 12, 2);
  const m = measureOne(evaluated, tables(2, 10, 2), grid, options(), seededRng(3));
  const cut = m.operatingPoints.stack.threshold!;
  const ill = evaluated.stack.filter((u) => u.label === 1);
  const well = evaluated.stack.filter((u) => u.label === 0);
  expect(find(m, "sensitivity", "stack").estimate).toBeCloseTo(ill.filter((u) => u.score >= cut).length / ill.length, 12);
  expect(find(m, "specificity", "stack").wilson!.hits).toBe(well.filter((u) => u.score < cut).length);
  const g = grid.indexOf(m.mask.probability!);
  const bloody = evaluated.slice.filter((u) => u.label === 1);
  const dice = bloody.map((u) => (2 * u.tally.both[g]!) / (u.tally.truth + u.tally.predicted[g]!));
  expect(find(m, "dice", "slice").estimate).toBeCloseTo(dice.reduce((a, b) => a + b, 0) / dice.length, 12);
  const all = evaluated.slice.flatMap((u) =>
    u.label === 1 ? [(2 * u.tally.both[g]!) / (u.tally.truth + u.tally.predicted[g]!)] : [],
  );
  expect(m.mask.probability).toBe(0.5);
  expect(find(m, "diceAll", "slice").estimate).toBeCloseTo(all.reduce((a, b) => a + b, 0) / all.length, 12); // no healthy slice has a voxel
  expect([find(m, "dice", "slice").n, find(m, "dice", "slice").nPatients]).toEqual([72, 12]);
  expect(find(m, "diceAll", "slice").n).toBe(evaluated.slice.filter((u) => u.tally.truth + u.tally.predicted[g]! > 0).length);
  expect(find(m, "sensitivity", "stack", "grade II").n).toBe(6);
  expect(find(m, "auroc", "stack", "coronal").n).toBe(24);
  for (const metric of m.metrics) metricSchema.parse(metric);
});

test("where one patient alone is positive, the missing interval says that it is of positive patients", () => {
  const all = tables(1, 4, 2);
  const { subject } = all.stack[0]!;
  const lone = (units: readonly Unit[]) => units.filter((u) => u.label === 0 || u.subject === subject);
  const evaluated = { slice: lone(all.slice), stack: lone(all.stack), subject: lone(all.subject) };
  const m = measureOne(evaluated, tables(2, 8, 2), grid, options(), seededRng(3));
  expect(find(m, "sensitivity", "subject").reason).toBe("resampling needs at least 2 positive patients; there is 1");
  expect(find(m, "dice", "stack").reason).toBe("resampling needs at least 2 positive patients; there is 1");
});

test("the smoothed Dice stands beside the other, as a run by that rule alone has it", () => {
  const evaluated = tables(1, 12, 2);
  const at = (changes: object) =>
    measureOne(
      evaluated,
      tables(2, 10, 2),
      grid,
      options({ mask: { rule: "fixed", probability: 0.5 }, ...changes }),
      seededRng(3),
    );
  const [both, alone, plain] = [at({ smoothedToo: true }), at({ emptyMask: "smoothed" }), at({})];
  for (const per of ["slice", "stack"])
    for (const [beside, metric] of [["diceSmoothed", "dice"], ["diceSmoothedAll", "diceAll"]] as const) // biome-ignore format: short
      expect(find(both, beside, per)).toEqual({ ...find(alone, metric, per), metric: beside });
  expect(find(both, "diceSmoothedAll", "slice").n).toBe(evaluated.slice.length);
  expect(both.metrics.filter(({ metric }) => !metric.startsWith("diceSmoothed"))).toEqual(plain.metrics);
  expect(both.metrics.length).toBe(plain.metrics.length + 4);
});

test("patients in another order, and the slices of a patient in another order, give the same figures", () => {
  const evaluated = tables(1, 8, 1);
  const mixed = Object.fromEntries(
    Object.entries(evaluated).map(([level, units]) => [level, shuffled(seededRng(4), units as Unit[])]),
  );
  const m = (t: Tables) => measureOne(t, tables(2, 8, 1), grid, options(), seededRng(3)).metrics;
  const close = (a: unknown, b: unknown) => expect(JSON.stringify(a, digits)).toBe(JSON.stringify(b, digits));
  const digits = (_: string, v: unknown) => (typeof v === "number" ? Number(v.toPrecision(10)) : v);
  close(m(mixed as unknown as Tables), m(evaluated));
});

test("choosing the threshold anew widens the interval of what depends on it, and of nothing else", () => {
  const run = (includeThreshold: boolean) =>
    measureOne(
      tables(1, 30, 2),
      tables(2, 8, 2),
      grid,
      options({ bootstrap: { resamples: 400, includeThreshold } }),
      seededRng(3),
    );
  const [anew, once] = [run(true), run(false)];
  const width = (m: typeof anew, metric: string, per: string) => find(m, metric, per).high! - find(m, metric, per).low!;
  expect(width(anew, "specificity", "stack")).toBeGreaterThan(1.3 * width(once, "specificity", "stack"));
  expect(find(anew, "auroc", "stack")).toEqual(find(once, "auroc", "stack"));
  expect(find(anew, "specificity", "stack").estimate).toBe(find(once, "specificity", "stack").estimate);
  expect([find(anew, "specificity", "stack").method, find(once, "specificity", "stack").method]).toEqual([
    "percentile bootstrap of patients, threshold chosen anew in each resample",
    "percentile bootstrap of patients",
  ]);
});

test("one class, no validation, one patient: null with the reason, never 0.5 or NaN", () => {
  const oneClass = measureOne(tables(1, 5, 2, { healthy: false }), tables(2, 5, 2), grid, options(), seededRng(3));
  expect(find(oneClass, "auroc", "stack")).toMatchObject({
    estimate: null,
    low: null,
    reason: "one class only",
    undefinedResamples: 300,
  });
  for (const per of ["stack", "subject"])
    expect(find(oneClass, "averagePrecision", per)).toMatchObject({ estimate: null, low: null, reason: "one class only" });
  expect(find(oneClass, "averagePrecision", "slice").estimate).not.toBeNull(); // those beside the blood are of the other class
  expect(find(oneClass, "specificity", "stack")).toMatchObject({
    estimate: null,
    reason: "no unit without a lesion",
    n: 0,
    wilson: null,
  });
  expect(find(oneClass, "auroc", "stack").fewestOfClass).toBe(0);
  const noValidation = measureOne(tables(1, 5, 2), nothing, grid, options(), seededRng(3));
  expect(noValidation.operatingPoints.stack).toMatchObject({ threshold: null, validation: null });
  expect(find(noValidation, "sensitivity", "stack").reason).toMatch(/no threshold/);
  expect(find(noValidation, "dice", "slice").reason).toMatch(/no mask threshold/);
  expect(find(noValidation, "auroc", "stack").estimate).not.toBeNull();
  const { stack } = tables(1, 5, 2);
  const have = [0, 1].map((label) => new Set(stack.filter((unit) => unit.label === label).map(({ subject }) => subject)).size);
  expect(find(noValidation, "auroc", "stack").fewestOfClass).toBe(Math.min(...have));
  const onePatient = measureOne(tables(1, 1, 9), tables(2, 5, 2), grid, options(), seededRng(3));
  expect(find(onePatient, "auroc", "stack")).toMatchObject({
    estimate: 1,
    low: null,
    reason: expect.stringContaining("at least 2 patients; there is 1"),
  });
  const perfect = measureOne(tables(1, 9, 99), tables(2, 9, 99), grid, options(), seededRng(3));
  expect(find(perfect, "sensitivity", "subject")).toMatchObject({
    estimate: 1,
    low: null,
    reason: "the same value in every resample",
  });
  expect(find(perfect, "sensitivity", "subject").wilson!.low).toBeCloseTo(9 / (9 + 3.8415), 4);
});

test("fixed thresholds need no validation and are taken as they are", () => {
  const fixed = { threshold: { rule: "fixed", stack: 1.5 }, mask: { rule: "fixed", probability: 0.5 } };
  const m = measureOne(tables(1, 5, 2), nothing, [0.5], options(fixed), seededRng(3));
  expect([m.operatingPoints.stack.threshold, m.operatingPoints.slice.threshold, m.mask.probability]).toEqual([1.5, null, 0.5]);
  expect(find(m, "sensitivity", "stack").estimate).not.toBeNull();
});

test("the band of the ROC curve holds the curve", () => {
  const { roc } = measureOne(tables(1, 20, 1), tables(2, 8, 1), grid, options(), seededRng(3));
  const { low, high } = roc.slice.band!;
  for (let i = 0; i < low.length; i++) expect(low[i]!).toBeLessThanOrEqual(high[i]!);
  expect(high[0]! < 1 && low[100]! === 1).toBe(true);
});

test("a hundred patients of 3,000 slices with 2,000 resamples take seconds", () => {
  const start = process.cpuUsage();
  const m = measureOne(tables(1, 125, 1), tables(2, 40, 1), grid, evalOptions.parse({}), seededRng(3));
  const seconds = process.cpuUsage(start).user / 1e6; // not wall time: other work on the machine is not ours
  expect(m.metrics.length).toBeGreaterThan(60);
  expect(seconds).toBeLessThan(15);
});

test("further rules for thresholds are what each would be alone, where it was chosen and here; folds are counted together", () => {
  const [evaluated, validation] = [tables(1, 12, 1), tables(2, 10, 1)];
  const few = (changes: object = {}) => options({ ...changes, bootstrap: { resamples: 100 } });
  const rule = { rule: "sensitivity", target: 0.9 };
  const both = measureOne(evaluated, validation, grid, few({ alsoThresholds: [rule] }), seededRng(3));
  const alone = measureOne(evaluated, validation, grid, few({ threshold: rule }), seededRng(3));
  expect(alone.transfers).toBeUndefined();
  expect(both.transfers!.map(({ per, rule: words }) => [per, words.slice(0, 19)])).toEqual([
    ["stack", "highest sensitivity"],
    ["subject", "highest sensitivity"],
    ["stack", "highest specificity"],
    ["subject", "highest specificity"],
  ]);
  for (const [i, one] of [both, both, alone, alone].entries()) {
    const { per, validation: there, sensitivity, specificity } = both.transfers![i]!;
    expect(there).toEqual(one.operatingPoints[per].validation);
    expect([sensitivity, specificity]).toEqual([find(one, "sensitivity", per), find(one, "specificity", per)]);
  }
  expect(both.transfers![2]!.validation!.sensitivity).toBeGreaterThanOrEqual(0.9);
  const parts = [0, 20].map((seed) => ({ evaluated: renamed(tables(seed + 3, 6, 1), `f${seed}-`), validation: tables(seed + 4, 5, 1) })); // biome-ignore format: one line
  const [stacks] = measure(parts, grid, few(), seededRng(3)).transfers!;
  const own = parts.map((part) => measureOne(part.evaluated, part.validation, grid, few(), seededRng(3)).operatingPoints.stack.validation!); // biome-ignore format: one line
  expect(stacks!.validation!.units).toBe(own[0]!.units + own[1]!.units);
  expect(stacks!.validation!.sensitivity).toBeCloseTo((own[0]!.sensitivity! + own[1]!.sensitivity!) / 2, 12); // as many positives in both
});

const renamed = (some: Tables, prefix: string): Tables => {
  const all = (units: readonly Unit[]) => units.map((unit) => ({ ...unit, subject: prefix + unit.subject }));
  return { slice: all(some.slice), stack: all(some.stack), subject: all(some.subject) };
};
