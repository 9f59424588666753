import type { RankedScores } from "../metrics/auroc.ts";
import { calibrationCurve } from "../metrics/calibration.ts";
import { orNull } from "../metrics/or-null.ts";
import { wilsonInterval } from "../metrics/wilson.ts";

/** Units whose probability lies in (`from`, `to`], 0 in the first. */
export interface CountedBin {
  readonly from: number;
  readonly to: number;
  readonly n: number;
  readonly positives: number;
  /** Mean probability, and share of positives with Wilson's interval; null in an empty bin. */
  readonly predicted: number | null;
  readonly observed: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

/** The calibration curve with Wilson's interval in each bin, which takes units as independent. @param scored - Scores are probabilities, in [0, 1]. */
export function calibrationBins(scored: Pick<RankedScores, "scores" | "labels">, bins: number, level: number): CountedBin[] {
  return calibrationCurve(scored, bins).map(({ from, to, count: n, positives, predicted, observed }) => {
    const { low, high } = wilsonInterval(positives, n, level) ?? { low: null, high: null };
    return { from, to, n, positives, predicted: orNull(predicted), observed: orNull(observed), low, high };
  });
}
