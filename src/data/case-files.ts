import { join } from "node:path";
import { canonicalJson, sha256 } from "../core/hash.ts";
import type { Volume, Voxels } from "../core/volume.ts";
import type { FileRef } from "./dataset.ts";
import { writeAtomic } from "./files.ts";
import { writeNifti } from "./nifti.ts";

/** Writes a volume of a case as `STEM.nii.gz` of the dataset in `out`. */
export async function writeImage(out: string, stem: string, volume: Volume<Voxels>): Promise<FileRef> {
  const path = `${stem}.nii.gz`;
  return { path, ...(await writeNifti(join(out, path), volume)) };
}

/** Writes everything that was drawn for a case as `STEM.json` of the dataset in `out`. */
export async function writeDrawn(out: string, stem: string, drawn: unknown): Promise<FileRef> {
  const path = `${stem}.json`;
  const text = `${canonicalJson(drawn, 1)}\n`;
  await writeAtomic(join(out, path), text);
  return { path, sha256: sha256(text) };
}
