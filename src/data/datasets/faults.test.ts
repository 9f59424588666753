import { describe, expect, test, vi } from "vitest";
import {
  type Change,
  changedSet,
  cq0,
  cq7,
  ct,
  folderOf,
  grey,
  mask,
  type PublicLayout,
  publicSet,
  publicSets,
  slice,
} from "../../../test/helpers/public-sets.ts";
import { silentContext } from "../../core/context.ts";
import { exitCodes, UserError } from "../../core/errors.ts";
import { splitOptions } from "../splits.ts";
import { runPublic } from "./stage.ts";

// Worker threads are tested in datasets.test.ts; here each job runs at once, so that the whole table takes a moment.
vi.mock("../../core/parallel.ts", async (original) => {
  const { default: readPublic } = await import("./job.ts");
  return {
    ...(await original<object>()),
    mapReported: async (_label: string, _url: URL, jobs: readonly Parameters<typeof readPublic>[0][]) =>
      await Promise.all(jobs.map(readPublic)),
  };
});

const faults = ["column", "file", "slice", "duplicate", "mixed", "mask"] as const;
/** What is broken in a set, and what its message must say; a text says why the fault cannot occur in it. */
type Broken = readonly [change: () => Change | Promise<Change>, message: RegExp] | string;

const noTable = "no table of it is read";
const lonePictures = "a picture is a slice by itself";
const oneFile = "a file cannot be of two series";
const noMasks = "it has no masks";

/** A set whose second pair is a copy of the first, and one whose first image is cut short by a slice. */
const pair = (image: string, other: string, content: () => Uint8Array): Pick<Record<string, Broken>, "duplicate" | "slice"> => ({
  duplicate: [
    () => ({ [image]: content(), [other]: content() }),
    /an image must be of one patient; got the same in .+ Remove one of them/,
  ],
  slice: [
    () => ({ [image]: ct(9, image.endsWith("z"), 2) }),
    /must have its image's shape, 8 x 7 x 2; got 8 x 7 x 3\. Download both again/,
  ],
});
const orphan = (file: string): Broken => [
  () => ({ [file]: mask(1, file.endsWith("z")) }),
  new RegExp(
    `${file.replaceAll(".", "\\.")}: a mask must have its (image|row).*; got none of its name\\. Add the image, or remove this file`,
  ),
];
const csv = (file: string, content: string, lacks: string): Broken => [
  () => ({ [file]: content }),
  new RegExp(`${file.replaceAll(".", "\\.")}: must have the columns? ${lacks}; got .+\\. Download it again`),
];
const lacking = (file: string, asks: string): Broken => [
  () => ({ [file]: null }),
  new RegExp(`${file.replaceAll(".", "\\.")}: must be there, since ${asks}.*; got no such file`),
];

const normal = (first: string, second: string, firstLabels: string, strayLabels: string, value = 1) =>
  ({
    file: [
      () => ({ [firstLabels]: null }),
      new RegExp(
        `\\[image-without-labels\\] ${first}: should have a label map; got none at .+\\. Download it again; docs/datasets`,
      ),
    ],
    slice: [() => ({ [firstLabels]: mask(value) }), new RegExp(`\\[shape-mismatch\\] ${firstLabels}`)],
    duplicate: [
      async () => {
        const files: Record<string, Uint8Array | string> = await publicSets.crl();
        return { [first]: files["STA25.nii.gz"]!, [second]: files["STA25.nii.gz"]! };
      },
      new RegExp(`\\[duplicate-image\\] ${second}: an image must be there once; got the same bytes in ${first}\\. Remove one`),
    ],
    mixed: oneFile,
    mask: [
      () => ({ [strayLabels]: mask(1) }),
      new RegExp(`\\[labels-without-image\\] ${strayLabels}: a label map must have an image; got none`),
    ],
  }) satisfies Partial<Record<string, Broken>>;

const table: Readonly<Record<PublicLayout, Readonly<Record<(typeof faults)[number], Broken>>>> = {
  feta: {
    column: csv("participants.tsv", "participant_id\tPathology\nsub-001\tNeurotypical\n", "Gestational age"),
    ...normal(
      "sub-001/anat/sub-001_rec-mial_T2w.nii.gz",
      "sub-002/anat/sub-002_rec-irtk_T2w.nii.gz",
      "sub-001/anat/sub-001_rec-mial_dseg.nii.gz",
      "sub-003/anat/sub-003_rec-irtk_dseg.nii.gz",
    ),
  },
  "dhcp-fetal": {
    column: csv("sub-CC2/sub-CC2_sessions.tsv", "session_id\tsedation\nses-12\t0\n", "scan_age"),
    ...normal(
      "sub-CC1/ses-11/anat/sub-CC1_ses-11_T2w.nii.gz",
      "sub-CC2/ses-12/anat/sub-CC2_ses-12_T2w.nii.gz",
      "sub-CC1/ses-11/anat/sub-CC1_ses-11_desc-drawem9_dseg.nii.gz",
      "sub-CC3/ses-13/anat/sub-CC3_ses-13_desc-drawem9_dseg.nii.gz",
    ),
  },
  crl: {
    column: noTable,
    ...normal("STA25.nii.gz", "STA38exp.nii.gz", "STA25_tissue.nii.gz", "STA30_tissue.nii.gz", 92),
  },
  "fetal-planes-db": {
    column: csv("FETAL_PLANES_DB_data.csv", "Image_name;Plane\nx;y\n", "Patient_num and Brain_plane"),
    file: lacking("Images/Patient00002_Plane3_1_of_1.png", "FETAL_PLANES_DB_data.csv names it"),
    slice: lonePictures,
    duplicate: [
      async () => ({ "Images/Patient00002_Plane3_1_of_1.png": await grey() }),
      /an image must be of one patient; got the same in Patient00001_Plane3_1_of_2 of patient-1 and Patient00002_Plane3_1_of_1 of patient-2/,
    ],
    mixed: oneFile,
    mask: noMasks,
  },
  hc18: {
    column: csv("training_set_pixel_size_and_HC.csv", "filename,head circumference (mm)\n", "pixel size\\(mm\\)"),
    file: lacking("training_set/001_HC_Annotation.png", "training_set/001_HC.png is a picture"),
    slice: lonePictures,
    duplicate: [
      async () => ({ "training_set/001_HC.png": await grey(), "training_set/001_HC_Annotation.png": await grey() }),
      /an image must be of one patient; got the same in 000_HC of fetus-000 and 001_HC of fetus-001/,
    ],
    mixed: oneFile,
    mask: [
      () => ({ "training_set/001_HC.png": null }),
      /training_set\/001_HC_Annotation\.png: an outline must have its picture; got none of its name\. Add the image/,
    ],
  },
  "fetus-framework": {
    column: csv("ObjectDetection.csv", "fname,structure,h_min\n168.png,thalami,3\n", "w_min and h_max and w_max"),
    file: [
      () => ({ "Set1-Training&Validation Sets CNN/Standard/277.png": null }),
      /277\.png: must be there, since ObjectDetection\.csv has boxes of it; got no such file/,
    ],
    slice: lonePictures,
    duplicate: [
      async () => ({ "Set2/168.png": await grey(50) }),
      /Set2\/168\.png: one picture must have the name 168\.png; got Set1-.+\/168\.png too\. Remove the one that/,
    ],
    mixed: oneFile,
    mask: "it has boxes and no masks; a box without its picture is a missing file",
  },
  "rsna-ich": {
    column: csv("stage_2_train.csv", "ID,Score\n", "ID and Label"),
    file: [
      () => ({ "stage_2_train/ID_0d1.dcm": slice(0, { series: "9", patient: "ID_p3" }) }),
      /stage_2_train\.csv: must have a row of every slice; got none of ID_0d1_any/,
    ],
    slice: [
      async () => {
        const of = (z: number) => slice(z, { series: "2.1", patient: "ID_p2" });
        const rows = ["ID_0a1", "ID_0a2", "ID_0b1", "ID_0b2", "ID_0b3", "ID_0c1"].map((id) => `${id}_any,0`);
        return { "stage_2_train.csv": `ID,Label\n${rows.join("\n")}\n`, "stage_2_train/ID_0b3.dcm": of(15) };
      },
      /stage_2_train: slices must be as far apart as those beside them, 5\.00 mm; got 10\.00 mm between ID_0b1\.dcm and ID_0b3\.dcm: 1 missing/,
    ],
    duplicate: [
      () => ({ "stage_2_train/ID_0a2.dcm": slice(0, { series: "1.1", patient: "ID_p1" }) }),
      /stage_2_train\/ID_0a2\.dcm: each slice must lie in a place of its own; got the place of stage_2_train\/ID_0a1\.dcm\. Remove one/,
    ],
    mixed: [
      () => ({ "stage_2_train/ID_0a2.dcm": slice(5, { series: "1.1", patient: "ID_p2" }) }),
      /stage_2_train\/ID_0a2\.dcm: slices of one series must be of one patient; got another than in ID_0a1\.dcm/,
    ],
    mask: noMasks,
  },
  cq500: {
    column: csv("reads.csv", "name,R1:ICH\n", "R2:ICH and R3:ICH"),
    file: [
      () => ({ "reads.csv": "name,R1:ICH,R2:ICH,R3:ICH\nCQ500-CT-0,0,0,0\n" }),
      /reads\.csv: must have a row of every scan; got none of CQ500-CT-7/,
    ],
    slice: [
      () => Object.fromEntries([2, 4, 5].map((k) => [`${cq7}/CT PRE CONTRAST THIN/CT00000${k}.dcm`, slice(k, { series: "3" })])),
      /CT PRE CONTRAST THIN: slices must be as far apart as those beside them, 1\.00 mm; got 2\.00 mm between CT000002\.dcm and CT000004\.dcm: 1 missing/,
    ],
    duplicate: [
      () => ({ [`qct02/${cq0}/CT Plain/CT000000.dcm`]: slice(0, { series: "7" }) }),
      /qct02\/.+\/CT Plain: only one image must be CQ500-CT-0_CT-Plain; got CQ500CT0 CQ500CT0\/Unknown Study\/CT Plain too/,
    ],
    mixed: [
      () => ({ [`${cq0}/CT Plain/CT000009.dcm`]: slice(10, { series: "8" }) }),
      /CT Plain: a folder must hold one series; got 2 \(2, 1 files\)\. Give each series a folder/,
    ],
    mask: noMasks,
  },
  "seg-cq500": {
    column: csv("data/volumes/info.csv", "CT,mask\n", "name"),
    file: lacking("data/volumes/CQ500-CT-12/CT.nii", "data/volumes/info.csv names CQ500-CT-12"),
    ...pair("data/volumes/CQ500-CT-12/CT.nii", "data/volumes/CQ500-CT-243/CT.nii", () => ct(3, false)),
    mixed: oneFile,
    mask: orphan("data/volumes/CQ500-CT-9/ICH_mask.nii.gz"),
  },
  "physionet-ct-ich": {
    column: noTable,
    file: lacking("masks/050.nii", "ct_scans/050.nii is an image"),
    ...pair("ct_scans/049.nii", "ct_scans/050.nii", () => ct(3, false)),
    mixed: oneFile,
    mask: orphan("masks/051.nii"),
  },
  bhsd: {
    column: noTable,
    file: lacking("label_192/ground truths/ID_0b_ID_13.nii.gz", "label_192/images/ID_0b_ID_13.nii.gz is an image"),
    ...pair("label_192/images/ID_0a_ID_11.nii.gz", "label_192/images/ID_0b_ID_13.nii.gz", () => ct(3)),
    mixed: oneFile,
    mask: orphan("label_192/ground truths/ID_0e_ID_16.nii.gz"),
  },
  instance22: {
    column: noTable,
    file: lacking("train_2/label/002.nii.gz", "train_2/data/002.nii.gz is an image"),
    ...pair("train_2/data/001.nii.gz", "train_2/data/002.nii.gz", () => ct(1)),
    mixed: oneFile,
    mask: orphan("train_2/label/003.nii.gz"),
  },
  yolo: {
    column: [
      () => ({ "valid/labels/8_1.txt": "0 0.1 0.25 0.2 0.5\n2 0.1 0.25 0.2 0.5" }),
      /8_1\.txt line 2: must be a class of 0 to 1, then middle, width and height as shares of the picture; got 2 0\.1 0\.25/,
    ],
    file: lacking("valid/labels/7_2.txt", "valid/images/7_2.png is a picture; an empty file says"),
    slice: lonePictures,
    duplicate: [
      async () => ({ "valid/images/8_1.png": await grey(40, 31) }),
      /an image must be of one patient; got the same in .+ Remove one of them/,
    ],
    mixed: oneFile,
    mask: [
      () => ({ "valid/images/8_1.png": null }),
      /valid\/labels\/8_1\.txt: boxes must have their picture; got none of its name\. Add the image/,
    ],
  },
} as Readonly<Record<PublicLayout, Readonly<Record<(typeof faults)[number], Broken>>>>;

/** The message of what is refused: a fault of the data, exit code 3, one line, or a head and one line of the fault. */
async function refused(layout: PublicLayout, path: string): Promise<string> {
  const options = publicSet(layout, path);
  const split = splitOptions.parse({ train: 1, val: 0, test: 0 });
  const run = { out: folderOf({}), options, split, seed: 3 };
  const error = await runPublic(run, silentContext(1)).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof UserError)) throw error ?? new Error("nothing was refused");
  expect(exitCodes[error.fault]).toBe(3);
  const [head, ...lines] = error.message.split("\n");
  expect(lines.length).toBeLessThan(2);
  if (lines.length === 1) expect(head).toMatch(/: 1 error in the data; no dataset was written\.$/);
  return error.message;
}

describe.each(Object.keys(table) as PublicLayout[])("%s", (layout) => {
  test.each(faults.filter((fault) => typeof table[layout][fault] !== "string"))("%s: one line, exit code 3", async (fault) => {
    const [change, message] = table[layout][fault] as Exclude<Broken, string>;
    expect(await refused(layout, await changedSet(layout, await change()))).toMatch(message);
  });

  test.each([
    ["another tree", { "readme.txt": "nothing here" }, "none among 1 file"],
    ["an empty folder", {}, "none among 0 files"],
    ["another set", { "a/b/sub-01_T2w.nii.gz": "x", "a/b/photo.png": "x" }, "none among 2 files"],
  ])("%s: what it must hold and where the tree is, exit code 3", async (_, files, got) => {
    expect(await refused(layout, folderOf(files))).toMatch(
      new RegExp(`: must hold .+; got ${got}\\. Correct data\\.path, or data\\.layout; docs/datasets\\.md shows the tree\\.$`),
    );
  });
});

test.each([
  ["fetal-planes-db", { "FETAL_PLANES_DB_data.csv": null }, /FETAL_PLANES_DB_data\.csv: could not read: no such file or folder; download it with the images\./],
  ["hc18", { "training_set_pixel_size_and_HC.csv": null }, /must hold training_set_pixel_size_and_HC\.csv; got none among 7 files\. Correct data\.path/],
  ["fetus-framework", { "ObjectDetection.csv": null }, /must hold a table of boxes, ObjectDetection\.csv or boxes….csv; got none among 2 files/],
  ["rsna-ich", { "stage_2_train.csv": null }, /stage_2_train\.csv: could not read: no such file or folder; download it/],
  ["cq500", { "reads.csv": null }, /reads\.csv: could not read: no such file or folder; download it/],
  ["cq500", { [`${cq0}/CT Plain/CT000000.dcm`]: new Uint8Array(200) }, /CT Plain\/CT000000\.dcm: must be a DICOM file; got no DICM after 128 bytes\. Leave it out/],
  ["seg-cq500", { "data/volumes/info.csv": null }, /must hold volumes\/info\.csv; got none among 4 files/],
  ["hc18", { "training_set/000_HC.png": "no picture" }, /training_set\/000_HC\.png: must be a .+; got /],
  ["crl", { "STA25.nii.gz": null, "STA38exp.nii.gz": null, "atlas/STA25.nii.gz": "" }, /none among 4 files but in folders below, as atlas\/STA25\.nii\.gz\. Correct data\.path/],
  ["hc18", { "training_set_pixel_size_and_HC.csv": "filename,pixel size(mm)\n000_HC.png,0.1\n000_HC.png,0.2\n" }, /HC\.csv: each filename must have one row; got two of 000_HC\.png/],
  ["hc18", { "training_set_pixel_size_and_HC.csv": "filename,pixel size(mm)\n000_HC.png,0.1\n" }, /pixel size of every picture, mm; got no row for 001_2HC\.png/],
  ["fetal-planes-db", { "FETAL_PLANES_DB_data.csv": "Image_name;Patient_num;Plane;Brain_plane\nPatient00002_Plane3_1_of_1;;Other;Other\n" }, /each row must have a Patient_num; got none for Patient00002/],
  ["fetal-planes-db", { "FETAL_PLANES_DB_data.csv": "Image_name;Patient_num;Plane;Brain_plane\n" }, /must hold images; got none that counts/],
  ["fetus-framework", { "ObjectDetection.csv": "fname,structure,y_min,x_min,y_max,x_max\n168.png,thalami,5,10,15,300\n" }, /Standard\/168\.png: boxes must lie in the picture, 40 x 30; got thalami at 10, 5, 300, 15/],
  ["fetus-framework", { "ObjectDetection.csv": "fname,structure,h_min,w_min,h_max,w_max\n168.png,thalami,5,10,5,30\n" }, /boxes must be w_min < w_max/],
  ["rsna-ich", { "stage_2_train.csv": "ID,Label\nID_0a1_any,0\nID_0a1_any,1\n" }, /a slice must have one label; got 0 and 1 for ID_0a1_any/],
  ["rsna-ich", { "stage_2_train.csv": "ID,Label\nID_0a1_any,2\n" }, /stage_2_train\.csv: Label must be 0 or 1; got 2 for ID_0a1_any\. Download it again\.$/],
  ["rsna-ich", { "stage_2_train.csv": "ID,Label\r\nID_0a1_any,\r\n" }, /stage_2_train\.csv: Label must be 0 or 1; got nothing for ID_0a1_any\./],
  ["cq500", { "reads.csv": "name,R1:ICH,R2:ICH,R3:ICH\nCQ500-CT-0,0,,1\nCQ500-CT-7,1,1,1\n" }, /reads\.csv: R1:ICH, R2:ICH, R3:ICH must be 0 or 1; got 0, , 1 for CQ500-CT-0/],
  ["bhsd", { "label_192/ground truths/ID_0b_ID_13.nii.gz": mask(9) }, /ID_0b_ID_13\.nii\.gz: values must be 0 or 1, 2, 3, 4, 5; got 9/],
  ["yolo", { "data.yaml": null }, /data\.yaml: must be there, since it names the classes; got no such file/],
  ["yolo", { "data.yaml": "names: [EDH, EDH]\n" }, /data\.yaml: names must be a list of names, each once; got \["EDH","EDH"\]/],
  ["yolo", { "valid/labels/8_1.txt": "0 1 2 20 12" }, /8_1\.txt line 1: must be a class .*; got 0 1 2 20 12\. Correct/],
  ["yolo", { "valid/labels/8_1.txt": "0 .1 .1 .2 .1 .2 .3" }, /8_1\.txt line 1: .*outlines are not read/],
  ["yolo", { "valid/images/x.png": "", "valid/labels/x.txt": "" }, /images\/x\.png: data\.subject must find the patient in every path; got no match of images/],
  ["yolo", { "valid/images/8_1.png": "no picture" }, /8_1\.png: must be a PNG, JPEG or TIFF picture; got something else/],
  ["instance22", { "train_2/data/002.nii.gz": ct(2).subarray(0, 60) }, /train_2\/data\/002\.nii\.gz: .+; got /],
] as const)("%s: what else is wrong with it is told in one line", async (layout, change, message) => {
  expect(await refused(layout, await changedSet(layout, change))).toMatch(message);
}); // biome-ignore format: a table
