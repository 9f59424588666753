import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { writeFakeRun } from "../../test/helpers/fake-run.ts";
import { silentContext } from "../core/context.ts";
import { type Dataset, writeDataset } from "../data/dataset.ts";
import { readVolume, writeNifti } from "../data/nifti.ts";
import { evalOptions } from "./options.ts";
import { withInterval } from "./report/format.ts";
import { resultsSchema } from "./results.ts";
import { formatScores, type ScoreRow } from "./scores.ts";
import { runEval } from "./stage.ts";

const fresh = () => mkdtemp(join(tmpdir(), "hemosynth-eval-"));
const fast = { bootstrap: { resamples: 100 } };
let root: string;
let run: Awaited<ReturnType<typeof writeFakeRun>>;

beforeAll(async () => {
  root = await fresh();
  run = await writeFakeRun(root, { seed: 1, subjects: 4, effect: 5 });
});

const evaluate = async (changes: object = {}, from: { data?: string; predictions?: string } = {}) => {
  const out = await fresh();
  const folders = {
    data: run.data,
    predictions: run.predictions,
    out: join(out, "eval"),
    report: join(out, "report.html"),
    ...from,
  };
  const result = await runEval({ ...folders, options: evalOptions.parse({ ...fast, ...changes }), seed: 7 }, silentContext());
  return {
    ...folders,
    result,
    results: resultsSchema.parse(JSON.parse(await readFile(join(folders.out, "results.json"), "utf8"))),
  };
};

test("figures equal those counted from the scores and volumes written", async () => {
  const { results, out } = await evaluate();
  const figure = (metric: string, per: string) =>
    results.metrics.find((m) => m.metric === metric && m.per === per && m.subset === "all")!;
  const ill = (row: ScoreRow) => row.case.includes("copy01");
  const stacks = run.rows.filter((row) => row.level === "stack" && row.split === "test");
  const wins = stacks.filter(ill).flatMap((p) => stacks.filter((n) => !ill(n)).map((n) => Number(p.score > n.score)));
  expect(figure("auroc", "stack").estimate).toBeCloseTo(wins.reduce((a, b) => a + b, 0) / wins.length, 12);
  expect([figure("auroc", "slice").n, figure("auroc", "stack").n, figure("auroc", "subject").n]).toEqual([216, 24, 8]);
  const dice = await Promise.all(
    stacks.filter(ill).map(async (row) => {
      const truth = (await readVolume(join(run.data, `${row.case}_lesion.nii.gz`))).data;
      const predicted = (await readVolume(join(run.predictions, `${row.case}_lesionprob.nii.gz`))).data.map((p) =>
        p >= results.mask.probability! ? 1 : 0,
      );
      const sum = (f: (i: number) => number) => truth.reduce((total, _, i) => total + f(i), 0);
      return (2 * sum((i) => truth[i]! * predicted[i]!)) / (sum((i) => truth[i]!) + sum((i) => predicted[i]!));
    }),
  );
  expect(figure("dice", "stack").estimate).toBeCloseTo(dice.reduce((a, b) => a + b, 0) / dice.length, 9);
  expect(results.splits.map((s) => [s.split, s.subjects, s.examinations, s.positiveStacks])).toEqual([
    ["test", 4, 8, 12],
    ["val", 4, 8, 12],
  ]);
  expect(results.pseudoLesions).toBe(true);
  const froc = figure("frocScore", "lesion");
  expect(await readFile(join(out, "plots", "froc.svg"), "utf8")).toContain(`>score ${withInterval(froc)}<`); // not cut short
  expect(froc.estimate).toBeGreaterThan(0);
  expect(froc.nPatients).toBe(4);
  expect(froc.low === null).toBe(froc.reason !== null);
});

test("the report says the level of an interval as it was asked for", async () => {
  const { report } = await evaluate({ bootstrap: { ...fast.bootstrap, level: 0.975 } });
  const levels = new Set([...(await readFile(report, "utf8")).matchAll(/Wilson ([\d.]+ %)/g)].map(([, level]) => level));
  expect([...levels]).toEqual(["97.5 %"]);
});

test("twice the same, byte for byte, and whatever the order of the dataset's cases", async () => {
  const [a, b] = [await evaluate(), await evaluate()];
  for (const name of [
    "results.json",
    "units.csv",
    "plots/roc-stack.svg",
    "plots/stack-scores.svg",
    "plots/stack-dice.svg",
    "../report.html",
  ]) {
    expect(await readFile(join(a.out, name))).toEqual(await readFile(join(b.out, name)));
  }
  const turned: Dataset = { ...run.dataset, cases: [...run.dataset.cases].reverse() };
  await writeDataset(run.data, turned);
  const c = await evaluate();
  await writeDataset(run.data, run.dataset);
  const rounded = (metrics: unknown) => JSON.stringify(metrics, (_, v) => (typeof v === "number" ? Number(v.toPrecision(9)) : v));
  expect(rounded(c.results.metrics)).toBe(rounded(a.results.metrics));
});

test("the validation split as the evaluated one is said to be optimistic; fixed thresholds need no validation", async () => {
  const { results } = await evaluate({ split: "val" });
  expect(results.notes.join()).toMatch(/optimistic/);
  const fixed = { threshold: { rule: "fixed", stack: 0 }, mask: { rule: "fixed" } };
  const only = await evaluate(fixed);
  expect(only.results.splits.map((s) => s.split)).toEqual(["test"]);
  expect(only.results.metrics.find((m) => m.metric === "sensitivity" && m.per === "slice")!.reason).toMatch(/no threshold/);
});

/** Evaluates predictions with other score rows. */
async function withRows(rows: readonly ScoreRow[]): Promise<unknown> {
  const good = await readFile(join(run.predictions, "scores.csv"));
  try {
    await writeFile(join(run.predictions, "scores.csv"), formatScores(rows));
    return await evaluate();
  } finally {
    await writeFile(join(run.predictions, "scores.csv"), good);
  }
}
const first = () => run.rows.findIndex((row) => row.split === "test" && row.level === "stack");
const changed = (change: Partial<ScoreRow>) => run.rows.map((row, i) => (i === first() ? { ...row, ...change } : row));

test("scores that are missing, twice, of another dataset, split or subject are refused", async () => {
  const stack = run.rows[first()]!;
  const without = (test: (row: ScoreRow) => boolean) => run.rows.filter((row) => !test(row));
  const cases: [readonly ScoreRow[], RegExp][] = [
    [
      without((row) => row === stack),
      /must have a score for every unit of the dataset; got none for stack sub-test0_copy01_axial/,
    ],
    [without((row) => row.case === stack.case && row.slice === 8), /none for slice sub-test0_copy01_axial 8/],
    [without((row) => row.level === "subject" && row.subject === "sub-test1"), /none for subject sub-test1 copy01/],
    [[...run.rows, stack], /may come once/],
    [[...run.rows, { ...stack, case: "other" }], /units of the dataset only; got stack other/],
    [[...run.rows, { ...stack, level: "slice", slice: 300 }], /has at most 40 slices; got slice 300/],
    [changed({ split: "val" }), /the split of subject sub-test0 must be the one of splits\.json; got val/],
    [changed({ subject: "sub-test1" }), /must be of subject sub-test0; got sub-test1/],
  ];
  for (const [rows, message] of cases) await expect(withRows(rows)).rejects.toThrow(message);
});

test("probability volumes that are missing, on another grid, or no probabilities are refused, and nothing looks whole", async () => {
  const file = join(run.predictions, "sub-test0_copy01_axial_lesionprob.nii.gz");
  const good = await readVolume(file);
  const out = await fresh();
  const breakIt = async (volume: typeof good | null) => {
    if (volume === null) await rm(file);
    else await writeNifti(file, volume);
    const request = { data: run.data, predictions: run.predictions, out, report: join(out, "report.html") };
    return runEval({ ...request, options: evalOptions.parse(fast), seed: 1 }, silentContext());
  };
  const half = { ...good, shape: [20, 40, 9] as const, data: good.data.subarray(0, good.data.length / 2) };
  const moved = { ...good, affine: good.affine.map((v, i) => (i === 3 ? v + 2 : v)) as unknown as typeof good.affine };
  await expect(breakIt(null)).rejects.toThrow(/axial_lesionprob\.nii\.gz: could not read/);
  await expect(breakIt(half)).rejects.toThrow(/share one grid of 40 x 40 x 9; got 20 x 40 x 9/);
  await expect(breakIt(moved)).rejects.toThrow(/share one grid of 40 x 40 x 9; got a corner 1\.3 voxels away/);
  await expect(breakIt({ ...good, data: good.data.map((p) => p + 0.5) })).rejects.toThrow(/probabilities must be in \[0, 1\]/);
  expect(await readdir(out)).toEqual([]);
  await writeNifti(file, good);
});

test("a mask that is not the one that the dataset was made with is refused", async () => {
  const { lesionMask } = run.dataset.cases.at(-1)!;
  const file = join(run.data, lesionMask!.path);
  const good = await readFile(file);
  const mask = await readVolume(file);
  await writeNifti(file, { ...mask, data: mask.data.map((v) => 1 - v) });
  const out = await fresh();
  const request = { data: run.data, predictions: run.predictions, out, report: join(out, "report.html") };
  await expect(runEval({ ...request, options: evalOptions.parse(fast), seed: 1 }, silentContext())).rejects.toThrow(
    `${file}: must be the file that the dataset was made with; got another content. Restore it, or make the dataset again.`,
  );
  await writeFile(file, good);
});

test("a scan that is in the validation split as well is refused: thresholds would be chosen on what is tested", async () => {
  const { cases } = run.dataset;
  const { image } = cases.find(({ subject }) => subject === "sub-val0")!;
  const copied = cases.map((c) => (c.id === "sub-test0_copy01_axial" ? { ...c, image } : c));
  await writeDataset(run.data, { ...run.dataset, cases: copied });
  try {
    await expect(evaluate()).rejects.toThrow("no scan may be in two splits; got sub-val0_copy01_axial (val) and sub-test0_copy01_axial (test), which are the same file"); // biome-ignore format: one line
  } finally {
    await writeDataset(run.data, run.dataset);
  }
});

test("cases without truth are refused, counted healthy, or left out, as asked", async () => {
  const of = (c: (typeof run.dataset.cases)[number]) =>
    c.subject === "sub-test0" && c.session === "copy02" ? { ...c, lesionMask: null, grade: null } : c;
  await writeDataset(run.data, { ...run.dataset, cases: run.dataset.cases.map(of) });
  await expect(evaluate()).rejects.toThrow(/sub-test0_copy02_axial: a case needs a lesion mask, or grade 0.*eval\.unlabelled/);
  const stacks = async (unlabelled: string) => (await evaluate({ unlabelled })).results.splits[0]!.stacks;
  expect([await stacks("healthy"), await stacks("skip")]).toEqual([24, 21]);
  await writeDataset(run.data, run.dataset);
});

test("of ultrasound no plane is told but the one that a case says: in tables, in captions, and no figures by plane", async () => {
  const cases = run.dataset.cases.map((c) => ({
    ...c,
    grade: null,
    ...(c.id.endsWith("coronal") ? {} : { plane: "transventricular" }),
  }));
  await writeDataset(run.data, { ...run.dataset, modality: "US", cases });
  const scores = await readFile(join(run.predictions, "scores.csv"));
  await writeFile(join(run.predictions, "scores.csv"), formatScores(run.rows.map((row) => ({ ...row, lesionMm3: null })))); // as a classifier's
  const { out, report, results } = await evaluate({ unlabelled: "healthy" });
  await writeFile(join(run.predictions, "scores.csv"), scores);
  await writeDataset(run.data, run.dataset);
  const [head, ...rows] = (await readFile(join(out, "units.csv"), "utf8"))
    .trimEnd()
    .split("\n")
    .map((line) => line.split(","));
  const planes = rows.flatMap((cells) => (cells[0] === "stack" ? [cells[head!.indexOf("plane")]] : []));
  expect([...new Set(planes)].sort()).toEqual(["", "transventricular"]);
  expect([...new Set(results.metrics.map(({ subset }) => subset))]).toEqual(["all"]);
  const page = await readFile(report, "utf8");
  const captions = [...page.matchAll(/alt="[^"]*?_(axial|coronal|sagittal) · ([^·]*) · /g)].map(([, view, next]) => [view, next]);
  expect(captions.length).toBeGreaterThan(0);
  for (const [view, next] of captions) expect(next).toMatch(view === "coronal" ? /weeks$/ : /^transventricular$/);
  expect(page).not.toMatch(/not graded/);
  expect(page).not.toMatch(
    /All voxels at once|Dice on|rim of 1 mm|no brain was found|hang as a radiologist|number of comparisons|Masks: /,
  ); // what it cannot have
  expect(await readFile((await evaluate()).report, "utf8")).toMatch(/Dice on.*All voxels at once.*rim of 1 mm.*no brain was found.*hang as a radiologist.*number of comparisons.*Masks: /s); // biome-ignore format: one line
});

test("the report of a run at size smoke says so above all figures", async () => {
  const { report, ...folders } = await evaluate();
  const request = { ...folders, report, options: evalOptions.parse(fast), seed: 7, atSize: "smoke" };
  await runEval(request, silentContext());
  expect(await readFile(report, "utf8")).toMatch(/<p class="banner">Made at size smoke, .*<h2>Summary/s);
});

test("a report of hostile names is inert, loads nothing and runs nothing", async () => {
  const other = await fresh();
  const prefix = `=cmd()"><script>alert(1)</script><img src=x onerror=alert(1)>&amp;`;
  const hostile = await writeFakeRun(other, { seed: 2, subjects: 2, effect: 3, prefix });
  await writeDataset(hostile.data, { ...hostile.dataset, name: `</title><script>alert("name")</script>` });
  const out = await fresh();
  const request = {
    ...{ data: hostile.data, predictions: hostile.predictions, out, report: join(out, "r.html") },
    seed: 1,
    name: "bleed-net",
  };
  await runEval({ ...request, options: evalOptions.parse(fast), config: "</pre><script src=//evil></script>" }, silentContext());
  const page = await readFile(join(out, "r.html"), "utf8");
  expect(page).not.toMatch(/<script|<iframe|<object|<embed|<link|<base|javascript:|@import|url\(/i);
  const tags = page.match(/<[^>]*>/g)!;
  expect(tags.filter((tag) => /\son\w+\s*=/i.test(tag))).toEqual([]);
  expect(
    tags.filter((tag) => /\s(src|href|action|data)\s*=/i.test(tag) && !/^<img src="data:image\/png;base64,/.test(tag)),
  ).toEqual([]);
  expect(page.replaceAll("http://www.w3.org/2000/svg", "")).not.toMatch(/https?:/);
  expect(page).toContain(`content="default-src 'none'; img-src data:; style-src 'unsafe-inline'`);
  expect(page).toContain("&lt;/title&gt;&lt;script&gt;alert(&quot;name&quot;)&lt;/script&gt;");
  expect(page).toContain("<h1>bleed-net: &lt;/title&gt;");
  const units = await readFile(join(out, "units.csv"), "utf8");
  expect(units).not.toMatch(/(^|,)"?[=@+]/m);
});

test("a split without cases is refused, and which one is said", async () => {
  await expect(evaluate({ split: "train" })).rejects.toThrow(
    "split train must hold a case that can be evaluated; got none. Choose another eval.split.",
  );
});
