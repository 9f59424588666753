import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parseExperiment } from "./experiment.ts";
import { experimentToPredict } from "./predicting.ts";
import { experimentYaml } from "./show.ts";

let folder = "";
let warnings: string[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "hemosynth-predicting-"));
  warnings = [];
});
afterEach(() => rm(folder, { recursive: true }));

const trained = parseExperiment(
  "{ data: { kind: phantom }, seed: 3, backend: wasm, predict: { flips: all, scores: { areaMm2: 20 } } }",
  "test",
);
const defaults = parseExperiment("data: { kind: phantom }", "test");

/** Writes the config of that run as edited, and reads what predicting takes from it. */
async function read(edit: (text: string) => string, overrides: Parameters<typeof experimentToPredict>[1] = []) {
  const file = join(folder, "config.yaml");
  await writeFile(file, edit(experimentYaml(trained, folder)));
  return await experimentToPredict(file, overrides, (line) => warnings.push(line.replace(folder, "RUN")));
}

test("what predicting depends on is the run's own, and --set goes over it", async () => {
  expect(await read((text) => text)).toEqual({ ...defaults, seed: 3, backend: "wasm", predict: trained.predict });
  const set = { path: "predict.gate", value: "none", where: "--set predict.gate" };
  expect((await read((text) => text, [set])).predict).toEqual({ ...trained.predict, gate: "none" });
  expect(warnings).toEqual([]);
});

test("an option that another version calls otherwise does not matter where predicting does not depend on it", async () => {
  const read1 = await read((text) => text.replace(/\bsteps:/, "iterations:").replace("synth:", "synthesis:"));
  expect(read1.predict).toEqual(trained.predict);
  expect(warnings).toEqual([]);
});

test("options of predict that cannot be read give way to the defaults, with a warning that says which", async () => {
  expect(await read((text) => text.replace(/\bflips:/, "mirrors:"))).toEqual(defaults);
  expect(await read(() => "predict: [")).toEqual(defaults);
  expect(warnings).toEqual([
    expect.stringMatching(
      /^RUN\/config\.yaml unknown key "mirrors" in predict; .*; predict uses the default options, and what --set says\.$/,
    ),
    expect.stringMatching(/^RUN\/config\.yaml:1:\d+ not valid YAML.*; predict uses the default options, and what --set says\.$/),
  ]);
});

test("without a config the defaults serve; a mistake on the command line is an error", async () => {
  expect(await experimentToPredict(null, [], (line) => warnings.push(line))).toEqual(defaults);
  expect(warnings).toEqual([]);
  const set = { path: "predict.gaet", value: "none", where: "--set predict.gaet" };
  await expect(read((text) => text, [set])).rejects.toThrow(
    '--set predict.gaet unknown key "gaet" in predict; did you mean "gate"?',
  );
});
