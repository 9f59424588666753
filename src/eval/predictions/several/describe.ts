import { placementsOf } from "../../metrics/delong.ts";
import { besideAuroc } from "../../tables/auroc.ts";
import { type Beside, estimate, type TableFigure, valueAt } from "../../tables/estimate.ts";
import type { Replicates } from "../../tables/replicate.ts";
import { besideClusteredShare } from "../../tables/share.ts";
import type { MetricsOptions } from "../options.ts";
import type { ClassRow } from "../read/classes.ts";
import { type ClassSample, type FigureKey, figureKeys, nameOf } from "./figures.ts";

/** Which rows a figure is of, whether it is a share of them, and what is missing where it is not defined. */
interface Facts {
  readonly of: (row: ClassRow, call: number) => boolean;
  readonly share?: true;
  readonly lacks: string;
}

const everyRow = () => true;

function factsOf({ figure, of: c }: FigureKey, { noProbability }: ClassSample): Facts {
  if (c === null) {
    const lacks = {
      roc_auc_macro: "a class without rows, or all rows of one",
      roc_auc_micro: "no row",
      average_precision_macro: "a class without rows",
      average_precision_micro: "no row",
      accuracy: "no row",
      balanced_accuracy: "a class without rows",
      f1_macro: "a class without rows and calls",
      cohen_kappa: "truth and calls of one class only",
      matthews_corrcoef: "truth or calls of one class only",
      brier_score_loss: noProbability ?? "no row",
      expected_calibration_error: noProbability ?? "no row",
      classwise_calibration_error: noProbability ?? "no row",
    }[figure];
    return { of: everyRow, lacks, ...(figure === "accuracy" ? { share: true as const } : {}) };
  }
  switch (figure) {
    case "roc_auc":
      return { of: everyRow, lacks: "no row of the class, or of another" };
    case "average_precision":
      return { of: everyRow, lacks: "no row of the class" };
    case "recall":
      return { of: ({ truth }) => truth === c, share: true, lacks: "no row of the class" };
    case "specificity":
      return { of: ({ truth }) => truth !== c, share: true, lacks: "no row of another class" };
    case "precision":
      return { of: (_, call) => call === c, share: true, lacks: "no row is called so" };
    case "f1":
      return { of: everyRow, lacks: "no row of the class, and none called so" };
    default:
      return figure satisfies never;
  }
}

/** Why a figure is not defined, where it is not. */
export const classLack = (key: FigureKey, sample: ClassSample): string => factsOf(key, sample).lacks;

/** Every figure of one subset, with the other intervals that exist for it. */
export function describeClassFigures(
  sample: ClassSample,
  classes: readonly string[],
  subset: string,
  values: Replicates<ArrayLike<number>>,
  options: MetricsOptions,
): TableFigure[] {
  return figureKeys(classes.length).map((key, f): TableFigure => {
    const { of, share, lacks } = factsOf(key, sample);
    const at = sample.rows.flatMap((row, i) => (of(row, sample.ranked.calls[i]!) ? [i] : []));
    const rows = at.map((i) => sample.rows[i]!);
    const clusters = new Set(rows.map(({ cluster }) => cluster)).size;
    const estimated = estimate(valueAt(values, f), clusters, lacks, options);
    const beside = estimated.estimate === null ? [] : besideOf(key, sample, share ? at : null, options.level);
    return {
      metric: nameOf(key, classes),
      ...estimated,
      subset,
      n: rows.length,
      clusters,
      chance: chanceOf(key, sample),
      beside,
    };
  });
}

/** @param shareOf - Places of the rows that the figure is a share of; null where it is none. */
function besideOf(
  { figure, of }: FigureKey,
  { ranked, rows }: ClassSample,
  shareOf: readonly number[] | null,
  level: number,
): Beside[] {
  const clustersOf = (some: typeof rows) => some.map(({ cluster }) => cluster);
  if (shareOf === null)
    return figure === "roc_auc" && of !== null ? besideAuroc(placementsOf(ranked.ranked[of]!), clustersOf(rows), level) : [];
  const { truth, calls } = ranked;
  const right = shareOf.map((i) => (of === null ? truth[i] === calls[i] : (truth[i] === of) === (calls[i] === of)));
  return besideClusteredShare(right, clustersOf(shareOf.map((i) => rows[i]!)), level);
}

/** What scores without any skill reach. */
function chanceOf({ figure, of }: FigureKey, { ranked }: ClassSample): number | null {
  switch (figure) {
    case "roc_auc":
    case "roc_auc_macro":
    case "roc_auc_micro":
      return 0.5;
    case "average_precision":
      return ranked.truth.filter((truth) => truth === of).length / ranked.truth.length;
    case "average_precision_macro":
    case "average_precision_micro":
    case "balanced_accuracy":
      return 1 / ranked.classes;
    case "cohen_kappa":
    case "matthews_corrcoef":
      return 0;
    default:
      return null;
  }
}
