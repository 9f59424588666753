import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { ballBrain, coded, imageOf } from "../../../test/fixtures/ball-brain.ts";
import { type MadeSlice, madeDicom } from "../../../test/helpers/dicom.ts";
import { axisAlignedAffine } from "../../core/affine.ts";
import { silentContext } from "../../core/context.ts";
import { exitCodes, type UserError } from "../../core/errors.ts";
import { seededRng } from "../../core/rng.ts";
import { readDataset, readSplits, splitNames } from "../dataset.ts";
import { encodeNifti, readLabels, readVolume } from "../nifti.ts";
import { splitOptions } from "../splits.ts";
import { normalLayouts, publicOptions, truthLayouts } from "./options.ts";
import { countPublic, runPublic } from "./stage.ts";

type Files = Record<string, Uint8Array | string>;

function folderOf(files: Files): string {
  const folder = mkdtempSync(join(tmpdir(), "public-"));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

async function read(layout: string, path: string, workers = 1, split: object = { train: 0.5, val: 0, test: 0.5 }) {
  const out = mkdtempSync(join(tmpdir(), "public-out-"));
  const options = publicOptions.parse({ kind: "public", layout, path });
  await runPublic({ out, options, split: splitOptions.parse(split), seed: 3 }, silentContext(workers));
  return { out, dataset: await readDataset(out), splits: await readSplits(out), count: await countPublic(options) };
}

/** The message of what is refused; it must be a fault of the data, exit code 3. */
async function refused(layout: string, path: string): Promise<string> {
  const error = await read(layout, path).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({ name: "UserError" });
  expect(exitCodes[(error as UserError).fault]).toBe(3);
  return (error as UserError).message;
}

const shape = [8, 7, 3] as const;
const affine = axisAlignedAffine(shape, [1, 1, 5]);
const count = 168;
const ct = (seed: number) =>
  encodeNifti({ data: Int16Array.from({ length: count }, (_, i) => (i * seed) % 97), shape, affine }, true);
const ctPlain = (seed: number) =>
  encodeNifti({ data: Int16Array.from({ length: count }, (_, i) => (i * seed) % 91), shape, affine }, false);
const mask = (value: number, gz = true) =>
  encodeNifti({ data: Uint8Array.from({ length: count }, (_, i) => (i === 40 ? value : 0)), shape, affine }, gz);

const slice = (z: number, made: MadeSlice = {}) => {
  const rng = seededRng(`${made.series}${z}`);
  return madeDicom({
    width: 20,
    height: 18,
    intercept: -1024,
    position: [0, 0, z],
    pixels: Int16Array.from({ length: 360 }, () => 1000 + rng.below(99)),
    ...made,
  });
};

const grey = async (width = 40, height = 30, of: (x: number, y: number) => number = (x, y) => (7 * x + 3 * y) % 256) => {
  const data = Buffer.from(Uint8Array.from({ length: width * height }, (_, i) => of(i % width, Math.floor(i / width))));
  return new Uint8Array(
    await sharp(data, { raw: { width, height, channels: 1 } })
      .png()
      .toBuffer(),
  );
};
const ring = (x: number, y: number) => (Math.abs(Math.hypot(x - 20, y - 15) - 9) < 1 ? 255 : 0);

/** Two patients of each set, in its own tree. */
const made: Readonly<Record<(typeof truthLayouts)[number], () => Promise<Files>>> = {
  "fetal-planes-db": async () => ({
    "FETAL_PLANES_DB_data.csv":
      "Image_name;Patient_num;Plane;Brain_plane;Operator;US_Machine;Train \nPatient00001_Plane3_1_of_2;1;Fetal brain;Trans-ventricular;Op. 1;Aloka;1\nPatient00001_Plane3_2_of_2;1;Fetal femur;Not A Brain;Op. 1;Aloka;1\nPatient00002_Plane3_1_of_1;2;Fetal brain;Trans-cerebellum;Op. 2;Aloka;0\n",
    "Images/Patient00001_Plane3_1_of_2.png": await grey(),
    "Images/Patient00001_Plane3_2_of_2.png": await grey(41),
    "Images/Patient00002_Plane3_1_of_1.png": await grey(42),
  }),
  hc18: async () => ({
    "training_set_pixel_size_and_HC.csv":
      "filename,pixel size(mm),head circumference (mm)\n000_HC.png,0.0691,44.3\n001_HC.png,0.0896,56.81\n001_2HC.png,0.09,57\n",
    "training_set/000_HC.png": await grey(),
    "training_set/000_HC_Annotation.png": await grey(40, 30, ring),
    "training_set/001_HC.png": await grey(40, 31),
    "training_set/001_HC_Annotation.png": await grey(40, 31, ring),
    "training_set/001_2HC.png": await grey(40, 32),
    "training_set/001_2HC_Annotation.png": await grey(40, 32, ring),
    "test_set/000_HC.png": await grey(),
  }),
  "fetus-framework": async () => ({
    "ObjectDetection.csv":
      "fname,structure,y_min,x_min,y_max,x_max\n168.png,thalami,5,10,15,30\n168.png,nasal bone,1,2,3,4\n277.png,thalami,6,7,8,9\n",
    "Set1/168.png": await grey(),
    "Set1/277.png": await grey(43),
  }),
  "rsna-ich": async () => ({
    "stage_2_train.csv": `ID,Label\n${["ID_0a1", "ID_0a2", "ID_0b1", "ID_0b2", "ID_0c1"].flatMap((id) => ["epidural", "any"].map((kind) => `${id}_${kind},${id === "ID_0b2" ? 1 : 0}`)).join("\n")}\n`,
    "stage_2_train/ID_0a1.dcm": slice(0, { series: "1.1", patient: "ID_p1" }),
    "stage_2_train/ID_0a2.dcm": slice(5, { series: "1.1", patient: "ID_p1" }),
    "stage_2_train/ID_0b1.dcm": slice(5, { series: "2.1", patient: "ID_p2" }),
    "stage_2_train/ID_0b2.dcm": slice(0, { series: "2.1", patient: "ID_p2" }),
    "stage_2_train/ID_0c1.dcm": slice(0, { series: "1.2", patient: "ID_p1" }),
  }),
  cq500: async () => ({
    "reads.csv": "name,Category,R1:ICH,R1:IPH,R2:ICH,R3:ICH\nCQ500-CT-0,B1,0,0,1,0\nCQ500-CT-7,B2,1,1,0,1\n",
    "CQ500CT0 CQ500CT0/Unknown Study/CT Plain/CT000000.dcm": slice(0, { series: "1" }),
    "CQ500CT0 CQ500CT0/Unknown Study/CT Plain/CT000001.dcm": slice(5, { series: "1" }),
    "CQ500CT0 CQ500CT0/Unknown Study/CT 4cc sec 150cc D3D on/CT000000.dcm": slice(0, { series: "2" }),
    "CQ500CT7 CQ500CT7/Unknown Study/CT PLAIN THIN/CT000000.dcm": slice(0, { series: "3" }),
    "CQ500CT7 CQ500CT7/Unknown Study/CT PLAIN THIN/CT000001.dcm": slice(1, { series: "3" }),
    "CQ500CT7 CQ500CT7/Unknown Study/CT Thin Bone/CT000000.dcm": slice(0, { series: "4" }),
  }),
  "seg-cq500": async () => ({
    "data/volumes/info.csv":
      "CT_fn,mask_fn\nCQ500-CT-12/CT.nii,CQ500-CT-12/ICH_mask.nii.gz\nCQ500-CT-243/CT.nii,CQ500-CT-243/ICH_mask.nii.gz\n",
    "data/volumes/CQ500-CT-12/CT.nii": ctPlain(3),
    "data/volumes/CQ500-CT-12/ICH_mask.nii.gz": mask(1),
    "data/volumes/CQ500-CT-243/CT.nii": ctPlain(4),
    "data/volumes/CQ500-CT-243/ICH_mask.nii.gz": mask(1),
  }),
  "physionet-ct-ich": async () => ({
    "ct_scans/049.nii": ctPlain(3),
    "ct_scans/050.nii": ctPlain(4),
    "masks/049.nii": mask(255, false),
    "masks/050.nii": mask(0, false),
  }),
  bhsd: async () => ({
    "label_192/images/ID_1.nii.gz": ct(1),
    "label_192/images/ID_2.nii.gz": ct(2),
    "label_192/ground truths/ID_1.nii.gz": mask(3),
    "label_192/ground truths/ID_2.nii.gz": mask(5),
  }),
  instance22: async () => ({
    "train_2/data/001.nii.gz": ct(1),
    "train_2/data/002.nii.gz": ct(2),
    "train_2/label/001.nii.gz": mask(1),
    "train_2/label/002.nii.gz": mask(1),
  }),
};

describe.each(truthLayouts)("%s", (layout) => {
  test("two patients in its own tree become a dataset; no patient is in two splits, and workers change no byte", async () => {
    const path = folderOf(await made[layout]());
    const { out, dataset, splits, count: planned } = await read(layout, path);
    expect(planned).toBe(dataset.cases.length);
    const subjects = new Set(dataset.cases.map(({ subject }) => subject));
    expect(subjects.size).toBe(2);
    expect(splitNames.flatMap((name) => splits[name]).sort()).toEqual([...subjects].sort());
    expect(dataset.cases.every((c) => c.class === undefined || dataset.classes!.includes(c.class))).toBe(true);
    for (const c of dataset.cases) expect((await readVolume(join(out, c.image.path))).shape).toEqual(c.shape);
    const again = await read(layout, path, 2);
    expect(readFileSync(join(again.out, "dataset.json"), "utf8")).toBe(readFileSync(join(out, "dataset.json"), "utf8"));
  });

  test("another tree is refused, with the one that is wanted", async () => {
    const path = folderOf({ "readme.txt": "nothing here" });
    const message = await refused(layout, path);
    expect(message).toMatch(/(must hold .+; got none among 1 files|could not read: no such file)/);
    expect(message.split("\n")).toHaveLength(1);
  });
});

/** Writes a set with some files changed, or taken away by null. */
const changed = async (layout: (typeof truthLayouts)[number], change: Record<string, Uint8Array | string | null>) => {
  const path = folderOf({
    ...(await made[layout]()),
    ...(Object.fromEntries(Object.entries(change).filter(([, v]) => v !== null)) as Files),
  });
  for (const [name, content] of Object.entries(change)) if (content === null) rmSync(join(path, name));
  return path;
};

test.each([
  [
    "fetal-planes-db",
    { "FETAL_PLANES_DB_data.csv": "Image_name;Plane\nx;y\n" },
    /FETAL_PLANES_DB_data\.csv: must have the column Patient_num and Brain_plane; got Image_name, Plane\. Download/,
  ],
  [
    "fetal-planes-db",
    { "Images/Patient00002_Plane3_1_of_1.png": null },
    /Images\/Patient00002_Plane3_1_of_1\.png: must be there, since FETAL_PLANES_DB_data\.csv names it; got no such file/,
  ],
  [
    "hc18",
    { "training_set_pixel_size_and_HC.csv": "filename,head circumference (mm)\n" },
    /must have the column pixel size\(mm\); got filename, head/,
  ],
  [
    "hc18",
    { "training_set/001_HC_Annotation.png": null },
    /001_HC_Annotation\.png: must be there, since training_set\/001_HC\.png is a picture/,
  ],
  [
    "fetus-framework",
    { "ObjectDetection.csv": "fname,structure,y_min,x_min,y_max,x_max\n168.png,thalami,5,10,15,300\n" },
    /Set1\/168\.png: boxes must lie in the picture, 40 x 30; got thalami at 10, 5, 300, 15/,
  ],
  [
    "fetus-framework",
    { "ObjectDetection.csv": "fname,structure,y_min,x_min,y_max,x_max\n168.png,thalami,5,10,5,30\n" },
    /boxes must be x_min < x_max/,
  ],
  ["rsna-ich", { "stage_2_train.csv": "ID,Score\n" }, /stage_2_train\.csv: must have the columns ID and Label; got ID,Score/],
  [
    "rsna-ich",
    { "stage_2_train/ID_0d1.dcm": slice(0, { series: "9", patient: "ID_p3" }) },
    /stage_2_train\.csv: must have a row of every slice; got none of ID_0d1_any/,
  ],
  [
    "rsna-ich",
    { "stage_2_train/ID_0a2.dcm": slice(0, { series: "1.1", patient: "ID_p1" }) },
    /1 error in the data; no dataset was written\.\n {2}stage_2_train\/ID_0a2\.dcm: each slice must lie in a place of its own; got the place of stage_2_train\/ID_0a1\.dcm/,
  ],
  ["cq500", { "reads.csv": "name,R1:ICH\n" }, /reads\.csv: must have the column R2:ICH and R3:ICH; got name, R1:ICH/],
  [
    "cq500",
    { "reads.csv": "name,R1:ICH,R2:ICH,R3:ICH\nCQ500-CT-0,0,0,0\n" },
    /must have a row of every scan; got none of CQ500-CT-7/,
  ],
  [
    "cq500",
    { "CQ500CT0 CQ500CT0/Unknown Study/CT Plain/CT000009.dcm": slice(10, { series: "8" }) },
    /CT Plain: a folder must hold one series; got 2 \(2, 1 files\)/,
  ],
  [
    "cq500",
    Object.fromEntries(
      [2, 4, 5].map((k) => [`CQ500CT7 CQ500CT7/Unknown Study/CT PLAIN THIN/CT00000${k}.dcm`, slice(k, { series: "3" })]),
    ),
    /CT PLAIN THIN: slices must be as far apart as those beside them, 1\.00 mm; got 2\.00 mm between CT000002\.dcm and CT000004\.dcm: 1 missing/,
  ],
  ["seg-cq500", { "data/volumes/info.csv": "CT,mask\n" }, /info\.csv: must have the column CT_fn and mask_fn; got CT, mask/],
  [
    "seg-cq500",
    { "data/volumes/CQ500-CT-12/ICH_mask.nii.gz": null },
    /ICH_mask\.nii\.gz: must be there, since data\/volumes\/info\.csv names it/,
  ],
  ["physionet-ct-ich", { "ct_scans/050.nii": null }, /masks\/050\.nii: a mask must have an image; got none of its name/],
  ["physionet-ct-ich", { "masks/050.nii": null }, /masks\/050\.nii: must be there, since ct_scans\/050\.nii is an image/],
  ["bhsd", { "label_192/ground truths/ID_2.nii.gz": mask(9) }, /ID_2\.nii\.gz: values must be 0 or 1, 2, 3, 4, 5; got 9/],
  [
    "instance22",
    { "train_2/data/002.nii.gz": ct(1) },
    /an image must be of one patient; got the same in 001_ct of 001 and 002_ct of 002\. Remove one/,
  ],
  [
    "instance22",
    { "train_2/label/002.nii.gz": encodeNifti({ data: new Uint8Array(8), shape: [2, 2, 2], affine }, true) },
    /label\/002\.nii\.gz: must have its image's shape, 8 x 7 x 3; got 2 x 2 x 2/,
  ],
] as const)("%s: what is wrong is told in one line, exit code 3", async (layout, change, message) => {
  expect(await refused(layout, await changed(layout, change))).toMatch(message);
});

test("what each set knows gets into the dataset", async () => {
  const of = async (layout: (typeof truthLayouts)[number]) => await read(layout, folderOf(await made[layout]()));
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
  const rsna = await of("rsna-ich");
  expect(rsna.dataset.cases.map((c) => c.class).sort()).toEqual(["hemorrhage", "normal", "normal"]);
  expect(readFileSync(join(rsna.out, "dataset.json"), "latin1")).not.toMatch(/ID_p1|Doe|4711/);
  expect((await of("cq500")).dataset.cases.map((c) => [c.id, c.class])).toEqual([["CQ500-CT-0_CT-Plain", "normal"], ["CQ500-CT-7_CT-PLAIN-THIN", "hemorrhage"]]); // biome-ignore format: a list
  const bhsd = await of("bhsd");
  expect(bhsd.dataset.lesionTypes![2]).toBe("intraventricular");
  expect((await readLabels(join(bhsd.out, bhsd.dataset.cases[0]!.lesionMask!.path))).data[40]).toBe(3);
  const physionet = await of("physionet-ct-ich");
  expect(physionet.dataset.cases.map((c) => c.class)).toEqual(["hemorrhage", "normal"]);
  expect((await readLabels(join(physionet.out, physionet.dataset.cases[0]!.lesionMask!.path))).data[40]).toBe(1);
});

test("a mask whose header puts it elsewhere is taken voxel by voxel, and that is said", async () => {
  const moved = axisAlignedAffine(shape, [1, 1, 5], [40, 0, 0]);
  const data = Uint8Array.from({ length: count }, (_, i) => (i === 40 ? 1 : 0));
  const path = await changed("instance22", { "train_2/label/001.nii.gz": encodeNifti({ data, shape, affine: moved }, true) });
  const { out, dataset } = await read("instance22", path);
  expect(dataset.findings.map(({ message }) => message)).toEqual([
    expect.stringMatching(
      /label\/001\.nii\.gz: lies a corner 40 voxels away from its image by its header; taken voxel by voxel\.$/,
    ),
  ]);
  expect((await readLabels(join(out, dataset.cases[0]!.lesionMask!.path))).data[40]).toBe(1);
});

describe("sets of normal brains are presets of the folder ingest", () => {
  const brain = ballBrain();
  const image = (seed: number) => {
    const rng = seededRng(seed);
    const plain = imageOf(brain);
    return encodeNifti({ ...plain, data: plain.data.map((value) => value + 20 * rng.uniform()) }, true);
  };
  const trees: Readonly<Record<(typeof normalLayouts)[number], (of: Uint8Array) => Files>> = {
    feta: (of) => ({
      "participants.tsv":
        "participant_id\tPathology\tGestational age\nsub-001\tNeurotypical\t27.9\nsub-002\tNeurotypical\t24.3\n",
      "sub-001/anat/sub-001_rec-mial_T2w.nii.gz": image(1),
      "sub-001/anat/sub-001_rec-mial_dseg.nii.gz": of,
      "sub-002/anat/sub-002_rec-irtk_T2w.nii.gz": image(2),
      "sub-002/anat/sub-002_rec-irtk_dseg.nii.gz": of,
    }),
    "dhcp-fetal": (of) => ({
      "sub-CC1/sub-CC1_sessions.tsv": "session_id\tscan_age\nses-11\t29.1\n",
      "sub-CC1/ses-11/anat/sub-CC1_ses-11_T2w.nii.gz": image(1),
      "sub-CC1/ses-11/anat/sub-CC1_ses-11_desc-drawem9_dseg.nii.gz": of,
      "sub-CC2/sub-CC2_sessions.tsv": "session_id\tscan_age\nses-12\t31.4\n",
      "sub-CC2/ses-12/anat/sub-CC2_ses-12_T2w.nii.gz": image(2),
      "sub-CC2/ses-12/anat/sub-CC2_ses-12_desc-drawem9_dseg.nii.gz": of,
    }),
    crl: (of) => ({ "STA25.nii.gz": image(1), "STA25_WMZparc.nii.gz": of, "STA31.nii.gz": image(2), "STA31_parc.nii.gz": of }),
  };
  const schemes = { feta: "feta", "dhcp-fetal": "drawem9", crl: "crl2017" } as const;

  test.each(normalLayouts)("%s: images, label maps by their scheme, subjects and ages", async (layout) => {
    const labels = encodeNifti(coded(brain, schemes[layout]), true);
    const { dataset } = await read(layout, folderOf(trees[layout](labels)), 1, { train: 1, val: 0, test: 0 }); // one brain twice
    expect(dataset.labelScheme).toBe(schemes[layout]);
    expect(dataset.cases.map((c) => [c.labels !== null, c.gestationalAge !== null])).toEqual([[true, true], [true, true]]); // biome-ignore format: a list
    expect(new Set(dataset.cases.map((c) => c.subject)).size).toBe(2);
    expect(await refused(layout, folderOf({ "readme.txt": "x" }))).toMatch(/must hold images/);
  });
});
