import type { Rng } from "../../../core/rng.ts";
import { type LabelledScore, type RankedScores, rankScores } from "../../metrics/auroc.ts";
import { exchangeTest, type PermutationTest } from "../../metrics/permutation.ts";
import { numbersOf } from "../../tables/numbers.ts";
import type { Called } from "../figures/called.ts";
import { valuesOf } from "../figures/figures.ts";
import type { TableRow } from "../read/table.ts";
import { type FigureName, figureNames } from "../results.ts";

/** All figures of a table that holds the rows of one model and then those of another, each row so often. */
export type JointValues = (weights: Uint8Array) => ArrayLike<number>;

/** Whether the figures of two models of the same rows differ: what they say of the rows of a cluster is exchanged as a whole. */
export function exchangeModels(rng: Rng, rows: readonly TableRow[], joint: JointValues, permutations: number): PermutationTest {
  const { of, count } = numbersOf(rows.map(({ cluster }) => cluster));
  const n = rows.length;
  const [first, other] = [new Uint8Array(2 * n), new Uint8Array(2 * n)];
  return exchangeTest(rng, count, permutations, (exchanged) => {
    for (let i = 0; i < n; i++) {
      const turned = exchanged[of[i]!]!;
      first[i] = other[n + i] = 1 - turned;
      first[n + i] = other[i] = turned;
    }
    const [a, b] = [joint(first), joint(other)];
    return Float64Array.from(a, (v, f) => v - b[f]!);
  });
}

/**
 * The figures of two models in one table. What hangs on ranks is of each model's own ranks, so that scales may differ, as Bandos et al. have it; what
 * hangs on calls is of each model's calls at its own threshold.
 *
 * Source: Bandos, Rockette & Gur 2005, doi:10.1002/sim.2149.
 */
export function jointValues(first: Called, other: Called, bins: number): JointValues {
  const both = (of: (called: Called) => ArrayLike<number>): RankedScores => {
    const labels = [first, other].flatMap(({ sample }) => Array.from(sample.ranked.labels));
    const scores = [first, other].flatMap((called) => Array.from(of(called)));
    return rankScores(scores.map((score, i) => ({ label: labels[i] as LabelledScore["label"], score })));
  };
  const rows = [...first.sample.rows, ...other.sample.rows];
  const noProbability = first.sample.noProbability ?? other.sample.noProbability;
  const table = (ranked: RankedScores) => ({ rows, ranked, noProbability });
  const tables = {
    ranks: table(both(({ sample }) => middleRanks(sample.ranked))),
    calls: table(both(({ sample, cut }) => sample.ranked.scores.map((score) => (score >= cut.whole ? 1 : 0)))),
    scores: table(both(({ sample }) => sample.ranked.scores)),
  };
  const cut = Number.isNaN(first.cut.whole + other.cut.whole) ? Number.NaN : 0.5;
  return (weights) => {
    const values = { ranks: valuesOf(tables.ranks, cut, bins, weights), calls: valuesOf(tables.calls, cut, bins, weights), scores: valuesOf(tables.scores, cut, bins, weights) }; // biome-ignore format: short
    return figureNames.map((metric, f) => values[hangsOn(metric)][f]!);
  };
}

function hangsOn(metric: FigureName): "ranks" | "calls" | "scores" {
  switch (metric) {
    case "roc_auc":
    case "average_precision":
      return "ranks";
    case "brier_score_loss":
    case "expected_calibration_error":
      return "scores";
    default:
      return "calls";
  }
}

/** Rank of each unit, from 1, ties sharing the middle of theirs. */
export function middleRanks({ order, tieEnd }: RankedScores): Float64Array {
  const ranks = new Float64Array(order.length);
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (tieEnd[to] === 0) to++;
    for (let i = from; i <= to; i++) ranks[order[i]!] = (from + to) / 2 + 1;
    from = to + 1;
  }
  return ranks;
}
