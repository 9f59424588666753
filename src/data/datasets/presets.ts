import { type FolderOptions, folderOptions } from "../ingest/options.ts";
import type { NormalLayout } from "./options.ts";

/** What the folder ingest needs to know of a set of normal fetal brains; the trees are in docs/datasets.md. */
export function presetOf(layout: NormalLayout, path: string): FolderOptions {
  return folderOptions.parse({ kind: "folder", path, ...presets[layout] });
}

const presets: Readonly<Record<NormalLayout, object>> = {
  feta: { name: "FeTA", layout: "bids", labels: { scheme: "feta", required: true } },
  // The nine tissues of draw-em, beside the image or among the derivatives; the age is in sessions.tsv (scan_age).
  "dhcp-fetal": {
    name: "dHCP fetal",
    image: ["**/sub-*/ses-*/anat/*_T2w.nii.gz"],
    labels: {
      files: ["{dir}/{base}_desc-drawem9_dseg.nii.gz", "{dir}/{base}_desc-drawem9_space-T2w_dseg.nii.gz"],
      scheme: "drawem9",
      required: true,
    },
    brainMask: ["{dir}/{base}_desc-brain_mask.nii.gz", "{dir}/{base}_desc-bet_space-T2w_brainmask.nii.gz"],
    gestationalAgeColumn: "scan_age",
  },
  crl: {
    name: "CRL fetal brain atlas",
    layout: "flat",
    image: ["STA??.nii.gz"],
    labels: { files: ["{stem}_WMZparc.nii.gz", "{stem}_parc.nii.gz"], scheme: "crl2017", required: true },
    subject: "(STA\\d\\d)",
    gestationalAge: "STA(\\d\\d)",
  },
};
