import { type MatchedClass, type PictureCounts, sortByScore, verdict } from "./match.ts";
import { weightOf } from "./precision.ts";

/** Boxes of several classes that count, in the order of their scores. Made by {@link scoreCalls}. */
export interface ScoredCalls {
  /** From the best score down: twice the number of the picture, and 1 more where the box is right. */
  readonly calls: Uint32Array;
  readonly score: Float64Array;
  /** Objects that count. */
  readonly objects: PictureCounts;
}

/** The calls of classes in one list, at one of the areas and overlaps that they were matched for. */
export function scoreCalls(classes: readonly MatchedClass[], area: number, overlap: number): ScoredCalls {
  const calls: number[] = [];
  const scores: number[] = [];
  for (const { image, score, verdicts } of classes) {
    const became = verdicts[area]![overlap]!;
    for (let i = 0; i < image.length; i++) {
      if (became[i] === verdict.ignored) continue;
      calls.push(2 * image[i]! + became[i]!); // right is 1, wrong 0
      scores.push(score[i]!);
    }
  }
  const order = sortByScore(Float64Array.from(scores));
  const joined = (of: (counts: PictureCounts) => Uint32Array) =>
    Uint32Array.from(classes.flatMap(({ objects }) => [...of(objects[area]!)]));
  return {
    calls: order.map((i) => calls[i]!),
    score: Float64Array.from(order, (i) => scores[i]!),
    objects: { image: joined(({ image }) => image), count: joined(({ count }) => count) },
  };
}

/** Counts of the boxes that a detector is taken to call. */
export interface CallCounts {
  readonly right: number;
  readonly wrong: number;
  /** Objects that count. */
  readonly all: number;
}

/** Share of the objects that are found; NaN without any. */
export const recallOf = ({ right, all }: CallCounts): number => right / all;

/** Share of the boxes that are right; NaN without any. */
export const precisionOf = ({ right, wrong }: CallCounts): number => right / (right + wrong);

/** Harmonic mean of both; NaN where there is neither an object nor a box. */
export const f1Of = ({ right, wrong, all }: CallCounts): number => (2 * right) / (right + wrong + all);

/** How many boxes score at least `confidence`. */
export function callsFrom({ score }: Pick<ScoredCalls, "score">, confidence: number): number {
  let [low, high] = [0, score.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (score[middle]! >= confidence) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** What is called at `score >= confidence`, each picture counted `weights[picture]` times. */
export function countCalls(scored: ScoredCalls, confidence: number, weights?: ArrayLike<number>): CallCounts {
  const { calls, objects } = scored;
  let [right, called] = [0, 0];
  for (let i = callsFrom(scored, confidence) - 1; i >= 0; i--) {
    const call = calls[i]!;
    const weight = weights === undefined ? 1 : weights[call >>> 1]!;
    called += weight;
    right += weight & -(call & 1);
  }
  return { right, wrong: called - right, all: weightOf(objects, weights) };
}

/** The confidence with the highest F1, the higher one of several; NaN where no box is right. `f1` is NaN without object and box. */
export function bestF1(scored: ScoredCalls, weights?: ArrayLike<number>): { confidence: number; f1: number } {
  const { calls, score, objects } = scored;
  const all = weightOf(objects, weights);
  let [right, called, confidence] = [0, 0, Number.NaN];
  let [bestRight, bestOf] = [0, 1];
  for (let i = 0; i < calls.length; i++) {
    const weight = weights === undefined ? 1 : weights[calls[i]! >>> 1]!;
    called += weight;
    right += weight & -(calls[i]! & 1);
    // Equal scores are called together; whole numbers multiplied, since quotients that are equal may be rounded apart.
    if (score[i] === score[i + 1] || right * bestOf <= bestRight * (called + all)) continue;
    [bestRight, bestOf] = [right, called + all];
    confidence = score[i]!;
  }
  return { confidence, f1: called + all === 0 ? Number.NaN : (2 * bestRight) / bestOf };
}

/** Wrong boxes a picture at which sensitivity is read off: those of LUNA16 and of many challenges since. */
export const frocRates = [0.125, 0.25, 0.5, 1, 2, 4, 8] as const;

/**
 * Free-response ROC: the highest sensitivity of a confidence that gives at most `rates` wrong boxes a picture, each in [0, 1]; by steps, not lines. NaN
 * without an object.
 *
 * @param pictures - How many there are, by weight. @param rates - Ascending.
 *
 * Source: Bunch et al. 1977, doi:10.1117/12.955926; rates as Setio et al. 2017, doi:10.1016/j.media.2017.06.015.
 */
export function frocSensitivities(
  { calls, score, objects }: ScoredCalls,
  pictures: number,
  rates: readonly number[],
  weights?: ArrayLike<number>,
): number[] {
  const all = weightOf(objects, weights);
  const found = rates.map(() => 0);
  let [right, wrong, at] = [0, 0, 0];
  for (let i = 0; i < calls.length && at < rates.length; i++) {
    const weight = weights === undefined ? 1 : weights[calls[i]! >>> 1]!;
    if ((calls[i]! & 1) === 1) right += weight;
    else wrong += weight;
    if (score[i] === score[i + 1]) continue;
    while (at < rates.length && wrong > rates[at]! * pictures) at++;
    if (at < rates.length) found[at] = right;
  }
  for (let k = 1; k < found.length; k++) found[k] = Math.max(found[k]!, found[k - 1]!);
  return found.map((hits) => (all === 0 ? Number.NaN : hits / all));
}

/** What a detector finds at one confidence, and what it costs. */
export interface FrocPoint {
  /** Wrong boxes a picture, or false lesions a case. */
  readonly falsePositives: number;
  /** In [0, 1]. */
  readonly sensitivity: number;
}

/** The free-response curve: one point for each distinct score, from the highest. Empty without an object. @param pictures - How many there are. */
export function frocCurve({ calls, score, objects }: ScoredCalls, pictures: number): FrocPoint[] {
  const all = weightOf(objects);
  const points: FrocPoint[] = [];
  if (all === 0) return points;
  let right = 0;
  for (let i = 0; i < calls.length; i++) {
    right += calls[i]! & 1;
    if (score[i] !== score[i + 1]) points.push({ falsePositives: (i + 1 - right) / pictures, sensitivity: right / all });
  }
  return points;
}
