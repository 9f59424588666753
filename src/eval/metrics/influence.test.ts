import { expect, test } from "vitest";
import { seededRng } from "../../core/rng.ts";
import { type LabelledScore, rankScores } from "./auroc.ts";
import { aurocCovariance, delongTest, placementsOf } from "./delong.ts";
import { aurocInfluence, clusterVariance, differenceInfluence, meanInfluence, ratioInfluence } from "./influence.ts";

/** Units of 9 clusters, most with both classes, with ties; weights are the same within a cluster, some 0. */
function tableOf(seed: number) {
  const rng = seededRng(seed);
  const times = Array.from({ length: 9 }, () => rng.below(4));
  times[0] = times[1] = 1;
  return Array.from({ length: 60 }, (_, i) => {
    const cluster = rng.below(9);
    const label = (i < 4 ? i % 2 : rng.below(2)) as 0 | 1;
    return {
      cluster: i < 4 ? i >> 1 : cluster,
      label,
      a: rng.below(12) + 3 * label,
      b: rng.below(12),
      weight: times[i < 4 ? i >> 1 : cluster]!,
    };
  });
}
type Table = ReturnType<typeof tableOf>;
const ranked = (table: Table, score: "a" | "b" = "a") =>
  rankScores(table.map((unit): LabelledScore => ({ label: unit.label, score: unit[score] })));
const column = (table: Table, name: "cluster" | "weight") => table.map((unit) => unit[name]);
/** Each cluster as often as its weight says, every copy a cluster of its own. */
const repeated = (table: Table): Table =>
  [0, 1, 2].flatMap((copy) =>
    table.filter(({ weight }) => weight > copy).map((unit) => ({ ...unit, cluster: copy * 9 + unit.cluster })),
  );
const seeds = Array.from({ length: 50 }, (_, i) => i);

test("of the AUROC it gives Obuchowski's variance, DeLong's without clusters, and that of the paired difference", () => {
  for (const table of seeds.map(tableOf)) {
    const [a, b] = [ranked(table), ranked(table, "b")];
    const [clusters, alone] = [column(table, "cluster"), table.map((_, i) => i)];
    const placements = placementsOf(a);
    expect(clusterVariance(aurocInfluence(a), clusters, 9)).toBeCloseTo(aurocCovariance(placements, placements, clusters), 12);
    expect(clusterVariance(aurocInfluence(a), alone, 60)).toBeCloseTo(aurocCovariance(placements, placements), 12);
    const { difference, z } = delongTest(placements, placementsOf(b), 0.95, clusters);
    const variance = clusterVariance(differenceInfluence(aurocInfluence(a), aurocInfluence(b)), clusters, 9);
    expect(difference / Math.sqrt(variance)).toBeCloseTo(z!, 10);
  }
});

test("a weighted cluster is so many clusters alike", () => {
  for (const table of seeds.map(tableOf)) {
    const weights = column(table, "weight");
    const copies = repeated(table);
    const placements = placementsOf(ranked(copies));
    const fast = clusterVariance(aurocInfluence(ranked(table), weights), column(table, "cluster"), 9, weights);
    expect(fast).toBeCloseTo(aurocCovariance(placements, placements, column(copies, "cluster")), 12);
  }
});

test("of a share it is Rao and Scott's, of independent units p (1 - p) / (n - 1)", () => {
  for (const table of seeds.map(tableOf)) {
    const hits = table.map(({ label, a }) => (label === 1 && a > 9 ? 1 : 0));
    const counted = table.map(({ label }) => label);
    const n = counted.filter((c) => c === 1).length;
    const p = hits.filter((h) => h === 1).length / n;
    const influence = ratioInfluence(hits, counted);
    expect(clusterVariance(influence, table.map((_, i) => i), 60)).toBeCloseTo((p * (1 - p)) / (n - 1), 14); // biome-ignore format: short
    let [sum, clusters] = [0, 0];
    for (let c = 0; c < 9; c++) {
      const own = table.flatMap(({ cluster, label }, i) => (cluster === c && label === 1 ? [i] : []));
      if (own.length === 0) continue;
      clusters++;
      sum += (own.filter((i) => hits[i] === 1).length - p * own.length) ** 2;
    }
    const slow = (clusters / (clusters - 1)) * (sum / n ** 2);
    expect(clusterVariance(influence, column(table, "cluster"), 9)).toBeCloseTo(slow, 14);
  }
});

test("the mean of sensitivity and specificity has the variance of the AUROC of the calls", () => {
  for (const table of seeds.map(tableOf)) {
    const called = table.map(({ a }) => (a > 8 ? 1 : 0));
    const of = (label: 0 | 1) =>
      ratioInfluence(
        table.map((unit, i) => (unit.label === label && called[i] === label ? 1 : 0)),
        table.map((unit) => (unit.label === label ? 1 : 0)),
      );
    const calls = rankScores(table.map(({ label }, i): LabelledScore => ({ label, score: called[i]! })));
    const variance = clusterVariance(meanInfluence(of(1), of(0)), column(table, "cluster"), 9);
    expect(variance).toBeCloseTo(clusterVariance(aurocInfluence(calls), column(table, "cluster"), 9), 14);
  }
});

test("is NaN where a part has one cluster, or a class is missing", () => {
  const cases: LabelledScore[] = [{ label: 1, score: 1 }, { label: 1, score: 2 }, { label: 0, score: 1 }, { label: 0, score: 0 }]; // biome-ignore format: short
  expect(clusterVariance(aurocInfluence(rankScores(cases)), [0, 0, 1, 2], 3)).toBeNaN();
  expect(clusterVariance(aurocInfluence(rankScores(cases), [1, 1, 0, 0]), [0, 1, 2, 3], 4, [1, 1, 0, 0])).toBeNaN();
  expect(clusterVariance(ratioInfluence([0, 0], [0, 0]), [0, 1], 2)).toBeNaN();
});
