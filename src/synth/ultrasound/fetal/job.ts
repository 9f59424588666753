import { writeDrawn, writeImage } from "../../../data/case-files.ts";
import type { Case } from "../../../data/dataset.ts";
import { frameStepMm, framesVolume } from "../frames.ts";
import { scan } from "../scan.ts";
import { seenMask } from "../seen.ts";
import { findingMask, insideMask, regionBoxes } from "./truth.ts";
import { type FetalView, paintView } from "./view.ts";

/** One picture to make and write; run in a worker thread. */
export interface FetalJob {
  /** Folder of the dataset. */
  readonly out: string;
  readonly id: string;
  readonly subject: string;
  readonly class: string;
  /** Value of the finding in the lesion mask; 0: none. */
  readonly lesionType: number;
  readonly view: FetalView;
}

/** Makes one picture and writes it with its masks and sidecar. Returns its entry for dataset.json. */
export default async function makeFetalPicture(job: FetalJob): Promise<Case> {
  const { out, id, view } = job;
  const canvas = paintView(view);
  const { frame, fan, beam } = view.scan;
  const seen = seenMask(canvas, fan, beam);
  const write = (suffix: string, data: Uint8Array) => writeImage(out, `images/${id}${suffix}`, framesVolume(data, frame));
  const lesion = findingMask(canvas, seen, view.fetus.finding, view.plane).map((v) => job.lesionType * v);
  return {
    id,
    subject: job.subject,
    session: null,
    gestationalAge: view.fetus.gestationalAge,
    image: await write("", scan(canvas, view.scan).data),
    labels: null,
    brainMask: await write("_brain", insideMask(canvas, seen, view.plane)),
    lesionMask: await write("_lesion", lesion),
    sidecar: await writeDrawn(out, `images/${id}`, view),
    shape: [frame.width, frame.height, 1],
    spacing: [frame.pixelMm, frame.pixelMm, frameStepMm],
    grade: null,
    class: job.class,
    boxes: regionBoxes(canvas, seen, view.plane),
    plane: view.plane,
    sources: [],
  };
}
