import { affineSpacing } from "../core/affine.ts";
import { type Rng, seededRng } from "../core/rng.ts";
import type { Case } from "../data/dataset.ts";
import { packageVersion } from "../data/version.ts";
import { lesionBox, sliceBoxes } from "./boxes.ts";
import { stackId, voxelHashes } from "./folder.ts";
import type { NormalCase } from "./normal/case.ts";
import type { SynthOptions } from "./options.ts";
import { type Sidecar, sidecarVersion } from "./sidecar.ts";
import { makeStacks, measureStack, type PaintedStack } from "./stacks.ts";

// One copy of a case: its stacks and their sidecars, decided by the case, the run's seed and the copy's number alone.

/** What all copies of a case start from. */
export interface CopySource {
  readonly case: Case;
  readonly seed: number;
}

/** The stacks of one copy of a case, as the stage makes them. @throws {UnfitError} If no bleed fits. */
export function stacksOf(
  { seed, case: source, options }: CopySource & { readonly options: SynthOptions },
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
export function originOf({ case: source, seed }: CopySource, copy: number) {
  const { id, subject, image, labels } = source;
  return {
    hemosynth: packageVersion(),
    source: { id, subject, image: image.sha256, labels: labels!.sha256 },
    draws: { seed, path: ["synth", id, copy] },
  };
}

/** The sidecar of a stack. */
export function sidecarOf(job: CopySource, normal: NormalCase, stack: PaintedStack, copy: number): Sidecar {
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
