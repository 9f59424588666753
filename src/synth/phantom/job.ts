import { tissues } from "../../core/tissue.ts";
import { writeDrawn, writeImage } from "../../data/case-files.ts";
import type { Case } from "../../data/dataset.ts";
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
  return {
    id,
    subject,
    session: null,
    gestationalAge: anatomy.gestationalAge,
    // Stored as thousandths; readers divide by nothing: the scale is the same for every phantom.
    image: await writeImage(out, `images/${id}`, { ...image, data: Uint16Array.from(image.data, (v) => Math.round(1000 * v)) }),
    labels: await writeImage(out, `images/${subject}_dseg`, tissue),
    brainMask: await writeImage(out, `images/${subject}_brain`, {
      ...tissue,
      data: tissue.data.map((t) => (t === tissues.background ? 0 : 1)),
    }),
    lesionMask: null,
    sidecar: await writeDrawn(out, `images/${subject}`, { anatomy, spacingMm }),
    shape: [...image.shape],
    spacing: [spacingMm, spacingMm, spacingMm],
    grade: 0,
    sources: [],
  };
}
