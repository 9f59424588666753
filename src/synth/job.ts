import { affineSpacing } from "../core/affine.ts";
import { type Rng, seededRng } from "../core/rng.ts";
import type { Case } from "../data/dataset.ts";
import { packageVersion } from "../data/version.ts";
import { lesionBox, sliceBoxes } from "./boxes.ts";
import type { NormalCase } from "./case.ts";
import { readScene, stackId, voxelHashes, writeScene } from "./folder.ts";
import { type CaseSource, loadCase } from "./load.ts";
import type { SynthOptions } from "./options.ts";
import { type Sidecar, sidecarVersion } from "./sidecar.ts";
import { makeStacks, measureStack, type PaintedStack } from "./stacks.ts";
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
  const stacks = stacksOf(job, copy, normal).map((stack) => ({ stack, sidecar: describe(job, normal, stack, copy) }));
  return { cases: await writeScene(job.out, job.case, stacks), sidecars: stacks.map(({ sidecar }) => sidecar) };
}

async function keptCopy(job: SynthJob, copy: number): Promise<{ cases: Case[]; sidecars: Sidecar[] } | null> {
  return await readScene(job.out, job.case, copy, originOf(job, copy), job.options.planes);
}

/** The stacks of one copy of a case, as the stage makes them. @throws {UnfitError} If no bleed fits. */
export function stacksOf(
  { seed, case: source, options }: Pick<SynthJob, "seed" | "case" | "options">,
  copy: number,
  normal: NormalCase,
): PaintedStack[] {
  const rng = caseRng(seed, source.id);
  return makeStacks(rng.fork(copy), normal, isHealthy(rng, copy, options.healthyShare), options);
}

/** The stream of all draws for one case: its own, so that results do not depend on other cases or on order. */
function caseRng(seed: number, id: string): Rng {
  return seededRng(seed).fork("synth").fork(id);
}

/** Whether a copy gets no bleed: `share` of a case's copies, spread evenly, which first is drawn. */
export function isHealthy(rng: Rng, copy: number, share: number): boolean {
  const start = rng.fork("healthy").uniform();
  return Math.floor((copy + 1) * share + start) > Math.floor(copy * share + start);
}

/** What a stack is made from and with, beside the options. */
function originOf({ case: source, seed }: Pick<SynthJob, "case" | "seed">, copy: number) {
  const { id, subject, image, labels } = source;
  return {
    hemosynth: packageVersion(),
    source: { id, subject, image: image.sha256, labels: labels!.sha256 },
    draws: { seed, path: ["synth", id, copy] },
  };
}

/** The sidecar of a stack. */
export function describe(job: Pick<SynthJob, "case" | "seed">, normal: NormalCase, stack: PaintedStack, copy: number): Sidecar {
  return {
    schemaVersion: sidecarVersion,
    ...originOf(job, copy),
    id: stackId(job.case.id, copy, stack.plane),
    gestationalAge: normal.age,
    csf: normal.csf,
    plane: stack.plane,
    grade: stack.draw.bleed?.plan.grade ?? 0,
    draw: stack.draw,
    facts: measureStack(stack),
    box: lesionBox(stack.lesion),
    sliceBoxes: sliceBoxes(stack.lesion),
    grid: { shape: stack.image.shape, spacing: affineSpacing(stack.image.affine) },
    voxels: voxelHashes(stack),
  };
}

/** A function that runs once; later calls get the same promise. */
function once<T>(run: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | null = null;
  return () => {
    result ??= run();
    return result;
  };
}
