import { affineSpacing } from "../../core/affine.ts";
import { writeDrawn, writeImage } from "../../data/case-files.ts";
import type { Case } from "../../data/dataset.ts";
import { buildHead } from "./build.ts";
import { type LabelSlicePlan, labelSlice } from "./label-slice.ts";
import { readLabelPicture } from "./load.ts";
import type { HeadPlan, ScanPlan } from "./plan.ts";
import { type HeadScan, scanHead } from "./scan.ts";

/** One scan to make and write; run in a worker thread. */
export interface HeadCtJob {
  /** Folder of the dataset. */
  readonly out: string;
  readonly id: string;
  readonly subject: string;
  /** A head that is drawn, or the label picture that a slice is made of. */
  readonly from:
    | { readonly kind: "head"; readonly head: HeadPlan; readonly scan: ScanPlan }
    | { readonly kind: "labels"; readonly folder: string; readonly file: string; readonly plan: LabelSlicePlan };
}

/** Whole-image classes of the dataset, normal first. */
export const headCtClasses = ["normal", "hemorrhage"] as const;

/** Makes one scan and writes image, masks and sidecar. Returns its entry for dataset.json. */
export default async function makeHeadCt({ out, id, subject, from }: HeadCtJob): Promise<Case> {
  const { image, lesion, cavity } = await scanOf(from);
  const drawn = from.kind === "head" ? { head: from.head, scan: from.scan } : { file: from.file, plan: from.plan };
  return {
    ...{ id, subject, session: null, gestationalAge: null, labels: null },
    image: await writeImage(out, `images/${id}`, image),
    brainMask: await writeImage(out, `images/${id}_brain`, cavity),
    lesionMask: await writeImage(out, `images/${id}_lesion`, lesion),
    sidecar: await writeDrawn(out, `images/${id}`, drawn),
    shape: [...image.shape],
    spacing: [...affineSpacing(image.affine)],
    grade: null,
    class: headCtClasses[lesion.data.some((value) => value > 0) ? 1 : 0],
    sources: [],
  };
}

async function scanOf(from: HeadCtJob["from"]): Promise<HeadScan> {
  if (from.kind === "head") return scanHead(buildHead(from.head), from.scan);
  return labelSlice(await readLabelPicture(from.folder, from.file), from.plan);
}
