import type { StageResult } from "../core/context.ts";
import type { Sidecar } from "./sidecar.ts";

/** What a synthesis made, in a line and as JSON: counts by grade, and quartiles of what the scenes measure. */
export function summarise(sidecars: readonly Sidecar[]): StageResult {
  const scenes = new Map(sidecars.map((s) => [`${s.draws.path.join("/")}`, s]));
  const grades = [0, 1, 2, 3, 4].map((grade) => [...scenes.values()].filter((s) => s.grade === grade).length);
  const ill = [...scenes.values()].flatMap((s) => (s.draw.bleed ? [s.draw.bleed] : []));
  const unseen = sidecars.filter((s) => s.grade > 0 && s.facts.lesionVoxels === 0).length;
  const estimated = [...scenes.values()].filter((s) => s.gestationalAge.estimated).length;
  const counts = grades.map((n, grade) => `${n} ${["healthy", "I", "II", "III", "IV"][grade]}`).join(", ");
  return {
    headline: `${sidecars.length} stacks of ${scenes.size} scenes (${counts})${unseen > 0 ? `; in ${unseen} the bleed is too thin for the mask` : ""}`,
    summary: {
      stacks: sidecars.length,
      scenes: scenes.size,
      grades: { healthy: grades[0], I: grades[1], II: grades[2], III: grades[3], IV: grades[4] },
      stacksWithBleedTooThinForTheMask: unseen,
      scenesWithEstimatedAge: estimated,
      maxAxialMm2: quartiles(ill.map((b) => b.facts.maxAxialMm2)),
      volumeMl: quartiles(ill.map((b) => b.facts.volumeMl)),
      meanSignal: quartiles(ill.map((b) => b.facts.meanSignal)),
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
