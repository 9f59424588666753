import { join } from "node:path";
import type { Experiment } from "../config/experiment.ts";
import { sha256 } from "../core/hash.ts";
import { startPool } from "../core/parallel.ts";
import { readDataset, readSplits } from "../data/dataset.ts";
import { readBytes } from "../data/files.ts";
import { usableCases } from "../synth/normal/cases.ts";
import { checkGivenUp } from "../synth/stage.ts";
import type { FreshScenes } from "../train/rounds.ts";
import type { FreshAnswer, FreshJob } from "./fresh-job.ts";

/** Where the cases of {@link startFresh} lie. */
export interface FreshFolders {
  /** Dataset of the normal cases. */
  readonly data: string;
  /** What synth made of them: it is the first round, and its splits say who trains. */
  readonly synth: string;
}

/**
 * New training stacks from the normal cases of the train split, in worker threads: synth's next copies of each case, made as synth would
 * make them, so that `synth.copies: N` writes those numbered below N.
 *
 * @param threads - Threads that make them; 0: the caller's own.
 * @returns `stop` ends the threads.
 */
export async function startFresh(
  { data, synth }: FreshFolders,
  { synth: options, preprocess, train: { task }, seed }: Experiment,
  threads: number,
): Promise<{ readonly fresh: FreshScenes; stop(): Promise<void> }> {
  const dataset = await readDataset(data);
  const splits = await readSplits(synth);
  const sources = usableCases(dataset, { ...splits, val: [], test: [] }, data, () => {});
  const pool = startPool<FreshJob, FreshAnswer>(new URL("./fresh-job.ts", import.meta.url), threads);
  const jobOf = { root: join(data, dataset.root), scheme: dataset.labelScheme!, options, seed, preprocess, task };
  const origin = { synth: options, normal: sha256(await readBytes(join(data, "dataset.json"))) };
  const round = async (r: number) => {
    const [first, end] = [r * options.copies, (r + 1) * options.copies];
    const jobs = sources.map((source): FreshJob => ({ ...jobOf, case: source, first, end }));
    const answers = await Promise.all(jobs.map(pool.run));
    checkGivenUp(answers.flatMap((a) => a.givenUp), options, jobs); // biome-ignore format: one line
    return { slices: answers.flatMap((a) => a.slices), scenes: answers.flatMap((a) => a.scenes) };
  };
  return { fresh: { origin, round }, stop: pool.stop };
}
