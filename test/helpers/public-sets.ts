import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import sharp from "sharp";
import { axisAlignedAffine } from "../../src/core/affine.ts";
import { seededRng } from "../../src/core/rng.ts";
import { type PublicOptions, publicOptions } from "../../src/data/datasets/options.ts";
import { encodeNifti } from "../../src/data/nifti.ts";
import { ballBrain, coded, imageOf } from "../fixtures/ball-brain.ts";
import { type MadeSlice, madeDicom } from "./dicom.ts";

export type PublicLayout = PublicOptions["layout"];
export type Files = Readonly<Record<string, Uint8Array | string>>;

/** A new folder with these files. */
export function folderOf(files: Files): string {
  const folder = mkdtempSync(join(tmpdir(), "public-"));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

export const ctShape = [8, 7, 3] as const;
export const ctAffine = axisAlignedAffine(ctShape, [1, 1, 5]);
const voxels = 168;

/** A small CT; each seed gives another. `slices` cuts it short. */
export function ct(seed: number, gz = true, slices = 3): Uint8Array {
  const data = Int16Array.from({ length: (voxels / 3) * slices }, (_, i) => (i * seed) % 97);
  return encodeNifti({ data, shape: [8, 7, slices], affine: ctAffine }, gz);
}

/** Its mask: one voxel of a value. */
export function mask(value: number, gz = true, affine = ctAffine): Uint8Array {
  const data = Uint8Array.from({ length: voxels }, (_, i) => (i === 40 ? value : 0));
  return encodeNifti({ data, shape: ctShape, affine }, gz);
}

/** A DICOM slice at a height in mm. */
export function slice(z: number, made: MadeSlice = {}): Uint8Array {
  const rng = seededRng(`${made.series}${z}`);
  const pixels = Int16Array.from({ length: 360 }, () => 1000 + rng.below(99));
  return madeDicom({ width: 20, height: 18, intercept: -1024, position: [0, 0, z], pixels, ...made });
}

/** A grey picture. */
export async function grey(width = 40, height = 30, of: (x: number, y: number) => number = (x, y) => (7 * x + 3 * y) % 256) {
  const data = Buffer.from(Uint8Array.from({ length: width * height }, (_, i) => of(i % width, Math.floor(i / width))));
  const image = sharp(data, { raw: { width, height, channels: 1 } });
  return new Uint8Array(await image.png().toBuffer());
}
const ring = (x: number, y: number) => (Math.abs(Math.hypot(x - 20, y - 15) - 9) < 1 ? 255 : 0);

const brain = ballBrain();
const once = <Key, Value>(make: (key: Key) => Value) => {
  const made = new Map<Key, Value>();
  return (key: Key): Value => made.get(key) ?? made.set(key, make(key)).get(key)!;
};
const t2 = once((seed: number) => {
  const rng = seededRng(seed);
  const plain = imageOf(brain);
  return encodeNifti({ ...plain, data: plain.data.map((value) => value + 20 * rng.uniform()) }, true);
});
const tissue = once((scheme: "feta" | "drawem9" | "crl2017") => encodeNifti(coded(brain, scheme), true));

const set1 = "Set1-Training&Validation Sets CNN/Standard";
export const cq0 = "CQ500CT0 CQ500CT0/Unknown Study";
export const cq7 = "CQ500CT7 CQ500CT7/Unknown Study";
const anyRows = (bleeding: string, ids: readonly string[]) =>
  ids.flatMap((id) => ["epidural", "any"].map((kind) => `${id}_${kind},${id === bleeding ? 1 : 0}`)).join("\n");

async function flatJpeg(width: number, height: number) {
  const image = sharp({ create: { width, height, channels: 3, background: "#808080" } });
  return new Uint8Array(await image.jpeg().toBuffer());
}

/** Two patients of each set, in the folders and tables that it is published in. */
export const publicSets = {
  feta: async () => ({
    "participants.tsv": "participant_id\tPathology\tGestational age\nsub-001\tNeurotypical\t27.9\nsub-002\tNeurotypical\t24.3\n",
    "sub-001/anat/sub-001_rec-mial_T2w.nii.gz": t2(1),
    "sub-001/anat/sub-001_rec-mial_dseg.nii.gz": tissue("feta"),
    "sub-002/anat/sub-002_rec-irtk_T2w.nii.gz": t2(2),
    "sub-002/anat/sub-002_rec-irtk_dseg.nii.gz": tissue("feta"),
  }),
  "dhcp-fetal": async () => ({
    "sub-CC1/sub-CC1_sessions.tsv": "session_id\tscan_age\nses-11\t29.1\n",
    "sub-CC1/ses-11/anat/sub-CC1_ses-11_T2w.nii.gz": t2(1),
    "sub-CC1/ses-11/anat/sub-CC1_ses-11_desc-drawem9_dseg.nii.gz": tissue("drawem9"),
    "sub-CC2/sub-CC2_sessions.tsv": "session_id\tscan_age\nses-12\t31.4\n",
    "sub-CC2/ses-12/anat/sub-CC2_ses-12_T2w.nii.gz": t2(2),
    "sub-CC2/ses-12/anat/sub-CC2_ses-12_desc-drawem9_dseg.nii.gz": tissue("drawem9"),
  }),
  crl: async () => ({
    "STA25.nii.gz": t2(1),
    "STA25_tissue.nii.gz": tissue("crl2017"),
    "STA25_regional.nii.gz": tissue("crl2017"),
    "STA38exp.nii.gz": t2(2),
    "STA38exp_tissue.nii.gz": tissue("crl2017"),
  }),
  "fetal-planes-db": async () => ({
    "FETAL_PLANES_DB_data.csv":
      "Image_name;Patient_num;Plane;Brain_plane;Operator;US_Machine;Train \nPatient00001_Plane3_1_of_2;1;Fetal brain;Trans-ventricular;Op. 1;Aloka;1\nPatient00001_Plane3_2_of_2;1;Fetal femur;Not A Brain;Op. 1;Aloka;1\nPatient00002_Plane3_1_of_1;2;Fetal brain;Trans-cerebellum;Op. 2;Aloka;0\n",
    "Images/Patient00001_Plane3_1_of_2.png": await grey(),
    "Images/Patient00001_Plane3_2_of_2.png": await grey(41),
    "Images/Patient00002_Plane3_1_of_1.png": await grey(42),
  }),
  hc18: async () => ({
    "training_set_pixel_size_and_HC.csv":
      "filename,pixel size(mm),head circumference (mm)\n000_HC.png,0.0691,44.3\n001_HC.png,0.0896,56.81\n001_2HC.png,0.09,57\n002_HC.png,0.09,57\n",
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
      "fname,structure,h_min,w_min,h_max,w_max\n168.png,thalami,5,10,15,30\n168.png,nasal bone,1,2,3,4\n277.png,thalami,6,7,8,9\n",
    [`${set1}/168.png`]: await grey(),
    [`${set1}/277.png`]: await grey(43),
  }),
  "rsna-ich": async () => ({
    "stage_2_train.csv": `ID,Label\n${anyRows("ID_0b2", ["ID_0a1", "ID_0a2", "ID_0b1", "ID_0b2", "ID_0c1", "ID_0a1"])}\n`,
    "stage_2_train/ID_0a1.dcm": slice(0, { series: "1.1", patient: "ID_p1" }),
    "stage_2_train/ID_0a2.dcm": slice(5, { series: "1.1", patient: "ID_p1" }),
    "stage_2_train/ID_0b1.dcm": slice(5, { series: "2.1", patient: "ID_p2" }),
    "stage_2_train/ID_0b2.dcm": slice(0, { series: "2.1", patient: "ID_p2" }),
    "stage_2_train/ID_0c1.dcm": slice(0, { series: "1.2", patient: "ID_p1" }),
  }),
  cq500: async () => ({
    "reads.csv": "name,Category,R1:ICH,R1:IPH,R2:ICH,R3:ICH\nCQ500-CT-0,B1,0,0,1,0\nCQ500-CT-7,B2,1,1,0,1\n",
    [`${cq0}/CT Plain/CT000000.dcm`]: slice(0, { series: "1" }),
    [`${cq0}/CT Plain/CT000001.dcm`]: slice(5, { series: "1" }),
    [`${cq0}/CT 4cc sec 150cc D3D on/CT000000.dcm`]: slice(0, { series: "2" }),
    [`${cq7}/CT PRE CONTRAST THIN/CT000000.dcm`]: slice(0, { series: "3" }),
    [`${cq7}/CT PRE CONTRAST THIN/CT000001.dcm`]: slice(1, { series: "3" }),
    [`${cq7}/CT POST CONTRAST/CT000000.dcm`]: slice(0, { series: "5" }),
    [`${cq7}/CT Thin Bone/CT000000.dcm`]: slice(0, { series: "4" }),
  }),
  "seg-cq500": async () => ({
    "data/volumes/info.csv": "name,ICH,SDH\nCQ500-CT-12,0.9,0.1\nCQ500-CT-243,0.98,0.93\n",
    "data/volumes/CQ500-CT-12/CT.nii": ct(3, false),
    "data/volumes/CQ500-CT-12/ICH_mask.nii.gz": mask(1),
    "data/volumes/CQ500-CT-243/CT.nii": ct(4, false),
    "data/volumes/CQ500-CT-243/ICH_mask.nii.gz": mask(1),
  }),
  "physionet-ct-ich": async () => ({
    "hemorrhage_diagnosis_raw_ct.csv": "PatientNumber,SliceNumber\n",
    "ct_scans/049.nii": ct(3, false),
    "ct_scans/050.nii": ct(4, false),
    "masks/049.nii": mask(255, false),
    "masks/050.nii": mask(0, false),
  }),
  bhsd: async () => ({
    "label_192/images/ID_0a_ID_11.nii.gz": ct(1),
    "label_192/images/ID_0a_ID_12.nii.gz": ct(2),
    "label_192/images/ID_0b_ID_13.nii.gz": ct(3),
    "label_192/ground truths/ID_0a_ID_11.nii.gz": mask(3),
    "label_192/ground truths/ID_0a_ID_12.nii.gz": mask(5),
    "label_192/ground truths/ID_0b_ID_13.nii.gz": mask(0),
    "unlabel_2000/anybleed/ID_0c_ID_14.nii.gz": ct(4),
    "FirstStage_test/images/ID_0d_ID_15.nii.gz": ct(5),
  }),
  instance22: async () => ({
    "train_2/data/001.nii.gz": ct(1),
    "train_2/data/002.nii.gz": ct(2),
    "train_2/label/001.nii.gz": mask(1),
    "train_2/label/002.nii.gz": mask(1),
    "evaluation/data/101.nii.gz": ct(3),
  }),
  yolo: async () => ({
    "data.yaml": "train: train/images\nnc: 2\nnames: ['EDH', 'IPH']\n",
    "valid/images/7_1.jpg": await flatJpeg(40, 30),
    "valid/images/7_2.png": await grey(40, 31),
    "valid/images/8_1.png": await grey(40, 32),
    "valid/labels/7_1.txt": "1 0.5 0.5 0.25 0.2\n0 0.99 0.01 0.1 0.1",
    "valid/labels/7_2.txt": "",
    "valid/labels/8_1.txt": "0 0.1 0.25 0.2 0.5\n",
  }),
} satisfies Record<PublicLayout, () => Promise<Files>>;

/** The options of a set. */
export const publicSet = (layout: string, path: string): PublicOptions =>
  publicOptions.parse({ kind: "public", layout, path, ...(layout === "yolo" ? { subject: "images/([^_]+)_" } : {}) });

/** What is different in a set: new content, or null for a file that is taken away. */
export type Change = Readonly<Record<string, Uint8Array | string | null>>;

/** A folder with a set, changed. */
export async function changedSet(layout: PublicLayout, change: Change): Promise<string> {
  const all: Record<string, Uint8Array | string | null> = { ...(await publicSets[layout]()), ...change };
  return folderOf(Object.fromEntries(Object.entries(all).filter(([, content]) => content !== null)) as Files);
}
