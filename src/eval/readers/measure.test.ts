import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { seededRng } from "../../core/rng.ts";
import { drawPlan, quantileSorted } from "../metrics/bootstrap.ts";
import { measureReaders } from "./measure.ts";
import { readerOptions } from "./options.ts";
import type { ReaderFigure, ReaderFigureName } from "./results.ts";
import { parseStudy } from "./rows.ts";

function measure(text: string, options: object = {}) {
  const parsed = readerOptions.parse({ resamples: 200, ...options });
  return measureReaders(parseStudy(text, "r.csv", parsed), parsed, seededRng(3));
}
const figureOf = (text: string, name: ReaderFigureName, options: object = {}): ReaderFigure =>
  measure(text, options).figures.find(({ metric }) => metric === name)!;
const analysis = ({ analyses }: ReaderFigure, name: ReaderFigure["analyses"][0]["name"]) => analyses.find((one) => one.name === name)!; // biome-ignore format: one line

/** Readings of simulated readers: three of them, two arms, 12 patients with three cases each. */
function simulated(seed: number): string {
  const rng = seededRng(seed);
  const rows = Array.from({ length: 36 }, (_, k) => {
    const label = k % 3 === 0 ? 1 : k % 7 === 0 ? 1 : 0;
    const common = rng.normal() + label;
    return ["without", "with"].flatMap((arm, i) =>
      ["a", "b", "c"].map((reader) => {
        const rating = common + 0.5 * i * label + 0.6 * rng.normal();
        const call = rating > 0.5 ? 1 : 0;
        const seconds = Math.exp(3 - 0.2 * i + 0.3 * common + 0.2 * rng.normal());
        return `${reader},k${k},p${k % 12},${arm},${label},${rating.toFixed(2)},${call},${seconds.toFixed(1)},${(3 + common + 0.3 * i + 0.5 * rng.normal()).toFixed(1)}`;
      }),
    );
  });
  return ["reader,case,patient,arm,truth,rating,call,time,confidence", ...rows.flat(), ""].join("\n");
}
const arms = { arms: ["without", "with"] };

test("agrees with the slow way: for each resample build the list of its patients' cases, and score that", () => {
  const options = readerOptions.parse(arms);
  const study = parseStudy(simulated(1), "r.csv", options);
  const plan = drawPlan(seededRng(3).fork("cases"), study.cases.map(({ cluster }) => cluster), 200); // biome-ignore format: one line
  const resampled = Array.from({ length: 200 }, (_, r) => {
    const counts = plan.counts.subarray(r * 12, r * 12 + 12);
    return plan.patients.flatMap((patient, p) =>
      Array.from({ length: counts[p]! }, () => study.cases.flatMap(({ cluster }, i) => (cluster === patient ? [i] : []))).flat(),
    );
  });
  const called = (cell: number, some: readonly number[]) => {
    const positives = some.filter((i) => study.cases[i]!.label === 1);
    return positives.filter((i) => study.cells[cell]!.call![i] === 1).length / positives.length;
  };
  const logTime = (cell: number, some: readonly number[]) =>
    some.reduce((sum, i) => sum + study.cells[cell]!.logTime![i]!, 0) / some.length;
  const everyone = study.cases.map((_, i) => i);
  for (const [name, of, back] of [
    ["recall", called, (v: number) => v],
    ["time_seconds", logTime, Math.exp],
  ] as const) {
    const { differences, readers } = figureOf(simulated(1), name, arms);
    const slow = (some: readonly number[]) => of(4, some) - of(1, some); // reader b, with and without
    const sorted = Float64Array.from(resampled, slow).sort();
    const got = differences.find(({ reader }) => reader === "b")!;
    expect(got.estimate).toBeCloseTo(back(slow(everyone)), 12);
    expect(got.low).toBeCloseTo(back(quantileSorted(sorted, 0.025)), 12);
    expect(got.high).toBeCloseTo(back(quantileSorted(sorted, 0.975)), 12);
    expect(readers.find(({ reader, arm }) => reader === "b" && arm === "without")!.estimate).toBeCloseTo(back(of(1, everyone)), 12); // biome-ignore format: one line
  }
});

test("the order of the rows changes no digit", () => {
  const [head, ...rows] = simulated(2).trim().split("\n");
  for (const interval of ["percentile", "bca"])
    expect(measure([head, ...rows.reverse(), ""].join("\n"), { ...arms, interval })).toEqual(measure(simulated(2), { ...arms, interval })); // biome-ignore format: one line
});

test("another reference turns differences round and times over", () => {
  const turned = { arms: ["with", "without"] };
  for (const name of ["roc_auc", "time_seconds"] as const) {
    const [a, b] = [figureOf(simulated(3), name, arms), figureOf(simulated(3), name, turned)].map(
      (figure) => analysis(figure, "randomReadersRandomCases").differences[0]!,
    );
    const back = (value: number | null) => (name === "roc_auc" ? -value! : 1 / value!);
    expect([b!.arm, b!.minus]).toEqual(["without", "with"]);
    expect(b!.estimate).toBeCloseTo(back(a!.estimate), 12);
    expect([b!.low, b!.high].map((v) => v!.toFixed(9))).toEqual([a!.high, a!.low].map((v) => back(v).toFixed(9)));
    expect(b!.p).toBeCloseTo(a!.p!, 12);
  }
});

test("of calls and means, DeLong's components are the jackknife where cases are independent, and bootstrap covariances are near", () => {
  const alone = simulated(4).replace("patient", "ward");
  const errors = (covariance: string, resamples: number) =>
    measure(alone, { ...arms, covariance, resamples })
      .figures.slice(1)
      .map((figure) => analysis(figure, "fixedReadersRandomCases").differences[0]!.se!);
  const [jackknife, delong, bootstrap] = [errors("jackknife", 100), errors("delong", 100), errors("bootstrap", 4000)];
  expect(jackknife).toHaveLength(4);
  for (const [i, se] of jackknife!.entries()) {
    expect(delong![i]).toBeCloseTo(se, 12);
    expect(Math.abs(bootstrap![i]! / se - 1)).toBeLessThan(0.1);
  }
});

test("the cases of one patient are alike: with patients left out as a whole, the standard error of a mean is another", () => {
  const figure = (text: string) => analysis(figureOf(text, "confidence", arms), "fixedReadersRandomCases").arms[0]!;
  const clustered = simulated(5).replaceAll(
    /,(p\d+),(.*),([\d.]+)$/gm,
    (_, p, middle) => `,${p},${middle},${Number(p.slice(1)) % 5}`,
  );
  const [by, without] = [figure(clustered), figure(clustered.replace("patient", "ward"))];
  expect(by.estimate).toBe(without.estimate);
  expect(by.se! / without.se!).toBeGreaterThan(1.5); // three equal cases each: the square root of 3
  expect(figureOf(clustered, "confidence", arms)).toMatchObject({ n: 36, clusters: 12 });
});

test("one reader: its figures and differences, and of readers in general a reason", () => {
  const single = simulated(6).split("\n").filter((row) => !/^[bc],/.test(row)).join("\n"); // biome-ignore format: one line
  const { figures, notes } = measure(single, arms);
  for (const figure of figures) {
    expect(figure.differences).toHaveLength(1);
    expect(figure.differences[0]!.low).not.toBeNull();
    expect(figure.dbm).toBeNull();
    expect(figure.components).toMatchObject({ reader: null, armReader: null });
    expect(analysis(figure, "randomReadersRandomCases").differences[0]).toMatchObject({ low: null, reason: "one reader does not tell how readers differ" }); // biome-ignore format: one line
    const ofCases = analysis(figure, "fixedReadersRandomCases").differences[0]!;
    expect(ofCases.se).toBeCloseTo(figure.differences[0]!.analytic.se!, 14);
  }
  expect(notes).toContain("One reader says nothing of readers in general.");
});

test("one positive case: no analysis of variance by whichever covariances, and the reason is said", () => {
  const rows = simulated(8)
    .split("\n")
    .map((row) => row.replace(/,(without|with),1,/, row.includes(",k0,") ? ",$1,1," : ",$1,0,"));
  for (const covariance of ["jackknife", "delong", "bootstrap"]) {
    const { figures } = measure(rows.join("\n"), { ...arms, covariance });
    const auroc = figures[0]!;
    expect(auroc.readers[0]!.estimate).not.toBeNull();
    expect(auroc.readers[0]!.undefinedResamples).toBeGreaterThan(20); // those without the patient
    expect(figures[1]).toMatchObject({ metric: "recall", n: 1, clusters: 1, dbm: null });
    expect(figures[1]!.readers[0]!.reason).toContain("there is 1");
    expect(auroc.dbm).toBeNull();
    for (const one of [auroc, figures[1]!])
      for (const name of ["fixedReadersRandomCases", "randomReadersRandomCases"] as const)
        expect(analysis(one, name).test).toMatchObject({
          p: null,
          reason: expect.stringContaining("too few clusters"),
        });
  }
});

test("one patient with all cases: nothing is said of cases in general, by whichever covariances", () => {
  const rows = simulated(9).replaceAll(/,p\d+,/g, ",p,");
  for (const covariance of ["jackknife", "delong", "bootstrap"]) {
    const figure = figureOf(rows, "roc_auc", { ...arms, covariance });
    expect(figure.meanDifferences[0]).toMatchObject({ low: null, reason: expect.stringContaining("there is 1") });
    for (const name of ["fixedReadersRandomCases", "randomReadersRandomCases"] as const) {
      const { test: ofArms, differences, arms: means } = analysis(figure, name);
      expect(ofArms.p).toBeNull();
      for (const { low } of [...differences, ...means]) expect(low).toBeNull();
      for (const { reason } of [ofArms, ...differences, ...means]) expect(reason).toContain("too few clusters");
    }
  }
});

test("ratings that are all tied: AUROC one half, no interval and no p value, with the reason", () => {
  const figure = figureOf(simulated(10).replaceAll(/,([01]),-?[\d.]+,/g, ",$1,3,"), "roc_auc", arms);
  for (const one of figure.readers) expect(one).toMatchObject({ estimate: 0.5, low: null, reason: "the same value in every resample" }); // biome-ignore format: short
  for (const { test: ofArms, differences } of figure.analyses)
    for (const one of [ofArms, ...differences]) expect(one).toMatchObject({ p: null, reason: "the variance is 0" });
});

test("one arm: figures and means, no difference", () => {
  const alone = simulated(7).split("\n").filter((row) => !row.includes(",with,")).join("\n"); // biome-ignore format: one line
  const figure = figureOf(alone, "roc_auc");
  expect(figure).toMatchObject({ differences: [], meanDifferences: [], dbm: null });
  expect(analysis(figure, "randomReadersRandomCases")).toMatchObject({
    test: { p: null, reason: "one arm only" },
    differences: [],
  });
  expect(analysis(figure, "randomReadersRandomCases").arms[0]!.low).not.toBeNull();
});

/** Made by scripts/fixtures/readers.py with SciPy and statsmodels. */
interface Reference {
  times: { seconds: number[][]; difference: number; se: number; components: Record<string, number>; paired: number[] };
}
const { times } = JSON.parse(readFileSync("test/fixtures/eval/readers.json", "utf8")) as Reference;

test("of times, readers and cases in general are statsmodels' mixed model of the logarithms, each reader SciPy's paired t", () => {
  const rows = times.seconds.flatMap((own, cell) =>
    own.map((seconds, k) => `r${cell % 4},k${k},${cell < 4 ? "without" : "with"},${k % 2},${seconds}`),
  );
  const figure = figureOf(["reader,case,arm,truth,time", ...rows].join("\n"), "time_seconds", arms);
  const general = analysis(figure, "randomReadersRandomCases").differences[0]!;
  expect(Math.log(general.estimate!)).toBeCloseTo(times.difference, 6);
  expect(Math.abs(general.se! / times.se - 1)).toBeLessThan(1e-3);
  for (const [name, variance] of Object.entries(times.components))
    expect(Math.abs(figure.dbm!.components[name as "case"] - variance)).toBeLessThan(0.002);
  figure.differences.forEach(({ analytic }, j) => {
    expect(analytic.statistic).toBeCloseTo(times.paired[j]!, 9);
  });
});

const vanDyke = "../shared/data/stats/mrmc_VanDyke.csv";
const printed = "../shared/data/stats/expected_published_values.json";
const present = existsSync(vanDyke) && existsSync(printed);
if (!present) console.info(`skipped: the Van Dyke data are not at ${vanDyke}`);

/** Van Dyke's data with the second treatment as the reference, so that differences are 1 - 2 as they are printed. */
const published = (name: ReaderFigureName, options: object = {}) =>
  figureOf(readFileSync(vanDyke, "utf8"), name, { arms: ["2", "1"], ...options });
const digits = (values: readonly (number | null)[], places: readonly number[]) => values.map((v, i) => v!.toFixed(places[i]));

test.skipIf(!present)(
  "AUROCs, variance components and all three analyses of the Van Dyke data are those that the Iowa program prints",
  () => {
    const figure = published("roc_auc");
    const aurocs = (arm: string) => figure.readers.filter((one) => one.arm === arm).map(({ estimate }) => estimate!.toFixed(8));
    expect(aurocs("1")).toEqual(["0.91964573", "0.85877617", "0.90386473", "0.97310789", "0.82979066"]);
    expect(aurocs("2")).toEqual(["0.94782609", "0.90531401", "0.92173913", "0.99935588", "0.92995169"]);
    const { reader, armReader, cov1, cov2, cov3, variance } = figure.components;
    expect(digits([reader, armReader, cov1, cov2, cov3, variance], Array(6).fill(8))).toEqual(
    ["0.00153500", "0.00020040", "0.00034661", "0.00034407", "0.00023903", "0.00080229"]); // biome-ignore format: one line
    const { components } = figure.dbm!;
    expect(digits(Object.values(components), Array(6).fill(8)).sort()).toEqual(
    ["0.00153500", "0.02724923", "0.00020040", "0.01197530", "0.01226473", "0.03997160"].sort()); // biome-ignore format: one line
    const lines = (["randomReadersRandomCases", "fixedReadersRandomCases", "randomReadersFixedCases"] as const).map((name) => {
      const { test: all, differences: [one] } = analysis(figure, name); // biome-ignore format: short
      const { estimate, se, df, statistic, p, low, high } = one!;
      return [all.statistic!.toFixed(name === "fixedReadersRandomCases" ? 5 : 2), all.p!.toFixed(4), df?.toFixed(2), ...digits([estimate, se, statistic, p, low, high], [5, 5, 2, 4, 5, 5])]; // biome-ignore format: one line
    });
    expect(lines).toEqual([
      ["4.46", "0.0517", "15.26", "-0.04380", "0.02075", "-2.11", "0.0517", "-0.08796", "0.00036"],
      ["5.47595", "0.0193", undefined, "-0.04380", "0.01872", "-2.34", "0.0193", "-0.08049", "-0.00711"],
      ["8.70", "0.0420", "4.00", "-0.04380", "0.01485", "-2.95", "0.0420", "-0.08502", "-0.00258"],
    ]);
  },
);

test.skipIf(!present)("means of each treatment and each reader's difference are those that the Iowa program prints", () => {
  const figure = published("roc_auc");
  const means = figure.analyses.map(({ arms: [second, first] }) =>
    [first!, second!].map(({ se, df, low, high }) => [...digits([se, low, high], [8, 8, 8]), df?.toFixed(2)]),
  );
  expect(means).toEqual([
    [["0.03317360", "0.82522360", "0.96885048", "12.74"], ["0.02156637", "0.89413783", "0.98753689", "12.71"]],
    [["0.02428971", "0.84943008", "0.94464399", undefined], ["0.01677632", "0.90795637", "0.97371835", undefined]],
    [["0.02482994", "0.82809808", "0.96597599", "4.00"], ["0.01615303", "0.89598936", "0.98568536", "4.00"]],
  ]); // biome-ignore format: a table
  const own = figure.differences.map(({ estimate, analytic: { se, statistic, p, low, high } }) => digits([estimate, se, statistic, p, low, high], [5, 5, 2, 4, 5, 5])); // biome-ignore format: one line
  expect(own).toEqual([
    ["-0.02818", "0.02551", "-1.10", "0.2693", "-0.07818", "0.02182"],
    ["-0.04654", "0.02630", "-1.77", "0.0768", "-0.09809", "0.00501"],
    ["-0.01787", "0.03121", "-0.57", "0.5668", "-0.07904", "0.04330"],
    ["-0.02625", "0.01729", "-1.52", "0.1290", "-0.06014", "0.00764"],
    ["-0.10016", "0.04406", "-2.27", "0.0230", "-0.18651", "-0.01381"],
  ]);
});

interface Published {
  VanDyke: Record<"OR_random_reader_random_case_delong", { se: number; df: number; ci: [number, number] }>;
}

test.skipIf(!present)(
  "with DeLong's covariances, and of sensitivity at a rating of 3, they are those that MRMCaov prints",
  () => {
    const want = (JSON.parse(readFileSync(printed, "utf8")) as Published).VanDyke.OR_random_reader_random_case_delong;
    const delong = analysis(published("roc_auc", { covariance: "delong" }), "randomReadersRandomCases").differences[0]!;
    expect([delong.se, delong.df, delong.low].map((v) => Number(v!.toPrecision(7)))).toEqual([
      want.se,
      want.df,
      Number(want.ci[0].toPrecision(7)),
    ]);
    expect(delong.high).toBeCloseTo(want.ci[1], 9);
    const parts = published("roc_auc", { covariance: "delong" }).components;
    expect(digits([parts.reader, parts.armReader, parts.variance, parts.cov1, parts.cov2, parts.cov3], Array(6).fill(10))).toEqual(
    ["0.0015364254", "0.0002045840", "0.0007921325", "0.0003420090", "0.0003395265", "0.0002358497"]); // biome-ignore format: one line
    for (const covariance of ["jackknife", "delong"]) {
      const figure = published("recall", { covariance, threshold: 3 });
      const { components: c } = figure;
      expect(digits([c.reader, c.armReader, c.variance, c.cov1, c.cov2, c.cov3], Array(6).fill(10))).toEqual(
      ["0.0049747475", "0.0007828283", "0.0023681257", "0.0009943883", "0.0010145903", "0.0006604938"]); // biome-ignore format: one line
      const { test: all, differences: [one], arms: [second, first] } = analysis(figure, "randomReadersRandomCases"); // biome-ignore format: short
      expect(digits([all.statistic, all.df2, all.p], [6, 5, 8])).toEqual(["6.689493", "15.71732", "0.02008822"]);
      expect(digits([one!.estimate, one!.se, one!.low, one!.high, one!.statistic], [8, 8, 7, 7, 6])).toEqual(
      ["-0.09777778", "0.03780451", "-0.1780371", "-0.0175185", "-2.586405"]); // biome-ignore format: one line
      expect(digits([first!.se, first!.df, first!.low, first!.high], [8, 6, 7, 7])).toEqual([
        "0.05893747",
        "14.456811",
        "0.6961876",
        "0.9482568",
      ]);
      expect(digits([second!.se, second!.df, second!.low], [8, 6, 7])).toEqual(["0.03741657", "7.575855", "0.8328691"]); // they cut the other end to 1
      expect(figure).toMatchObject({ n: 45 });
    }
  },
);
