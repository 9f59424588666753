import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type LabelledScore, rankScores } from "./auroc.ts";
import { studentQuantile } from "./beta.ts";
import { delongInterval, placementsOf } from "./delong.ts";
import { clusterVariance, ratioInfluence } from "./influence.ts";
import { clusteredWilson, wilsonInterval } from "./wilson.ts";

/** Variance of a share whose units are each repeated so often, as one cluster. */
function repeated(hits: number, clusters: number, times: number) {
  const units = Array.from({ length: clusters * times }, (_, i) => Math.floor(i / times));
  const influence = ratioInfluence(units.map((c) => (c < hits ? 1 : 0)), units.map(() => 1)); // biome-ignore format: short
  return clusterVariance(influence, units, clusters);
}

test("units that are copies of one another are worth one, but for the cluster that the variance costs", () => {
  for (const times of [1, 2, 5]) {
    const { low, high } = clusteredWilson({ hits: 30 * times, of: 40 * times }, repeated(30, 40, times), 40);
    const [less, more] = [wilsonInterval(30, 40)!, wilsonInterval(27, 36)!];
    expect(low!).toBeLessThanOrEqual(less.low + 1e-12);
    expect(low!).toBeGreaterThan(more.low);
    expect(high!).toBeGreaterThanOrEqual(less.high - 1e-12);
    expect(high!).toBeLessThan(more.high);
  }
});

test("where all are hits, Wilson's interval is of as many as there are clusters; clusters never make it narrower", () => {
  expect(clusteredWilson({ hits: 60, of: 60 }, 0, 20)).toEqual(wilsonInterval(20, 20));
  const spread = clusteredWilson({ hits: 30, of: 60 }, 1e-6, 20); // clusters more alike than chance
  expect(spread.low).toBeCloseTo(wilsonInterval(30, 60)!.low, 14);
  expect(clusteredWilson({ hits: 1, of: 2 }, Number.NaN, 1)).toEqual({ low: null, high: null });
});

test("Student's quantiles equal SciPy's", () => {
  const { student } = JSON.parse(readFileSync("test/fixtures/eval/power.json", "utf8")) as {
    student: [number, number, number][];
  };
  for (const [p, degrees, want] of student)
    expect(Math.abs(studentQuantile(p, degrees) - want)).toBeLessThan(1e-8 * Math.max(1, Math.abs(want)));
  expect(() => studentQuantile(1, 3)).toThrow("p must be in (0, 1)");
});

test("on the logit scale the interval of an AUROC is that of its logit by the delta method, and mirrors with the scores", () => {
  const cases = [0.1, 0.4, 0.35, 0.8, 0.9, 0.7, 0.3, 0.6].map(
    (score, i): LabelledScore => ({ label: i % 2 === 0 ? 0 : 1, score }),
  );
  const placements = placementsOf(rankScores(cases));
  const plain = delongInterval(placements, 0.5); // narrow, so that it is not cut
  const { low, high } = delongInterval(placements, 0.5, undefined, "logit");
  const logit = (p: number) => Math.log(p / (1 - p));
  const half = (plain.high! - plain.low!) / 2 / (placements.auroc * (1 - placements.auroc));
  expect(logit(low!)).toBeCloseTo(logit(placements.auroc) - half, 12);
  expect(logit(high!)).toBeCloseTo(logit(placements.auroc) + half, 12);
  const mirrored = delongInterval(
    placementsOf(rankScores(cases.map(({ label, score }) => ({ label, score: -score })))),
    0.5,
    undefined,
    "logit",
  );
  expect([mirrored.low, mirrored.high]).toEqual([expect.closeTo(1 - high!, 12), expect.closeTo(1 - low!, 12)]);
});
