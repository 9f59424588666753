import { join } from "node:path";
import type { Volume } from "../core/volume.ts";
import type { FileRef } from "../data/dataset.ts";
import { type LabelScheme, toTissues } from "../data/label-schemes.ts";
import { readLabels, readVolume } from "../data/nifti.ts";
import type { PreprocessOptions } from "../data/preprocess.ts";
import { type CaseFacts, prepareCase, prepareTissueCase, type TrainSlice } from "./slices.ts";

/** One case to read and cut into slices; run in a worker thread. */
export interface LoadJob {
  readonly id: string;
  /** Folder that the paths start from. */
  readonly root: string;
  readonly image: FileRef;
  readonly truth: /** Without a lesion mask nothing is lesion, without a brain mask all is brain that is not black. */
    | ({ readonly task: "lesion"; readonly lesionMask: FileRef | null; readonly brainMask: FileRef | null } & CaseFacts)
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
  const { task: _, lesionMask, brainMask, ...facts } = truth;
  const lesion = lesionMask === null ? maskOf(scan, () => 0) : await labels(lesionMask);
  const brain = brainMask === null ? maskOf(scan, (value) => (value === 0 ? 0 : 1)) : await labels(brainMask);
  return prepareCase(id, scan, { lesion, brain }, preprocess, facts);
}

function maskOf(scan: Volume, value: (of: number) => number): Volume<Uint16Array> {
  return { ...scan, data: Uint16Array.from(scan.data, value) };
}
