import { join } from "node:path";
import { dataFault } from "../faults.ts";
import { readText } from "../files.ts";
import { parseTable } from "../ingest/gestational-age.ts";
import { folderOptions, type IngestOptions } from "../ingest/options.ts";
import { listFiles } from "../ingest/walk.ts";
import type { NormalLayout } from "./options.ts";
import { filesLike } from "./tables.ts";

/** What the folder ingest needs to know of a set of normal fetal brains; the trees are in docs/datasets.md. */
export function presetOf(layout: NormalLayout, path: string): IngestOptions {
  return { ...folderOptions.parse({ kind: "folder", path, ...presets[layout] }), published: true };
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
    brainMask: [
      "{dir}/{base}_desc-brain_mask.nii.gz",
      "{dir}/{base}_desc-bet_space-T2w_brainmask.nii.gz",
      "{dir}/{base}_desc-drawem_space-T2w_brainmask.nii.gz",
    ],
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

/** Names of a set's images, and how they lie, for messages. */
const trees: Readonly<Record<NormalLayout, readonly [images: RegExp, tree: string]>> = {
  feta: [/^(?!derivatives\/)(?:.*\/|)sub-[^/]+\/(?:ses-[^/]+\/|)anat\/[^/]+_T2w\.nii(?:\.gz)?$/, "sub-001/anat/sub-001_rec-mial_T2w.nii.gz"],
  "dhcp-fetal": [/^(?:.*\/|)sub-[^/]+\/ses-[^/]+\/anat\/[^/]+_T2w\.nii\.gz$/, "sub-CC00XXX/ses-NNN/anat/sub-CC00XXX_ses-NNN_T2w.nii.gz"],
  crl: [/^STA\d\d(?:exp|)\.nii\.gz$/, "STA21.nii.gz to STA38exp.nii.gz"],
}; // biome-ignore format: a table

/** @throws {UserError} (data) If no image has a name of the set, or a table of it is there and lacks the column of the age: it is another set. */
export async function checkTree(layout: NormalLayout, path: string): Promise<void> {
  const { files } = await listFiles(path);
  filesLike({ path, files }, ...trees[layout]);
  const ages = ageTables[layout];
  if (ages === null) return;
  for (const file of files.filter((name) => ages.table.test(name))) await assertColumn(join(path, file), ages.column);
}

async function assertColumn(where: string, column: string): Promise<void> {
  const { columns } = parseTable(where, await readText(where, "download it with the images"));
  if (columns.includes(column)) return;
  throw dataFault(where, `must have the column ${column}`, columns.slice(0, 12).join(", ") || "none", "Download it again");
}
