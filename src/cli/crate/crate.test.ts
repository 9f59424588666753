import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadExperiment, parseExperiment } from "../../config/experiment.ts";
import { sha256 } from "../../core/hash.ts";
import { keyOf, listOutputs, markWhole, type Parts } from "../record.ts";
import { exportRunCrate, mayShowPatients } from "./export.ts";

let folder = "";
let run = "";
const listed = "name: mine\nsplit: { train: [DOE_JANE], val: [DOE_JIM, DOE_JOE], test: [] }\n";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "hemosynth-crate-"));
  run = join(folder, "run");
  await write("config.yaml", listed);
  await write("manifest.json", '{ "images/sub-DOE_JANE.nii.gz": "…" }');
  await write("report.html", "DOE_JANE");
  await stage("data", { "dataset.json": "sub-DOE_JANE" });
  await stage("synth", { "images/sub-DOE_JANE é.nii.gz": "image of DOE_JANE" });
  await stage("train", {
    "model.json": "{}",
    "weights/best.safetensors": "w",
    "weights/last.safetensors": "l",
    "metrics.csv": "step\n",
  });
  const plots = { "plots/roc-slice.svg": "<svg/>", "plots/class-calibration-0-0.svg": "<svg/>" };
  const folds = [{ fold: 0, subjects: ["sub-DOE_JANE", "sub-DOE_JIM"], counts: { subjects: 2 } }];
  const results = `${JSON.stringify({ schemaVersion: 1, folds, notes: [] }, null, 1)}\n`;
  await stage("eval", { "results.json": results, "units.csv": "sub-DOE_JANE", ...plots }, ["../report.html"]);
});
afterEach(() => rm(folder, { recursive: true }));

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(run, path)), { recursive: true });
  await writeFile(join(run, path), text);
}

async function stage(name: string, files: Readonly<Record<string, string>>, beside: readonly string[] = []): Promise<void> {
  for (const [path, text] of Object.entries(files)) await write(`${name}/${path}`, text);
  const parts: Parts = { stage: name, version: "1.2.3", seed: 4, backend: null, options: {}, inputs: { synth: "ab" } };
  const made = { node: "v22", platform: "linux-x64", backend: { name: "wasm", versions: { tfjs: "4" } } };
  const outputs = await listOutputs(join(run, name), beside);
  await markWhole(join(run, name), {
    schemaVersion: 1,
    key: keyOf(parts),
    parts,
    made,
    headline: "DOE_JANE",
    summary: {},
    outputs,
  });
}

const experiment = parseExperiment(`${listed}data: { kind: phantom }\n`, "test", []);
const told = { date: "2026-01-31", license: "CC-BY-4.0" };

async function graph(out: string): Promise<Map<string, Record<string, unknown>>> {
  const { "@graph": all } = JSON.parse(await readFile(join(out, "ro-crate-metadata.json"), "utf8"));
  return new Map(all.map((one: Record<string, unknown>) => [one["@id"], one]));
}

/** Validated by rocrate-validator, too: scripts/parity/ro_crate.py. */
test("a whole run: every file is there once with its hash, and is the result of the stage that made it", async () => {
  const out = join(folder, "crate");
  expect((await exportRunCrate(run, out, experiment, "all", told)).files).toBe(13);
  const entities = await graph(out);
  const root = entities.get("./")!;
  expect(root).toMatchObject({
    name: "mine",
    datePublished: "2026-01-31",
    license: { "@id": "https://spdx.org/licenses/CC-BY-4.0" },
  });
  const parts = (root.hasPart as { "@id": string }[]).map((one) => one["@id"]);
  expect(new Set(parts).size).toBe(13);
  const onDisk = (await readdir(out, { recursive: true, withFileTypes: true })).filter((one) => one.isFile());
  expect(onDisk).toHaveLength(14); // and the metadata
  for (const id of parts) expect(entities.get(id)!.sha256).toBe(sha256(await readFile(join(out, decodeURIComponent(id)))));
  expect(entities.get("#eval")).toMatchObject({
    "@type": "CreateAction",
    instrument: { "@id": "#hemosynth-1.2.3" },
    result: expect.arrayContaining([{ "@id": "report.html" }, { "@id": "eval/results.json" }]),
  });
  const facts = [...entities.values()]
    .filter((one) => one["@type"] === "PropertyValue")
    .map(({ name, value }) => `${name}=${value}`);
  expect(facts).toEqual(expect.arrayContaining(["train: seed=4", "train: backend=wasm", "train: SHA-256 of synth=ab"]));
  await exportRunCrate(run, join(folder, "again"), experiment, "all", told);
  expect(await readFile(join(folder, "again/ro-crate-metadata.json"))).toEqual(
    await readFile(join(out, "ro-crate-metadata.json")),
  );
});

test("results alone say no name of a case, in no file and in no file's name", async () => {
  const out = join(folder, "crate");
  await exportRunCrate(run, out, experiment, "results", { date: "2026-01-31", license: null });
  const files = (await readdir(out, { recursive: true, withFileTypes: true })).filter((one) => one.isFile());
  expect(files.map(({ name }) => name).sort()).toEqual(["best.safetensors", "class-calibration-0-0.svg", "config.yaml", "metrics.csv", "model.json", "results.json", "ro-crate-metadata.json", "roc-slice.svg"]); // biome-ignore format: one line
  for (const { parentPath, name } of files)
    expect(`${parentPath}/${name} ${await readFile(join(parentPath, name), "utf8")}`).not.toContain("DOE");
  const entities = await graph(out);
  expect(entities.get("./")!.license).toBe("No licence was given: ask the authors.");
  for (const id of ["config.yaml", "eval/results.json"])
    expect(entities.get(id)!.sha256).toBe(sha256(await readFile(join(out, id))));
});

test("results alone keep how many subjects there were: names give way to numbers, and the config is still one", async () => {
  const out = join(folder, "crate");
  await exportRunCrate(run, out, experiment, "results", told);
  const results = JSON.parse(await readFile(join(out, "eval/results.json"), "utf8"));
  const folds = [{ fold: 0, subjects: ["withheld-1", "withheld-2"], counts: { subjects: 2 } }];
  expect(results).toEqual({ schemaVersion: 1, folds, notes: [] });
  const { split, ...rest } = await loadExperiment(join(out, "config.yaml"));
  const { split: own, ...others } = experiment;
  expect(rest).toEqual(others);
  expect(split).toEqual({ ...own, train: ["withheld-1"], val: ["withheld-2", "withheld-3"], test: [] });
});

test("results alone leave a config without names as it was written, to the byte", async () => {
  const out = join(folder, "crate");
  const text = "# by hand\nname: mine\n";
  await write("config.yaml", text);
  const unlisted = parseExperiment("{ name: mine, data: { kind: phantom } }", "test", []);
  await exportRunCrate(run, out, unlisted, "results", told);
  expect(await readFile(join(out, "config.yaml"), "utf8")).toBe(text);
});

test("results that cannot be read do not leave, since no one can tell whom they name", async () => {
  await stage("eval", { "results.json": '{ "folds": ["DOE_JANE"] }' });
  await expect(exportRunCrate(run, join(folder, "crate"), experiment, "results", told)).rejects.toThrow(
    /eval\/results\.json: folds\.0: must be a section of `key: value` lines; got "DOE_JANE"\. Restore it, or evaluate again\.$/,
  );
});

test("a file that was changed since is refused: what is archived is what was made", async () => {
  await write("eval/results.json", "[]");
  await expect(exportRunCrate(run, join(folder, "crate"), experiment, "all", told)).rejects.toThrow(
    /eval: must be as the stage that made it left it; results\.json was changed\. Run it again, then export\./,
  );
});

test("what may show patients: anything that is read from a folder, also the other data that a network was pretrained on", () => {
  const of = (text: string) => mayShowPatients(parseExperiment(`{ ${text} }`, "test", []));
  for (const kind of ["phantom", "fetal-ultrasound", "cranial-ultrasound", "head-ct"])
    expect(of(`data: { kind: ${kind} }`)).toBe(false);
  expect(of("data: { kind: folder, path: study, labels: { scheme: feta } }")).toBe(true);
  expect(of("data: { kind: head-ct, labels: maps }")).toBe(true);
  expect(of("data: { kind: phantom }, pretrain: { data: { kind: head-ct } }")).toBe(false);
  expect(of("data: { kind: phantom }, pretrain: { data: { kind: dataset, path: patients } }")).toBe(true);
});
