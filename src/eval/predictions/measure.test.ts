import { expect, test } from "vitest";
import { seededRng } from "../../core/rng.ts";
import { aurocScore } from "../metrics/auroc.ts";
import { drawPlan, quantileSorted } from "../metrics/bootstrap.ts";
import { measurePredictions } from "./measure.ts";
import { metricsOptions } from "./options.ts";
import { parsePredictions } from "./read/rows.ts";
import type { Figure } from "./results.ts";

const columns = metricsOptions.parse({}).columns;
const read = (text: string, file = "p.csv", more: object = {}) => parsePredictions(text, file, { ...columns, ...more });
const measure = (
  text: string,
  options: object = {},
  others: string[] = [],
  validation: string | null = null,
  more: object = {},
) =>
  measurePredictions(
    read(text, "p.csv", more),
    validation === null ? null : read(validation, "v.csv"),
    others.map((other, i) => ({ predictions: read(other, `o${i}.csv`), sha256: "" })),
    metricsOptions.parse({ resamples: 200, seed: 3, ...options }),
    seededRng(3),
  );
const figure = (figures: readonly Figure[], metric: Figure["metric"], subset = "all") =>
  figures.find((f) => f.metric === metric && f.subset === subset)!;

/** Images of 12 patients of two sites; those of one patient are alike, and a patient may have both classes. */
function table(seed: number, name = "prob", skill = 1): string {
  const truth = seededRng(99);
  const rng = seededRng(seed);
  const rows = Array.from({ length: 12 }, (_, p) => {
    const centre = truth.normal();
    return Array.from({ length: 5 }, (_, i) => {
      const label = truth.below(2);
      const score = 1 / (1 + Math.exp(-(centre + skill * label + 0.3 * rng.normal())));
      return `p${p}-${i},p${p},${p % 2 === 0 ? "north" : "south"},${label},${score.toFixed(2)}`;
    });
  });
  return [`id,patient,site,label,${name}`, ...rows.flat(), ""].join("\n");
}

test("agrees with the slow way: for each resample build the table of its patients' rows, and score that", () => {
  const text = table(1);
  const { rows } = read(text);
  const plan = drawPlan(seededRng(3).fork("evaluated"), rows.map(({ cluster }) => cluster), 200); // biome-ignore format: short
  const resampled = Array.from({ length: 200 }, (_, r) => {
    const counts = plan.counts.subarray(r * 12, r * 12 + 12);
    return plan.patients.flatMap((patient, p) => Array.from({ length: counts[p]! }, () => rows.filter((row) => row.cluster === patient)).flat()); // biome-ignore format: short
  });
  const sensitivityOf = (some: typeof rows) => {
    const positives = some.filter(({ label }) => label === 1);
    return positives.filter(({ score }) => score >= 0.5).length / positives.length;
  };
  const { figures } = measure(text);
  for (const [metric, slow] of [
    ["roc_auc", aurocScore],
    ["recall", sensitivityOf],
  ] as const) {
    // biome-ignore format: short
    const sorted = Float64Array.from(resampled, slow).sort();
    const got = figure(figures, metric);
    expect(got.estimate).toBeCloseTo(slow(rows), 14);
    expect(got.low).toBeCloseTo(quantileSorted(sorted, 0.025), 12);
    expect(got.high).toBeCloseTo(quantileSorted(sorted, 0.975), 12);
  }
});

test("the order of the rows changes no digit", () => {
  const [head, ...rows] = table(2).trim().split("\n");
  const turned = [head, ...rows.reverse(), ""].join("\n");
  for (const interval of ["percentile", "bca"]) expect(measure(turned, { interval })).toEqual(measure(table(2), { interval }));
});

test("Obuchowski's interval is of clusters, DeLong's of rows; without clusters there is DeLong's alone", () => {
  const [clustered, rows] = [table(3), table(3).replace("patient", "ward")].map((text) =>
    figure(measure(text).figures, "roc_auc"),
  );
  expect(clustered!.beside.map(({ method }) => method)).toEqual(["Obuchowski", "Obuchowski, logit", "DeLong"]);
  expect(rows!.beside.map(({ method }) => method)).toEqual(["DeLong"]);
  expect(rows!.beside[0]).toEqual(clustered!.beside[2]);
  expect([clustered!.clusters, rows!.clusters]).toEqual([12, 60]);
});

test("a subgroup is called at the threshold of all, and is undefined with a reason where it has one class", () => {
  const text = table(4).replace("p0-0,p0,north", "p0-0,p0,east");
  const { figures, threshold } = measure(text, { threshold: { rule: "youden" } }, [], null, { subgroup: "site" });
  const north = read(text).rows.filter(({ id }) => Number(/p(\d+)/.exec(id)![1]) % 2 === 0 && id !== "p0-0");
  const positives = north.filter(({ label }) => label === 1);
  expect(figure(figures, "recall", "site=north").estimate).toBeCloseTo(
    positives.filter((r) => r.score >= threshold.value!).length / positives.length,
    14,
  );
  expect(figure(figures, "roc_auc", "site=north").estimate).toBeCloseTo(aurocScore(north), 14);
  expect(figure(figures, "roc_auc", "site=east")).toMatchObject({ estimate: null, low: null, reason: "one class only", n: 1 });
  expect(threshold).toMatchObject({ chosenOn: "the rows that are evaluated", reached: { rows: 60 } });
});

test("a threshold chosen on validation rows is transferred, and the choice is in the interval", () => {
  const chosen = measure(table(5), { threshold: { rule: "sensitivity", target: 0.9 } }, [], table(6));
  expect(chosen.threshold.chosenOn).toBe("validation");
  expect(chosen.threshold.reached!.recall).toBeGreaterThanOrEqual(0.9);
  const given = measure(table(5), { threshold: { rule: "fixed", value: chosen.threshold.value! } });
  const [a, b] = [figure(chosen.figures, "specificity"), figure(given.figures, "specificity")];
  expect(a.estimate).toBe(b.estimate);
  expect(a.high! - a.low!).toBeGreaterThan(b.high! - b.low!);
  expect(figure(chosen.figures, "roc_auc")).toEqual(figure(given.figures, "roc_auc"));
});

test("scores that are no probabilities: no calls, no Brier score, no calibration, with reasons", () => {
  const { figures, calibration, threshold } = measure(table(7, "logit").replace(/0\.\d\d\n/, "7\n"));
  expect(figure(figures, "roc_auc").estimate).not.toBeNull();
  expect(figure(figures, "brier_score_loss").reason).toBe("the scores are no probabilities: logit is not in [0, 1] in row 2");
  expect(figure(figures, "recall").reason).toContain("no threshold");
  expect([calibration, threshold.value, threshold.confusion]).toEqual([[], null, null]);
});

test("beside itself a table differs in nothing; beside a worse one by the differences of the figures", () => {
  const { comparisons, figures } = measure(table(8), {}, [table(8), table(9, "score", -1), table(10, "score", 0.2)]);
  expect(comparisons[0]!.differences.every(({ estimate }) => estimate === 0)).toBe(true);
  expect(comparisons[0]).toMatchObject({ delong: { p: null, reason: "the variance is 0" }, mcnemar: { p: 1 } });
  const worse = comparisons[1]!;
  expect(worse.differences[0]!.estimate).toBeCloseTo(
    figure(figures, "roc_auc").estimate! - aurocScore(read(table(9, "score", -1)).rows),
    14,
  );
  expect(worse.differences[0]!.low).toBeGreaterThan(0);
  expect(worse.delong).toMatchObject({ method: "Obuchowski" });
  expect(worse.delong.p).toBeLessThan(0.05);
  expect(worse.delong.pHolm).toBe(2 * worse.delong.p!); // the smaller of two
});

test("refuses to compare other rows", () => {
  const text = table(11);
  const changed = (from: string | RegExp, to: string) => () => measure(text, {}, [text.replace(from, to)]);
  expect(changed("p3-2,", "p3-9,")).toThrow("o0.csv: must hold every id of p.csv; got 1 missing, such as p3-2.");
  expect(changed(/$/, "z,p1,north,1,0.5\n")).toThrow("o0.csv: must hold no id beyond those of p.csv; got 1 more, such as z.");
  expect(changed("p3-2,p3", "p3-2,p4")).toThrow(/o0\.csv, row \d+: the cluster of p3-2 must be as in p\.csv; got p4\./);
  expect(changed(/(p3-2,.*),(.),/, "$1,7,")).toThrow("must be 0 or 1");
  expect(changed("id,", "row,")).toThrow(
    "o0.csv: rows are matched by id, so a column must hold one; got none. Name it: --id COLUMN.",
  );
});

test("one cluster has no interval, and the reason is said", () => {
  const { figures } = measure("patient,label,prob\na,1,.6\na,0,.2\na,1,.1\n");
  expect(figure(figures, "roc_auc")).toMatchObject({
    estimate: 0.5,
    low: null,
    reason: "resampling needs at least 2 patients; there is 1",
  });
});

test("resamples of one class are left out and counted; too many clusters are refused", () => {
  const { figures } = measure("patient,label,prob\na,1,.6\nb,0,.2\nc,0,.7\n");
  const auroc = figure(figures, "roc_auc");
  expect(auroc.undefinedResamples).toBeGreaterThan(40); // no resample without a, or of a alone, has both classes
  expect(auroc).toMatchObject({ estimate: 0.5, low: 0, high: 1 });
  const many = ["label,prob", ...Array.from({ length: 3000 }, (_, i) => `${i % 2},.5`)].join("\n");
  expect(() => measure(many, { resamples: 100_000 })).toThrow(
    "p.csv: may have at most 2684 clusters for 100000 resamples; got 3000.",
  );
});

test("scores that are all tied: AUROC one half in every resample, so no interval, with reason and note", () => {
  const text = table(1).replaceAll(/,([01]),[\d.]+$/gm, ",$1,0.5");
  const { figures, notes } = measure(text);
  expect(figure(figures, "roc_auc")).toMatchObject({
    estimate: 0.5,
    low: null,
    high: null,
    reason: "the same value in every resample",
  });
  expect(notes).toContain("All scores are equal: they tell nothing apart.");
});
