import { expect, test } from "vitest";
import { seededRng } from "../../core/rng.ts";
import { aurocScore, type LabelledScore, rankScores } from "../metrics/auroc.ts";
import { quantileSorted } from "../metrics/bootstrap.ts";
import { aurocCovariance, placementsOf } from "../metrics/delong.ts";
import { measurePredictions } from "./measure.ts";
import { metricsOptions } from "./options.ts";
import { parsePredictions } from "./read/rows.ts";

/** Slices of two or three stacks of 20 patients at two sites; a patient may have both classes. */
function table(seed: number): string {
  const rng = seededRng(seed);
  const rows = Array.from({ length: 20 }, (_, p) => {
    const centre = rng.normal();
    return Array.from({ length: 2 + (p % 2) }, (_, s) => {
      const shift = 0.5 * rng.normal();
      return Array.from({ length: 3 }, (_, i) => {
        const label = rng.below(2);
        const score = 1 / (1 + Math.exp(-(centre + shift + label + 0.5 * rng.normal())));
        return `p${p}s${s}i${i},p${p},s${s},${p % 3 === 0 ? "north" : "south"},${label},${score.toFixed(2)}`;
      });
    });
  });
  return ["id,patient,stack,site,label,prob", ...rows.flat(2), ""].join("\n");
}

const read = (text: string, more: object) => parsePredictions(text, "p.csv", metricsOptions.parse({ columns: more }).columns);
const measure = (text: string, more: object, options: object) =>
  measurePredictions(read(text, more), null, [], metricsOptions.parse({ resamples: 200, ...options }), seededRng(3));
const sortedNames = (names: readonly string[]) => [...new Set(names)].sort();

interface Case extends LabelledScore {
  readonly cluster: string;
}

/** The estimate and the percentile ends of slow resamples. */
function expectPercentiles(got: ReturnType<typeof measure>, tables: readonly (readonly Case[])[]): void {
  const recall = (cases: readonly Case[]) => {
    const positives = cases.filter(({ label }) => label === 1);
    return positives.filter(({ score }) => score >= 0.5).length / positives.length;
  };
  for (const [metric, slow] of [
    ["roc_auc", aurocScore],
    ["recall", recall],
  ] as const) {
    // biome-ignore format: short
    const sorted = Float64Array.from(tables, slow).sort();
    const figure = got.figures.find((one) => one.metric === metric)!;
    expect(figure.low).toBeCloseTo(quantileSorted(sorted, 0.025), 12);
    expect(figure.high).toBeCloseTo(quantileSorted(sorted, 0.975), 12);
  }
}

test("clusters in clusters agree with the slow way: draw patients, their stacks, their slices in loops, and score the table that results", () => {
  const text = table(1);
  const cluster = ["patient", "stack", "id"];
  const { rows } = read(text, { cluster });
  const rng = seededRng(3).fork("evaluated");
  const tables = Array.from({ length: 200 }, () => {
    const drawn: Case[] = [];
    const patients = sortedNames(rows.map(({ path }) => path[0]!));
    for (const _ of patients) {
      const patient = patients[rng.below(patients.length)]!;
      const ofPatient = rows.filter(({ path }) => path[0] === patient);
      const stacks = sortedNames(ofPatient.map(({ path }) => path[1]!));
      for (const _ of stacks) {
        const stack = stacks[rng.below(stacks.length)]!;
        const slices = ofPatient.filter(({ path }) => path[1] === stack).sort((a, b) => (a.path[2]! < b.path[2]! ? -1 : 1));
        for (const _ of slices) drawn.push(slices[rng.below(slices.length)]!);
      }
    }
    return drawn;
  });
  const got = measure(text, { cluster }, {});
  expectPercentiles(got, tables);
  expect(got.method).toContain("bootstrap of clusters in clusters (patient > stack > id)");
  expect(got.figures[0]).toMatchObject({ n: rows.length, clusters: 20 });
  const { low, high } = measure(text, { cluster }, { interval: "bca" }).figures[0]!; // leaves out patients, not slices
  expect(low!).toBeLessThan(high!);
});

test("strata keep their numbers of patients; those with both classes are a stratum of their own", () => {
  const text = table(2);
  const { rows } = read(text, { stratify: "truth" });
  const rng = seededRng(3).fork("evaluated");
  const patients = sortedNames(rows.map(({ cluster }) => cluster));
  const kind = (patient: string) => sortedNames(rows.filter((r) => r.cluster === patient).map((r) => String(r.label))).join();
  const tables = Array.from({ length: 200 }, () => {
    const drawn: Case[] = [];
    for (const stratum of [...new Set(patients.map(kind))]) {
      const own = patients.filter((patient) => kind(patient) === stratum);
      for (const _ of own) {
        const patient = own[rng.below(own.length)]!;
        drawn.push(...rows.filter(({ cluster }) => cluster === patient));
      }
    }
    return drawn;
  });
  const got = measure(text, { stratify: "truth" }, {});
  expectPercentiles(got, tables);
  expect(got.method).toContain("whole clusters (patient), stratified by label");
  expect(measure(text, { stratify: "site" }, {}).method).toContain("stratified by site");
  expect(() => measure(text, { cluster: ["id"], stratify: "id" }, {})).toThrow(
    "p.csv: several clusters must share a stratum of id; got 150 clusters, each a stratum of its own. Stratify by another column.",
  );
  expect(() => read(text, { stratify: "grade" })).toThrow("must have a column grade");
});

test("studentized intervals agree with the slow way: Obuchowski's variance of each resampled table, its copies of a patient patients of their own", () => {
  const text = table(3);
  const { rows } = read(text, {});
  const rng = seededRng(3).fork("evaluated");
  const patients = sortedNames(rows.map(({ cluster }) => cluster));
  const variance = (cases: readonly Case[]) => {
    const names = sortedNames(cases.map(({ cluster }) => cluster));
    const placements = placementsOf(rankScores(cases));
    return aurocCovariance(placements, placements, cases.map(({ cluster }) => names.indexOf(cluster))); // biome-ignore format: short
  };
  const estimate = aurocScore(rows);
  const ratios = Float64Array.from({ length: 200 }, () => {
    const drawn = patients.flatMap((_, k) => {
      const patient = patients[rng.below(patients.length)]!;
      return rows.filter(({ cluster }) => cluster === patient).map((row) => ({ ...row, cluster: `copy${k}` }));
    });
    return (aurocScore(drawn) - estimate) / Math.sqrt(variance(drawn));
  }).sort();
  const error = Math.sqrt(variance(rows));
  const { figures } = measure(text, {}, { interval: "studentized", threshold: { rule: "fixed", value: 0.7 } });
  expect(figures[0]!.low).toBeCloseTo(estimate - quantileSorted(ratios, 0.975) * error, 10);
  expect(figures[0]!.high).toBeCloseTo(estimate - quantileSorted(ratios, 0.025) * error, 10);
  const none = figures.filter(({ low }) => low === null).map(({ metric, reason }) => `${metric}: ${reason}`);
  expect(none).toEqual(
    [
      "average_precision",
      "positive_likelihood_ratio",
      "negative_likelihood_ratio",
      "matthews_corrcoef",
      "expected_calibration_error",
    ].map((metric) => `${metric}: studentized: no formula gives its variance`),
  );
});

test("of a share without misses there is no studentized interval", () => {
  const text = ["patient,label,prob", ...Array.from({ length: 30 }, (_, i) => `p${i},${i % 2},${i % 2 === 1 ? 0.9 : i / 40}`)].join("\n"); // biome-ignore format: short
  const { figures } = measure(text, {}, { interval: "studentized" });
  expect(figures.find(({ metric }) => metric === "recall")).toMatchObject({ estimate: 1, low: null, reason: "the same value in every resample" }); // biome-ignore format: short
  expect(figures.find(({ metric }) => metric === "specificity")!.low).not.toBeNull();
});

test("rows of several splits are pointed out, unless one was asked for", () => {
  const text = table(4).replaceAll("north", "test").replaceAll("south", "val").replace("site", "split");
  const note = /several splits are counted together \(test, val\): name one, such as --where split=test/;
  expect(measure(text, {}, {}).notes[0]).toMatch(note);
  expect(measure(text, { where: [{ column: "split", value: "val" }] }, {}).notes.join()).not.toMatch(note);
});

test("scores without a threshold have a studentized interval of AUROC, and of what hangs on calls the reason why not", () => {
  const text = table(5)
    .replace("prob", "logit")
    .replace(/0\.\d\d$/m, "3");
  const { figures } = measure(text, {}, { interval: "studentized" });
  expect(figures[0]!.low).not.toBeNull();
  expect(figures.find(({ metric }) => metric === "balanced_accuracy")!.reason).toContain("no threshold");
});
