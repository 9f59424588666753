import type { Rng } from "../../core/rng.ts";
import { dataFault, oneLine } from "../../data/faults.ts";
import { drawPlan, type ResamplingPlan } from "../metrics/bootstrap.ts";
import { calibrationCurve } from "../metrics/calibration.ts";
import { confusionAt, sensitivity, specificity } from "../metrics/confusion.ts";
import { wilsonInterval } from "../metrics/wilson.ts";
import type { Replicates } from "../tables/replicate.ts";
import { type Called, type Compared, callSample, compareAll } from "./compare.ts";
import { describeFigures } from "./describe.ts";
import { replicateCut, replicateValues, type Sample, sampleOf } from "./figures.ts";
import { isChosen, type MetricsOptions } from "./options.ts";
import type { Cut, MetricsResults } from "./results.ts";
import type { Predictions } from "./rows.ts";

/** Cells of the largest plan, 2 bytes each. */
const mostCells = 2 ** 28;

/** What {@link measurePredictions} finds out. */
export type Measured = Pick<MetricsResults, "threshold" | "figures" | "calibration" | "comparisons" | "notes" | "method">;

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
  const subgroups = subgroupsOf(predictions).map(([name, rows]) => {
    const sample = sampleOf(predictions, rows);
    return describeFigures(sample, name, replicateValues(plan, sample, cut, options), cut.whole, options);
  });
  return {
    method: methodOf(predictions, options),
    threshold: describeCut(all, chosenOn, validation !== null, options),
    figures: [...describeFigures(whole, "all", all.values, cut.whole, options), ...subgroups.flat()],
    calibration: whole.noProbability === null ? calibrationOf(whole, options) : [],
    comparisons: compareAll(plan, all, predictions, others, options),
    notes: notesOf(predictions, plan.patients.length, validation !== null, others.length, options),
  };
}

function planOf({ file, rows }: Predictions, { resamples }: MetricsOptions, rng: Rng): ResamplingPlan {
  const clusters = new Set(rows.map(({ cluster }) => cluster));
  const most = Math.min(65_535, Math.floor(mostCells / resamples));
  if (clusters.size > most)
    throw dataFault(
      file,
      `may have at most ${most} clusters for ${resamples} resamples`,
      clusters.size,
      "Take fewer resamples or a sample of the rows",
    );
  return drawPlan(rng, clusters, resamples);
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
  return { ...cut, leftOut: plan.patients.map(() => cut.whole) }; // no cluster of theirs is left out when one of ours is
}

function subgroupsOf({ columns, rows }: Predictions): [string, Predictions["rows"]][] {
  if (columns.subgroup === null) return [];
  const values = [...new Set(rows.map(({ subgroup }) => subgroup))].sort();
  return values.map((value) => [`${columns.subgroup}=${value}`, rows.filter(({ subgroup }) => subgroup === value)]);
}

function describeCut({ sample, cut }: Called, chosenOn: Sample, onValidation: boolean, { threshold }: MetricsOptions): Cut {
  const orNull = (value: number) => (Number.isNaN(value) ? null : value);
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

function methodOf({ columns }: Predictions, { interval, resamples, level, seed, threshold }: MetricsOptions): string {
  const kind = { percentile: "percentile", basic: "basic", bca: "BCa" }[interval];
  const what = columns.cluster === null ? "rows" : `whole clusters (${oneLine(columns.cluster)})`;
  const chosen = isChosen(threshold) ? ", threshold chosen anew in each resample" : "";
  return `${kind} bootstrap of ${what}, ${resamples} resamples, seed ${seed}, level ${level}${chosen}`;
}

function calibrationOf({ ranked }: Sample, { bins, level }: MetricsOptions): MetricsResults["calibration"] {
  return calibrationCurve(ranked, bins).map(({ from, to, count: n, positives, predicted, observed }) => {
    const { low, high } = wilsonInterval(positives, n, level) ?? { low: null, high: null };
    return { from, to, n, positives, predicted: n === 0 ? null : predicted, observed: n === 0 ? null : observed, low, high };
  });
}

function notesOf(
  { columns, rows, noProbability }: Predictions,
  clusters: number,
  onValidation: boolean,
  compared: number,
  { threshold }: MetricsOptions,
): string[] {
  const chosen = isChosen(threshold);
  const fewest = Math.min(...[0, 1].map((label) => new Set(rows.filter((r) => r.label === label).map((r) => r.cluster)).size));
  const alike = clusters < rows.length;
  return [
    ...(columns.cluster === null
      ? [
          "No column tells which rows belong together: if one patient has several, the intervals are too narrow. Name it by --cluster.",
        ]
      : []),
    ...(chosen && !onValidation
      ? [
          "The threshold was chosen on the very rows that are evaluated: all that depends on calls is optimistic. Give --validation.",
        ]
      : []),
    ...(fewest < 30
      ? [`Only ${fewest} clusters hold one of the classes: with fewer than 30, bootstrap intervals are mostly too narrow.`]
      : []),
    ...(alike
      ? [
          "Clusters hold several rows: Wilson, Clopper-Pearson, Jeffreys and DeLong take rows as independent, and stand there for comparison with papers.",
        ]
      : []),
    ...(alike && compared > 0 ? ["McNemar's test takes rows as independent."] : []),
    ...(noProbability === null
      ? ["The expected calibration error is biased upwards where bins hold few rows, and more so in resamples."]
      : []),
    ...(rows[0]!.score === rows.at(-1)!.score ? ["All scores are equal: they tell nothing apart."] : []),
  ];
}
