import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadExperiment } from "../config/experiment.ts";
import { UserError } from "../core/errors.ts";
import type { TrainOptions } from "../train/options.ts";
import { loadSweep, type SweepPlan } from "./plan.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hemosynth-sweep-"));
});
afterAll(() => rm(folder, { recursive: true }));

const base = "data: {kind: phantom, subjects: 5}\n";

async function plan(sweep: string, before = base): Promise<SweepPlan> {
  const file = join(folder, "x.yaml");
  await writeFile(file, `${before}${sweep}`);
  return await loadSweep(file);
}

/** The lines of the refusal. */
async function mistakes(sweep: string, before = base): Promise<string[]> {
  const error = await plan(sweep, before).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(UserError);
  expect((error as UserError).fault).toBe("usage");
  return (error as UserError).message.replaceAll(`${folder}/`, "").split("\n");
}

test("every config in configs/sweeps is a sweep all of whose points resolve", async () => {
  const sweeps = join(import.meta.dirname, "../../configs/sweeps");
  const files = (await readdir(sweeps)).filter((name) => name.endsWith(".yaml"));
  expect(files.length).toBeGreaterThanOrEqual(2);
  for (const name of files) expect((await loadSweep(join(sweeps, name))).points.length, name).toBeGreaterThan(1);
});

test("sweeps of configs with sizes resolve at each, all points of the same names", async () => {
  const sweeps = join(import.meta.dirname, "../../configs/sweeps");
  for (const name of [
    "cns-resnet34",
    "freehemoseg",
    "freehemoseg-external",
    "hexanet",
    "ich-label-efficient",
    "ich-shares",
    "neo-mil",
  ]) {
    const names = [];
    for (const value of ["smoke", "small", "full"])
      names.push(namesOf(await loadSweep(join(sweeps, `${name}.yaml`), [{ path: "size", value, where: "test" }])));
    expect(names[1], name).toEqual(names[0]);
    expect(names[2], name).toEqual(names[0]);
  }
});

const namesOf = ({ points }: SweepPlan) => points.map(({ name }) => name);

test("settings that are given names are called so, and what follows from the name is left out", async () => {
  const found = await plan(
    "sweep:\n  list: [{name: plain, train.steps: 5}, {name: long, train.steps: 9, train.batchSize: 2}]\n  grid: {train.share: [0.5, 1]}\n  seeds: [3]\n",
  );
  expect([...new Set(found.points.map(({ setting }) => setting))].sort()).toEqual([
    "share=0.5_long",
    "share=0.5_plain",
    "share=1_long",
    "share=1_plain",
  ]);
});

test("a sweep is called what its config is called, whatever its settings are; a name that cannot be is refused at its place", async () => {
  const sweep = "sweep: {list: [{name: plain, train.steps: 5}, {name: long, train.steps: 9}]}\n";
  expect((await plan(sweep, `name: how long\n${base}`)).name).toBe("how long");
  expect((await plan(sweep)).name).toBe("experiment");
  expect(await mistakes(sweep, `name: a/b\n${base}`)).toEqual([
    expect.stringMatching(/^x\.yaml:1:7 name must match .*; got the text "a\/b"$/),
  ]);
});

test("a mistake that every point has is told once, and of no point, however many there are", async () => {
  const values = Array.from({ length: 30 }, (_, i) => i + 1).join(", ");
  expect(await mistakes(`sweep: {grid: {train.steps: [${values}]}}\n`, `${base}train: {batchSize: -1}\n`)).toEqual([
    expect.stringMatching(/^x\.yaml:2:20 train\.batchSize .*; got -1$/),
  ]);
});

test("a single setting keeps its name too, so that its runs are found again when others come or go", async () => {
  const found = await plan("sweep:\n  list: [{name: slow, train.steps: 5}]\n  seeds: [0, 1]\n");
  expect(namesOf(found)).toEqual(["slow_seed=0", "slow_seed=1"]);
  expect(found.factors.map(({ path }) => path)).toEqual(["train.seed"]); // the name is the same in all: it has no effect to show
});

test("every combination, the last to vary first; each point is the experiment that the same options by --set give", async () => {
  const found = await plan(
    "sweep:\n  grid: {train.steps: [5, 7], synth.control.kind: [full, ellipses]}\n  zip: {train.batchSize: [1, 2], train.cropSize: [64, 96]}\n  seeds: [3, 4]\n",
  );
  expect(found.points).toHaveLength(16);
  expect(namesOf(found).slice(0, 4)).toEqual([
    "steps=5_kind=full_batchSize=1_cropSize=64_seed=3",
    "steps=5_kind=full_batchSize=1_cropSize=64_seed=4",
    "steps=5_kind=full_batchSize=2_cropSize=96_seed=3",
    "steps=5_kind=full_batchSize=2_cropSize=96_seed=4",
  ]);
  expect(new Set(found.points.map(({ setting }) => setting)).size).toBe(8);
  await writeFile(join(folder, "plain.yaml"), base);
  for (const { values, experiment } of found.points) {
    const sets = Object.entries(values).map(([path, value]) => ({ path, value: JSON.stringify(value), where: path }));
    expect(experiment).toEqual(await loadExperiment(join(folder, "plain.yaml"), sets));
  }
});

test("a list sets several options at once; points that are one experiment are one", async () => {
  const found = await plan(
    "sweep:\n  list: [{train.steps: 5}, {train.steps: 5, train.batchSize: 8}, {model: {kind: unet, channels: [4, 8]}}]\n",
  );
  expect(found.folded).toBe(1); // batchSize is 8 by default
  expect(namesOf(found)).toEqual(["steps=5", `model=${namesOf(found)[1]!.slice(6)}`]);
  expect(found.points[1]!.experiment.model).toMatchObject({ channels: [4, 8] });
  expect(found.points.map(({ seed }) => seed)).toEqual(["", ""]);
});

test("what is drawn lies in its range, hangs on the seed, and stays when more is drawn; low and high values are as many on a log scale", async () => {
  const draw = (count: number, seed: number, more = "") =>
    plan(
      `sweep: {random: {count: ${count}, seed: ${seed}, draw: {train.optimizer.learningRate: {kind: logUniform, range: [1e-5, 1e-1]}, train.steps: {kind: whole, range: [3, 5]}${more}}}}\n`,
    );
  const rates = ({ points }: SweepPlan) => points.map(({ experiment: { train } }) => train.optimizer.learningRate);
  const many = rates(await draw(400, 1));
  expect(many.length).toBeGreaterThan(390); // with four digits some come twice, and are one
  expect(Math.min(...many)).toBeGreaterThanOrEqual(1e-5);
  expect(Math.max(...many)).toBeLessThanOrEqual(1e-1);
  expect(Math.abs(many.filter((rate) => rate < 1e-3).length - many.length / 2)).toBeLessThan(40); // 4 standard deviations
  expect(rates(await draw(20, 1))).toEqual(many.slice(0, 20));
  expect(rates(await draw(20, 1, ", train.batchSize: {kind: choice, of: [1, 2]}"))).toEqual(many.slice(0, 20));
  expect(rates(await draw(20, 2))).not.toEqual(many.slice(0, 20));
  const steps = new Set((await draw(60, 1)).points.map(({ experiment }) => experiment.train.steps));
  expect([...steps].sort()).toEqual([3, 4, 5]);
});

test("what is wrong is told with file, line and column, all at once, before anything is made", async () => {
  expect(await mistakes("sweep:\n  grid:\n    train.stepz: [1, 2]\n    train.batchSize: [4, none]\n")).toEqual([
    'x.yaml:4:19 unknown key "stepz" in train; did you mean "steps"?',
    'x.yaml:5:26 train.batchSize must be a whole number; got the text "none" (in stepz=1_batchSize=none)',
  ]);
  expect(await mistakes("sweep:\n  grid: {train.cropSize: [64, 65]}\n")).toEqual([
    "x.yaml:3:31 train.cropSize must be a multiple of 16, since model.channels has 5 levels; got 65 (in cropSize=65)",
  ]);
  expect(await mistakes("sweep: {grid: {train.steps: []}}\n")).toEqual([
    "x.yaml:2:29 sweep.grid.train.steps must have at least 1 items; got []",
  ]);
  expect(await mistakes("sweep: {grid: {}}\n")).toEqual(["x.yaml:2:15 sweep.grid must name at least one option; got none"]);
  expect(await mistakes("sweep: {zip: {train.steps: [1, 2], train.batchSize: [1]}}\n")).toEqual([
    "x.yaml:2:14 sweep.zip must have as many values of one option as of another, since they go together; got a section with train.steps, train.batchSize",
  ]);
  expect(await mistakes("sweep: {}\n")).toEqual([
    "x.yaml:2:1 sweep must vary something: grid, zip, list, random or seeds; got none of them",
  ]);
  expect(await mistakes("")).toEqual(["x.yaml:1:1 sweep is required: what varies; without it, use hemosynth run"]);
  expect(await mistakes("sweep: {grid: {train.steps: [1]}, zip: {train: [{steps: 2}]}}\n")).toEqual([
    "x.yaml:2:49 train and train.steps are varied, one within the other, twice; first at x.yaml:2:30",
  ]);
  expect(await mistakes("sweep: {grid: {train.seed: [1]}, seeds: [1]}\n")).toEqual([
    "x.yaml:2:42 train.seed is varied twice; first at x.yaml:2:29",
  ]);
  expect(await mistakes("sweep: {gird: {}}\n")).toEqual(['x.yaml:2:9 unknown key "gird" in sweep; did you mean "grid"?']);
  expect(await mistakes("sweep: {random: {count: 2, draw: {train.steps: {kind: whole, range: [3, 2]}}}}\n")).toEqual([
    "x.yaml:2:69 sweep.random.draw.train.steps.range must be [low, high], low first; got [3, 2]",
  ]);
  expect(await mistakes("sweep: {seeds: [1], baseline: kind=ful}\n")).toEqual([
    'x.yaml:2:31 sweep.baseline must be a setting of the sweep; got "kind=ful"; settings: base',
  ]);
});

test("a thousand million points are refused in one line and at once", async () => {
  const ten = (path: string) => `${path}: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]`;
  const paths = ["steps", "batchSize", "patience", "a", "b", "c", "d", "e", "f"].map((name) => `train.${name}`);
  const started = performance.now();
  expect(await mistakes(`sweep: {grid: {${paths.map(ten).join(", ")}}}\n`)).toEqual([
    "x.yaml:2:1 sweep has 1000000000 points; at most 10000: vary less, or draw some by sweep.random",
  ]);
  expect(performance.now() - started).toBeLessThan(1000);
});

test("a thousand points are planned well within two seconds", async () => {
  const steps = Array.from({ length: 1000 }, (_, i) => i + 1);
  const before = process.cpuUsage(); // not the clock, which other tests hold up
  const { points } = await plan(`sweep: {grid: {train.steps: [${steps}]}}\n`);
  expect(points).toHaveLength(1000);
  expect(process.cpuUsage(before).user / 1e6).toBeLessThan(2);
});

test("names are folders anywhere, however odd or long the values, and never the same twice", async () => {
  const texts = ["a/b", "a?b", "a b", "../..", "x".repeat(80), `${"x".repeat(79)}y`].map((text) => JSON.stringify(text));
  const { points } = await plan(
    `sweep: {grid: {data.path: [${texts}], name: ["a b", "a.b"], train.steps: [1, 2], synth.copies: [1, 2], predict.flips: [none, all]}}\n`,
    "data: {kind: folder, path: x, labels: {scheme: feta}}\n",
  );
  expect(points).toHaveLength(96);
  expect(new Set(points.map(({ name }) => name)).size).toBe(96);
  for (const { name } of points) expect(name).toMatch(/^[\w.+=~-]{1,120}$/);
});

test("pretrainings on head CT see HU as the training does, but for views, which must differ; all that is pretrained of the network goes over", async () => {
  const file = join(import.meta.dirname, "../../configs/sweeps/ich-label-efficient.yaml");
  const before = (await loadSweep(file)).points.flatMap(({ experiment: { pretrain, train } }) =>
    pretrain === null ? [] : [{ ...pretrain, later: train }],
  );
  expect(new Set(before.map(({ train }) => train.task)).size).toBe(7);
  for (const { train, only, later } of before) {
    const greys = ({ augment: { gamma, contrast, brightness, biasField, blurShare } }: TrainOptions) => {
      return { gamma, contrast, brightness, biasField, blurShare };
    };
    const isOfViews = ["infoNce", "localInfoNce", "vicReg"].includes(train.task);
    if (isOfViews) expect(greys(train), train.task).not.toEqual(greys(later));
    else expect(greys(train), train.task).toEqual(greys(later));
    expect(only, train.task).toEqual(["down", "bottom", ...(train.task === "restore" ? ["up"] : [])]);
  }
});
