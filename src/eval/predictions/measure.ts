import type { Rng } from "../../core/rng.ts";
import { clusterCount, type ResamplingPlan } from "../metrics/bootstrap.ts";
import { confusionAt, sensitivity, specificity } from "../metrics/confusion.ts";
import { orNull } from "../metrics/or-null.ts";
import { calibrationBins } from "../tables/calibration.ts";
import type { Replicates } from "../tables/replicate.ts";
import { type Compared, compareAll } from "./compare/compare.ts";
import { interactions } from "./compare/interaction.ts";
import { type Called, callSample } from "./figures/called.ts";
import { describeFigures } from "./figures/describe.ts";
import { replicateCut, type Sample, sampleOf, valuesOf } from "./figures/figures.ts";
import { notesOf } from "./notes.ts";
import { isChosen, type MetricsOptions } from "./options.ts";
import { methodOf, planOf } from "./plan.ts";
import type { Predictions } from "./read/rows.ts";
import { type Cut, figureNames, type MetricsResults } from "./results.ts";

/** What {@link measurePredictions} finds out. */
export type Measured = Pick<
  MetricsResults,
  "threshold" | "figures" | "calibration" | "interactions" | "comparisons" | "notes" | "method"
>;

/**
 * Every figure of a table of predictions with its interval, over one plan of resamples of its clusters: all rows of a cluster or none.
 * A threshold that is chosen is chosen anew in each resample, on the rows of `validation` where they are given.
 *
 * @throws {UserError} (data) If there are too many clusters, or a table compared is not of the same rows.
 */
export function measurePredictions(
  predictions: Predictions,
  validation: Predictions | null,
  others: readonly Compared[],
  options: MetricsOptions,
  rng: Rng,
): Measured {
  const plan = planOf(predictions, options, rng.fork("evaluated"));
  const whole = sampleOf(predictions, predictions.rows);
  const chosenOn = validation === null ? whole : sampleOf(validation, validation.rows);
  const cut = chooseCut(plan, whole, validation, chosenOn, options, rng.fork("validation"));
  const all = callSample(plan, whole, cut, options);
  const subgroups = subgroupsOf(predictions).map(([name, rows]) => ({
    name,
    called: callSample(plan, sampleOf(predictions, rows), cut, options),
  }));
  return {
    method: methodOf(predictions, options),
    threshold: describeCut(all, chosenOn, validation !== null, options),
    figures: [
      ...describeFigures(all, "all", options),
      ...subgroups.flatMap(({ name, called }) => describeFigures(called, name, options)),
    ],
    calibration: whole.noProbability === null ? calibrationBins(whole.ranked, options.bins, options.level) : [],
    interactions: interactions(
      figureNames,
      subgroups.map(({ called }) => called.values),
      {
        rows: whole.rows,
        truths: whole.rows.map(({ label }) => label),
        values: (weights) => valuesOf(whole, cut.whole, options.bins, weights),
      },
      options.permutations,
      rng.fork("relabelled"),
    ),
    comparisons: compareAll(all, predictions, others, { plan, options, rng: rng.fork("permuted") }),
    notes: notesOf(predictions, validation !== null, others.length, options),
  };
}

function chooseCut(
  plan: ResamplingPlan,
  whole: Sample,
  validation: Predictions | null,
  chosenOn: Sample,
  options: MetricsOptions,
  rng: Rng,
): Replicates<number> {
  const leaveOut = options.interval === "bca";
  if (validation === null) return replicateCut(plan, whole, options.threshold, leaveOut);
  const cut = replicateCut(planOf(validation, options, rng), chosenOn, options.threshold, false);
  return { ...cut, leftOut: Array.from({ length: clusterCount(plan) }, () => cut.whole) }; // no cluster of theirs is left out when one of ours is
}

function subgroupsOf({ columns, rows }: Predictions): [string, Predictions["rows"]][] {
  if (columns.subgroup === null) return [];
  const values = [...new Set(rows.map(({ subgroup }) => subgroup))].sort();
  return values.map((value) => [`${columns.subgroup}=${value}`, rows.filter(({ subgroup }) => subgroup === value)]);
}

function describeCut({ sample, cut }: Called, chosenOn: Sample, onValidation: boolean, { threshold }: MetricsOptions): Cut {
  const at = confusionAt(sample.ranked, cut.whole);
  const reached = confusionAt(chosenOn.ranked, cut.whole);
  const chosen = isChosen(threshold);
  return {
    value: orNull(cut.whole),
    rule: ruleWords(threshold, cut.whole),
    chosenOn: chosen ? (onValidation ? "validation" : "the rows that are evaluated") : "given",
    reached: chosen ? { rows: chosenOn.rows.length, recall: sensitivity(reached), specificity: specificity(reached) } : null,
    confusion: Number.isNaN(cut.whole)
      ? null
      : { tp: at.truePositive, fn: at.falseNegative, fp: at.falsePositive, tn: at.trueNegative },
  };
}

function ruleWords(rule: MetricsOptions["threshold"], value: number): string {
  if (rule === null) return Number.isNaN(value) ? "none: the scores are no probabilities" : "the default of probabilities";
  switch (rule.rule) {
    case "fixed":
      return "given";
    case "youden":
      return "highest recall + specificity";
    case "sensitivity":
      return `highest specificity with recall at least ${rule.target}`;
    case "specificity":
      return `highest recall with specificity at least ${rule.target}`;
    default:
      return rule satisfies never;
  }
}
