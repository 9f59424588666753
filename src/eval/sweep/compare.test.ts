import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { seededRng } from "../../core/rng.ts";
import { drawPlan } from "../metrics/bootstrap.ts";
import { bootstrapP } from "../metrics/bootstrap-p.ts";
import { bestOf } from "./best.ts";
import { compareSettings, replicateRuns, type SweptRun, settingFigures } from "./compare.ts";
import { componentsOf } from "./components.ts";
import type { SweptUnit } from "./units.ts";

interface Expected {
  setting: string;
  metric: string;
  seeds: number;
  difference: number;
  seedSd: number;
  caseSd: number;
  interval: [number, number];
  components: [number, number, number, number];
  p: number;
  pHolm: number;
  levelHolm: number;
  intervalHolm: [number, number];
}
interface Reference {
  level: number;
  plan: { patients: string[]; resamples: number; counts: number[] };
  runs: {
    setting: string;
    seed: string;
    units: { subject: string; case: string; label: 0 | 1; score: number; dice: number | null }[];
  }[];
  expected: Expected[];
}

/** Made by scripts/fixtures/sweep_compare.py with NumPy and scikit-learn. */
const file = join(import.meta.dirname, "../../../test/fixtures/eval/sweep-compare.json");
const reference = JSON.parse(readFileSync(file, "utf8")) as Reference;
const plan = {
  ...reference.plan,
  counts: Uint16Array.from(reference.plan.counts),
  outermost: Uint32Array.from(reference.plan.patients.keys()),
};
const runs = reference.runs.map(
  ({ setting, seed, units }): SweptRun => ({
    setting,
    seed,
    units: units.map((u): SweptUnit => ({ ...u, level: "stack", id: u.case, dice: u.dice ?? Number.NaN })),
  }),
);

test("differences, intervals, spreads, p and Holm's are those of NumPy and scikit-learn", () => {
  const found = compareSettings(replicateRuns(plan, runs, reference.level), "base");
  expect(found).toHaveLength(reference.expected.length);
  for (const want of reference.expected) {
    const got = found.find(({ setting, metric, per }) => setting === want.setting && metric === want.metric && per === "stack")!;
    expect(got.seeds).toBe(want.seeds);
    const numbers = [
      got.difference,
      got.seedSd,
      got.caseSd,
      got.low,
      got.high,
      got.p,
      got.pHolm,
      got.levelHolm,
      got.lowHolm,
      got.highHolm,
    ];
    const wanted = [
      want.difference,
      want.seedSd,
      want.caseSd,
      ...want.interval,
      want.p,
      want.pHolm,
      want.levelHolm,
      ...want.intervalHolm,
    ];
    const { seed, patients, both, all } = got.components!;
    for (const [i, value] of [seed, patients, both, all].entries())
      expect(value, `${want.setting} ${want.metric} component ${i}`).toBeCloseTo(want.components[i]!, 9);
    for (const [i, value] of wanted.entries()) expect(numbers[i], `${want.setting} ${want.metric} ${i}`).toBeCloseTo(value, 9);
  }
});

test("components of seeds and patients come out near what figures were made of", () => {
  const rng = seededRng(11);
  const [seeds, patients, resamples] = [40, 300, 400];
  const sd = { seed: 0.05, patients: 0.6 / Math.sqrt(patients), both: 0.3 / Math.sqrt(patients) };
  const plan300 = drawPlan(rng.fork("plan"), Array.from({ length: patients }, (_, p) => String(p).padStart(3, "0")), resamples); // biome-ignore format: one line
  const hard = Array.from({ length: patients }, () => 0.6 * rng.normal());
  const singles: number[] = [];
  const resampled = Array.from({ length: seeds }, (_, s) => {
    const own = rng.fork(s);
    const shift = 0.05 * own.normal();
    const values = hard.map((h) => 0.7 + shift + h + 0.3 * own.normal());
    singles.push(values.reduce((a, b) => a + b, 0) / patients);
    return Float64Array.from(
      { length: resamples },
      (_, r) => values.reduce((sum, v, p) => sum + v * plan300.counts[r * patients + p]!, 0) / patients,
    );
  });
  const found = componentsOf(singles, resampled)!;
  for (const key of ["seed", "patients", "both"] as const) expect(found[key] / sd[key], key).toBeCloseTo(1, 0.7);
  expect(found.all).toBeCloseTo(Math.hypot(found.seed, found.patients, found.both), 12);
  expect(componentsOf(singles.slice(0, 1), resampled.slice(0, 1))).toBeNull();
  expect(componentsOf([0.7, 0.8], [Float64Array.of(0.7, Number.NaN), Float64Array.of(0.8, 0.9)])).toBeNull(); // one whole resample
  // Two seeds that share nothing: all of the variance 1/3 of each is its own, though the mean of the two has half of it.
  const apart = componentsOf([0.7, 0.7], [Float64Array.of(0, 1, 0, 1), Float64Array.of(0, 1, 1, 0)])!;
  expect([apart.both, apart.patients]).toEqual([expect.closeTo(Math.sqrt(1 / 3), 12), 0]);
});

test("a setting beside itself differs by nothing, and there is no interval that would claim certainty", () => {
  const twin = runs.flatMap((run) => (run.setting === "base" ? [run, { ...run, setting: "twin" }] : []));
  const [auroc] = compareSettings(replicateRuns(plan, twin, 0.95), "base");
  expect(auroc).toMatchObject({
    setting: "twin",
    difference: 0,
    low: null,
    p: null,
    pHolm: null,
    reason: "the same value in every resample",
  });
});

test("runs that were tested on other cases, or share no seed with the baseline, are not compared, and it is said why", () => {
  const changed = runs.map((run): SweptRun => {
    if (run.setting === "worse") return { ...run, units: run.units.slice(1) };
    return run.setting === "alike" ? { ...run, seed: `other ${run.seed}` } : run;
  });
  const found = compareSettings(replicateRuns(plan, changed, 0.95), "base").filter(({ metric }) => metric === "auroc");
  const reason = (name: string) => found.find(({ setting }) => setting === name)!;
  expect(reason("worse")).toMatchObject({ difference: null, p: null, reason: "tested on other cases than the baseline" });
  expect(reason("alike")).toMatchObject({ difference: null, reason: "no seed that the baseline was trained with, too" });
  expect(reason("better").levelHolm).toBeCloseTo(0.975, 12); // of the two that are left
});

test("pairing takes away what all networks find hard: the paired interval is narrower than unpaired ones are", () => {
  const replicates = replicateRuns(plan, runs, 0.9);
  const alike = compareSettings(replicates, "base").find(({ setting, metric }) => setting === "alike" && metric === "auroc")!;
  const [base, other] = ["base", "alike"].map(
    (name) => settingFigures(replicates).find(({ setting }) => setting === name)!.figures[0]!,
  );
  expect(alike.caseSd!).toBeLessThan(0.8 * Math.hypot(base!.caseSd!, other!.caseSd!));
  expect(alike.difference).toBeCloseTo(other!.mean! - base!.mean!, 12);
});

test("p of no difference is uniform enough: at most about as many small ones as their level says", () => {
  const rng = seededRng(3);
  const small = Array.from({ length: 300 }, (_, trial) => {
    const own = rng.fork(trial);
    const values = Array.from({ length: 40 }, () => own.normal());
    const plan40 = drawPlan(own, values.map((_, i) => String(i)), 199); // biome-ignore format: short
    const order = plan40.patients.map(Number);
    const means = Float64Array.from({ length: 199 }, (_, r) =>
      order.reduce((sum, v, p) => sum + values[v]! * plan40.counts[r * 40 + p]!, 0),
    );
    return bootstrapP(means) <= 0.1;
  }).filter(Boolean).length;
  expect(small / 300).toBeGreaterThan(0.05);
  expect(small / 300).toBeLessThan(0.17);
});

test("with one patient there is no spread over cases, and it is said why", () => {
  const lone = runs.map(({ units, ...run }): SweptRun => ({ ...run, units: units.map((u) => ({ ...u, subject: "a" })) }));
  const replicates = replicateRuns(drawPlan(seededRng(1), ["a"], 50), lone, 0.95);
  const reason = "resampling needs at least 2 patients; there is 1";
  expect(settingFigures(replicates)[0]!.figures[0]).toMatchObject({ mean: expect.any(Number), caseSd: null, reason });
  expect(compareSettings(replicates, "base")[0]).toMatchObject({ difference: expect.any(Number), caseSd: null, reason });
});

test("the best is chosen by the first figure that all have on the same validation cases; none where they were validated on others", () => {
  const run = (name: string, setting: string, figures: readonly number[], tested = "a") => {
    const all = [...figures, Number.NaN, Number.NaN, Number.NaN];
    return { name, setting, figures: all, tested: all.map(() => tested) };
  };
  const four = [
    run("a0", "a", [Number.NaN, 0.5]),
    run("a1", "a", [0.9, 0.9]),
    run("b0", "b", [0.8, 0.8]),
    run("b1", "b", [0.8, 0.8]),
  ];
  expect(bestOf(four)).toEqual({
    ...{ metric: "auroc", per: "slice" },
    run: { name: "a1", validation: 0.9 },
    setting: { name: "b", seeds: 2, validation: 0.8 },
  });
  expect(bestOf([...four, run("c0", "c", [0.7, 0.7], "other cases")])).toBeNull();
  expect(bestOf(four.slice(0, 1))).toBeNull();
});
