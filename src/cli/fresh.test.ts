import { cp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { folder, makeDataset, toySynth, writeToyCase } from "../../test/helpers/toy-dataset.ts";
import { toyHead } from "../../test/helpers/toy-head.ts";
import { type Experiment, parseExperiment } from "../config/experiment.ts";
import { silentContext } from "../core/context.ts";
import { seededRng } from "../core/rng.ts";
import { runSynth } from "../synth/stage.ts";
import { loadData, planData } from "../train/load.ts";
import { startFresh } from "./fresh.ts";

let data = "";
let synth = "";
let experiment: Experiment;

beforeAll(async () => {
  [data, synth] = [await folder(), await folder()];
  const cases = [];
  for (const id of ["a", "b"]) cases.push(await writeToyCase(data, id, toyHead({ zoned: true })));
  await makeDataset(data, cases); // a trains, b validates
  const options = { ...toySynth, copies: 1, healthyShare: 0, planes: ["axial" as const] };
  experiment = { ...parseExperiment("data: { kind: phantom }", "test"), synth: options, seed: 3 };
  await runSynth({ data, out: synth, options, seed: 3 }, silentContext());
});

test("round r is what training reads of synth's copies r: the same slices, of the subjects that train alone, for any number of threads", async () => {
  const more = await folder();
  await runSynth({ data, out: more, options: { ...experiment.synth, copies: 3 }, seed: 3 }, silentContext());
  const plan = await planData(more, experiment.preprocess, experiment.train, seededRng(1));
  const { train } = await loadData(plan, silentContext());
  for (const threads of [0, 2]) {
    const { fresh, stop } = await startFresh({ data, synth }, experiment, threads);
    const [two, one] = await Promise.all([fresh.round(2), fresh.round(1)]);
    await stop();
    expect(two.scenes).toEqual([{ source: "a_T2w", copy: 2, grade: 3, stacks: ["a_syn-2_acq-axial_T2w"] }]);
    for (const [copy, { slices }] of [
      [1, one],
      [2, two],
    ] as const) {
      // biome-ignore format: a table
      const expected = train.filter(({ caseId }) => caseId === `a_syn-${copy}_acq-axial_T2w`);
      expect(expected.length).toBeGreaterThan(5);
      expect(slices).toEqual(expected);
    }
  }
});

test("a damaged case is a line", async () => {
  const broken = await folder();
  await cp(data, broken, { recursive: true });
  await writeFile(join(broken, "a.nii.gz"), "nothing");
  const { fresh, stop } = await startFresh({ data: broken, synth }, experiment, 1);
  const error = await fresh.round(1).then(() => null, (e) => e); // biome-ignore format: one line
  await stop();
  expect([error.fault, error.message]).toEqual(["data", expect.stringMatching(/^[^\n]*a\.nii\.gz: [^\n]*gzip[^\n]*$/)]);
});
