import { join } from "node:path";
import type { FileRef } from "../data/dataset.ts";
import { type LabelScheme, toTissues } from "../data/label-schemes.ts";
import { readLabels, readVolume } from "../data/nifti.ts";
import type { PreprocessOptions } from "../data/preprocess.ts";
import { prepareCase, prepareTissueCase, type TrainSlice } from "./slices.ts";

/** One case to read and cut into slices; run in a worker thread. */
export interface LoadJob {
  readonly id: string;
  /** Folder that the paths start from. */
  readonly root: string;
  readonly image: FileRef;
  readonly truth:
    | { readonly task: "lesion"; readonly lesionMask: FileRef; readonly brainMask: FileRef }
    | { readonly task: "tissue"; readonly labels: FileRef; readonly scheme: LabelScheme };
  readonly preprocess: PreprocessOptions;
}

/**
 * Reads one case.
 * @throws {UserError} (data) If a file is damaged, or not the one that the dataset was made with.
 */
export default async function loadCase({ id, root, image, truth, preprocess }: LoadJob): Promise<TrainSlice[]> {
  const quiet = () => {};
  const labels = (ref: FileRef) => readLabels(join(root, ref.path), quiet, ref.sha256);
  const scan = await readVolume(join(root, image.path), quiet, image.sha256);
  if (truth.task === "tissue") {
    const tissue = toTissues(await labels(truth.labels), truth.scheme, join(root, truth.labels.path));
    return prepareTissueCase(id, scan, tissue, preprocess);
  }
  return prepareCase(id, scan, { lesion: await labels(truth.lesionMask), brain: await labels(truth.brainMask) }, preprocess);
}
