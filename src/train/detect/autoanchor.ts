import { type Rng, weightedIndex } from "../../core/rng.ts";
import type { AnchorSize } from "../../models/yolo/design.ts";
import type { AnchorOptions } from "./options.ts";

/** How well anchors suit boxes. */
export interface AnchorFit {
  /** Best possible recall: the share of boxes that some anchor can learn. In [0, 1]; NaN without boxes. */
  readonly recall: number;
  /** Mean number of anchors that can learn a box. */
  readonly anchorsPerBox: number;
  /** Mean likeness of a box to its likest anchor, 0 where none can learn it. In [0, 1]: 1 where each box is an anchor. */
  readonly fitness: number;
}

/**
 * Measures anchors on boxes.
 * @param sizes - Width and height of each box, pixels of the network's input, above 0.
 */
export function measureAnchors(sizes: readonly AnchorSize[], anchors: readonly AnchorSize[], ratio: number): AnchorFit {
  let [learnt, pairs, sum] = [0, 0, 0];
  for (const size of sizes) {
    let best = 0;
    for (const anchor of anchors) {
      const likeness = likenessOf(size, anchor);
      if (likeness > 1 / ratio) pairs++;
      if (likeness > best) best = likeness;
    }
    if (best > 1 / ratio) {
      learnt++;
      sum += best;
    }
  }
  return { recall: learnt / sizes.length, anchorsPerBox: pairs / sizes.length, fitness: sum / sizes.length };
}

/** The least of the four ratios of sides, in (0, 1]: above 1 / ratio where the loss lets the anchor learn the box. */
function likenessOf([width, height]: AnchorSize, [w, h]: AnchorSize): number {
  return Math.min(width / w, w / width, height / h, h / height);
}

/**
 * Anchors for boxes of these sizes, from small to large: the centres of k-means, then a genetic search that keeps what fits better.
 * Equal streams and sizes give equal anchors; all sizes doubled give anchors doubled.
 *
 * @param sizes - Width and height of each box, pixels of the network's input.
 * @throws {RangeError} If there is no box, or a side is not finite and above 0.
 *
 * Source: YOLOv5's automatic anchors; the mutations and the fitness are its own. Its k-means is over pixels, ours over logarithms, since ratios count: our choice.
 */
export function fitAnchors(rng: Rng, sizes: readonly AnchorSize[], options: AnchorOptions): AnchorSize[] {
  if (sizes.length === 0) throw new RangeError("fitAnchors: needs boxes; got none");
  const broken = sizes.find((size) => !size.every((side) => side > 0 && side < Number.POSITIVE_INFINITY));
  if (broken !== undefined) throw new RangeError(`fitAnchors: sides must be finite and above 0; got ${broken.join(" x ")}`);
  const logs = sizes.map(([w, h]): AnchorSize => [Math.log(w), Math.log(h)]);
  const centres = clusterCentres(rng.fork("clusters"), logs, options.count);
  const start = centres.map(([w, h]): AnchorSize => [Math.exp(w), Math.exp(h)]);
  return evolve(rng.fork("mutations"), sizes, start, options).sort((a, b) => a[0] * a[1] - b[0] * b[1]);
}

/**
 * Centres of k-means that no round moves any more: starts from points far from those before (k-means++), at most 300 rounds.
 * Source: Lloyd 1982, doi:10.1109/TIT.1982.1056489; Arthur & Vassilvitskii 2007, "k-means++".
 */
export function clusterCentres(rng: Rng, points: readonly AnchorSize[], count: number): AnchorSize[] {
  let centres: AnchorSize[] = [points[rng.below(points.length)]!];
  while (centres.length < count) {
    const far = points.map((point) => Math.min(...centres.map((centre) => squareDistance(point, centre))));
    // Fewer different points than centres: the last ones double.
    centres.push(points[far.some((d) => d > 0) ? weightedIndex(rng, far) : rng.below(points.length)]!);
  }
  for (let round = 0; round < 300; round++) {
    const sums = centres.map(() => [0, 0, 0] as [number, number, number]);
    for (const point of points) {
      const sum = sums[nearest(point, centres)]!;
      sum[0] += point[0];
      sum[1] += point[1];
      sum[2]++;
    }
    const moved = sums.map(([x, y, n], i): AnchorSize => (n === 0 ? centres[i]! : [x / n, y / n]));
    const isStill = moved.every((centre, i) => squareDistance(centre, centres[i]!) < 1e-18);
    centres = moved;
    if (isStill) break;
  }
  return centres;
}

function nearest(point: AnchorSize, centres: readonly AnchorSize[]): number {
  let best = 0;
  for (let i = 1; i < centres.length; i++)
    if (squareDistance(point, centres[i]!) < squareDistance(point, centres[best]!)) best = i;
  return best;
}

function squareDistance(a: AnchorSize, b: AnchorSize): number {
  return (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2;
}

/** Multiplies sides at random, by .3 to 3, and keeps each change that fits better. */
function evolve(rng: Rng, sizes: readonly AnchorSize[], start: readonly AnchorSize[], options: AnchorOptions): AnchorSize[] {
  let best = [...start];
  let fitness = measureAnchors(sizes, best, options.ratio).fitness;
  for (let generation = 0; generation < options.generations; generation++) {
    const strength = rng.uniform() * options.spread;
    const factor = () => {
      const change = rng.normal(); // drawn either way, so that one side's fate moves no other's
      return rng.uniform() < options.mutated ? Math.min(3, Math.max(0.3, 1 + strength * change)) : 1;
    };
    const next = best.map(([w, h]): AnchorSize => [w * factor(), h * factor()]);
    const nextFitness = measureAnchors(sizes, next, options.ratio).fitness;
    if (nextFitness > fitness) [best, fitness] = [next, nextFitness];
  }
  return best;
}
