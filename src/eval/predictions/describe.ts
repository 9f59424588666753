import { type Confusion, confusionAt } from "../metrics/confusion.ts";
import { delongInterval, placementsOf } from "../metrics/delong.ts";
import { type Beside, estimate } from "../tables/estimate.ts";
import type { Replicates } from "../tables/replicate.ts";
import { besideShare } from "../tables/share.ts";
import { figureOf, type Sample, type Values } from "./figures.ts";
import type { MetricsOptions } from "./options.ts";
import { type Figure, type FigureName, figureNames } from "./results.ts";
import type { PredictionRow } from "./rows.ts";

/** Which rows a figure is of, the count that it is a share of them, and what is missing where it is not defined. */
interface Facts {
  readonly of: (row: PredictionRow, called: boolean) => boolean;
  readonly hits?: (c: Confusion) => number;
  readonly lacks: string;
}

const everyRow = () => true;
const facts: Readonly<Record<FigureName, Facts>> = {
  roc_auc: { of: everyRow, lacks: "one class only" },
  average_precision: { of: everyRow, lacks: "no positive" },
  recall: { of: ({ label }) => label === 1, hits: (c) => c.truePositive, lacks: "no positive" },
  specificity: { of: ({ label }) => label === 0, hits: (c) => c.trueNegative, lacks: "no negative" },
  precision: { of: (_, called) => called, hits: (c) => c.truePositive, lacks: "no row is called" },
  npv: { of: (_, called) => !called, hits: (c) => c.trueNegative, lacks: "every row is called" },
  positive_likelihood_ratio: { of: everyRow, lacks: "one class only, or no negative is called: it has no bound" },
  negative_likelihood_ratio: { of: everyRow, lacks: "one class only, or every negative is called: it has no bound" },
  accuracy: { of: everyRow, hits: (c) => c.truePositive + c.trueNegative, lacks: "no row" },
  balanced_accuracy: { of: everyRow, lacks: "one class only" },
  f1: { of: everyRow, lacks: "no positive, and no row is called" },
  matthews_corrcoef: { of: everyRow, lacks: "one class only, or one call only" },
  brier_score_loss: { of: everyRow, lacks: "no row" },
  expected_calibration_error: { of: everyRow, lacks: "no row" },
};

/** Why a figure is not defined, where it is not. */
export function lackOf(metric: FigureName, { noProbability }: Sample, cut: number): string {
  switch (metric) {
    case "roc_auc":
    case "average_precision":
      return facts[metric].lacks;
    case "brier_score_loss":
    case "expected_calibration_error":
      return noProbability ?? facts[metric].lacks;
    default:
      return Number.isNaN(cut)
        ? "no threshold: the scores are no probabilities, so 0.5 means nothing; give one"
        : facts[metric].lacks;
  }
}

/** Every figure of one subset, with the other intervals that exist for it. */
export function describeFigures(
  sample: Sample,
  subset: string,
  values: Replicates<Values>,
  cut: number,
  options: MetricsOptions,
): Figure[] {
  const calls = confusionAt(sample.ranked, cut);
  return figureNames.map((metric): Figure => {
    const { of, hits } = facts[metric];
    const rows = sample.rows.filter((row) => of(row, row.score >= cut));
    const clusters = new Set(rows.map(({ cluster }) => cluster)).size;
    const estimated = estimate(figureOf(values, metric), clusters, lackOf(metric, sample, cut), options);
    const share = hits === undefined || estimated.estimate === null ? null : { hits: hits(calls), of: rows.length };
    const independent = clusters === rows.length;
    const auroc = metric === "roc_auc" && estimated.estimate !== null ? besideAuroc(sample, independent, options.level) : [];
    const beside = share === null ? auroc : besideShare(share, options.level);
    return { metric, ...estimated, subset, n: rows.length, clusters, chance: chanceOf(metric, sample), beside };
  });
}

/** What scores without any skill reach. */
function chanceOf(metric: FigureName, { rows }: Sample): number | null {
  const share = rows.reduce((sum, { label }) => sum + label, 0) / rows.length;
  switch (metric) {
    case "roc_auc":
    case "balanced_accuracy":
      return 0.5;
    case "average_precision":
      return share;
    case "matthews_corrcoef":
      return 0;
    case "brier_score_loss":
      return share * (1 - share); // the share of positives, said of every row
    default:
      return null;
  }
}

function besideAuroc({ ranked, rows }: Sample, independent: boolean, level: number): Beside[] {
  const placements = placementsOf(ranked);
  const delong: Beside = { method: "DeLong", takesRowsAsIndependent: true, ...delongInterval(placements, level) };
  if (independent) return [delong];
  const clustered = delongInterval(placements, level, numbered(rows));
  return [{ method: "Obuchowski", takesRowsAsIndependent: false, ...clustered }, delong];
}

/** Clusters of rows as numbers from 0. */
export function numbered(rows: readonly PredictionRow[]): Uint32Array {
  const numbers = new Map<string, number>();
  return Uint32Array.from(rows, ({ cluster }) => {
    if (!numbers.has(cluster)) numbers.set(cluster, numbers.size);
    return numbers.get(cluster)!;
  });
}
