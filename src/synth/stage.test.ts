import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { folder, hashes, makeDataset, toySynth as options, writeToyCase } from "../../test/helpers/toy-dataset.ts";
import { toyHead } from "../../test/helpers/toy-head.ts";
import { applyAffine, axisAlignedAffine, type Vec3 } from "../core/affine.ts";
import { silentContext, silentReporter } from "../core/context.ts";
import { sha256 } from "../core/hash.ts";
import { seededRng } from "../core/rng.ts";
import type { Volume } from "../core/volume.ts";
import { type Case, type Dataset, readDataset, readSplits, writeDataset } from "../data/dataset.ts";
import { encodeNifti, readLabels } from "../data/nifti.ts";
import { sliceBoxes } from "./boxes.ts";
import { isHealthy } from "./copy.ts";
import { loadCase } from "./normal/load.ts";
import { synthOptions } from "./options.ts";
import type { Sidecar } from "./sidecar.ts";
import { replayStack } from "./stacks.ts";
import { runSynth, runSynthShard } from "./stage.ts";

describe("a dataset of two subjects", () => {
  let data = "";
  let out = "";
  let made: Dataset;
  beforeAll(async () => {
    [data, out] = [await folder(), await folder()];
    const shape = [66, 82, 17] as const;
    const thick = toyHead({ shape, affine: axisAlignedAffine(shape, [1.1, 1.1, 3.6]) });
    const cases = [
      await writeToyCase(data, "a", toyHead({ zoned: true })),
      await writeToyCase(data, "b", thick, { spacing: [1.1, 1.1, 3.6] }),
    ];
    await makeDataset(data, cases);
    await runSynth({ data, out, options, seed: 3 }, silentContext(1));
    made = await readDataset(out);
  });

  test("made in shards, in any order and one twice, or with one missing, it is the same bytes; whole only once it is put together", async () => {
    const both = await folder();
    const run = { data, out: both, options, seed: 3 };
    for (const index of [1, 0, 1]) await runSynthShard(run, { index, of: 2 }, silentContext(1));
    await expect(readDataset(both)).rejects.toThrow("dataset.json");
    const kept = await hashes(both);
    await runSynth({ ...run, resume: true }, silentContext(1));
    expect(await hashes(both)).toEqual(await hashes(out));
    expect(await hashes(both)).toMatchObject(kept);
    expect(Object.keys(kept)).toHaveLength(Object.keys(await hashes(out)).length - 2); // dataset.json, splits.json
    const one = await folder();
    await runSynthShard({ ...run, out: one }, { index: 0, of: 2 }, silentContext(1));
    expect(Object.keys(await hashes(one)).length).toBeLessThan(Object.keys(kept).length);
    await runSynth({ ...run, out: one, resume: true }, silentContext(1));
    expect(await hashes(one)).toEqual(await hashes(out));
    for (const made of [both, one]) await rm(made, { recursive: true });
  });

  const sidecarOf = async (c: Case) => JSON.parse(await readFile(join(out, c.sidecar!.path), "utf8")) as Sidecar;
  const maskOf = (c: Case) => readLabels(join(out, c.lesionMask!.path));

  test("every subject has a healthy and a bleeding copy, in the split of its source; volumes are cut in three planes, stacks are kept", async () => {
    expect(made.cases.filter((c) => c.subject === "a").length).toBe(6);
    expect(made.cases.filter((c) => c.subject === "b").length).toBe(2);
    for (const subject of ["a", "b"])
      expect(new Set(made.cases.filter((c) => c.subject === subject).map((c) => c.grade))).toEqual(new Set([0, 3]));
    expect(made.cases.every((c) => c.sources.length === 1 && c.sources[0] === `${c.subject}_T2w`)).toBe(true);
    expect(await readSplits(out)).toEqual(await readSplits(data));
    expect(new Set(made.cases.map((c) => `${c.subject} ${c.session}`)).size).toBe(4);
  });

  test("healthy stacks have empty masks, bleeding ones do not, and boxes hold what the mask holds", async () => {
    for (const c of made.cases) {
      const mask = await maskOf(c);
      const sidecar = await sidecarOf(c);
      const count = mask.data.reduce((a, b) => a + b, 0);
      expect(count > 0).toBe(c.grade === 3);
      expect(sidecar.facts.lesionVoxels).toBe(count);
      expect(sidecar.sliceBoxes.reduce((sum, box) => sum + box.pixels, 0)).toBe(count);
      expect(sidecar.box === null).toBe(count === 0);
      for (const { x0, x1, y0, y1, pixels } of sidecar.sliceBoxes) expect((x1 - x0) * (y1 - y0)).toBeGreaterThanOrEqual(pixels);
    }
  });

  test("one bleed lies in one place of the world in all three planes", async () => {
    const points = await Promise.all(
      made.cases.filter((c) => c.subject === "a" && c.grade === 3).map(async (c) => worldPoints(await maskOf(c))),
    );
    expect(points.length).toBe(3);
    for (const [i, one] of points.entries()) {
      const others = points.filter((_, k) => k !== i);
      for (const other of others) {
        const near = one.filter((p) => other.some((q) => Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]) < 2.6)).length;
        expect(near / one.length).toBeGreaterThan(0.9);
      }
    }
  });

  test("a sidecar and its source give the same bytes again", async () => {
    const source = await readDataset(data);
    for (const c of made.cases.filter((c) => c.grade === 3)) {
      const sidecar = await sidecarOf(c);
      const original = source.cases.find((s) => s.id === sidecar.source.id)!;
      const stack = replayStack(await loadCase({ root: data, case: original, scheme: "hemosynth" }), sidecar.draw);
      expect(sha256(encodeNifti(stack.image, true))).toBe(c.image.sha256);
      expect(sha256(encodeNifti(stack.lesion, true))).toBe(c.lesionMask!.sha256);
      expect(sha256(encodeNifti(stack.brain, true))).toBe(c.brainMask!.sha256);
    }
  });

  test("tissues are written beside stacks with random signals, which a sidecar gives again", async () => {
    const dressed = await folder();
    const more = synthOptions.parse({ ...options, appearance: { kind: "random" }, planes: ["coronal"], writeTissue: true });
    await runSynth({ data, out: dressed, options: more, seed: 3 }, silentContext(1));
    const { cases, labelScheme } = await readDataset(dressed);
    expect(labelScheme).toBe("hemosynth");
    for (const c of cases) {
      const labels = await readLabels(join(dressed, c.labels!.path));
      const brain = await readLabels(join(dressed, c.brainMask!.path));
      const differ = labels.data.reduce((sum, id, i) => sum + (id > 0 === brain.data[i]! > 0 ? 0 : 1), 0);
      expect(differ).toBeLessThan(0.05 * brain.data.reduce((a, b) => a + b, 0)); // most of a voxel against its middle
      const { draw, source } = JSON.parse(await readFile(join(dressed, c.sidecar!.path), "utf8")) as Sidecar;
      const original = (await readDataset(data)).cases.find((s) => s.id === source.id)!;
      const stack = replayStack(await loadCase({ root: data, case: original, scheme: "hemosynth" }), draw, true);
      expect(sha256(encodeNifti(stack.image, true))).toBe(c.image.sha256);
      expect(sha256(encodeNifti(stack.tissue!, true))).toBe(c.labels!.sha256);
    }
  });

  test("two workers write the same bytes as one", async () => {
    const again = await folder();
    await runSynth({ data, out: again, options, seed: 3 }, silentContext(2));
    expect(await hashes(again)).toEqual(await hashes(out));
  });

  test("another seed draws other bleeds", async () => {
    const other = await folder();
    await runSynth({ data, out: other, options: { ...options, planes: ["axial"] }, seed: 4 }, silentContext(2));
    const [before, after] = [made, await readDataset(other)].map(
      (d) => d.cases.find((c) => c.subject === "b" && c.grade === 3)!.image.sha256,
    );
    expect(after).not.toBe(before);
  });

  test("it stops when asked, and a folder that is not whole has no dataset.json", async () => {
    const stopped = await folder();
    const controller = new AbortController();
    const reporter = { ...silentReporter, progress: (_: string, done: number) => done > 0 && controller.abort() };
    const run = runSynth(
      { data, out: stopped, options: { ...options, planes: ["axial"] }, seed: 3 },
      { ...silentContext(1), reporter, signal: controller.signal },
    );
    await expect(run).rejects.toMatchObject({ name: "StoppedError" });
    await expect(readDataset(stopped)).rejects.toThrow("no such file");
    await writeFile(join(stopped, "dataset.json"), "of an earlier run");
    await expect(
      runSynth({ data, out: stopped, options, seed: 3 }, { ...silentContext(1), signal: controller.signal }),
    ).rejects.toThrow();
    await expect(readDataset(stopped)).rejects.toThrow("no such file");
  });
});

function worldPoints({ data, shape, affine }: Volume<Uint16Array>): Vec3[] {
  const points: Vec3[] = [];
  for (let i = 0; i < data.length; i++) {
    if (data[i] === 0) continue;
    points.push(applyAffine(affine, [i % shape[0], Math.floor(i / shape[0]) % shape[1], Math.floor(i / (shape[0] * shape[1]))]));
  }
  return points;
}

describe("what cannot be used is one line that says where and why", () => {
  const run = async (data: string) => runSynth({ data, out: await folder(), options, seed: 0 }, silentContext(1));
  const head = toyHead();

  test("no labels at all", async () => {
    const data = await folder();
    await makeDataset(data, [await writeToyCase(data, "a", head, { labels: null })]);
    await expect(run(data)).rejects.toThrow(
      /dataset\.json: synthesis needs normal cases with tissue labels; got 1 normal cases, none with labels/,
    );
  });

  test("the folder of the normal cases as output", async () => {
    const data = await folder();
    await makeDataset(data, [await writeToyCase(data, "a", head)]);
    const run = runSynth({ data, out: join(data, "."), options, seed: 0 }, silentContext(1));
    await expect(run).rejects.toMatchObject({
      fault: "usage",
      message: expect.stringContaining("must be apart from what is read"),
    });
    expect((await readDataset(data)).name).toBe("toy");
  });

  test("labels of another shape, and of ventricles that are not there", async () => {
    const data = await folder();
    const other = toyHead({ shape: [50, 61, 44], affine: axisAlignedAffine([50, 61, 44], [1.5, 1.5, 1.5]) });
    await makeDataset(data, [await writeToyCase(data, "a", { image: head.image, tissue: other.tissue })]);
    await expect(run(data)).rejects.toThrow(/a_labels\.nii\.gz: labels must be on the image's grid/);
    const dry = { ...head.tissue, data: head.tissue.data.map((t) => (t === 4 ? 3 : t)) };
    await makeDataset(data, [await writeToyCase(data, "a", { image: head.image, tissue: dry })]);
    await expect(run(data)).rejects.toMatchObject({
      fault: "data",
      message: expect.stringMatching(/a_labels\.nii\.gz: .*the left lateral ventricle must be labelled/),
    });
  });

  test("the wrong scheme, and an image that changed after ingest", async () => {
    const data = await folder();
    const one = await writeToyCase(data, "a", head);
    await makeDataset(data, [one], { labelScheme: "bounti" });
    await expect(run(data)).rejects.toMatchObject({ name: "UserError", fault: "data" });
    await makeDataset(data, [one]);
    await writeFile(join(data, "a.nii.gz"), encodeNifti({ ...head.image, data: head.image.data.map((v) => v + 1) }, true));
    await expect(run(data)).rejects.toThrow(/a\.nii\.gz: must be the file that the dataset was made with/);
    await rm(join(data, "a.nii.gz"));
    await expect(run(data)).rejects.toThrow(/a\.nii\.gz: could not read: no such file/);
  });

  test("cases that bleed already, or are synthetic, are left out", async () => {
    const [data, out] = [await folder(), await folder()];
    const warnings: string[] = [];
    const cases = [
      await writeToyCase(data, "a", head),
      await writeToyCase(data, "b", head, { grade: 2 }),
      await writeToyCase(data, "c", head, { sources: ["a_T2w"], subject: "a" }),
    ];
    await makeDataset(data, cases.slice(0, 2));
    await writeDataset(data, { ...(await readDataset(data)), cases });
    const reporter = { ...silentReporter, warn: (line: string) => warnings.push(line) };
    await runSynth(
      { data, out, options: { ...options, copies: 1, planes: ["axial"] }, seed: 0 },
      { ...silentContext(1), reporter },
    );
    expect((await readDataset(out)).cases.map((c) => c.sources)).toEqual([["a_T2w"]]);
    expect(warnings.join()).toContain("left out 1 case with hemorrhage");
    expect(await readSplits(out)).toEqual({ schemaVersion: 1, train: ["a"], val: [], test: [] });
  });
});

test("the healthy share is kept within each case, and which copy it is differs", () => {
  for (const [share, copies, counts] of [
    [0.5, 2, [1]],
    [0.25, 8, [2]],
    [0.4, 4, [1, 2]],
    [0, 3, [0]],
    [1, 3, [3]],
  ] as const) {
    const drawn = Array.from({ length: 60 }, (_, id) =>
      Array.from({ length: copies }, (_, copy) => isHealthy(seededRng(id), copy, share)),
    );
    for (const one of drawn) expect(counts).toContain(one.filter(Boolean).length);
    const mean = drawn.flat().filter(Boolean).length / (60 * copies);
    expect(Math.abs(mean - share)).toBeLessThan(0.05);
    if (share > 0 && share < 1) expect(new Set(drawn.map((one) => one[0])).size).toBe(2);
  }
});

test("patches of blood in a slice are boxed each, along the slice axis", () => {
  const shape = [6, 3, 5] as const;
  const data = new Uint8Array(90);
  for (const [x, y, z] of [
    [0, 1, 0],
    [1, 1, 1],
    [4, 1, 0],
    [5, 2, 4],
  ] as const)
    data[x + 6 * (y + 3 * z)] = 1;
  const lesion = { data, shape, affine: axisAlignedAffine(shape, [1, 4, 1]) }; // sliced along y
  expect(sliceBoxes(lesion)).toEqual([
    { slice: 1, x0: 0, y0: 0, x1: 2, y1: 2, pixels: 2 },
    { slice: 1, x0: 4, y0: 0, x1: 5, y1: 1, pixels: 1 },
    { slice: 2, x0: 5, y0: 4, x1: 6, y1: 5, pixels: 1 },
  ]);
});
