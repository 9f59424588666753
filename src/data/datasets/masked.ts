import { posix } from "node:path";
import { bhsdTypes, ctClasses } from "./holdings.ts";
import { bare, type PublicCase, type PublicPlan, type SetFolder } from "./plan.ts";
import { filesLike, mustBeThere, readTable, refuseOrphan, rowsBy } from "./tables.ts";

/** A set of CT volumes with a mask of the same name in another folder. */
interface Pairing {
  readonly name: string;
  /** Groups: what comes before the folder, and the name without suffix. */
  readonly images: RegExp;
  /** Group: what comes before the folder. */
  readonly masks: RegExp;
  /** Mask of an image, by the two groups and the suffix. */
  readonly maskOf: (before: string, stem: string, suffix: string) => string;
  /** How images and masks lie, for messages. */
  readonly tree: readonly [images: string, masks: string];
  /** Patient of a name; the name itself where absent. */
  readonly subjectOf?: (stem: string) => string;
  readonly lesionTypes?: readonly string[];
}

/** Volumes with masks, in pairs; a mask without its image is refused, as an image without its mask is. Folders of images without any mask are of another part of the set. */
function pairs(set: SetFolder, pairing: Pairing): PublicPlan {
  const { name, images, masks, maskOf, tree, subjectOf = (stem) => stem, lesionTypes } = pairing;
  const found = filesLike(set, images, tree[0]);
  const withMasks = new Set(filesLike(set, masks, tree[1]).map(([, before]) => before));
  const values = lesionTypes === undefined ? null : Object.fromEntries(lesionTypes.map((_, i) => [i + 1, i + 1]));
  const cases = found
    .filter(([, before]) => withMasks.has(before!))
    .map(([file, before = "", stem = "", suffix = ""]): PublicCase => {
      const mask = mustBeThere(set, maskOf(before, stem, suffix), `${file} is an image`);
      return {
        ...bare,
        id: `${stem}_ct`,
        subject: subjectOf(stem),
        source: { kind: "nifti", file },
        lesion: { file: mask, values },
        classByMask: ctClasses,
      };
    });
  refuseOrphan(set, masks, new Set(cases.map(({ lesion }) => lesion!.file)));
  return { name, modality: "CT", classes: ctClasses, ...(lesionTypes === undefined ? {} : { lesionTypes }), cases };
}

/** PhysioNet CT-ICH 1.3.1: `ct_scans/049.nii`, `masks/049.nii` (0 and 255, all kinds together), one patient a number. */
export async function planPhysioNet(set: SetFolder): Promise<PublicPlan> {
  return pairs(set, {
    name: "PhysioNet CT-ICH",
    images: /^(.*\/|)ct_scans\/(\d+)(\.nii(?:\.gz)?)$/,
    masks: /^(.*\/|)masks\/\d+\.nii(?:\.gz)?$/,
    maskOf: (before, stem, suffix) => `${before}masks/${stem}${suffix}`,
    tree: ["ct_scans/NUMBER.nii", "masks/NUMBER.nii"],
  });
}

/**
 * BHSD, the 192 volumes with masks: `images/ID_patient_ID_study.nii.gz`, `ground truths/` the same. The first of the two is the patient of RSNA ICH; a few have two
 * volumes. Folders of images without masks (`unlabel_2000`, `FirstStage_test`) are passed over.
 */
export async function planBhsd(set: SetFolder): Promise<PublicPlan> {
  return pairs(set, {
    name: "BHSD",
    images: /^(.*\/|)images\/([^/]+?)(\.nii(?:\.gz)?)$/,
    masks: /^(.*\/|)ground truths\/[^/]+\.nii(?:\.gz)?$/,
    maskOf: (before, stem, suffix) => `${before}ground truths/${stem}${suffix}`,
    tree: ["images/ID.nii.gz", "ground truths/ID.nii.gz"],
    subjectOf: (stem) => /^ID_[0-9a-f]+(?=_ID_)/.exec(stem)?.[0] ?? stem,
    lesionTypes: bhsdTypes,
  });
}

/** INSTANCE22: `train_2/data/001.nii.gz`, `train_2/label/001.nii.gz`, all kinds together. */
export async function planInstance22(set: SetFolder): Promise<PublicPlan> {
  return pairs(set, {
    name: "INSTANCE22",
    images: /^(.*\/|)data\/(\d+)(\.nii(?:\.gz)?)$/,
    masks: /^(.*\/|)label\/\d+\.nii(?:\.gz)?$/,
    maskOf: (before, stem, suffix) => `${before}label/${stem}${suffix}`,
    tree: ["train_2/data/NUMBER.nii.gz", "train_2/label/NUMBER.nii.gz"],
  });
}

/**
 * Seg-CQ500: `data/volumes/info.csv` names each scan, by `name` or by its `CT_fn`, whose folder holds `CT.nii` and `ICH_mask.nii.gz`. The patient is the number of
 * CQ500.
 */
export async function planSegCq500(set: SetFolder): Promise<PublicPlan> {
  const [info] = filesLike(set, /^(?:.*\/)?volumes\/info\.csv$/, "volumes/info.csv")[0]!;
  const folder = posix.dirname(info);
  const rows = await readTable(set, info, ["name"], { name: "CT_fn" });
  const names = [...rowsBy(set, info, rows, "name").keys()].map((cell) =>
    cell.replaceAll("\\", "/").replace(/\/[^/]+\.nii(?:\.gz)?$/, ""),
  );
  const cases = names.map((name): PublicCase => {
    const [file, mask] = ["CT.nii", "ICH_mask.nii.gz"].map((part) =>
      mustBeThere(set, posix.join(folder, name, part), `${info} names ${name}`),
    ) as [string, string];
    return {
      ...bare,
      id: `${name}_ct`,
      subject: /CQ500-?CT-?\d+/i.exec(name)?.[0] ?? name,
      source: { kind: "nifti", file },
      lesion: { file: mask, values: null },
      classByMask: ctClasses,
    };
  });
  refuseOrphan(
    set,
    /(?:^|\/)volumes\/[^/]+\/ICH_mask\.nii\.gz$/,
    new Set(cases.map(({ lesion }) => lesion!.file)),
    `a mask must have its row in ${info}`,
  );
  return { name: "Seg-CQ500", modality: "CT", classes: ctClasses, cases };
}
