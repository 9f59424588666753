import { posix } from "node:path";
import { dataFault } from "../faults.ts";
import { bare, ctClasses, type PublicCase, type PublicPlan, type SetFolder } from "./plan.ts";
import { filesLike, mustBeThere, readTable } from "./tables.ts";

/** A set of CT volumes with a mask of the same name in another folder. */
interface Pairing {
  readonly name: string;
  /** Groups: what comes before the folder, and the name without suffix. */
  readonly images: RegExp;
  readonly masks: RegExp;
  /** Mask of an image, by the two groups and the suffix. */
  readonly maskOf: (before: string, stem: string, suffix: string) => string;
  readonly tree: string;
  readonly lesionTypes?: readonly string[];
}

/** Volumes with masks, in pairs; a mask without its image is refused, as an image without its mask is. */
function pairs(set: SetFolder, { name, images, masks, maskOf, tree, lesionTypes }: Pairing): PublicPlan {
  const found = filesLike(set, images, tree);
  const claimed = new Set<string>();
  const cases = found.map(([file, before = "", stem = "", suffix = ""]): PublicCase => {
    const mask = mustBeThere(set, maskOf(before, stem, suffix), `${file} is an image`);
    claimed.add(mask);
    const values = lesionTypes === undefined ? null : Object.fromEntries(lesionTypes.map((_, i) => [i + 1, i + 1]));
    return {
      ...bare,
      id: `${stem}_ct`,
      subject: stem,
      source: { kind: "nifti", file },
      lesion: { file: mask, values },
      classByMask: ctClasses,
    };
  });
  const orphan = set.files.find((file) => masks.test(file) && !claimed.has(file));
  if (orphan !== undefined)
    throw dataFault(
      posix.join(set.path, orphan),
      "a mask must have an image",
      "none of its name",
      "Add the image, or remove the mask",
    );
  return { name, modality: "CT", classes: ctClasses, ...(lesionTypes === undefined ? {} : { lesionTypes }), cases };
}

/** PhysioNet CT-ICH 1.3.1: `ct_scans/049.nii`, `masks/049.nii` (0 and 255, all kinds together), one patient a number. */
export async function planPhysioNet(set: SetFolder): Promise<PublicPlan> {
  return pairs(set, {
    name: "PhysioNet CT-ICH",
    images: /^(.*\/|)ct_scans\/(\d+)(\.nii(?:\.gz)?)$/,
    masks: /(?:^|\/)masks\/\d+\.nii(?:\.gz)?$/,
    maskOf: (before, stem, suffix) => `${before}masks/${stem}${suffix}`,
    tree: "ct_scans/NUMBER.nii",
  });
}

/** BHSD, the 192 volumes with masks: `images/ID.nii.gz`, `ground truths/ID.nii.gz`; which value is which kind is assumed after the paper's order. */
export async function planBhsd(set: SetFolder): Promise<PublicPlan> {
  return pairs(set, {
    name: "BHSD",
    images: /^(.*\/|)images\/([^/]+?)(\.nii(?:\.gz)?)$/,
    masks: /(?:^|\/)ground truths\/[^/]+\.nii(?:\.gz)?$/,
    maskOf: (before, stem, suffix) => `${before}ground truths/${stem}${suffix}`,
    tree: "images/ID.nii.gz",
    lesionTypes: ["epidural", "intraparenchymal", "intraventricular", "subarachnoid", "subdural"],
  });
}

/** INSTANCE22: `train_2/data/001.nii.gz`, `train_2/label/001.nii.gz`, all kinds together. */
export async function planInstance22(set: SetFolder): Promise<PublicPlan> {
  return pairs(set, {
    name: "INSTANCE22",
    images: /^(.*\/|)data\/(\d+)(\.nii(?:\.gz)?)$/,
    masks: /(?:^|\/)label\/\d+\.nii(?:\.gz)?$/,
    maskOf: (before, stem, suffix) => `${before}label/${stem}${suffix}`,
    tree: "train_2/data/NUMBER.nii.gz",
  });
}

/** Seg-CQ500: `data/volumes/info.csv` names CT and mask of each scan, from its own folder. The patient is the number of CQ500. */
export async function planSegCq500(set: SetFolder): Promise<PublicPlan> {
  const [info] = filesLike(set, /^(?:.*\/)?volumes\/info\.csv$/, "volumes/info.csv")[0]!;
  const folder = posix.dirname(info);
  const rows = await readTable(set, info, ["CT_fn", "mask_fn"]);
  const cases = rows.map((row): PublicCase => {
    const [file, mask] = (["CT_fn", "mask_fn"] as const).map((column) =>
      mustBeThere(set, posix.join(folder, row[column].replaceAll("\\", "/")), `${info} names it`),
    ) as [string, string];
    const subject = /CQ500-?CT-?\d+/i.exec(file)?.[0] ?? posix.basename(posix.dirname(file));
    return {
      ...bare,
      id: `${subject}_ct`,
      subject,
      source: { kind: "nifti", file },
      lesion: { file: mask, values: null },
      classByMask: ctClasses,
    };
  });
  return { name: "Seg-CQ500", modality: "CT", classes: ctClasses, cases };
}
