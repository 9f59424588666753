import type { Case } from "../data/dataset.ts";
import { originOf, sidecarOf, stacksOf } from "./copy.ts";
import { readScene, writeScene } from "./folder.ts";
import type { NormalCase } from "./normal/case.ts";
import { type CaseSource, loadCase } from "./normal/load.ts";
import type { SynthOptions } from "./options.ts";
import type { Sidecar } from "./sidecar.ts";
import { digestOf, type GivenUp, type StackDigest } from "./summary.ts";
import { UnfitError } from "./unfit.ts";

// The stage's hands: some copies of one case in a worker thread. It is the part of stage.ts that reads and writes images.

/** Some copies of one normal case to make. */
export interface SynthJob extends CaseSource {
  readonly out: string;
  readonly options: SynthOptions;
  readonly seed: number;
  /** Copies from `first` up to but not including `end`. */
  readonly first: number;
  readonly end: number;
  /** Keep whole scenes that an interrupted run left in `out`. */
  readonly resume: boolean;
}

/** What a job made. Small, whatever it wrote: the stage holds the answers of all jobs. */
export interface SynthAnswer {
  readonly cases: Case[];
  readonly digests: StackDigest[];
  readonly givenUp: GivenUp[];
}

/** Makes copies of one case, writes them, and returns their entries for dataset.json with what they measure. */
export default async function synthesise(job: SynthJob): Promise<SynthAnswer> {
  const answer: SynthAnswer = { cases: [], digests: [], givenUp: [] };
  const load = once(() => loadCase(job));
  for (let copy = job.first; copy < job.end; copy++) {
    try {
      const { cases, sidecars } = (job.resume && (await keptCopy(job, copy))) || (await makeCopy(job, copy, await load()));
      answer.cases.push(...cases);
      answer.digests.push(...sidecars.map(digestOf));
    } catch (error) {
      if (!(error instanceof UnfitError)) throw error;
      answer.givenUp.push({ case: job.case.id, copy, why: error.message });
    }
  }
  return answer;
}

async function makeCopy(job: SynthJob, copy: number, normal: NormalCase): Promise<{ cases: Case[]; sidecars: Sidecar[] }> {
  const stacks = stacksOf(job, copy, normal).map((stack) => ({ stack, sidecar: sidecarOf(job, normal, stack, copy) }));
  return { cases: await writeScene(job.out, job.case, stacks), sidecars: stacks.map(({ sidecar }) => sidecar) };
}

async function keptCopy(job: SynthJob, copy: number): Promise<{ cases: Case[]; sidecars: Sidecar[] } | null> {
  return await readScene(job.out, job.case, copy, originOf(job, copy), job.options.planes);
}

/** A function that runs once; later calls get the same promise. */
function once<T>(run: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | null = null;
  return () => {
    result ??= run();
    return result;
  };
}
