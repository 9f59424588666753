import { join } from "node:path";
import { canonicalJson, sha256 } from "../../core/hash.ts";
import { tissues } from "../../core/tissue.ts";
import type { Volume } from "../../core/volume.ts";
import type { Case } from "../../data/dataset.ts";
import { writeAtomic } from "../../data/files.ts";
import { writeNifti } from "../../data/nifti.ts";
import { buildPhantom } from "./build.ts";
import type { PhantomAnatomy } from "./draw.ts";

/** One brain to build and write; run in a worker thread. */
export interface PhantomJob {
  /** Folder of the dataset. */
  readonly out: string;
  readonly subject: string;
  readonly anatomy: PhantomAnatomy;
  readonly spacingMm: number;
}

/** Builds one brain and writes its image, labels, mask and sidecar. Returns its entry for dataset.json. */
export default async function makePhantom({ out, subject, anatomy, spacingMm }: PhantomJob): Promise<Case> {
  const { image, tissue } = buildPhantom(anatomy, spacingMm);
  const id = `${subject}_T2w`;
  const write = async (path: string, volume: Volume<Uint16Array> | Volume<Uint8Array>) => ({
    path,
    ...(await writeNifti(join(out, path), volume)),
  });
  const sidecar = `${canonicalJson({ anatomy, spacingMm }, 1)}\n`;
  const sidecarPath = `images/${subject}.json`;
  await writeAtomic(join(out, sidecarPath), sidecar);
  return {
    id,
    subject,
    session: null,
    gestationalAge: anatomy.gestationalAge,
    // Stored as thousandths; readers divide by nothing: the scale is the same for every phantom.
    image: await write(`images/${id}.nii.gz`, { ...image, data: Uint16Array.from(image.data, (v) => Math.round(1000 * v)) }),
    labels: await write(`images/${subject}_dseg.nii.gz`, tissue),
    brainMask: await write(`images/${subject}_brain.nii.gz`, {
      ...tissue,
      data: tissue.data.map((t) => (t === tissues.background ? 0 : 1)),
    }),
    lesionMask: null,
    sidecar: { path: sidecarPath, sha256: sha256(sidecar) },
    shape: [...image.shape],
    spacing: [spacingMm, spacingMm, spacingMm],
    grade: 0,
    sources: [],
  };
}
