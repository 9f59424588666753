import type { Rng } from "../../../core/rng.ts";
import type { ResamplingPlan } from "../../metrics/bootstrap.ts";
import { delongTest, placementsOf } from "../../metrics/delong.ts";
import { holmAdjusted } from "../../metrics/holm.ts";
import { mcnemarExact } from "../../metrics/mcnemar.ts";
import { difference, estimate } from "../../tables/estimate.ts";
import { numbersOf } from "../../tables/numbers.ts";
import { type Called, callSample } from "../figures/called.ts";
import { describeFigures, lackOf } from "../figures/describe.ts";
import { figureOf, replicateCut, sampleOf } from "../figures/figures.ts";
import { replicateVariances } from "../figures/variances.ts";
import type { MetricsOptions } from "../options.ts";
import { describeColumns } from "../read/columns.ts";
import type { Predictions } from "../read/rows.ts";
import { type Comparison, type FigureName, figureNames } from "../results.ts";
import { describeDifferences, withHolmOfFigures } from "./differences.ts";
import { matchRows } from "./match.ts";
import { exchangeModels, jointValues } from "./permute.ts";

/** What the stage knows of a file compared. */
export interface Compared<P = Predictions> {
  readonly predictions: P;
  readonly sha256: string;
}

/** What comparisons of one table have in common. */
export interface ComparisonSetting {
  readonly plan: ResamplingPlan;
  readonly options: MetricsOptions;
  readonly rng: Rng;
}

/**
 * The first table beside each other one, over the same resamples; p values of all of them are one family for each test.
 * @throws {UserError} (data) If a table is not of the same rows.
 */
export function compareAll(
  first: Called,
  of: Predictions,
  others: readonly Compared[],
  setting: ComparisonSetting,
): Comparison[] {
  const all = others.map((other, i) => compareOne(first, of, other, { ...setting, rng: setting.rng.fork(i) }));
  const delong = holmAdjusted(all.map((one) => one.delong.p));
  return withHolmOfFigures(all).map((one, i) => ({ ...one, delong: { ...one.delong, pHolm: delong[i]! } }));
}

function compareOne(
  first: Called,
  of: Predictions,
  { predictions, sha256 }: Compared,
  { plan, options, rng }: ComparisonSetting,
): Comparison {
  const theirs = matchRows(of, predictions, ({ label }) => (label === 1 ? "positive" : "negative"));
  const sample = sampleOf(predictions, of.rows.map((row, i) => ({ ...row, score: theirs[i]!.score }))); // biome-ignore format: short
  const cut = replicateCut(plan, sample, options.threshold, options.interval === "bca");
  const other = callSample(plan, sample, cut, options);
  const { permutations, bins } = options;
  const permuted = permutations === 0 ? null : exchangeModels(rng, of.rows, jointValues(first, other, bins), permutations);
  return {
    file: predictions.file,
    sha256,
    columns: describeColumns(predictions.columns),
    threshold: Number.isNaN(cut.whole) ? null : cut.whole,
    figures: describeFigures(other, "all", options),
    differences: describeDifferences(differencesOf(plan, first, other, options), permuted, options),
    permutations: permuted && { count: permuted.permutations, exact: permuted.exact },
    delong: delongOf(first, other, options.level),
    mcnemar: mcnemarOf(first, other),
  };
}

function differencesOf(plan: ResamplingPlan, first: Called, other: Called, options: MetricsOptions) {
  const variances = replicateVariances(plan, [first, other], options);
  const clusters = new Set(first.sample.rows.map(({ cluster }) => cluster)).size;
  const lacking = (metric: FigureName) => (Number.isNaN(wholeOf(first, metric)) ? first : other);
  const because = (metric: FigureName) =>
    lackOf(metric, lacking(metric).sample, Number.isNaN(first.cut.whole) ? Number.NaN : other.cut.whole);
  return figureNames.map((metric) => {
    const replicates = difference(figureOf(first.values, metric), figureOf(other.values, metric));
    const variance = variances && figureOf(variances, metric);
    return { metric, ...estimate(replicates, clusters, because(metric), options, variance) };
  });
}

const wholeOf = ({ values }: Called, metric: FigureName) => values.whole[figureNames.indexOf(metric)]!;

function delongOf(first: Called, other: Called, level: number): Comparison["delong"] {
  const clusters = numbersOf(first.sample.rows.map(({ cluster }) => cluster));
  const independent = clusters.count === first.sample.rows.length;
  const { difference: _, ...delong } = delongTest(
    placementsOf(first.sample.ranked),
    placementsOf(other.sample.ranked),
    level,
    independent ? undefined : clusters.of,
  );
  return { method: independent ? "DeLong" : "Obuchowski", ...delong, pHolm: null };
}

/** Rows of both samples are in the same order. */
function mcnemarOf(first: Called, other: Called): Comparison["mcnemar"] {
  if (Number.isNaN(first.cut.whole + other.cut.whole))
    return { onlyFirstRight: null, onlyOtherRight: null, p: null, pHolm: null, reason: "no threshold" };
  const right = ({ sample, cut }: Called) => sample.rows.map(({ label, score }) => score >= cut.whole === (label === 1));
  return { ...mcnemarOfCalls(right(first), right(other)), pHolm: null, reason: null };
}

/** McNemar's test of which calls are right. */
export function mcnemarOfCalls(first: readonly boolean[], other: readonly boolean[]) {
  const onlyFirstRight = first.filter((right, i) => right && !other[i]).length;
  const onlyOtherRight = other.filter((right, i) => right && !first[i]).length;
  return { onlyFirstRight, onlyOtherRight, p: mcnemarExact(onlyFirstRight, onlyOtherRight) };
}
