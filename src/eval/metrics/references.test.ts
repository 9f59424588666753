import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { aurocScore, type LabelledScore, rankScores, weightedAuroc } from "./auroc.ts";
import { quantileSorted } from "./bootstrap.ts";
import { confusionAt, f1Score, negativePredictiveValue, positivePredictiveValue, sensitivity, specificity } from "./confusion.ts";
import { diceScore } from "./dice.ts";
import { normalQuantile } from "./normal.ts";
import { rocCurve } from "./roc.ts";
import { chooseThreshold } from "./threshold.ts";
import { wilsonInterval } from "./wilson.ts";

/** Made by scripts/fixtures/eval_metrics.py with scikit-learn, SciPy and NumPy. */
interface Reference {
  normalQuantile: [number, number][];
  wilson: [number, number, number, number, number][];
  quantile: { sorted: number[]; at: [number, number][] };
  ranked: {
    labels: (0 | 1)[];
    scores: number[];
    weights: number[];
    auroc: number;
    weightedAuroc: number;
    roc: [number[], number[], number[]];
    cut: number;
    sensitivity: number;
    specificity: number;
    ppv: number;
    npv: number | null;
    f1: number;
    youden: number;
  }[];
  dice: { truth: number[]; predicted: number[]; dice: number }[];
}
const reference = JSON.parse(readFileSync("test/fixtures/eval/metrics.json", "utf8")) as Reference;
const casesOf = (r: { labels: readonly (0 | 1)[]; scores: readonly number[] }): LabelledScore[] =>
  r.labels.map((label, i) => ({ label, score: r.scores[i]! }));

test("AUROC equals scikit-learn's, ties and weights included", () => {
  for (const r of reference.ranked) {
    expect(Math.abs(aurocScore(casesOf(r)) - r.auroc)).toBeLessThan(1e-14);
    expect(Math.abs(weightedAuroc(rankScores(casesOf(r)), r.weights) - r.weightedAuroc)).toBeLessThan(1e-14);
  }
});

test("the ROC curve has scikit-learn's points", () => {
  for (const r of reference.ranked) {
    const curve = rocCurve(rankScores(casesOf(r))).slice(1);
    expect(curve.map((p) => p.threshold + 0)).toEqual(r.roc[2].map((t) => t + 0)); // -0 is 0
    curve.forEach((p, i) => {
      expect(p.falsePositiveRate).toBeCloseTo(r.roc[0][i]!, 14);
      expect(p.sensitivity).toBeCloseTo(r.roc[1][i]!, 14);
    });
  }
});

test("sensitivity, specificity, predictive values and F1 at a threshold equal scikit-learn's", () => {
  for (const r of reference.ranked) {
    const c = confusionAt(rankScores(casesOf(r)), r.cut);
    expect(sensitivity(c)).toBeCloseTo(r.sensitivity, 14);
    expect(specificity(c)).toBeCloseTo(r.specificity, 14);
    expect(positivePredictiveValue(c)).toBeCloseTo(r.ppv, 14);
    expect(f1Score(c)).toBeCloseTo(r.f1, 14);
    if (r.npv === null) expect(negativePredictiveValue(c)).toBeNaN();
    else expect(negativePredictiveValue(c)).toBeCloseTo(r.npv, 14);
  }
});

test("Youden's threshold reaches the best J on scikit-learn's curve", () => {
  for (const r of reference.ranked) {
    const ranked = rankScores(casesOf(r));
    const c = confusionAt(ranked, chooseThreshold(ranked, { rule: "youden" }));
    expect(sensitivity(c) + specificity(c) - 1).toBeCloseTo(r.youden, 12);
  }
});

test("Wilson's interval, the normal quantile, quantiles and Dice equal SciPy's, NumPy's and scikit-learn's", () => {
  for (const [hits, of, level, low, high] of reference.wilson) {
    const interval = wilsonInterval(hits, of, level)!;
    expect(interval.low).toBeCloseTo(low, 12);
    expect(interval.high).toBeCloseTo(high, 12);
  }
  for (const [p, z] of reference.normalQuantile) expect(Math.abs(normalQuantile(p) - z)).toBeLessThan(3e-14 * Math.max(1, -z));
  for (const [p, q] of reference.quantile.at) expect(quantileSorted(reference.quantile.sorted, p)).toBeCloseTo(q, 14);
  for (const d of reference.dice) expect(diceScore(d.truth, d.predicted)).toBeCloseTo(d.dice, 14);
});

test("Wilson's interval of all or none ends at 1 or 0", () => {
  for (let n = 1; n < 300; n++) expect([wilsonInterval(n, n)!.high, wilsonInterval(0, n)!.low]).toEqual([1, 0]);
});

const asah = "../shared/data/stats/aSAH.csv";
const published = "../shared/data/stats/expected_published_values.json";
const present = existsSync(asah) && existsSync(published);
if (!present) console.info(`skipped: the aSAH vector of pROC is not at ${asah}`);

test.skipIf(!present)("AUROC of NDKA in the aSAH data is the published one", () => {
  const [head, ...lines] = readFileSync(asah, "utf8").trim().split("\n");
  const columns = head!.split(",");
  const rows = lines.map((line) => line.split(","));
  const column = (name: string) => columns.indexOf(name);
  const cases = (keep: (row: string[]) => boolean) =>
    rows.filter(keep).map(
      (row): LabelledScore => ({
        label: row[column("outcome")] === "Poor" ? 1 : 0,
        score: Number(row[column("ndka")]),
      }),
    );
  const expected = (JSON.parse(readFileSync(published, "utf8")) as { aSAH: Record<string, number[]> }).aSAH;
  expect(rows.length).toBe(113);
  expect(aurocScore(cases(() => true))).toBeCloseTo(expected.ndka_auc_ci_delong![1]!, 14);
  expect(aurocScore(cases((row) => row[column("gender")] === "Female"))).toBeCloseTo(expected.ndka_auc_ci_delong_female![1]!, 10);
});
