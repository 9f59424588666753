import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { changedSet, cq0, ctShape, folderOf, mask, publicSet, publicSets } from "../../../test/helpers/public-sets.ts";
import { axisAlignedAffine } from "../../core/affine.ts";
import { type StageContext, silentContext } from "../../core/context.ts";
import { type Dataset, readDataset, readSplits, splitNames } from "../dataset.ts";
import { encodeNifti, readLabels, readVolume } from "../nifti.ts";
import { splitOptions } from "../splits.ts";
import readPublic, { type PublicJob } from "./job.ts";
import { normalLayouts, publicOptions, truthLayouts } from "./options.ts";
import { bare } from "./plan.ts";
import { runPublic, surveyPublic } from "./stage.ts";

// One worker means none here: that a thread gives the same bytes is a test of its own.
vi.mock("../../core/parallel.ts", async (original) => {
  const { default: readPublic } = await import("./job.ts");
  const real = await original<typeof import("../../core/parallel.ts")>();
  const mapReported = async (label: string, url: URL, jobs: readonly PublicJob[], context: StageContext) =>
    context.workers > 1 ? await real.mapReported(label, url, jobs, context) : await Promise.all(jobs.map(readPublic));
  return { ...real, mapReported };
});

async function read(layout: string, path: string, workers = 1, split: object = { train: 0.5, val: 0, test: 0.5 }) {
  const out = mkdtempSync(join(tmpdir(), "public-out-"));
  const options = publicSet(layout, path);
  await runPublic({ out, options, split: splitOptions.parse(split), seed: 3 }, silentContext(workers));
  return { out, dataset: await readDataset(out), splits: await readSplits(out), survey: await surveyPublic(options) };
}

/** The warnings, but that these scans of a few voxels show no skull. */
const told = ({ findings }: Dataset) =>
  findings.map(({ message }) => message).filter((message) => !message.includes("no inside of a skull"));

test.each(truthLayouts)("%s: two patients in its own tree become a dataset; no patient is in two splits", async (layout) => {
  const { out, dataset, splits, survey } = await read(layout, folderOf(await publicSets[layout]()));
  expect(survey.images).toBe(dataset.cases.length);
  const { modality = null, classes = [], lesionTypes = [], regions = [], cases } = dataset;
  const { holds } = survey;
  expect([holds.modality, holds.classes, holds.lesionTypes]).toEqual([modality, classes, lesionTypes]);
  expect(holds.regions).toEqual(layout === "fetus-framework" ? expect.arrayContaining(regions) : regions); // two of nine are on these pictures
  if (layout === "fetus-framework") expect(regions).not.toEqual([]);
  const isMasked = cases.some((c) => c.lesionMask !== null);
  expect([holds.lesionMasks, holds.lesions]).toEqual([isMasked, isMasked]);
  const looked = new Set(dataset.findings.filter(({ message }) => message.includes("no inside of a skull")).map((f) => f.case));
  expect(holds.insides).toBe(cases.every((c) => c.brainMask !== null || looked.has(c.id))); // these scans of a few voxels show no skull
  const subjects = new Set(dataset.cases.map(({ subject }) => subject));
  expect(subjects.size).toBe(2);
  expect(splitNames.flatMap((name) => splits[name]).sort()).toEqual([...subjects].sort());
  expect(dataset.cases.every((c) => c.class === undefined || dataset.classes!.includes(c.class))).toBe(true);
  for (const c of dataset.cases) expect((await readVolume(join(out, c.image.path))).shape).toEqual(c.shape);
});

test("workers change no byte", async () => {
  const path = folderOf(await publicSets["rsna-ich"]());
  const [here, threads] = [await read("rsna-ich", path), await read("rsna-ich", path, 2)];
  expect(readFileSync(join(threads.out, "dataset.json"), "utf8")).toBe(readFileSync(join(here.out, "dataset.json"), "utf8"));
});

test("what each set knows gets into the dataset", async () => {
  const of = async (layout: (typeof truthLayouts)[number]) => await read(layout, folderOf(await publicSets[layout]()));
  const planes = (await of("fetal-planes-db")).dataset;
  expect(planes.cases.map((c) => [c.subject, c.class, c.plane])).toEqual([
    ["patient-1", "Fetal brain", "transventricular"],
    ["patient-1", "Fetal femur", undefined],
    ["patient-2", "Fetal brain", "transcerebellar"],
  ]);
  const hc = await of("hc18");
  expect(hc.dataset.cases.map((c) => [c.id, c.subject, c.spacing[0]])).toEqual([["000_HC", "fetus-000", 0.0691], ["001_2HC", "fetus-001", 0.09], ["001_HC", "fetus-001", 0.0896]]); // biome-ignore format: a list
  const inside = await readLabels(join(hc.out, hc.dataset.cases[0]!.brainMask!.path));
  expect(inside.data[20 + 40 * 15]).toBe(1);
  expect(inside.data[0]).toBe(0);
  expect(inside.data.reduce((a, b) => a + b, 0) / (Math.PI * 100)).toBeCloseTo(1, 1);
  const framework = (await of("fetus-framework")).dataset;
  expect(framework.regions).toEqual(["nasal bone", "thalami"]);
  expect(framework.cases[0]!.boxes).toEqual([{ name: "thalami", slice: 0, box: [10, 5, 30, 15] }, { name: "nasal bone", slice: 0, box: [2, 1, 4, 3] }]); // biome-ignore format: a list
  const yolo = (await of("yolo")).dataset;
  expect(yolo.regions).toEqual(["EDH", "IPH"]);
  expect(yolo.cases.map((c) => [c.id, c.subject])).toEqual([["valid_7_1", "patient-7"], ["valid_7_2", "patient-7"], ["valid_8_1", "patient-8"]]); // biome-ignore format: a list
  const boxes = yolo.cases.map((c) => c.boxes!.map(({ name, box }) => [name, ...box]));
  expect(boxes).toEqual([[["IPH", 15, 12, 25, 18], ["EDH", 38, 0, 40, 2]], [], [["EDH", 0, 0, 8, 16]]]); // biome-ignore format: a list
  const rsna = await of("rsna-ich");
  expect(rsna.dataset.cases.map((c) => c.class).sort()).toEqual(["hemorrhage", "normal", "normal"]);
  expect(readFileSync(join(rsna.out, "dataset.json"), "latin1")).not.toMatch(/ID_p1|Doe|4711/);
  expect((await of("cq500")).dataset.cases.map((c) => [c.id, c.class])).toEqual([["CQ500-CT-0_CT-Plain", "normal"], ["CQ500-CT-7_CT-PRE-CONTRAST-THIN", "hemorrhage"]]); // biome-ignore format: a list
  const bhsd = await of("bhsd");
  expect(bhsd.dataset.cases.map((c) => [c.subject, c.class])).toEqual([["ID_0a", "hemorrhage"], ["ID_0a", "hemorrhage"], ["ID_0b", "normal"]]); // biome-ignore format: a list
  expect(bhsd.dataset.lesionTypes![2]).toBe("intraventricular");
  expect((await readLabels(join(bhsd.out, bhsd.dataset.cases[0]!.lesionMask!.path))).data[40]).toBe(3);
  const physionet = await of("physionet-ct-ich");
  expect(physionet.dataset.cases.map((c) => c.class)).toEqual(["hemorrhage", "normal"]);
  expect((await readLabels(join(physionet.out, physionet.dataset.cases[0]!.lesionMask!.path))).data[40]).toBe(1);
});

test("a mask whose header puts it elsewhere is taken voxel by voxel, and that is said", async () => {
  const moved = mask(1, true, axisAlignedAffine(ctShape, [1, 1, 5], [40, 0, 0]));
  const { out, dataset } = await read("instance22", await changedSet("instance22", { "train_2/label/001.nii.gz": moved }));
  expect(told(dataset)).toEqual([
    expect.stringMatching(
      /^train_2\/label\/001\.nii\.gz: lies a corner 40 voxels away from its image by its header; taken voxel by voxel\.$/,
    ),
  ]);
  expect((await readLabels(join(out, dataset.cases[0]!.lesionMask!.path))).data[40]).toBe(1);
});

test("a scan of CQ500 without a plain series is left out, and that is said", async () => {
  const { dataset } = await read("cq500", await changedSet("cq500", { [`${cq0}/CT Plain/CT000000.dcm`]: null, [`${cq0}/CT Plain/CT000001.dcm`]: null }), 1, { train: 1, val: 0, test: 0 }); // biome-ignore format: one line
  expect(dataset.cases.map(({ subject }) => subject)).toEqual(["CQ500-CT-7"]);
  expect(told(dataset)).toEqual([expect.stringMatching(/^CQ500-CT-0: a scan should have a plain series; got none/)]); // biome-ignore format: one line
});

test.each([
  ["cq500", { "reads.csv": "name,R1:ICH,R2:ICH,R3:ICH\nCQ500-CT-0,0,0,0\nCQ500-CT-3,0,0,0\nCQ500-CT-7,1,1,1\nCQ500-CT-9,0,0,0\n" }, "reads.csv: every scan that it names should be in the folder; got 2 that are not, such as CQ500-CT-3: left out."],
  ["rsna-ich", { "stage_2_train/ID_0c1.dcm": null }, "stage_2_train.csv: every slice that it names should be in the folder; got 1 that is not, such as ID_0c1: left out."],
  ["hc18", {}, "training_set_pixel_size_and_HC.csv: every picture that it names should be in the folder; got 1 that is not, such as 002_HC.png: left out."],
  ["fetal-planes-db", { "Images/Patient00009_Plane1_1_of_1.png": "" }, "FETAL_PLANES_DB_data.csv: every picture should be in it; got 1 that is not, such as Images/Patient00009_Plane1_1_of_1.png: left out."],
] as const)("%s: what is in its table alone, or without a row, is counted", async (layout, change, message) => {
  const whole = (await read(layout, folderOf(await publicSets[layout]()))).dataset;
  expect(told(whole)).toEqual(layout === "hc18" ? [message] : []);
  expect(told((await read(layout, await changedSet(layout, change))).dataset)).toEqual([message]);
}); // biome-ignore format: a table

test("a head CT gets the inside of its skull as brain mask, where there is one", async () => {
  const shape = [64, 64, 8] as const;
  const data = Int16Array.from({ length: 64 * 64 * 8 }, (_, i) => {
    const r = Math.hypot((i % 64) - 32, (Math.floor(i / 64) % 64) - 32);
    return r < 20 ? 35 : r < 24 ? 900 : -1000;
  });
  const affine = axisAlignedAffine(shape, [3, 3, 6]);
  const files = { "train_2/data/001.nii.gz": encodeNifti({ data, shape, affine }, true), "train_2/label/001.nii.gz": encodeNifti({ data: new Uint8Array(data.length), shape, affine }, true) }; // biome-ignore format: one line
  const path = await changedSet("instance22", files);
  const { out, dataset } = await read("instance22", path);
  expect(dataset.cases.map(({ brainMask }) => brainMask !== null)).toEqual([true, false]);
  const inside = await readLabels(join(out, dataset.cases[0]!.brainMask!.path));
  expect(inside.data.reduce((a, b) => a + b, 0) / (8 * Math.PI * 400)).toBeCloseTo(1, 1);
  expect(dataset.findings).toEqual([expect.objectContaining({ case: "002_ct", message: expect.stringMatching(/no inside of a skull was found, so it has no brain mask/) })]); // biome-ignore format: one line
  const source = { kind: "nifti", file: "train_2/data/001.nii.gz" } as const;
  const other = await readPublic({ out, path, modality: "T2w", case: { ...bare, id: "mr", subject: "mr", source } });
  expect(other).toMatchObject({ case: { brainMask: null }, warnings: [] }); // the same file, where it is said to be no CT
});

test("other trees and names that sets are found in", async () => {
  const under = async (layout: "hc18" | "fetal-planes-db", rename: (file: string) => string) =>
    await read(layout, folderOf(Object.fromEntries(Object.entries(await publicSets[layout]()).map(([file, content]) => [rename(file), content])))); // biome-ignore format: one line
  const nested = await under("hc18", (file) => file.replace(/^(\w+_set)\//, "$1/$1/"));
  expect(nested.dataset.cases).toHaveLength(3);
  const zip = await under("fetal-planes-db", (file) => `FETAL_PLANES_ZENODO/${file}`);
  expect(zip.dataset.cases).toHaveLength(3);
  const copy = "fname,structure,y_min,x_min,y_max,x_max\n168.png,thalami,5,10,15,30\n";
  const boxes = await read("fetus-framework", await changedSet("fetus-framework", { "ObjectDetection.csv": null, "boxes_kept.csv": copy }), 1, { train: 1, val: 0, test: 0 }); // biome-ignore format: one line
  expect(boxes.dataset.cases[0]!.boxes).toEqual([{ name: "thalami", slice: 0, box: [10, 5, 30, 15] }]);
  const seg = await changedSet("seg-cq500", { "data/volumes/info.csv": `CT_fn,mask_fn\n${["CQ500-CT-12", "CQ500-CT-243"].map((scan) => `${scan}/CT.nii,${scan}/ICH_mask.nii.gz`).join("\n")}\n` }); // biome-ignore format: one line
  expect((await read("seg-cq500", seg)).dataset.cases.map((c) => c.id)).toEqual(["CQ500-CT-12_ct", "CQ500-CT-243_ct"]);
});

describe("sets of normal brains are presets of the folder ingest", () => {
  const schemes = { feta: "feta", "dhcp-fetal": "drawem9", crl: "crl2017" } as const;

  test.each(normalLayouts)("%s: images, label maps by their scheme, subjects and ages", async (layout) => {
    const { dataset, survey } = await read(layout, folderOf(await publicSets[layout]()), 1, { train: 1, val: 0, test: 0 }); // one brain twice
    const { modality = "T2w", classes = [], regions = [], lesionTypes = [], cases } = dataset;
    const synthesised = { painted: true, lesionMasks: true, lesions: true, insides: true }; // of label maps, see below
    expect(survey).toEqual({ images: cases.length, holds: { ...synthesised, modality, classes, regions, lesionTypes } });
    expect(dataset.labelScheme).toBe(schemes[layout]);
    expect(dataset.cases.map((c) => [c.labels !== null, c.gestationalAge !== null])).toEqual([[true, true], [true, true]]); // biome-ignore format: a list
    expect(new Set(dataset.cases.map((c) => c.subject)).size).toBe(2);
  });
});

test("layout yolo asks for the patient's pattern, and no other takes one", () => {
  const parsed = (layout: string, subject?: string) => publicOptions.safeParse({ kind: "public", layout, path: "x", subject });
  const asked = { path: ["subject"], message: expect.stringContaining("must be given for layout yolo") };
  expect(parsed("yolo").error!.issues[0]).toMatchObject(asked);
  expect(parsed("bhsd", "(.)").success).toBe(false);
  expect(parsed("yolo", "images/([^_]+)_").success).toBe(true);
});
