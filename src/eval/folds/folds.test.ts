import { mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeFakeRun } from "../../../test/helpers/fake-run.ts";
import { silentContext } from "../../core/context.ts";
import { seededRng } from "../../core/rng.ts";
import { loadPredicted } from "../load.ts";
import { measure, type Part } from "../measure.ts";
import { evalOptions } from "../options.ts";
import { type Fold, type Results, resultsSchema } from "../results.ts";
import { runEval } from "../stage.ts";
import type { Tables } from "../table.ts";
import { foldNotes, spreadOf } from "./spread.ts";
import { type EvaluatedFold, runFoldsEval } from "./stage.ts";

const options = evalOptions.parse({ bootstrap: { resamples: 100 } });
const results = async (folder: string): Promise<Results> =>
  resultsSchema.parse(JSON.parse(await readFile(join(folder, "results.json"), "utf8")));

let root = "";
const folds: EvaluatedFold[] = [];
let own: Results[] = [];
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "hemosynth-folds-"));
  for (const [i, effect] of [2, 4, 3].entries()) {
    const run = await writeFakeRun(join(root, String(i)), { seed: i, subjects: 2 + (i % 2), effect, prefix: `fold${i}-` });
    const fold = { data: run.data, predictions: run.predictions, evaluation: join(root, String(i), "eval") };
    const report = join(root, String(i), "report.html");
    await runEval({ ...fold, out: fold.evaluation, report, options, seed: 3 }, silentContext());
    folds.push(fold);
  }
  own = await Promise.all(folds.map(({ evaluation }) => results(evaluation)));
}, 300_000);
afterAll(() => rm(root, { recursive: true }));

async function evaluateFolds(some = folds) {
  const out = await mkdtemp(join(root, "all-"));
  const report = join(out, "report.html");
  const { headline } = await runFoldsEval({ folds: some, out, report, options, seed: 3 }, silentContext());
  return {
    headline,
    results: await results(out),
    units: await readFile(join(out, "units.csv"), "utf8"),
    report: await readFile(report, "utf8"),
  };
}

test("calls are each fold's own and are counted together; so are voxels", async () => {
  const { results: all, units } = await evaluateFolds();
  const find = (r: Results, metric: string, per: string) =>
    r.metrics.find((m) => m.metric === metric && m.per === per && m.subset === "all")!;
  for (const per of ["slice", "stack", "subject"])
    for (const metric of ["sensitivity", "specificity", "ppv", "npv"]) {
      const sum = (count: "hits" | "of") => own.reduce((total, one) => total + (find(one, metric, per).wilson?.[count] ?? 0), 0);
      const together = find(all, metric, per);
      expect(together.wilson).toMatchObject({ hits: sum("hits"), of: sum("of") });
      expect(together.estimate).toBeCloseTo(sum("hits") / sum("of"), 12);
    }
  for (const per of ["slice", "stack"]) {
    const dices = own.map((one) => find(one, "dice", per));
    const n = dices.reduce((sum, dice) => sum + dice.n, 0);
    expect(find(all, "dice", per).estimate).toBeCloseTo(dices.reduce((sum, dice) => sum + dice.estimate! * dice.n, 0) / n, 9);
    expect(find(all, "dice", per).n).toBe(n);
  }
  expect(find(all, "auroc", "stack").nPatients).toBe(7);
  expect(all.folds!.map(({ operatingPoints, mask }) => ({ operatingPoints, mask }))).toEqual(
    own.map(({ operatingPoints, mask }) => ({ operatingPoints, mask })),
  );
  const [head, ...lines] = units.trimEnd().split("\n");
  expect(head!.endsWith(",fold")).toBe(true);
  expect(lines.every((line) => line.includes(`fold${line.at(-1)}-test`))).toBe(true); // what each tested, nothing that it chose on
});

test("a fold alone is the evaluation of one split, figure for figure", async () => {
  const { results: one } = await evaluateFolds([folds[1]!]);
  expect(one.metrics).toEqual(own[1]!.metrics);
});

test("a network of another scale changes nothing but AUROC and average precision, which take all scores together", async () => {
  const loaded = await Promise.all(folds.map((fold) => loadPredicted(fold, options, silentContext())));
  const shifted = (tables: Tables): Tables => {
    const move = <U extends { readonly score: number }>(units: readonly U[]) =>
      units.map((unit) => ({ ...unit, score: unit.score + 50 }));
    return { slice: move(tables.slice), stack: move(tables.stack), subject: move(tables.subject) };
  };
  const parts: Part[] = loaded.map(({ evaluated, validation }) => ({ evaluated, validation }));
  const other = parts.map((part, i) =>
    i === 1 ? { evaluated: shifted(part.evaluated), validation: shifted(part.validation) } : part,
  );
  const figures = (some: readonly Part[]) => measure(some, loaded[0]!.grid, options, seededRng(3)).metrics;
  const [before, after] = [figures(parts), figures(other)];
  const without = (metrics: typeof before) => metrics.filter(({ metric }) => metric !== "auroc" && metric !== "averagePrecision");
  expect(without(after)).toEqual(without(before));
  const auroc = (metrics: typeof before) => metrics.find(({ metric, per }) => metric === "auroc" && per === "stack")!.estimate!;
  expect(auroc(after)).toBeLessThan(auroc(before));
});

test("the AUROC within folds is the share of right pairs among the pairs of one fold", async () => {
  const loaded = await Promise.all(folds.map((fold) => loadPredicted(fold, options, silentContext())));
  const [won, all] = [[0], [0]];
  for (const { evaluated } of loaded)
    for (const ill of evaluated.slice.filter(({ label }) => label === 1))
      for (const well of evaluated.slice.filter(({ label }) => label === 0)) {
        all[0]! += 1;
        won[0]! += ill.score > well.score ? 1 : ill.score === well.score ? 0.5 : 0;
      }
  const { metrics } = measure(loaded, loaded[0]!.grid, options, seededRng(3));
  const within = metrics.find(({ metric, per, subset }) => metric === "aurocWithin" && per === "slice" && subset === "all")!;
  expect(within.estimate).toBeCloseTo(won[0]! / all[0]!, 12);
  expect(within.low).toBeLessThan(within.estimate!);
});

test("twice the same bytes; the report names folds, spread and what it is not", async () => {
  const [a, b] = [await evaluateFolds(), await evaluateFolds()];
  expect(a).toEqual(b);
  expect(a.report).toContain("3-fold cross-validation");
  expect(a.report).toContain("They are no interval and no error of the mean");
  expect(a.report).not.toContain("Optimistic");
  expect(a.headline).toMatch(/^pseudo-lesion scores: stack AUROC .* on test, 3 folds pooled$/);
});

test("folds that chose on what they tested are called optimistic everywhere", async () => {
  const chosen = evalOptions.parse({ ...options, split: "val" });
  const out = await mkdtemp(join(root, "optimistic-"));
  const report = join(out, "report.html");
  const { headline } = await runFoldsEval({ folds, out, report, options: chosen, seed: 3 }, silentContext());
  expect(headline).toMatch(/^optimistic, pseudo-lesion scores: /);
  expect((await results(out)).notes.join(" ")).toMatch(
    /sensitivity, specificity and Dice are optimistic. .*AUROC is optimistic as well/,
  );
  expect(await readFile(report, "utf8")).toContain("Optimistic: these are not the figures of subjects that were kept apart.");
});

test("a fold that was not evaluated, or not predicted, is named", async () => {
  const wrong = (change: Partial<EvaluatedFold>) => evaluateFolds([folds[0]!, { ...folds[1]!, ...change }]);
  await expect(wrong({ evaluation: join(root, "none") })).rejects.toThrow(/none\/results\.json.*run that fold again/);
  await expect(wrong({ predictions: join(root, "none") })).rejects.toThrow(/none\/scores\.csv/);
  await rename(join(folds[1]!.data, "splits.json"), join(folds[1]!.data, "away.json"));
  await expect(wrong({})).rejects.toThrow(/splits\.json/);
  await rename(join(folds[1]!.data, "away.json"), join(folds[1]!.data, "splits.json"));
});

const fold = (changes: Partial<Fold>, stacks = 4, positiveStacks = 2): Fold => ({
  ...{ fold: 0, subjects: ["a"], operatingPoints: own[0]!.operatingPoints, mask: own[0]!.mask, figures: [] },
  counts: { ...own[0]!.splits[0]!, stacks, positiveStacks },
  ...changes,
});

test("the spread is mean and standard deviation of the folds that have the figure, null where there are too few", () => {
  const of = (...estimates: (number | null)[]) =>
    spreadOf(estimates.map((estimate) => fold({ figures: [{ metric: "dice", per: "slice", estimate }] }))).find(
      ({ metric, per }) => metric === "dice" && per === "slice",
    );
  expect(of(0.2, null, 0.4, 0.9)).toEqual({
    metric: "dice",
    per: "slice",
    folds: 3,
    mean: 0.5,
    sd: expect.closeTo(0.3605551275, 9),
  });
  expect(of(0.2)).toEqual({ metric: "dice", per: "slice", folds: 1, mean: 0.2, sd: null });
  expect(of(null)).toEqual({ metric: "dice", per: "slice", folds: 0, mean: null, sd: null });
});

test("folds without a lesion, without a healthy stack or without a threshold are spoken of", () => {
  const stack = { ...own[0]!.operatingPoints.stack, threshold: null };
  const silent = fold({ fold: 3, operatingPoints: { ...own[0]!.operatingPoints, stack } });
  expect(foldNotes([fold({}), fold({ fold: 1 }, 4, 0), fold({ fold: 2 }, 4, 4), silent])).toEqual([
    "Fold 3 could not choose a stack threshold: 4 stacks count in no sensitivity or specificity.",
    "Fold 1 tested no stack with a lesion: there is no AUROC, sensitivity or Dice of such a fold.",
    "Fold 2 tested stacks with a lesion alone: there is no AUROC or specificity of stacks of such a fold.",
  ]);
});
