import { cp, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { folder, hashes, makeDataset, toySynth, writeToyCase } from "../../test/helpers/toy-dataset.ts";
import { toyHead } from "../../test/helpers/toy-head.ts";
import { axisAlignedAffine } from "../core/affine.ts";
import { silentContext, silentReporter } from "../core/context.ts";
import { readDataset, readSplits } from "../data/dataset.ts";
import { type SynthOptions, synthOptions } from "./options.ts";
import { readSidecar } from "./sidecar.ts";
import { runSynth } from "./stage.ts";

const shape = [66, 82, 17] as const;
let data = "";

beforeAll(async () => {
  data = await folder();
  const thick = toyHead({ shape, affine: axisAlignedAffine(shape, [1.1, 1.1, 3.6]) });
  await makeDataset(data, [
    await writeToyCase(data, "a", toyHead({ zoned: true })),
    await writeToyCase(data, "b", thick, { spacing: [1.1, 1.1, 3.6] }),
  ]);
});

describe("an interrupted synthesis", () => {
  const options: SynthOptions = { ...toySynth, planes: ["axial", "sagittal"] };
  let whole = "";
  beforeAll(async () => {
    whole = await folder();
    await runSynth({ data, out: whole, options, seed: 3 }, silentContext(1));
  });

  test("goes on with the scenes that are missing or torn, keeps the others, and ends with the same bytes", async () => {
    const out = await folder();
    await cp(whole, out, { recursive: true });
    const file = (name: string) => join(out, "images", name);
    await rm(join(out, "dataset.json"));
    await rm(file("a_syn-0_acq-sagittal_T2w.json")); // killed before the last sidecar
    await truncate(file("b_syn-1_acq-axial_T2w.nii.gz"), 200); // a torn image under a whole sidecar
    await writeFile(file(".1234.partial"), "torn");
    const kept = ["a_syn-1_acq-axial_T2w.nii.gz", "b_syn-0_acq-axial_T2w.nii.gz"];
    const times = await Promise.all(kept.map(async (name) => (await stat(file(name))).mtimeMs));
    await runSynth({ data, out, options, seed: 3, resume: true }, silentContext(2));
    await rm(file(".1234.partial"));
    expect(await hashes(out)).toEqual(await hashes(whole));
    expect(await Promise.all(kept.map(async (name) => (await stat(file(name))).mtimeMs))).toEqual(times);
  });

  test("makes a scene again that has other voxels, another source or another seed than its sidecar should say", async () => {
    const out = await folder();
    await runSynth({ data, out, options, seed: 4 }, silentContext(1));
    await runSynth({ data, out, options, seed: 3, resume: true }, silentContext(1));
    expect(await hashes(out)).toEqual(await hashes(whole));
    const [name, other] = ["a_syn-0_acq-axial_T2w", "a_syn-1_acq-axial_T2w"].map((id) =>
      join(out, "images", `${id}_lesion.nii.gz`),
    );
    await writeFile(name!, await readFile(other!));
    await runSynth({ data, out, options, seed: 3, resume: true }, silentContext(1));
    expect(await hashes(out)).toEqual(await hashes(whole));
  });
});

describe("scenes that no bleed fits", () => {
  /** No germinal matrix is that large. */
  const unfit = synthOptions.parse({
    ...toySynth,
    planes: ["axial"],
    lesion: { ...toySynth.lesion, grades: { kind: "free", I: 1 }, germinalAreaMm2: [398, 400] },
  });

  /** A dataset of a case without ventricles, which nothing fits, and a whole one. */
  async function dryAndWet(): Promise<string> {
    const dry = toyHead();
    const at = await folder();
    const noVentricle = { ...dry.tissue, data: dry.tissue.data.map((t) => (t === 4 ? 3 : t)) };
    const cases = [await writeToyCase(at, "dry", { ...dry, tissue: noVentricle }), await writeToyCase(at, "wet", dry)];
    await makeDataset(at, cases);
    return at;
  }

  test("are named in dataset.json and the summary, and the others are made", async () => {
    const out = await folder();
    const warnings: string[] = [];
    const reporter = { ...silentReporter, warn: (line: string) => warnings.push(line) };
    const options = { ...unfit, mostGivenUp: 0.5 };
    const { headline, summary } = await runSynth({ data, out, options, seed: 3 }, { ...silentContext(1), reporter });
    const made = await readDataset(out);
    expect(made.cases.map((c) => c.grade)).toEqual([0, 0]);
    expect(summary).toMatchObject({ scenes: 2, scenesGivenUp: 2 });
    expect(headline).toContain("; 2 given up");
    expect(made.findings.map(({ severity, case: id, rule }) => [severity, id, rule])).toEqual([
      ["warning", "a_T2w", "given-up"],
      ["warning", "b_T2w", "given-up"],
    ]);
    expect(made.findings[0]!.message).toMatch(/^copy [01] was not made: no grade I bleed fitted in \d+ tries: /);
    expect(warnings.length).toBe(2);
    const sidecars = (await readdir(join(out, "images"))).filter((name) => name.endsWith(".json"));
    for (const name of sidecars) expect((await readSidecar(join(out, "images", name))).grade).toBe(0);
  });

  test("fail the stage when they are more than allowed, or all: no dataset.json", async () => {
    const out = await folder();
    await expect(runSynth({ data, out, options: unfit, seed: 3 }, silentContext(1))).rejects.toMatchObject({
      fault: "data",
      message: expect.stringMatching(
        /a_labels\.nii\.gz: a normal brain that bleeds fit into is needed; got no grade I bleed .* 2 of 4 scenes were given up, more than synth\.mostGivenUp = 0\.1 allows\. To go on without them: --set synth\.mostGivenUp=0\.5\. Check the label map and the age, or leave/,
      ),
    });
    const all = { ...unfit, mostGivenUp: 1, healthyShare: 0 };
    await expect(runSynth({ data, out, options: all, seed: 3 }, silentContext(1))).rejects.toThrow(/4 of 4 scenes were given up/);
    await expect(readDataset(out)).rejects.toThrow("no such file");
  });

  test("one of a few may always be missing", async () => {
    const mixed = await dryAndWet();
    const out = await folder();
    const one = { ...toySynth, planes: ["axial"] as const, copies: 1, mostGivenUp: 0.1 };
    const options = synthOptions.parse(one);
    const { summary } = await runSynth({ data: mixed, out, options, seed: 3 }, silentContext(1));
    expect(summary).toMatchObject({ scenes: 1, scenesGivenUp: 1 });
  });

  test("a subject without any scene leaves its split", async () => {
    const mixed = await dryAndWet();
    const out = await folder();
    await runSynth(
      { data: mixed, out, options: { ...toySynth, planes: ["axial"], mostGivenUp: 0.5 }, seed: 3 },
      silentContext(1),
    );
    expect(await readSplits(out)).toEqual({ schemaVersion: 1, train: [], val: ["wet"], test: [] });
    expect((await readDataset(out)).findings[0]!.message).toContain("the left lateral ventricle must be labelled");
  });
});
