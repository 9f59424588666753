import { expect, test } from "vitest";
import { evalOptions } from "../options.ts";
import { type Metric, type Results, resultsSchema } from "../results.ts";
import { answersOf } from "./checklists/answers.ts";
import { drawPlots } from "./figures.ts";
import { reportPage } from "./page.ts";
import { banner, headline, intervalReading, limits } from "./words.ts";

const metric = (name: Metric["metric"], per: Metric["per"], changes: Partial<Metric> = {}): Metric => ({
  ...{ metric: name, per, subset: "all", estimate: 0.9, low: 0.75, high: 1, level: 0.95, method: "m", n: 8, nPatients: 8 },
  ...{ undefinedResamples: 0, reason: null, wilson: null },
  ...changes,
});

const point = { threshold: 0, rule: "given", validation: null };
const counts = { subjects: 12, examinations: 12, stacks: 12, slices: 120, positiveExaminations: 6, positiveStacks: 6, positiveSlices: 30 }; // biome-ignore format: one line

/** An evaluation of so many subjects, with these figures alone. */
function results(metrics: readonly Metric[], changes: Partial<Results> = {}): Results {
  return resultsSchema.parse({
    ...{ schemaVersion: 1, dataset: "d", split: "test", seed: 0, pseudoLesions: false },
    data: { origin: "given", modality: "T2w" },
    options: evalOptions.parse({}),
    splits: [{ split: "test", ...counts, youngest: 30, oldest: 40 }],
    operatingPoints: { slice: point, stack: point, subject: point },
    mask: { probability: 0.5, rule: "given", validationDice: null },
    metrics,
    notes: [],
    ...changes,
  });
}

const answers = (of: Results) => answersOf({ results: of, task: "masks", version: "0" });

test("fairness and limits name the groups that have figures, and say where there are none", () => {
  const all = metric("auroc", "stack");
  const region = metric("map50", "region", { subset: "ventricle" }); // a region is no group of patients
  const none = results([all, region]);
  expect(answers(none).subgroups).toMatch(
    /^This report has no figure of a group\. Groups by site, sex, age and origin are yours/,
  );
  expect(limits(none).join()).not.toMatch(/number of comparisons/);
  const subsets = (...names: string[]) => results([all, ...names.map((subset) => metric("sensitivity", "stack", { subset }))]);
  expect(answers(subsets("grade I", "grade IV")).subgroups).toMatch(/^Figures by grade, with intervals\./);
  expect(limits(subsets("axial", "coronal")).at(-1)).toMatch(/^Groups by plane were looked at/);
  const figure = { ...{ estimate: 0.5, low: null, high: null, undefinedResamples: 0, reason: null }, n: 1, clusters: 1, chance: null, beside: [] }; // biome-ignore format: one line
  const level = { per: "image", confusion: [], figures: [{ metric: "accuracy", subset: "weeks=16 to 19", ...figure }] };
  const aged = { ...subsets("grade I", "axial"), classes: { names: ["a", "b"], levels: [{ ...level, calibration: [] }] } };
  expect(answers(aged).subgroups).toMatch(
    /^Figures by grade, plane and weeks, with intervals\. Groups by site, sex and origin are/,
  );
});

test("chance is spoken of only where each class has five subjects", () => {
  const said = (fewestOfClass: number) => intervalReading(results([metric("auroc", "stack", { fewestOfClass })]))[1];
  expect(said(5)).toMatch(/all above what guessing reaches \(0\.500\)\.$/);
  expect(said(2)).toMatch(/There are too few subjects of one class \(2; it takes 5\) to tell it from what guessing reaches/);
  const pointed = (nPatients: number) => intervalReading(results([metric("pointing", "slice"), metric("pointingChance", "slice", { estimate: 0.1, nPatients })])); // biome-ignore format: one line
  expect(pointed(5).at(-1)).toMatch(/all above/);
  expect(pointed(4).at(-1)).toMatch(/too few subjects with a lesion \(4; /);
});

test("where heat and attention point is told with how many slices or stacks it is of", () => {
  const [, heat, attention] = intervalReading(
    results([metric("pointing", "slice", { n: 9 }), metric("attention", "stack", { n: 1 })]),
  );
  expect(heat).toMatch(/^Of 9 slices with a lesion, the share whose heat map points at it is 0\.900: /);
  expect(attention).toMatch(
    /^Of 1 stack whose lesion shows in some slice, the share whose most attended slice shows it is 0\.900: /,
  );
});

/** The text of the whole report of these results, tags taken away. */
function page(of: Results, task: "masks" | "slices" = "masks"): string {
  const content = { plots: {}, gallery: [], tables: [], classTables: [], name: undefined, atSize: undefined, config: "" };
  return reportPage({ results: of, task, version: "0", ...content }).replaceAll(/<[^>]*>/g, "|");
}

test("grades are spoken of where there are any, one stack shows and two show, and weeks are of no one age", () => {
  const graded = (grade: boolean) => page(results([metric("sensitivity", "stack", { subset: grade ? "grade II" : "all" })]));
  expect(graded(true)).toMatch(/Dice of each stack with a lesion, by Papile grade of the worse side where it is graded; volumes/);
  expect(graded(false)).toMatch(/Dice of each stack with a lesion; volumes/);
  const split = (positiveStacks: number) => ({ ...results([]).splits[0]!, positiveStacks });
  const said = (n: number) => headline({ results: results([], { splits: [split(n)] }), task: "masks" })[0];
  expect(said(1)).toBe("The test split holds 12 stacks of 12 subjects; 1 of the stacks shows a lesion.");
  expect(said(2)).toMatch(/2 of the stacks show a lesion\.$/);
  expect(answers(results([])).ages).toMatch(
    /^30\.0 to 40\.0 weeks, at the scan: gestational before birth, postmenstrual after\./,
  );
});

test("among all figures an interval of few resamples is remarked on", () => {
  const few = metric("npv", "stack", { undefinedResamples: 1999 });
  expect(page(results([few]))).toContain("|1999||1999 of 2000 resamples undefined|");
  expect(page(results([{ ...few, undefinedResamples: 1000 }]))).not.toContain("resamples undefined|");
});

test("of one class neither the ROC nor the precision-recall curve is drawn, and both say why", () => {
  const none = { curve: [], at: null, band: null };
  const plot = (...labels: (0 | 1)[]) => {
    const tally = { truth: 0, both: new Float64Array(1), predicted: new Float64Array(1) };
    const unit = { subject: "s", session: "", case: "c", level: "stack", slice: null, grade: null, plane: null, tally, voxelMm3: 1 } as const; // biome-ignore format: one line
    const stack = labels.map((label, score) => ({ ...unit, label, score }));
    const tables = { slice: stack, stack, subject: [] };
    const drawn = {
      roc: { slice: none, stack: none, subject: none },
      tables,
      stacks: stack,
      froc: null,
      task: "slices",
    } as const;
    return drawPlots(results([metric("auroc", "stack")]), drawn);
  };
  for (const labels of [[1, 1], [0, 0]] as const) {
    const { "precision-recall-stack": precision, "roc-stack": roc } = plot(...labels);
    for (const svg of [precision, roc]) expect(svg).toMatch(/nothing to draw.*one class only/);
    expect(precision).not.toMatch(/stroke-dasharray|<path/);
  } // biome-ignore format: short
  expect(plot(0, 1)["precision-recall-stack"]).toMatch(/<path.*average precision/);
});

test("a run at size smoke says first of all that its figures say nothing; one at another size does not", () => {
  expect(banner(results([]), "smoke")).toMatch(
    /^Made at size smoke, to see that it runs: the figures say nothing\. A research eval/,
  );
  for (const size of ["small", "full", undefined]) expect(banner(results([]), size)).toMatch(/^A research evaluation/);
});
