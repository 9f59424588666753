import type { Rng } from "../../../core/rng.ts";
import { dataFault } from "../../../data/faults.ts";
import { clusterId, type ResamplingPlan } from "../../metrics/bootstrap.ts";
import { classConfusion, rankClasses } from "../../metrics/multiclass.ts";
import { calibrationBins } from "../../tables/calibration.ts";
import { difference, estimate, valueAt } from "../../tables/estimate.ts";
import { type Replicates, replicate } from "../../tables/replicate.ts";
import { type Compared, type ComparisonSetting, mcnemarOfCalls } from "../compare/compare.ts";
import { describeDifferences, withHolmOfFigures } from "../compare/differences.ts";
import { interactions } from "../compare/interaction.ts";
import { matchRows } from "../compare/match.ts";
import { exchangeModels, type JointValues } from "../compare/permute.ts";
import { classNotes } from "../notes.ts";
import type { MetricsOptions } from "../options.ts";
import { methodOf, planOf } from "../plan.ts";
import type { ClassPredictions } from "../read/classes.ts";
import { describeColumns } from "../read/columns.ts";
import { classLack, describeClassFigures } from "./describe.ts";
import { type ClassSample, classSampleOf, classValues, figureKeys, nameOf } from "./figures.ts";
import type { ClassCalibration, ClassComparison, ClassMetricsResults } from "./results.ts";

/** What {@link measureClasses} finds out. */
export type MeasuredClasses = Pick<
  ClassMetricsResults,
  "method" | "confusion" | "calibration" | "figures" | "interactions" | "comparisons" | "notes"
>;

/** A sample with its figures. */
interface Scored {
  readonly sample: ClassSample;
  readonly values: Replicates<Float64Array>;
}

/**
 * Every figure of predictions of several classes with its interval, over one plan of resamples.
 * @throws {UserError} (data) If there are too many clusters, or a table compared is not of the same rows and classes.
 */
export function measureClasses(
  predictions: ClassPredictions,
  others: readonly Compared<ClassPredictions>[],
  options: MetricsOptions,
  rng: Rng,
): MeasuredClasses {
  const { classes, rows, columns } = predictions;
  const plan = planOf(predictions, options, rng.fork("evaluated"));
  const scored = (some: ClassPredictions["rows"]) => score(plan, classSampleOf(predictions, some, options.bins), options);
  const all = scored(rows);
  const values = [...new Set(rows.map(({ subgroup }) => subgroup))].sort();
  const subgroups =
    columns.subgroup === null
      ? []
      : values.map((value) => ({
          name: `${columns.subgroup}=${value}`,
          ...scored(rows.filter((row) => row.subgroup === value)),
        }));
  const describe = ({ sample, values }: Scored, subset: string) => describeClassFigures(sample, classes, subset, values, options);
  return {
    method: methodOf(predictions, options),
    confusion: confusionRows(all.sample, classes.length),
    calibration: calibrationOf(all.sample, classes, options),
    figures: [...describe(all, "all"), ...subgroups.flatMap((one) => describe(one, one.name))],
    interactions: interactions(
      figureKeys(classes.length).map((key) => nameOf(key, classes)),
      subgroups.map((one) => one.values),
      { rows, truths: rows.map(({ truth }) => truth), values: (weights) => classValues(all.sample, weights) },
      options.permutations,
      rng.fork("relabelled"),
    ),
    comparisons: compareClasses(all, predictions, others, { plan, options, rng: rng.fork("permuted") }),
    notes: classNotes(predictions, others.length),
  };
}

function score(plan: ResamplingPlan, sample: ClassSample, { interval }: MetricsOptions): Scored {
  const clusters = sample.rows.map(({ path }) => clusterId(path));
  return { sample, values: replicate(plan, clusters, interval === "bca", (weights) => classValues(sample, weights)) };
}

function confusionRows({ ranked }: ClassSample, classes: number): number[][] {
  const matrix = [...classConfusion(ranked)];
  return Array.from({ length: classes }, (_, c) => matrix.slice(c * classes, (c + 1) * classes));
}

function calibrationOf(
  { ranked, noProbability }: ClassSample,
  classes: readonly string[],
  { bins, level }: MetricsOptions,
): ClassCalibration {
  if (noProbability !== null) return [];
  const curves = [
    { class: null, scored: ranked.surest },
    ...classes.map((name, c) => ({ class: name, scored: ranked.ranked[c]! })),
  ];
  return curves.map(({ scored, ...of }) => ({ ...of, bins: calibrationBins(scored, bins, level) }));
}

function compareClasses(
  first: Scored,
  of: ClassPredictions,
  others: readonly Compared<ClassPredictions>[],
  setting: ComparisonSetting,
): ClassComparison[] {
  return withHolmOfFigures(others.map((other, i) => compareOne(first, of, other, { ...setting, rng: setting.rng.fork(i) })));
}

function compareOne(
  first: Scored,
  of: ClassPredictions,
  { predictions, sha256 }: Compared<ClassPredictions>,
  { plan, options, rng }: ComparisonSetting,
): ClassComparison {
  const { classes, rows, file } = of;
  if (classes.join("\n") !== predictions.classes.join("\n"))
    throw dataFault(predictions.file, `classes must be as in ${file}`, predictions.classes.join(", "), "Mend --score-columns");
  const theirs = matchRows(of, predictions, ({ truth }) => classes[truth]!);
  const sample = classSampleOf(predictions, rows.map((row, i) => ({ ...row, scores: theirs[i]!.scores })), options.bins); // biome-ignore format: short
  const other = score(plan, sample, options);
  const clusters = new Set(rows.map(({ cluster }) => cluster)).size;
  const estimates = figureKeys(classes.length).map((key, f) => {
    const lacking = Number.isNaN(first.values.whole[f]!) ? first.sample : sample;
    const replicates = difference(valueAt(first.values, f), valueAt(other.values, f));
    return { metric: nameOf(key, classes), ...estimate(replicates, clusters, classLack(key, lacking), options) };
  });
  const joint = jointClassValues(first.sample, sample);
  const permuted = joint === null || options.permutations === 0 ? null : exchangeModels(rng, rows, joint, options.permutations);
  const right = ({ ranked }: ClassSample) => Array.from(ranked.truth, (truth, i) => truth === ranked.calls[i]);
  return {
    file: predictions.file,
    sha256,
    columns: describeColumns(predictions.columns),
    figures: describeClassFigures(sample, classes, "all", other.values, options),
    differences: describeDifferences(estimates, permuted, options),
    permutations: permuted && { count: permuted.permutations, exact: permuted.exact },
    mcnemar: { ...mcnemarOfCalls(right(first.sample), right(sample)), pHolm: null, reason: null },
  };
}

/** The figures of both models in one table; null where their scores may be of different scales, so that exchanging them means nothing. */
function jointClassValues(first: ClassSample, other: ClassSample): JointValues | null {
  if (first.noProbability !== null || other.noProbability !== null) return null;
  const both = [first.ranked, other.ranked];
  const ranked = rankClasses(
    both.flatMap(({ truth }) => [...truth]),
    both.flatMap(({ scores }) => [...scores]),
    first.ranked.classes,
  );
  const joint: ClassSample = { rows: [...first.rows, ...other.rows], ranked, noProbability: null, bins: first.bins };
  return (weights) => classValues(joint, weights);
}
