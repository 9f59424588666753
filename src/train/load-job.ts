import { join } from "node:path";
import { UserError } from "../core/errors.ts";
import type { FileRef } from "../data/dataset.ts";
import { notFiniteFault, readNifti, toLabels, voxelStatistics } from "../data/nifti.ts";
import type { PreprocessOptions } from "../data/preprocess.ts";
import { prepareCase, type TrainSlice } from "./slices.ts";

/** One case to read and cut into slices; run in a worker thread. */
export interface LoadJob {
  readonly id: string;
  /** Folder that the paths start from. */
  readonly root: string;
  readonly image: FileRef;
  readonly lesionMask: FileRef;
  readonly brainMask: FileRef;
  readonly preprocess: PreprocessOptions;
}

/**
 * Reads one case.
 * @throws {UserError} (data) If a file is damaged, or not the one that the dataset was made with.
 */
export default async function loadCase({ id, root, image, lesionMask, brainMask, preprocess }: LoadJob): Promise<TrainSlice[]> {
  const read = async (ref: FileRef) => {
    const file = join(root, ref.path);
    const { volume, sha256 } = await readNifti(file);
    if (sha256 !== ref.sha256)
      throw new UserError(
        "data",
        `${file}: must be the file that the dataset was made with; its content has changed. Make the dataset again.`,
      );
    return { file, volume };
  };
  const scan = await read(image);
  const { notFinite } = voxelStatistics(scan.volume.data);
  if (notFinite > 0) throw notFiniteFault(scan.file, notFinite);
  const labels = async (ref: FileRef) => {
    const { file, volume } = await read(ref);
    return toLabels(volume, file);
  };
  return prepareCase(id, scan.volume, { lesion: await labels(lesionMask), brain: await labels(brainMask) }, preprocess);
}
