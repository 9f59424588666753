import { expect, test } from "vitest";
import { seededRng } from "../../../core/rng.ts";
import { aurocScore } from "../../metrics/auroc.ts";
import { measurePredictions } from "../measure.ts";
import { metricsOptions } from "../options.ts";
import { parsePredictions } from "../read/rows.ts";

/** Two images of each of so many patients, of three sites; a patient's images are alike. */
function table(seed: number, patients: number, skill: number, scale = (p: number) => p, who = 77): string {
  const truth = seededRng(who);
  const rng = seededRng(seed);
  const rows = Array.from({ length: patients }, (_, p) => {
    const label = p % 2;
    const centre = 0.5 * truth.normal();
    return [0, 1].map((i) => {
      const z = centre + skill * label + 0.8 * rng.normal();
      return `p${p}i${i},p${p},${["a", "b", "c"][p % 3]},${label},${scale(1 / (1 + Math.exp(skill / 2 - z))).toFixed(6)}`;
    });
  });
  return ["id,patient,site,label,prob", ...rows.flat(), ""].join("\n");
}

const read = (text: string, file: string, more: object = {}) =>
  parsePredictions(text, file, metricsOptions.parse({ columns: more }).columns);
const measure = (text: string, others: readonly string[], options: object = {}, more: object = {}) =>
  measurePredictions(
    read(text, "p.csv", more),
    null,
    others.map((other, i) => ({ predictions: read(other, `o${i}.csv`), sha256: "" })),
    metricsOptions.parse({ resamples: 200, permutations: 1024, ...options }),
    seededRng(3),
  );
const of = <T extends { metric: string }>(rows: readonly T[], metric: string) => rows.find((one) => one.metric === metric)!;

/** Rank of each score, ties sharing the middle, by counting. */
const ranksOf = (scores: readonly number[]) =>
  scores.map((s) => scores.filter((t) => t < s).length + (scores.filter((t) => t === s).length + 1) / 2);

test("the permutation test of AUROC and sensitivity agrees with the slow way: every exchange of patients, each table built and scored", () => {
  const [mine, theirs] = [table(1, 10, 1.5), table(2, 10, 0.5)];
  const first = read(mine, "p.csv").rows;
  const other = new Map(read(theirs, "o.csv").rows.map((row) => [row.id, row]));
  const scores = [first.map(({ score }) => score), first.map(({ id }) => other.get(id)!.score)];
  const ranks = scores.map(ranksOf);
  const patients = [...new Set(first.map(({ cluster }) => cluster))];
  const recall = (some: readonly number[]) => first.filter((row, i) => row.label === 1 && some[i]! >= 0.5).length;
  const auroc = (some: readonly number[]) => aurocScore(first.map(({ label }, i) => ({ label, score: some[i]! })));
  const reached = { roc_auc: 0, recall: 0 };
  for (let n = 0; n < 1024; n++) {
    const turned = first.map(({ cluster }) => (n >> patients.indexOf(cluster)) & 1);
    const gap = (figure: (some: readonly number[]) => number, tables: readonly (readonly number[])[], turn: readonly number[]) =>
      Math.abs(figure(turn.map((t, i) => tables[t]![i]!)) - figure(turn.map((t, i) => tables[1 - t]![i]!)));
    const none = turned.map(() => 0);
    if (gap(auroc, ranks, turned) >= gap(auroc, ranks, none) - 1e-9) reached.roc_auc++;
    if (gap(recall, scores, turned) >= gap(recall, scores, none)) reached.recall++;
  }
  const [comparison] = measure(mine, [theirs]).comparisons;
  expect(comparison!.permutations).toEqual({ count: 1024, exact: true });
  expect(of(comparison!.differences, "roc_auc").pPermutation).toBeCloseTo(reached.roc_auc / 1024, 12);
  expect(of(comparison!.differences, "recall").pPermutation).toBeCloseTo(reached.recall / 1024, 12);
});

test("of AUROC, average precision and calls it does not matter that a model's scores have another scale", () => {
  const [comparison] = measure(table(3, 40, 1.5), [table(4, 40, 1)]).comparisons;
  const [scaled] = measure(table(3, 40, 1.5), [table(4, 40, 1, (p) => 0.5 + (p - 0.5) * 0.2)]).comparisons;
  for (const metric of ["roc_auc", "average_precision", "recall", "f1"])
    expect(of(scaled!.differences, metric).pPermutation).toBe(of(comparison!.differences, metric).pPermutation);
  expect(of(scaled!.differences, "brier_score_loss").pPermutation).not.toBe(
    of(comparison!.differences, "brier_score_loss").pPermutation,
  );
});

test("a model beside itself has p 1; p values are adjusted over the models, figure by figure", () => {
  const text = table(5, 60, 2);
  const { comparisons } = measure(text, [text, table(6, 60, 0), table(7, 60, 0.3)]);
  expect(of(comparisons[0]!.differences, "roc_auc")).toMatchObject({ estimate: 0, pPermutation: 1, pPermutationHolm: 1 });
  const [small, smaller] = [1, 2].map((m) => of(comparisons[m]!.differences, "roc_auc"));
  expect(small!.pPermutation).toBeLessThan(0.05);
  expect(small!.pPermutationHolm! / small!.pPermutation!).toBeGreaterThanOrEqual(2);
  expect(smaller!.pPermutationHolm).toBeGreaterThan(smaller!.pPermutation!);
});

test("as good as another model within a margin: what the interval leaves out, less being better where it is", () => {
  const [strict, wide] = [0.01, 0.4].map((margin) => measure(table(8, 60, 0.5), [table(9, 60, 2)], { margin }).comparisons[0]!);
  for (const metric of ["roc_auc", "recall", "brier_score_loss"]) {
    const { low, high } = of(strict!.differences, metric);
    const worst = metric === "brier_score_loss" ? high! : -low!;
    expect([of(strict!.differences, metric).nonInferior, of(wide!.differences, metric).nonInferior]).toEqual([
      worst < 0.01,
      worst < 0.4,
    ]);
  }
  expect([strict, wide].map((one) => of(one!.differences, "brier_score_loss").nonInferior)).toEqual([false, true]);
  expect(of(wide!.differences, "positive_likelihood_ratio").nonInferior).toBeNull();
  expect(of(measure(table(8, 60, 1), [table(9, 60, 1.2)]).comparisons[0]!.differences, "roc_auc").nonInferior).toBeNull();
});

test("subgroups that differ are told from those that do not", () => {
  const lines = table(12, 90, 1.5, undefined, 5).trim().split("\n");
  const alike = measure(lines.join("\n"), [], {}, { subgroup: "site" }).interactions;
  const turned = lines.map((line) => (line.includes(",a,") ? line.replace(/[^,]*$/, (p) => (1 - Number(p)).toFixed(6)) : line));
  const apart = measure(turned.join("\n"), [], {}, { subgroup: "site" }).interactions;
  expect(of(alike, "roc_auc")).toMatchObject({ subgroups: 3, degrees: 2, reason: null });
  expect(of(alike, "roc_auc").p).toBeGreaterThan(0.05);
  expect(of(alike, "roc_auc").pPermutation).toBeGreaterThan(0.05);
  expect(of(apart, "roc_auc").p).toBeLessThan(0.001);
  expect(of(apart, "roc_auc").pPermutation).toBeLessThan(0.005);
});

test("where a patient is in several subgroups there is Wald's test alone; of one subgroup there is none", () => {
  const mixed = table(11, 30, 1).replace("p0i0,p0,a", "p0i0,p0,b");
  const rows = measure(mixed, [], {}, { subgroup: "site" }).interactions;
  expect(of(rows, "roc_auc")).toMatchObject({ subgroups: 3, pPermutation: null, reason: null });
  expect(measure(mixed.replaceAll(/,[abc],/g, ",a,"), [], {}, { subgroup: "site" }).interactions).toEqual([]);
  expect(measure(mixed, []).interactions).toEqual([]);
});

test("that a site has more positives is no difference to the permutation: patients change places with those of the same truths", () => {
  // Every positive is called rightly and every other negative, so that the accuracy of a site hangs on its share of positives alone.
  const rows = Array.from({ length: 80 }, (_, p) => {
    const [site, label] = p < 40 ? ["a", p % 5 === 0 ? 0 : 1] : ["b", p % 5 === 0 ? 1 : 0];
    return `p${p},${site},${label},${label === 1 || p % 2 === 0 ? 0.9 : 0.1}`;
  });
  const { interactions } = measure(["patient,site,label,prob", ...rows, ""].join("\n"), [], {}, { subgroup: "site" });
  expect(of(interactions, "accuracy").p).toBeLessThan(0.01);
  expect(of(interactions, "accuracy").pPermutation).toBeGreaterThan(0.2);
});

test("a note says that permutations keep the thresholds which intervals choose anew, where thresholds are chosen", () => {
  const [mine, theirs] = [table(1, 20, 1.5), table(2, 20, 0.5)];
  const keeps = (options: object, others = [theirs]) =>
    measure(mine, others, options).notes.filter((note) => note.includes("permutations keep each model's own"));
  expect(keeps({ threshold: { rule: "youden" } })).toHaveLength(1);
  expect(keeps({ threshold: { rule: "youden" }, permutations: 0 })).toEqual([]);
  expect(keeps({ threshold: { rule: "youden" } }, [])).toEqual([]);
  expect(keeps({ threshold: { rule: "fixed", value: 0.5 } })).toEqual([]);
});

test("a table compared has figures of its own, as it has them when it is measured alone, in the same resamples", () => {
  const [mine, theirs] = [table(1, 20, 1.5), table(2, 20, 0.5)];
  const { figures, comparisons } = measure(mine, [theirs]);
  const rounded = (some: unknown) => JSON.stringify(some, (_, v) => (typeof v === "number" ? Number(v.toPrecision(7)) : v)); // sums are of rows in another order
  expect(rounded(comparisons[0]!.figures)).toBe(rounded(measure(theirs, []).figures));
  expect(of(comparisons[0]!.differences, "roc_auc").estimate).toBeCloseTo(
    of(figures, "roc_auc").estimate! - of(comparisons[0]!.figures, "roc_auc").estimate!,
    12,
  );
});
