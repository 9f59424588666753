import { fileURLToPath } from "node:url";

/** Folder of the tissue network that comes with the package, trained on procedural brains alone; see docs/tissue.md. */
export const tissueModel: string = fileURLToPath(new URL("../../embedded/tissue", import.meta.url));

/** Folder with the one real HASTE stack that comes with the package, and its brain mask; `hemosynth ingest` takes it as it is. */
export const hasteFolder: string = fileURLToPath(new URL("../../embedded/haste", import.meta.url));

/** The stack: T2, axial, 320 x 320 x 22 voxels, unmasked. CC0, see NOTICE. */
export const hasteStack: string = `${hasteFolder}/sub-01_run-1_T2w.nii.gz`;

/** Its brain mask, 0 and 1, drawn by hand. */
export const hasteMask: string = `${hasteFolder}/sub-01_run-1_T2w_desc-brain_mask.nii.gz`;
