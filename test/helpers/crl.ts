import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { LabelVolume, Volume } from "../../src/core/volume.ts";
import { toTissues } from "../../src/data/label-schemes.ts";
import { readLabels, readVolume } from "../../src/data/nifti.ts";

const folder = resolve(import.meta.dirname, "../../../shared/data/fetal_mri");
const atlas = (week: number) => `${folder}/crl_sta_atlas/STA${week}`;

/** Whether the CRL fetal atlas lies beside the checkout. */
export const hasCrl = existsSync(`${atlas(24)}.nii.gz`);
if (!hasCrl) console.log("skipped: tests on the CRL fetal atlas, which is not at ../shared/data/fetal_mri");

/** CRL's own parcellation of a week, 21-30 with the developing white matter zones. */
export function crlLabels(week: number): Promise<Volume<Uint16Array>> {
  return readLabels(`${atlas(week)}_${week <= 30 ? "WMZ" : ""}parc.nii.gz`);
}

export function crlImage(week: number): Promise<Volume<Float32Array>> {
  return readVolume(`${atlas(week)}.nii.gz`);
}

/** Tissues of a week by the atlas' own labels, or by the refined parcellation with one label for all ventricles. */
export async function crlTissue(week: number, scheme: "crl2017" | "fidon8"): Promise<LabelVolume> {
  if (scheme === "crl2017") return toTissues(await crlLabels(week), scheme, "crl");
  return toTissues(await readLabels(`${folder}/crl_sta_refined_parcellation/STA${week}_parcellation.nii.gz`), scheme, "fidon");
}
