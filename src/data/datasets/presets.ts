import { join } from "node:path";
import { dataFault } from "../faults.ts";
import { readText } from "../files.ts";
import { parseTable } from "../ingest/gestational-age.ts";
import { type FolderOptions, folderOptions } from "../ingest/options.ts";
import { listFiles } from "../ingest/walk.ts";
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
    image: ["STA??.nii.gz", "STA??exp.nii.gz"],
    labels: { files: ["{stem}_tissue.nii.gz", "{stem}_WMZparc.nii.gz", "{stem}_parc.nii.gz"], scheme: "crl2017", required: true },
    subject: "(STA\\d\\d)",
    gestationalAge: "STA(\\d\\d)",
  },
};

/** Tables that tell the age, and the column; of a set without one, null. */
const ageTables: Readonly<Record<NormalLayout, { readonly table: RegExp; readonly column: string } | null>> = {
  feta: { table: /^participants\.tsv$/, column: "Gestational age" },
  "dhcp-fetal": { table: /_sessions\.tsv$/, column: "scan_age" },
  crl: null,
};

/** @throws {UserError} (data) If a table of a set is there and lacks the column of the age: it is not the table of this set. */
export async function checkAgeTables(layout: NormalLayout, path: string): Promise<void> {
  const known = ageTables[layout];
  if (known === null) return;
  for (const file of (await listFiles(path)).files.filter((name) => known.table.test(name))) {
    const where = join(path, file);
    const { columns } = parseTable(file, await readText(where, "download it with the images"));
    if (columns.includes(known.column)) continue;
    throw dataFault(
      where,
      `must have the column ${known.column}`,
      columns.slice(0, 12).join(", ") || "none",
      "Download it again",
    );
  }
}
