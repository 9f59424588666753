import { placementsOf } from "../../metrics/delong.ts";
import { besideAuroc } from "../../tables/auroc.ts";
import { type Beside, estimate } from "../../tables/estimate.ts";
import { besideClusteredShare } from "../../tables/share.ts";
import type { MetricsOptions } from "../options.ts";
import type { PredictionRow } from "../read/rows.ts";
import { type Figure, type FigureName, figureNames } from "../results.ts";
import type { Called } from "./called.ts";
import { figureOf, type Sample } from "./figures.ts";

/** Which rows a figure is of, whether it is a share of them, and what is missing where it is not defined. */
interface Facts {
  readonly of: (row: PredictionRow, called: boolean) => boolean;
  readonly share?: true;
  readonly lacks: string;
}

const everyRow = () => true;
const facts: Readonly<Record<FigureName, Facts>> = {
  roc_auc: { of: everyRow, lacks: "one class only" },
  average_precision: { of: everyRow, lacks: "no positive" },
  recall: { of: ({ label }) => label === 1, share: true, lacks: "no positive" },
  specificity: { of: ({ label }) => label === 0, share: true, lacks: "no negative" },
  precision: { of: (_, called) => called, share: true, lacks: "no row is called" },
  npv: { of: (_, called) => !called, share: true, lacks: "every row is called" },
  positive_likelihood_ratio: { of: everyRow, lacks: "one class only, or no negative is called: it has no bound" },
  negative_likelihood_ratio: { of: everyRow, lacks: "one class only, or every negative is called: it has no bound" },
  accuracy: { of: everyRow, share: true, lacks: "no row" },
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
  { sample, cut: { whole: cut }, values, variances }: Called,
  subset: string,
  options: MetricsOptions,
): Figure[] {
  return figureNames.map((metric): Figure => {
    const { of, share } = facts[metric];
    const rows = sample.rows.filter((row) => of(row, row.score >= cut));
    const clusters = new Set(rows.map(({ cluster }) => cluster)).size;
    const estimated = estimate(
      figureOf(values, metric),
      clusters,
      lackOf(metric, sample, cut),
      options,
      variances && figureOf(variances, metric),
    );
    const beside = estimated.estimate === null ? [] : besideOf(metric, sample, share ? { rows, cut } : null, options.level);
    return { metric, ...estimated, subset, n: rows.length, clusters, chance: chanceOf(metric, sample), beside };
  });
}

/** @param shareOf - The rows that the figure is a share of, called at `cut`; null where it is none. */
function besideOf(
  metric: FigureName,
  sample: Sample,
  shareOf: { readonly rows: readonly PredictionRow[]; readonly cut: number } | null,
  level: number,
): Beside[] {
  const clustersOf = (rows: readonly PredictionRow[]) => rows.map(({ cluster }) => cluster);
  if (shareOf === null)
    return metric === "roc_auc" ? besideAuroc(placementsOf(sample.ranked), clustersOf(sample.rows), level) : [];
  const { rows, cut } = shareOf;
  const right = rows.map(({ score, label }) => score >= cut === (label === 1)); // of every such share the hits
  return besideClusteredShare(right, clustersOf(rows), level);
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
