import type { Volume, Voxels } from "../core/volume.ts";
import { decodeNifti, encodeNifti, toLabels } from "../data/nifti.ts";
import type { PreprocessOptions } from "../data/preprocess.ts";
import { stacksOf } from "../synth/copy.ts";
import { stackId } from "../synth/folder.ts";
import type { SynthJob } from "../synth/job.ts";
import { loadCase } from "../synth/normal/load.ts";
import type { PaintedStack } from "../synth/stacks.ts";
import type { GivenUp } from "../synth/summary.ts";
import { UnfitError } from "../synth/unfit.ts";
import { learnsFrom } from "../train/learns-from.ts";
import type { TaskName } from "../train/options.ts";
import type { FreshScene } from "../train/rounds.ts";
import { healthyAlone, prepareCase, prepareTissueCase, type TrainSlice } from "../train/slices.ts";

/** Some copies of one normal case to learn from, without a file between. */
export interface FreshJob extends Omit<SynthJob, "out" | "resume"> {
  readonly preprocess: PreprocessOptions;
  readonly task: TaskName;
}

export interface FreshAnswer {
  readonly slices: TrainSlice[];
  readonly scenes: FreshScene[];
  readonly givenUp: GivenUp[];
}

/** Makes copies of one case and cuts them into slices: those that training would read, had synth written the same copies. */
export default async function freshen(job: FreshJob): Promise<FreshAnswer> {
  const answer: FreshAnswer = { slices: [], scenes: [], givenUp: [] };
  const normal = await loadCase(job);
  const { id: source } = job.case;
  for (let copy = job.first; copy < job.end; copy++) {
    try {
      const stacks = stacksOf(job, copy, normal);
      const ids = stacks.map(({ plane }) => stackId(source, copy, plane));
      for (const [i, stack] of stacks.entries()) answer.slices.push(...(await slicesOf(ids[i]!, stack, job)));
      answer.scenes.push({ source, copy, stacks: ids, grade: stacks[0]!.draw.bleed?.plan.grade ?? 0 });
    } catch (error) {
      if (!(error instanceof UnfitError)) throw error;
      answer.givenUp.push({ case: source, copy, why: error.message });
      answer.scenes.push({ source, copy, stacks: [], grade: null });
    }
  }
  return answer;
}

async function slicesOf(id: string, { image, lesion, brain, tissue }: PaintedStack, job: FreshJob): Promise<TrainSlice[]> {
  const read = async (volume: Volume<Voxels>) => (await decodeNifti(Buffer.from(encodeNifti(volume, false)), id)).volume;
  const labels = async (volume: Volume<Voxels>) => toLabels(await read(volume), id);
  const scan = await read(image);
  const truth = learnsFrom[job.task];
  if (truth === "tissues") return prepareTissueCase(id, scan, tissue!, job.preprocess);
  const known = await labels(truth === "none" ? { ...lesion, data: new Uint8Array(lesion.data.length) } : lesion);
  const slices = prepareCase(id, scan, { lesion: known, brain: await labels(brain) }, job.preprocess);
  return truth === "healthy" ? healthyAlone(slices) : slices;
}
