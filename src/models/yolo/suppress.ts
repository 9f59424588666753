import { z } from "zod";
import { type Rectangle, rectangleIou } from "../../core/rectangle.ts";

/** Options of {@link detectionsOf}. */
export const detectionOptions = z.strictObject({
  scoreThreshold: z.number().min(0).max(1).default(0.25).describe("a detection's score is above this; YOLOv5 has .001 for mAP"),
  iouThreshold: z
    .number()
    .min(0)
    .max(1)
    .default(0.45)
    .describe("of two boxes of a class that overlap by more, the better one stays"),
  maxDetections: z.int().min(1).default(300).describe("of a picture, the best"),
  labels: z
    .enum(["best", "all"])
    .default("best")
    .describe("whether a box counts for its best class alone or for each above the threshold"),
});
export type DetectionOptions = z.output<typeof detectionOptions>;

/** What COCO's evaluation is fed with, nearly every candidate; scores and overlaps are those YOLOv5 validates by. */
export const evaluatedDetections = {
  scoreThreshold: 0.001,
  iouThreshold: 0.6,
  maxDetections: 100,
  labels: "best",
} as const satisfies DetectionOptions;

/** One object that was found. */
export interface Detection {
  readonly box: Rectangle;
  /** In [0, 1]. */
  readonly score: number;
  /** 0-based. */
  readonly label: number;
}

/** Of more candidates only the best are looked at, so that the time is bounded; YOLOv5's number. */
const candidateLimit = 30_000;

/**
 * The objects of one picture: candidates above the score threshold, then {@link suppressOverlaps}.
 *
 * @param boxes - Candidates x 4: left, top, right, bottom.
 * @param scores - Candidates x classes. NaN is never above a threshold.
 * @returns Best first.
 */
export function detectionsOf(
  boxes: ArrayLike<number>,
  scores: ArrayLike<number>,
  classes: number,
  { scoreThreshold, iouThreshold, maxDetections, labels }: DetectionOptions,
): Detection[] {
  const candidates: Detection[] = [];
  for (let i = 0; i < boxes.length / 4; i++) {
    const box = { left: boxes[4 * i]!, top: boxes[4 * i + 1]!, right: boxes[4 * i + 2]!, bottom: boxes[4 * i + 3]! };
    let best = -1;
    for (let label = 0; label < classes; label++) {
      const score = scores[i * classes + label]!;
      if (!(score > scoreThreshold)) continue;
      if (labels === "all") candidates.push({ box, score, label });
      else if (best < 0 || score > scores[i * classes + best]!) best = label;
    }
    if (best >= 0) candidates.push({ box, score: scores[i * classes + best]!, label: best });
  }
  const likely = candidates.length > candidateLimit ? ranked(candidates).slice(0, candidateLimit).map((i) => candidates[i]!) : candidates; // biome-ignore format: short
  return suppressOverlaps(likely, iouThreshold, maxDetections).map((i) => likely[i]!);
}

/**
 * Greedy non-maximum suppression within each class: from the best down, a box stays unless it overlaps one of its class that stays by more than the threshold.
 * Of equal scores the earlier is the better. A box of no area, or with a NaN, overlaps none.
 *
 * @returns Positions of those that stay, best first, at most `limit`.
 *
 * Source: the same as torchvision.ops.batched_nms.
 */
export function suppressOverlaps(
  candidates: readonly Detection[],
  iouThreshold: number,
  limit = Number.POSITIVE_INFINITY,
): number[] {
  const kept: number[] = [];
  const boxesOf = new Map<number, Rectangle[]>();
  for (const i of ranked(candidates)) {
    if (kept.length >= limit) break;
    const { box, label } = candidates[i]!;
    const stay = boxesOf.get(label) ?? [];
    if (stay.some((other) => rectangleIou(box, other) > iouThreshold)) continue;
    stay.push(box);
    boxesOf.set(label, stay);
    kept.push(i);
  }
  return kept;
}

/** Positions from the highest score to the lowest, equal ones in their order. */
function ranked(candidates: readonly Detection[]): number[] {
  return candidates.map((_, i) => i).sort((a, b) => candidates[b]!.score - candidates[a]!.score);
}
