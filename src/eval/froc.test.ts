import { expect, test } from "vitest";
import { type Rng, seededRng } from "../core/rng.ts";
import { measureFroc } from "./froc.ts";
import { frocThresholds, type LesionCounts } from "./masks/measure-case.ts";
import { type FoundBox, scoreBoxes, type TrueBox } from "./metrics/average-precision.ts";
import { drawPlan, quantileSorted } from "./metrics/bootstrap.ts";
import { bootstrapOptions } from "./options.ts";

const bootstrap = bootstrapOptions.parse({ resamples: 150 });
const subjects = ["a", "a", "b", "c", "c", "c", "d", "e"];
/** Units of each resample, those of a subject drawn n times n times. */
function drawnUnits(rng: Rng): number[][] {
  const plan = drawPlan(rng, subjects, bootstrap.resamples);
  return Array.from({ length: bootstrap.resamples }, (_, r) =>
    plan.patients.flatMap((patient, p) =>
      Array.from({ length: plan.counts[r * plan.patients.length + p]! }, () =>
        subjects.flatMap((s, i) => (s === patient ? [i] : [])),
      ).flat(),
    ),
  );
}
const ends = (values: readonly number[]) => {
  const sorted = Float64Array.from(values.filter((v) => !Number.isNaN(v))).sort();
  return [quantileSorted(sorted, 0.025), quantileSorted(sorted, 0.975)];
};
const plan = () => drawPlan(seededRng(1), subjects, bootstrap.resamples);
const rates = [0.125, 0.25, 0.5, 1, 2, 4, 8];
const score = (points: readonly { wrong: number; found: number }[]) =>
  rates.reduce((sum, rate) => sum + Math.max(0, ...points.flatMap(({ wrong, found }) => (wrong <= rate ? [found] : []))), 0) /
  rates.length;

/** Lesions of each stack, of which the higher thresholds find fewer. */
function lesionStacks(): LesionCounts[][] {
  const rng = seededRng(2);
  return subjects.map(() => {
    const references = rng.below(4);
    return frocThresholds.map((t) => {
      const detected = Math.round(references * (1 - t) * rng.uniform());
      return { references, detected, predicted: detected + rng.below(4), matched: detected, bins: [] };
    });
  });
}

test("lesions: curve, band and score are those of each list of stacks that a resample holds, built anew", () => {
  const stacks = lesionStacks();
  const points = (units: readonly number[]) =>
    frocThresholds.map((_, t) => {
      const sum = (of: (counts: LesionCounts) => number) => units.reduce((all, i) => all + of(stacks[i]![t]!), 0);
      return {
        wrong: sum((c) => c.predicted - c.matched) / units.length,
        found: sum((c) => c.detected) / sum((c) => c.references),
      };
    });
  const whole = points(subjects.map((_, i) => i));
  const { curve, band, score: metric } = measureFroc({ of: "lesions", subjects, stacks }, plan(), bootstrap);
  expect(curve.map((p) => p.sensitivity)).toEqual(whole.map((p) => p.found).reverse());
  expect(curve.map((p) => p.falsePositives)).toEqual(whole.map((p) => p.wrong).reverse());
  const resampled = drawnUnits(seededRng(1)).map(points);
  const [low, high] = ends(resampled.map(score));
  expect(metric).toMatchObject({ metric: "frocScore", per: "lesion", n: stacks.reduce((n, one) => n + one[0]!.references, 0) });
  expect([metric.estimate!, metric.low!, metric.high!]).toEqual([score(whole), low, high].map((v) => expect.closeTo(v!, 12)));
  for (const t of [0, 5, 10]) {
    expect(band.low[t]!.falsePositives).toBe(whole[t]!.wrong);
    const [from, to] = ends(resampled.map((one) => one[t]!.found));
    expect([band.low[t]!.sensitivity, band.high[t]!.sensitivity]).toEqual([expect.closeTo(from!, 12), expect.closeTo(to!, 12)]);
  }
});

test("boxes: score and band are those of each list of slices that a resample holds, matched anew", () => {
  const rng = seededRng(3);
  const boxAt = (x: number) => ({ left: 20 * x, top: 0, right: 20 * x + 10, bottom: 10 });
  const truth: TrueBox[] = subjects.flatMap((_, image) =>
    Array.from({ length: rng.below(3) }, (_, k) => ({ image, label: 0, box: boxAt(k) })),
  );
  const found: FoundBox[] = subjects.flatMap((_, image) =>
    Array.from({ length: 5 }, (_, k) => ({ image, label: 0, box: boxAt(k), score: rng.below(9) / 10 })),
  );
  const copies = <T extends { image: number }>(boxes: readonly T[], units: readonly number[]) =>
    units.flatMap((unit, image) => boxes.flatMap((one) => (one.image === unit ? [{ ...one, image }] : [])));
  const points = (units: readonly number[]) => {
    const { calls, score: scores, objects } = scoreBoxes(copies(truth, units), copies(found, units), 0.5);
    const all = objects.count.reduce((a, b) => a + b, 0);
    return [...new Set(scores)].map((cut) => {
      const called = [...calls].filter((_, i) => scores[i]! >= cut);
      const right = called.filter((call) => call % 2 === 1).length;
      return { wrong: (called.length - right) / units.length, found: right / all };
    });
  };
  const calls = scoreBoxes(truth, found, 0.5);
  const { curve, band, score: metric } = measureFroc({ of: "boxes", subjects, calls }, plan(), bootstrap);
  const whole = points(subjects.map((_, i) => i));
  expect(curve).toEqual(whole.map((p) => ({ falsePositives: p.wrong, sensitivity: p.found })));
  const resampled = drawnUnits(seededRng(1)).map(points);
  const [low, high] = ends(resampled.map(score));
  expect(metric).toMatchObject({ per: "box", n: truth.length });
  expect([metric.estimate!, metric.low!, metric.high!]).toEqual([score(whole), low, high].map((v) => expect.closeTo(v!, 12)));
  const at = band.low.findIndex(({ falsePositives }) => falsePositives === 1);
  const best = (one: typeof whole) => Math.max(0, ...one.flatMap((p) => (p.wrong <= 1 ? [p.found] : [])));
  expect([band.low[at]!.sensitivity, band.high[at]!.sensitivity]).toEqual(
    ends(resampled.map(best)).map((v) => expect.closeTo(v, 12)),
  );
});

test("without an object there is no curve, no band, and a reason", () => {
  const stacks = lesionStacks().map((one) => one.map((counts) => ({ ...counts, references: 0, detected: 0, matched: 0 })));
  const none = measureFroc({ of: "lesions", subjects, stacks }, plan(), bootstrap);
  expect([none.curve, none.band.low, none.score.estimate, none.score.reason]).toEqual([[], [], null, "no lesion in the truth"]);
  const calls = scoreBoxes([], [], 0.5);
  expect(measureFroc({ of: "boxes", subjects, calls }, plan(), bootstrap).score.reason).toBe("no box in the truth");
});
