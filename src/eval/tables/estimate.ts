import { z } from "zod";
import { bootstrapInterval, type IntervalKind } from "../metrics/bootstrap-interval.ts";
import type { Replicates } from "./replicate.ts";

const count = z.int().min(0);
const value = z.number().nullable();

/** Fields of an estimate with its bootstrap interval; `null` is "does not exist", and `reason` says why. */
export const estimateFields = {
  estimate: value,
  low: value,
  high: value,
  /** Resamples in which it is not defined; the interval is of the others. */
  undefinedResamples: count,
  reason: z.string().nullable(),
};
const estimateSchema = z.strictObject(estimateFields);
export type Estimate = z.output<typeof estimateSchema>;

/** Another interval of the same figure. */
export const besideSchema = z.strictObject({
  method: z.enum([
    "DeLong",
    "Obuchowski",
    "Obuchowski, logit",
    "Wilson",
    "Wilson, clustered",
    "Clopper-Pearson",
    "Jeffreys",
    "Bland-Altman",
  ]),
  /** True where it would be too narrow if rows of one cluster are alike. */
  takesRowsAsIndependent: z.boolean(),
  low: value,
  high: value,
  reason: z.string().nullable(),
});
export type Beside = z.output<typeof besideSchema>;

/** Fields of a row in a table of figures, beside the name of its metric. */
export const figureFields = {
  ...estimateFields,
  /** `all`, or `column=value` of a subgroup. */
  subset: z.string(),
  /** Units that the figure is of. */
  n: count,
  /** Distinct clusters among them. */
  clusters: count,
  /** What no skill at all reaches; null where that is not one number. */
  chance: value,
  beside: z.array(besideSchema),
};
const figureSchema = z.strictObject({ metric: z.string(), ...figureFields });
export type TableFigure = z.output<typeof figureSchema>;

/** How intervals are made of resamples. */
export interface IntervalOptions {
  readonly interval: IntervalKind;
  /** In [0.5, 1). */
  readonly level: number;
}

/** Of a statistic whose value is a list, the one value at a place. */
export function valueAt({ whole, resampled, leftOut }: Replicates<ArrayLike<number>>, at: number): Replicates<number> {
  const one = (values: ArrayLike<number>) => values[at]!;
  return { whole: one(whole), resampled: resampled.map(one), leftOut: leftOut.map(one) };
}

/** The differences of two statistics over one plan. */
export function difference(first: Replicates<number>, other: Replicates<number>): Replicates<number> {
  const minus = (a: readonly number[], b: readonly number[]) => a.map((v, i) => v - b[i]!);
  return {
    whole: first.whole - other.whole,
    resampled: minus(first.resampled, other.resampled),
    leftOut: minus(first.leftOut, other.leftOut),
  };
}

/**
 * A statistic with its interval.
 * @param clusters - Distinct clusters among the units that it is of. @param undefinedBecause - Reason where it is NaN.
 * @param variances - Of the statistic by a formula, in the same resamples; a studentized interval needs them.
 */
export function estimate(
  { whole, resampled, leftOut }: Replicates<number>,
  clusters: number,
  undefinedBecause: string,
  { interval, level }: IntervalOptions,
  variances?: Replicates<number>,
): Estimate {
  const undefinedResamples = resampled.reduce((n, v) => n + (Number.isNaN(v) ? 1 : 0), 0);
  if (Number.isNaN(whole)) return { estimate: null, low: null, high: null, undefinedResamples, reason: undefinedBecause };
  const statistic = {
    estimate: whole,
    values: Float64Array.from(resampled),
    leftOut: Float64Array.from(leftOut),
    clusters,
    ...(variances && { variances: { whole: variances.whole, resampled: Float64Array.from(variances.resampled) } }),
  };
  const { low, high, reason } = bootstrapInterval(interval, statistic, level);
  return { estimate: whole, low, high, undefinedResamples, reason };
}
