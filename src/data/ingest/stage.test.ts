import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { ballBrain, coded, imageOf } from "../../../test/fixtures/ball-brain.ts";
import { hasShared, sharedData } from "../../../test/fixtures/shared.ts";
import { axisAlignedAffine } from "../../core/affine.ts";
import { type StageContext, silentContext } from "../../core/context.ts";
import { sha256 } from "../../core/hash.ts";
import { seededRng } from "../../core/rng.ts";
import { casesOfSplit, readDataset, readSplits } from "../dataset.ts";
import { encodeNifti } from "../nifti.ts";
import { splitOptions } from "../splits.ts";
import { folderOptions } from "./options.ts";
import { runIngest } from "./stage.ts";

const shape = [6, 5, 4] as const;
const affine = axisAlignedAffine(shape, [1, 1, 3.5]);
const image = (seed: number) =>
  encodeNifti({ data: Float32Array.from({ length: 120 }, seededRng(seed).uniform), shape, affine }, true);
const labels = (ids: number, first = 0) =>
  encodeNifti({ data: Uint8Array.from({ length: 120 }, (_, i) => first + (i % ids)), shape, affine }, true);

function folderOf(files: Readonly<Record<string, Uint8Array | string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "hemosynth-"));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

async function ingest(
  path: string,
  more: object = {},
  context: StageContext = silentContext(2),
  out = join(path, "..", `${Math.abs(hashOf(path))}-out`),
) {
  const result = await runIngest(
    { out, options: folderOptions.parse({ kind: "folder", path, ...more }), split: splitOptions.parse({}), seed: 5 },
    context,
  );
  return { out, result, dataset: await readDataset(out), splits: await readSplits(out) };
}
const hashOf = (text: string) => Number.parseInt(sha256(text).slice(0, 8), 16);

const feta = {
  "participants.tsv":
    "participant_id\tPathology\tGestational age\nsub-001\tNeurotypical\t27.9\nsub-002\tNeurotypical\t24+3\nsub-003\tPathological\tn/a\n",
  "sub-001/anat/sub-001_rec-mial_T2w.nii.gz": image(1),
  "sub-001/anat/sub-001_rec-mial_dseg.nii.gz": labels(8),
  "sub-002/ses-01/anat/sub-002_ses-01_T2w.nii.gz": image(2),
  "derivatives/manual/sub-002/ses-01/anat/sub-002_ses-01_dseg.nii.gz": labels(8),
  "derivatives/manual/sub-002/ses-01/anat/sub-002_ses-01_desc-brain_mask.nii.gz": labels(2),
  "sub-003/anat/sub-003_T2w.nii.gz": image(3),
  "sub-003/anat/sub-003_T1w.nii.gz": image(4),
  "derivatives/recon/sub-003/anat/sub-003_rec-x_T2w.nii.gz": image(5),
};

test("a BIDS folder: T2w images, labels beside them or in derivatives, masks, sessions, ages", async () => {
  const path = folderOf(feta);
  const { dataset, splits, result, out } = await ingest(path, { labels: { scheme: "feta" } });
  expect(dataset.cases.map((c) => [c.id, c.subject, c.session, c.gestationalAge])).toEqual([
    ["sub-001_rec-mial_T2w", "sub-001", null, 27.9],
    ["sub-002_ses-01_T2w", "sub-002", "ses-01", 24 + 3 / 7],
    ["sub-003_T2w", "sub-003", null, null],
  ]);
  expect(dataset.cases.map((c) => [c.labels?.path, c.brainMask?.path])).toEqual([
    ["sub-001/anat/sub-001_rec-mial_dseg.nii.gz", undefined],
    [
      "derivatives/manual/sub-002/ses-01/anat/sub-002_ses-01_dseg.nii.gz",
      "derivatives/manual/sub-002/ses-01/anat/sub-002_ses-01_desc-brain_mask.nii.gz",
    ],
    [undefined, undefined],
  ]);
  const first = dataset.cases[0]!;
  expect([first.shape, first.spacing]).toEqual([
    [6, 5, 4],
    [1, 1, 3.5],
  ]);
  expect(first.image.sha256).toBe(sha256(feta["sub-001/anat/sub-001_rec-mial_T2w.nii.gz"]));
  expect(sha256(readFileSync(join(out, dataset.root, first.image.path)))).toBe(first.image.sha256);
  expect(dataset.labelScheme).toBe("feta");
  expect(splits.train.length + splits.val.length + splits.test.length).toBe(3);
  expect(result.headline).toBe("3 cases of 3 subjects (1 train, 1 val, 1 test); 1 warning");
});

test("a label pattern without a folder lies beside its image, else in the folder ingested; a miss says where it looked", async () => {
  const path = folderOf(feta);
  const { dataset } = await ingest(path, {
    image: ["**/anat/*_T2w.nii.gz"],
    exclude: ["derivatives/**/*"],
    labels: { files: ["{base}_dseg.nii.gz"], scheme: "feta" },
  });
  expect(dataset.cases.map((c) => c.labels?.path)).toEqual(["sub-001/anat/sub-001_rec-mial_dseg.nii.gz", undefined, undefined]);
  expect(dataset.findings.find((f) => f.case === "sub-003_T2w")!.message).toBe(
    "sub-003/anat/sub-003_T2w.nii.gz: should have a label map; got none at sub-003/anat/sub-003_dseg.nii.gz, sub-003_dseg.nii.gz. Add it, or correct data.labels.files.",
  );
  const split = folderOf({ "images/a.nii.gz": image(1), "images/a_seg.nii.gz": labels(8), "a_seg.nii.gz": labels(7), "b.nii.gz": image(2), "b_seg.nii.gz": labels(7) }); // biome-ignore format: a list
  const both = await ingest(split, {
    image: ["images/a.nii.gz", "b.nii.gz"],
    labels: { files: ["{stem}_seg.nii.gz"], scheme: "feta" },
  });
  expect(both.dataset.cases.map((c) => c.labels?.path)).toEqual(["b_seg.nii.gz", "images/a_seg.nii.gz"]);
});

test("a pattern of images that finds nothing at the top names what it would find below", async () => {
  const at = folderOf(feta);
  await expect(ingest(at, { image: ["*_T2w.nii.gz"] })).rejects.toThrow(
    /must hold images .* that match data\.image, \*_T2w\.nii\.gz; got none among 9 files, but 4 in folders below\. Set data\.image to "\*\*\/\*_T2w\.nii\.gz", or leave/,
  );
});

test("label maps without a scheme are left out, and one line says so", async () => {
  const warnings: string[] = [];
  const context = { ...silentContext(), reporter: { info() {}, progress() {}, warn: (line: string) => warnings.push(line) } };
  const { dataset } = await ingest(folderOf(feta), {}, context);
  expect([dataset.labelScheme, dataset.cases.every((c) => c.labels === null)]).toEqual([null, true]);
  expect(warnings.filter((line) => line.includes("scheme-missing"))).toHaveLength(1);
});

test("a flat folder: masks by their usual names, several scans of a subject in one split, an empty lesion mask is grade 0", async () => {
  const files: Record<string, Uint8Array> = {};
  for (let s = 1; s <= 5; s++) {
    for (const run of [1, 2]) {
      files[`sub-${s}_run-${run}_T2w.nii.gz`] = image(10 * s + run);
      files[`sub-${s}_run-${run}_T2w_desc-brain_mask.nii.gz`] = labels(2);
    }
  }
  files["sub-1_run-1_T2w_lesion.nii.gz"] = labels(1);
  files["sub-1_run-2_T2w_lesion.nii.gz"] = labels(2);
  const { dataset, splits } = await ingest(folderOf(files));
  expect(dataset.cases).toHaveLength(10);
  expect(dataset.cases.every((c) => c.brainMask !== null)).toBe(true);
  expect(dataset.cases.slice(0, 3).map((c) => c.grade)).toEqual([0, null, null]);
  for (const name of ["train", "val", "test"] as const) {
    expect(casesOfSplit(dataset, splits, name)).toHaveLength(2 * splits[name].length);
  }
});

test("patterns, regular expressions and a sibling folder of labels; the root is the folder that holds both", async () => {
  const path = folderOf({
    "atlas/W21.nii.gz": image(1),
    "atlas/W22.nii.gz": image(2),
    "atlas/W22_other.nii.gz": image(3),
    "maps/W21_seg.nii.gz": labels(9),
    "maps/W22_seg.nii.gz": labels(9),
    "maps/W23_seg.nii.gz": labels(9),
  });
  const { dataset, out } = await ingest(join(path, "atlas"), {
    image: ["W??.nii.gz"],
    labels: { files: ["../maps/{stem}_seg.nii.gz"], scheme: "fidon8" },
    subject: "^(W\\d+)",
    gestationalAge: "W(\\d+)",
  });
  expect(dataset.cases.map((c) => [c.subject, c.gestationalAge, c.image.path, c.labels?.path])).toEqual([
    ["W21", 21, "atlas/W21.nii.gz", "maps/W21_seg.nii.gz"],
    ["W22", 22, "atlas/W22.nii.gz", "maps/W22_seg.nii.gz"],
  ]);
  expect(sha256(readFileSync(join(out, dataset.root, "maps/W21_seg.nii.gz")))).toBe(dataset.cases[0]!.labels!.sha256);
  expect(dataset.findings.map((f) => f.rule)).toEqual(["labels-without-image", "small-split"]); // W23 serves no image here
});

test("ingesting twice, with other numbers of workers, writes the same bytes", async () => {
  const path = folderOf(feta);
  const read = async (workers: number, out: string) => {
    await ingest(path, { labels: { scheme: "feta" } }, silentContext(workers), join(path, "..", out));
    return ["dataset.json", "splits.json"].map((file) => readFileSync(join(path, "..", out, file), "utf8"));
  };
  expect(await read(1, `${hashOf(path)}-one`)).toEqual(await read(4, `${hashOf(path)}-two`));
});

test("all errors come at once, a line each, and nothing is written", async () => {
  const path = folderOf({
    "a.nii.gz": image(1),
    "a_mask.nii.gz": labels(3),
    "b.nii.gz": image(2).subarray(0, 60),
    "c.nii.gz": image(3),
    "d.nii.gz": image(4),
    "d_mask.nii.gz": labels(1),
    "participants.tsv": "participant_id\tGA\nc\t99\n",
  });
  const out = join(path, "..", `${hashOf(path)}-none`);
  const error = await ingest(path, {}, silentContext(), out).catch((e: Error) => e);
  const [summary, ...lines] = (error as Error).message.split("\n");
  expect(summary).toBe(`${path}: 4 errors in the data; no dataset was written.`);
  expect(lines.map((line) => /\[([a-z-]+)\] (\S+?):? /.exec(line)!.slice(1, 3))).toEqual([
    ["gestational-age", "c.nii.gz"],
    ["mask-not-binary", "a_mask.nii.gz"],
    ["unreadable", "b.nii.gz"],
    ["empty-mask", "d_mask.nii.gz"],
  ]);
  expect(() => readdirSync(out)).toThrow("ENOENT");
});

test("a brain mask that marks everything is a warning", async () => {
  const { dataset } = await ingest(folderOf({ "a.nii.gz": image(1), "a_mask.nii.gz": labels(1, 1) }));
  expect(dataset.findings.map(({ severity, rule }) => [severity, rule])).toContainEqual(["warning", "full-mask"]);
});

test("labels of another scheme than the one named are refused, unless blood makes the ventricles dark", async () => {
  const brain = ballBrain();
  const files = {
    "sub-1/anat/sub-1_T2w.nii.gz": encodeNifti(imageOf(brain), true),
    "sub-1/anat/sub-1_dseg.nii.gz": encodeNifti(coded(brain, "feta"), true),
  };
  const path = folderOf(files);
  await expect(ingest(path, { labels: { scheme: "drawem9" } })).rejects.toThrow(
    /\[label-scheme\] sub-1\/anat\/sub-1_dseg\.nii\.gz: read by scheme drawem9, .* holds under feta: set data\.labels\.scheme/,
  );
  expect((await ingest(path, { labels: { scheme: "feta" } })).dataset.findings.map((f) => f.rule)).toEqual(["small-split"]);
  const lesion = encodeNifti({ ...brain, data: Uint8Array.from(brain.data, (id) => (id === 4 ? 1 : 0)) }, true);
  const ill = folderOf({ ...files, "sub-1/anat/sub-1_label-lesion_mask.nii.gz": lesion });
  const { dataset } = await ingest(ill, { labels: { scheme: "drawem9" } });
  expect(dataset.findings.map((f) => f.rule)).toEqual(["small-split"]);
});

test("copies under two patients that end in two splits are refused even when noise and header hide it", async () => {
  const rng = seededRng(8);
  const data = Float32Array.from(
    { length: 40 ** 3 },
    (_, i) => 100 + 50 * Math.sin(i / 7) * Math.cos(i / 411) + 20 * rng.uniform(),
  );
  const at = axisAlignedAffine([40, 40, 40], [1, 1, 1]);
  const copy = data.map((value) => 3 * value + 0.5 * rng.normal());
  const path = folderOf({
    "a.nii.gz": encodeNifti({ data, shape: [40, 40, 40], affine: at }, true),
    "b.nii.gz": encodeNifti({ data: copy, shape: [40, 40, 40], affine: at.map((v) => 2 * v) as unknown as typeof at }, true),
  });
  await expect(ingest(path)).rejects.toThrow(
    /\[leak\] splits: no scan may be in two splits; got a \(\w+\) and b \(\w+\), which show the same scan/,
  );
});

test("a folder without images, one that is missing, and a file in its place", async () => {
  const path = folderOf({ "notes.txt": "x" });
  await expect(ingest(path)).rejects.toThrow(
    `${path}: must hold images (.nii, .nii.gz or folders of DICOM slices); got none among 1 files.`,
  );
  await expect(ingest(join(path, "none"))).rejects.toThrow(/none: could not read: no such file or folder/);
  await expect(ingest(join(path, "notes.txt"))).rejects.toThrow(/notes\.txt: must be a folder; got a file/);
});

test("an image with many voxels below 0 is told: integers that ran over, normalised values; a little ringing is not", async () => {
  const of = (value: (v: number, i: number) => number) => {
    const data = Float32Array.from({ length: 120 }, (_, i) => value(1000 * ((i % 10) / 10), i));
    return encodeNifti({ data, shape, affine }, true);
  };
  const path = folderOf({
    "sub-1_run-1_T2w.nii.gz": of((v) => (v > 800 ? v - 65536 : v)), // a tenth of the voxels
    "sub-1_run-2_T2w.nii.gz": of((v) => v - 450),
    "sub-1_run-3_T2w.nii.gz": of((v, i) => (i === 0 ? -500 : v - 10)),
    "sub-1_run-4_T2w.nii.gz": of((v) => -1 - v),
  });
  const { dataset } = await ingest(path);
  const told = dataset.findings.filter((f) => f.rule === "negative-image");
  expect(told.map((f) => [f.case, /; got (.*?)\. Check its scaling/.exec(f.message)?.[1]])).toEqual([
    ["sub-1_run-1_T2w", "10 % of the voxels below 0, down to -64636"],
    ["sub-1_run-2_T2w", "50 % of the voxels below 0, down to -450"],
    ["sub-1_run-4_T2w", "-901 to -1"],
  ]);
});

test("progress counts every case, and a stop is heard", async () => {
  const seen: string[] = [];
  const reporter = {
    info() {},
    warn() {},
    progress: (label: string, done: number, total: number) => seen.push(`${label} ${done}/${total}`),
  };
  const path = folderOf({ "a.nii.gz": image(1), "b.nii.gz": image(2) });
  await ingest(path, {}, { ...silentContext(1), reporter });
  expect(seen).toEqual(["check 1/2", "check 2/2"]);
  const controller = new AbortController();
  controller.abort();
  await expect(ingest(path, {}, { ...silentContext(1), signal: controller.signal })).rejects.toThrow("stopped");
});

const mri = `${sharedData}fetal_mri`;
const crl = hasShared("fetal_mri/crl_sta_atlas");

test.skipIf(!crl)(
  "the CRL atlas with both of its parcellations",
  async () => {
    const refined = await ingest(
      `${mri}/crl_sta_atlas`,
      {
        image: ["STA??.nii.gz"],
        labels: { files: ["../crl_sta_refined_parcellation/{stem}_parcellation.nii.gz"], scheme: "fidon8", required: true },
        brainMask: ["../crl_sta_refined_parcellation/{stem}_mask.nii.gz"],
        subject: "(STA\\d+)",
        gestationalAge: "STA(\\d+)",
      },
      silentContext(2),
      join(mkdtempSync(join(tmpdir(), "hemosynth-")), "out"),
    );
    expect(refined.dataset.cases.map((c) => c.gestationalAge)).toEqual(Array.from({ length: 17 }, (_, i) => 21 + i));
    expect(refined.dataset.cases.every((c) => c.labels && c.brainMask)).toBe(true);
    expect(new Set(refined.dataset.findings.map((f) => f.rule))).toEqual(new Set(["labels-without-image", "mask-without-image"])); // week 38 has no image
    const own = await ingest(
      `${mri}/crl_sta_atlas`,
      {
        labels: { files: ["{stem}_WMZparc.nii.gz", "{stem}_parc.nii.gz"], scheme: "crl2017", required: true },
        subject: "(STA\\d+)",
        gestationalAge: "STA(\\d+)",
      },
      silentContext(2),
      join(mkdtempSync(join(tmpdir(), "hemosynth-")), "out"),
    );
    expect(own.dataset.cases).toHaveLength(17);
    expect(own.dataset.cases.find((c) => c.id === "STA30")!.labels!.path).toBe("STA30_WMZparc.nii.gz");
    expect(own.dataset.findings).toEqual([]);
  },
  180_000,
);

test.skipIf(!hasShared("fetal_mri/mialsrtk_sub-01_cc0"))("six real HASTE stacks of one fetus and their masks", async () => {
  const out = join(mkdtempSync(join(tmpdir(), "hemosynth-")), "out");
  const { dataset } = await ingest(`${mri}/mialsrtk_sub-01_cc0`, { image: ["sub-01_run-*_T2w.nii.gz"] }, silentContext(2), out);
  expect(dataset.cases.map((c) => [c.id, c.subject, c.brainMask !== null])).toEqual(
    [1, 2, 3, 4, 5, 6].map((run) => [`sub-01_run-${run}_T2w`, "sub-01", true]),
  );
  expect(dataset.findings.map((f) => f.rule)).toEqual(["small-split"]);
});

test.skipIf(!hasShared("fetal_mri/bmex_sub-0009_mit"))("a scans table beside the image gives the age", async () => {
  const out = join(mkdtempSync(join(tmpdir(), "hemosynth-")), "out");
  const { dataset } = await ingest(`${mri}/bmex_sub-0009_mit`, { image: ["sub-*.nii.gz"] }, silentContext(2), out);
  expect(dataset.cases.map((c) => [c.subject, c.session, c.gestationalAge])).toEqual([["sub-0009", "ses-V01", 30]]);
});
