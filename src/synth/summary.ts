import type { StageResult } from "../core/context.ts";
import { many, romanGrade } from "../core/words.ts";
import type { Sidecar } from "./sidecar.ts";

/** What the summary of a run needs of one stack: a few numbers, so that a run of any length fits into memory. */
export interface StackDigest {
  /** The stacks of one scene share it. */
  readonly scene: string;
  readonly grade: Sidecar["grade"];
  readonly lesionVoxels: number;
  /** Standard error of an age that was read from brain volume, weeks; null for one that was given. */
  readonly ageSd: number | null;
  /** Of the painted scene; null for a healthy one. */
  readonly bleed: {
    readonly stage: string;
    readonly attempt: number;
    readonly maxAxialMm2: number;
    readonly volumeMl: number;
    readonly meanSignal: number;
  } | null;
}

/** A scene that was not made, since no bleed fitted. */
export interface GivenUp {
  /** Id of the normal case. */
  readonly case: string;
  readonly copy: number;
  readonly why: string;
}

export function digestOf({ draws, grade, facts, gestationalAge, draw: { bleed } }: Sidecar): StackDigest {
  return {
    scene: draws.path.join("/"),
    grade,
    lesionVoxels: facts.lesionVoxels,
    ageSd: gestationalAge.sd ?? null,
    bleed: bleed && {
      stage: bleed.plan.stage,
      attempt: bleed.attempt,
      maxAxialMm2: bleed.facts.maxAxialMm2,
      volumeMl: bleed.facts.volumeMl,
      meanSignal: bleed.facts.meanSignal,
    },
  };
}

/** What a synthesis made, in a line and as JSON: counts by grade, and quartiles of what the scenes measure. */
export function summarise(stacks: readonly StackDigest[], givenUp: readonly GivenUp[]): StageResult {
  const scenes = [...new Map(stacks.map((s) => [s.scene, s])).values()];
  const grades = [0, 1, 2, 3, 4].map((grade) => scenes.filter((s) => s.grade === grade).length);
  const ill = scenes.flatMap((s) => (s.bleed ? [s.bleed] : []));
  const unseen = stacks.filter((s) => s.grade > 0 && s.lesionVoxels === 0).length;
  const counts = grades.map((n, grade) => `${n} ${grade === 0 ? "healthy" : romanGrade(grade)}`).join(", ");
  const lost = givenUp.length > 0 ? `; ${givenUp.length} given up` : "";
  const ageSds = scenes.flatMap((s) => s.ageSd ?? []);
  const guessed =
    ageSds.length > 0 ? `; age by brain volume in ${ageSds.length}, within ${quartiles(ageSds)![1]} weeks (SD)` : "";
  const thin = unseen > 0 ? `; in ${unseen} the bleed is too thin for the mask` : "";
  return {
    headline: `${many(stacks.length, "stack")} of ${many(scenes.length, "scene")} (${counts})${lost}${thin}${guessed}`,
    summary: {
      stacks: stacks.length,
      scenes: scenes.length,
      grades: { healthy: grades[0], I: grades[1], II: grades[2], III: grades[3], IV: grades[4] },
      scenesGivenUp: givenUp.length,
      scenesDrawnAgain: ill.filter((b) => b.attempt > 0).length,
      stacksWithBleedTooThinForTheMask: unseen,
      scenesWithEstimatedAge: ageSds.length,
      estimatedAgeSdWeeks: quartiles(ageSds),
      maxAxialMm2: quartiles(ill.map((b) => b.maxAxialMm2)),
      volumeMl: quartiles(ill.map((b) => b.volumeMl)),
      meanSignal: quartiles(ill.map((b) => b.meanSignal)),
    },
  };
}

/** Lower quartile, median and upper quartile (nearest rank); null without values. */
function quartiles(values: readonly number[]): readonly [number, number, number] | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const at = (p: number) => sorted[Math.min(sorted.length - 1, Math.ceil(p * sorted.length) - 1)]!;
  return [at(0.25), at(0.5), at(0.75)];
}
