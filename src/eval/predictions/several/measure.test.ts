import { expect, test } from "vitest";
import { seededRng } from "../../../core/rng.ts";
import { aurocScore } from "../../metrics/auroc.ts";
import { quantileSorted } from "../../metrics/bootstrap.ts";
import { metricsOptions } from "../options.ts";
import { asClassPredictions } from "../read/classes.ts";
import { readTable } from "../read/table.ts";
import { measureClasses } from "./measure.ts";

const kinds = ["anencephaly", "encephalocele", "normal"];

/** Two images of each of 30 patients, a probability for each class. */
function table(seed: number, skill = 1.5, names = kinds.map((kind) => `prob_${kind}`)): string {
  const rng = seededRng(seed);
  const rows = Array.from({ length: 30 }, (_, p) => {
    const truth = p % 3;
    return [0, 1].map((i) => {
      const odds = kinds.map((_, c) => Math.exp(rng.normal() + (c === truth ? skill : 0)));
      const sum = odds.reduce((a, b) => a + b, 0);
      return [`p${p}i${i}`, `p${p}`, p % 2 === 0 ? "x" : "y", kinds[truth], ...odds.map((o) => (o / sum).toFixed(4))].join(",");
    });
  });
  return [`id,patient,site,label,${names.join(",")}`, ...rows.flat(), ""].join("\n");
}

const read = (text: string, columns: object = {}, file = "p.csv") => {
  const options = metricsOptions.parse({ columns }).columns;
  return asClassPredictions(readTable(text, file, options), options);
};
const measure = (text: string, others: readonly string[] = [], columns: object = {}, options: object = {}) =>
  measureClasses(
    read(text, columns)!,
    others.map((other, i) => ({ predictions: read(other, {}, `o${i}.csv`)!, sha256: "" })),
    metricsOptions.parse({ resamples: 200, permutations: 200, ...options }),
    seededRng(3),
  );
const of = <T extends { metric: string }>(rows: readonly T[], metric: string) => rows.find((one) => one.metric === metric)!;

test("score columns are found by the classes of the truth, or named", () => {
  const found = read(table(1))!;
  expect(found.classes).toEqual(kinds);
  expect(found.columns.scores.map(({ column }) => column)).toEqual(kinds.map((kind) => `prob_${kind}`));
  expect(found.columns.guessed).toContain("score");
  const named = table(1, 1.5, ["c0", "c1", "c2"]);
  const scoreColumns = ["normal=c2", "anencephaly=c0", "encephalocele=c1"];
  expect(read(named, { scoreColumns })!.rows).toEqual(found.rows);
  expect(read(named)).toBeNull(); // then the truth must have two values, and says so
  expect(read(table(1), { score: "prob_normal", positive: "normal" })).toBeNull();
});

test.each([
  ["a class without a column", { scoreColumns: ["prob_normal", "prob_anencephaly"] }, /^p\.csv: class encephalocele must have one score column; got none\. Write it --score-columns encephalocele=COLUMN/],
  ["two columns of one class", { scoreColumns: ["prob_normal", "normal=site", "prob_anencephaly", "prob_encephalocele"] }, /class normal must have one score column; got prob_normal, site/],
  ["a column that is not there", { scoreColumns: ["p0"] }, /must have a column p0/],
])("refuses %s", (_, columns, message) => {
  expect(() => read(table(1), columns)).toThrow(message);
}); // biome-ignore format: a table

test("refuses a score that is none, with file and row", () => {
  const broken = table(1).replace(/(p3i1,.*),[\d.]+$/m, "$1,nan");
  expect(() => read(broken)).toThrow(/^p\.csv, row \d+, prob_normal: must be a finite number; got nan\./);
});

test("rows of one class alone are refused", () => {
  const alone = table(1).replaceAll(/^.*,(anencephaly|encephalocele),.*\n/gm, "");
  expect(() => read(alone)).toThrow("p.csv: label must hold several classes; got normal alone. Nothing can be told apart.");
});

test("scores that are all tied have the areas of chance and no interval; one patient has none either", () => {
  const tied = measure(table(1).replaceAll(/(,0\.\d+){3}$/gm, ",0.2,0.3,0.5")).figures;
  for (const metric of ["roc_auc_macro", "average_precision_macro"]) {
    const { estimate, chance, low, reason } = of(tied, metric);
    expect([estimate, low, reason]).toEqual([chance, null, "the same value in every resample"]);
  }
  for (const { metric, low, reason } of measure(table(1).replaceAll(/,p\d+,/g, ",p,")).figures) {
    expect(low, metric).toBeNull();
    expect(reason, metric).toBe("resampling needs at least 2 patients; there is 1");
  }
});

test("intervals agree with the slow way: draw patients in loops and score the table that results", () => {
  const text = table(2);
  const { rows } = read(text)!;
  const rng = seededRng(3).fork("evaluated");
  const patients = [...new Set(rows.map(({ cluster }) => cluster))].sort();
  const tables = Array.from({ length: 200 }, () =>
    patients.flatMap(() => {
      const patient = patients[rng.below(patients.length)]!;
      return rows.filter(({ cluster }) => cluster === patient);
    }),
  );
  const macro = (some: typeof rows) =>
    kinds.reduce(
      (sum, _, c) => sum + aurocScore(some.map(({ truth, scores }) => ({ label: truth === c ? 1 : 0, score: scores[c]! }))) / 3,
      0,
    );
  const accuracy = (some: typeof rows) =>
    some.filter(({ truth, scores }) => scores.indexOf(Math.max(...scores)) === truth).length / some.length;
  const { figures } = measure(text);
  for (const [metric, slow] of [
    ["roc_auc_macro", macro],
    ["accuracy", accuracy],
  ] as const) {
    // biome-ignore format: short
    const sorted = Float64Array.from(tables, slow)
      .filter((v) => !Number.isNaN(v))
      .sort();
    expect(of(figures, metric).estimate).toBeCloseTo(slow(rows), 12);
    expect(of(figures, metric).low).toBeCloseTo(quantileSorted(sorted, 0.025), 12);
    expect(of(figures, metric).high).toBeCloseTo(quantileSorted(sorted, 0.975), 12);
  }
});

test("the confusion matrix has a row for each truth, and shares come of it", () => {
  const { figures, confusion } = measure(table(3));
  expect(confusion.flat().reduce((a, b) => a + b, 0)).toBe(60);
  expect(of(figures, "recall:normal").estimate).toBeCloseTo(confusion[2]![2]! / 20, 14);
  expect(of(figures, "recall:normal")).toMatchObject({ n: 20, clusters: 10 });
  expect(of(figures, "roc_auc:normal").beside.map(({ method }) => method)).toEqual(["Obuchowski", "Obuchowski, logit", "DeLong"]);
  expect(of(figures, "accuracy").beside.map(({ method }) => method)).toEqual([
    "Wilson, clustered",
    "Wilson",
    "Clopper-Pearson",
    "Jeffreys",
  ]);
});

test("a class without rows leaves undefined what is of all classes, with a reason; a subgroup too", () => {
  const { figures } = measure(table(4).replaceAll(/^.*,normal,.*\n/gm, ""), [], {
    scoreColumns: kinds.map((kind) => `prob_${kind}`),
  });
  expect(of(figures, "roc_auc_macro")).toMatchObject({ estimate: null, reason: "a class without rows, or all rows of one" });
  expect(of(figures, "accuracy").estimate).not.toBeNull();
});

test("beside itself a model differs in nothing; a better one is better", () => {
  const text = table(5, 2.5);
  const { figures, comparisons, interactions } = measure(text, [text, table(6, 0)], { subgroup: "site" }, { margin: 0.1 });
  expect(comparisons[0]!.differences.every(({ estimate, pPermutation }) => estimate === 0 && pPermutation === 1)).toBe(true);
  expect(comparisons[0]!.figures).toEqual(figures.filter(({ subset }) => subset === "all"));
  const better = of(comparisons[1]!.differences, "roc_auc_macro");
  expect(better.low).toBeGreaterThan(0);
  expect(better).toMatchObject({ nonInferior: true });
  expect(better.pPermutation).toBeLessThan(0.02);
  expect(of(interactions, "accuracy")).toMatchObject({ subgroups: 2, degrees: 1 });
  expect(() => measure(text, [table(6).replaceAll("normal", "healthy")])).toThrow("o0.csv: classes must be as in p.csv");
});

test("scores that are no probabilities have no Brier score, and are not exchanged", () => {
  const logits = table(7, 1.5, kinds.map((kind) => `logit_${kind}`)).replace(/,0\.\d+$/m, ",3"); // biome-ignore format: short
  const { figures, comparisons } = measure(logits, [logits]);
  expect(of(figures, "brier_score_loss").reason).toMatch(/^the scores are no probabilities: .* in row \d+$/);
  expect(comparisons[0]!.permutations).toBeNull();
});
