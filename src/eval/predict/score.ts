import { UserError } from "../../core/errors.ts";
import type { Image } from "../../core/volume.ts";
import { pooledScore } from "../metrics/pool.ts";
import type { ScoreOptions } from "./options.ts";

/**
 * The lowest score, a logit: of a slice with no brain, or with less of it than the area that is asked for. Finite, so that
 * ranks, means and CSV files stay ordinary; far below any logit that a trained network gives.
 */
export const scoreFloor = -50;

/**
 * Score of a slice, a logit: the value that at least `areaMm2` of the pixels inside the gate reach, the k-th largest with
 * k = area / pixel area, interpolated between ranks (at least the largest). Never NaN, at least {@link scoreFloor}.
 *
 * A single bright pixel does not lift it, and a logit does not saturate as a float32 probability does.
 *
 * @param pixelMm2 - Area of a pixel, mm².
 * @throws {UserError} (numeric) If a logit inside the gate is NaN or infinite.
 */
export function sliceScore(
  lesion: Image,
  gate: Image<Uint8Array>,
  pixelMm2: number,
  { areaMm2 }: Pick<ScoreOptions, "areaMm2">,
): number {
  const inside = lesion.data.filter((_, i) => gate.data[i] === 1).sort();
  const broken = inside.find((v) => !Number.isFinite(v));
  if (broken !== undefined)
    throw new UserError("numeric", `the network must give finite logits; got ${broken}. Its weights are damaged: train again.`);
  const rank = Math.max(1, areaMm2 / pixelMm2); // 1 is the largest
  if (rank > inside.length) return scoreFloor;
  const at = inside.length - rank;
  const low = inside[Math.floor(at)]!;
  const high = inside[Math.min(Math.floor(at) + 1, inside.length - 1)]!;
  return Math.max(scoreFloor, low + (at - Math.floor(at)) * (high - low));
}

/**
 * Score of a stack: the highest value that `persistence` neighbouring slices all reach; with 1 their maximum. A stack of fewer
 * slices must reach it in all of them.
 * @throws {RangeError} If there is no slice.
 */
export function stackScore(slices: readonly number[], { persistence }: Pick<ScoreOptions, "persistence">): number {
  if (slices.length === 0) throw new RangeError("stackScore: no slices");
  const run = Math.min(persistence, slices.length);
  let best = -Infinity;
  for (let i = 0; i + run <= slices.length; i++) best = Math.max(best, Math.min(...slices.slice(i, i + run)));
  return best;
}

/** Score of a subject: mean or maximum over its stacks. @throws {RangeError} If there is no stack. */
export function subjectScore(stacks: readonly number[], { subject }: Pick<ScoreOptions, "subject">): number {
  if (stacks.length === 0) throw new RangeError("subjectScore: no stacks");
  return pooledScore(stacks, { kind: subject });
}

/** Logit → probability in [0, 1]. */
export function sigmoid(logit: number): number {
  return logit >= 0 ? 1 / (1 + Math.exp(-logit)) : Math.exp(logit) / (1 + Math.exp(logit));
}
