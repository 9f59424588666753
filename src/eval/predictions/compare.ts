import { dataFault, oneLine } from "../../data/faults.ts";
import type { ResamplingPlan } from "../metrics/bootstrap.ts";
import { delongTest, placementsOf } from "../metrics/delong.ts";
import { holmAdjusted } from "../metrics/holm.ts";
import { mcnemarExact } from "../metrics/mcnemar.ts";
import { difference, estimate } from "../tables/estimate.ts";
import type { Replicates } from "../tables/replicate.ts";
import { describeColumns } from "./columns.ts";
import { lackOf, numbered } from "./describe.ts";
import { figureOf, replicateCut, replicateValues, type Sample, sampleOf, type Values } from "./figures.ts";
import type { MetricsOptions } from "./options.ts";
import { type Comparison, figureNames } from "./results.ts";
import type { PredictionRow, Predictions } from "./rows.ts";

/** A sample with its figures, called at its threshold. */
export interface Called {
  readonly sample: Sample;
  readonly cut: Replicates<number>;
  readonly values: Replicates<Values>;
}

/** Calls a sample at the threshold of `cut` and evaluates it. */
export function callSample(plan: ResamplingPlan, sample: Sample, cut: Replicates<number>, options: MetricsOptions): Called {
  return { sample, cut, values: replicateValues(plan, sample, cut, options) };
}

/**
 * The rows of the first table with the scores of another, matched by id.
 * @throws {UserError} (data) If a table has no id, an id is in one alone, or truth or cluster of a row differ.
 */
export function matchRows(first: Predictions, other: Predictions): PredictionRow[] {
  for (const { file, columns } of [first, other]) {
    if (columns.id.length === 0)
      throw dataFault(file, "rows are matched by id, so a column must hold one", "none", "Name it: --id COLUMN");
  }
  const theirs = new Map(other.rows.map((row) => [row.id, row]));
  const missing = first.rows.filter(({ id }) => !theirs.has(id));
  const mend = "Compare predictions of the same rows";
  const refuse = (row: PredictionRow, rule: string, got: string) =>
    dataFault(`${other.file}, row ${row.line}`, `${rule} of ${oneLine(row.id)} must be as in ${first.file}`, got, mend);
  if (missing.length > 0)
    throw dataFault(
      other.file,
      `must hold every id of ${first.file}`,
      `${missing.length} missing, such as ${missing[0]!.id}`,
      mend,
    );
  if (other.rows.length > first.rows.length) {
    const ours = new Set(first.rows.map(({ id }) => id));
    const extra = other.rows.filter(({ id }) => !ours.has(id));
    throw dataFault(
      other.file,
      `must hold no id beyond those of ${first.file}`,
      `${extra.length} more, such as ${extra[0]!.id}`,
      mend,
    );
  }
  return first.rows.map((row) => {
    const their = theirs.get(row.id)!;
    if (their.label !== row.label) throw refuse(their, "the truth", their.label === 1 ? "positive" : "negative");
    if (other.columns.cluster !== null && first.columns.cluster !== null && their.cluster !== row.cluster)
      throw refuse(their, "the cluster", their.cluster);
    return { ...row, score: their.score };
  });
}

/** What the stage knows of a file compared. */
export interface Compared {
  readonly predictions: Predictions;
  readonly sha256: string;
}

/** The first table beside each other one, over the same resamples; p values of all of them are one family for each test. */
export function compareAll(
  plan: ResamplingPlan,
  first: Called,
  of: Predictions,
  others: readonly Compared[],
  options: MetricsOptions,
): Comparison[] {
  const all = others.map((other) => compareOne(plan, first, of, other, options));
  const delong = holmAdjusted(all.map((one) => one.delong.p));
  const mcnemar = holmAdjusted(all.map((one) => one.mcnemar.p));
  return all.map((one, i) => ({
    ...one,
    delong: { ...one.delong, pHolm: delong[i]! },
    mcnemar: { ...one.mcnemar, pHolm: mcnemar[i]! },
  }));
}

function compareOne(
  plan: ResamplingPlan,
  first: Called,
  of: Predictions,
  { predictions, sha256 }: Compared,
  options: MetricsOptions,
): Comparison {
  const sample = sampleOf(predictions, matchRows(of, predictions));
  const cut = replicateCut(plan, sample, options.threshold, options.interval === "bca");
  const other = callSample(plan, sample, cut, options);
  const clusters = new Set(sample.rows.map(({ cluster }) => cluster)).size;
  const independent = clusters === sample.rows.length;
  const because = (metric: (typeof figureNames)[number]) =>
    lackOf(
      metric,
      Number.isNaN(wholeOf(first, metric)) ? first.sample : sample,
      Number.isNaN(first.cut.whole) ? first.cut.whole : cut.whole,
    );
  const { difference: _, ...delong } = delongTest(
    placementsOf(first.sample.ranked),
    placementsOf(sample.ranked),
    options.level,
    independent ? undefined : numbered(sample.rows),
  );
  return {
    file: predictions.file,
    sha256,
    columns: describeColumns(predictions.columns),
    threshold: Number.isNaN(cut.whole) ? null : cut.whole,
    differences: figureNames.map((metric) => {
      const replicates = difference(figureOf(first.values, metric), figureOf(other.values, metric));
      return { metric, ...estimate(replicates, clusters, because(metric), options) };
    }),
    delong: { method: independent ? "DeLong" : "Obuchowski", ...delong, pHolm: null },
    mcnemar: mcnemarOf(first, other),
  };
}

const wholeOf = ({ values }: Called, metric: (typeof figureNames)[number]) => values.whole[figureNames.indexOf(metric)]!;

/** Rows of both samples are in the same order. */
function mcnemarOf(first: Called, other: Called): Comparison["mcnemar"] {
  if (Number.isNaN(first.cut.whole + other.cut.whole))
    return { onlyFirstRight: null, onlyOtherRight: null, p: null, pHolm: null, reason: "no threshold" };
  const right = ({ sample, cut }: Called) => sample.rows.map(({ label, score }) => score >= cut.whole === (label === 1));
  const [a, b] = [right(first), right(other)];
  const onlyFirstRight = a.filter((r, i) => r && !b[i]).length;
  const onlyOtherRight = b.filter((r, i) => r && !a[i]).length;
  return { onlyFirstRight, onlyOtherRight, p: mcnemarExact(onlyFirstRight, onlyOtherRight), pHolm: null, reason: null };
}
