import { leastForChance } from "../tables/few.ts";
import { figure } from "./format.ts";

/** A figure with its interval, whatever table it is of. */
export interface Interval {
  readonly estimate: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly reason: string | null;
}

/** The value that a reader compares an interval with, and what it stands for: "guessing". */
export interface Landmark {
  readonly value: number;
  readonly words: string;
  /** Who is resampled, of the class that has fewest: below {@link leastForChance} nothing is said of where the value lies. */
  readonly fewest: { readonly count: number; readonly of: string };
}

/** `95 %`; a level is a share. */
export const percent = (level: number): string => `${Math.round(1000 * level) / 10} %`;

/** What an interval is, once for a page. */
export function aboutIntervals(level: number, clusters: string): string {
  return `Brackets are ${percent(level)} intervals: made in this way, they hold the true figure in ${percent(level)} of such studies, in fewer where ${clusters} are few. They say how far a figure could move had other ${clusters} of the same kind been drawn; they do not cover other hospitals, scanners or kinds of disease.`;
}

/** A remark on an interval that most resamples had no part in; none on any other. @param resamples - All that were drawn. */
export function fewResamples(
  { low, undefinedResamples }: Pick<Interval, "low"> & { readonly undefinedResamples: number },
  resamples: number,
): string[] {
  return low === null || 2 * undefinedResamples <= resamples ? [] : [`${undefinedResamples} of ${resamples} resamples undefined`];
}

/**
 * A figure and its interval in a sentence of plain words.
 * @param name - Begins the sentence. @param landmark - Null where no value means nothing at all.
 */
export function readInterval(
  name: string,
  { estimate, low, high, reason }: Interval,
  level: number,
  landmark: Landmark | null,
): string {
  if (estimate === null) return `${name} does not exist here: ${reason ?? "not measured"}.`;
  if (low === null || high === null) return `${name} is ${figure(estimate)}; it has no interval: ${reason ?? "not measured"}.`;
  const range = `${name} is ${figure(estimate)}: values from ${figure(low)} to ${figure(high)} fit these data (${percent(level)})`;
  if (landmark === null) return `${range}.`;
  const there = `${landmark.words} (${figure(landmark.value)})`;
  const { count, of } = landmark.fewest;
  if (count < leastForChance)
    return `${range}. There are too few ${of} (${count}; it takes ${leastForChance}) to tell it from ${there}.`;
  if (low > landmark.value) return `${range}, all above ${there}.`;
  if (high < landmark.value) return `${range}, all below ${there}.`;
  return `${range}. ${there[0]!.toUpperCase()}${there.slice(1)} is among them, so it is not ruled out.`;
}

/** A paired difference in a sentence. @param name - What differs, such as "AUROC". @param of - The two: "a.csv minus b.csv". */
export function readDifference(name: string, of: string, { estimate, low, high, reason }: Interval, level: number): string {
  if (estimate === null) return `${name}, ${of}, does not exist here: ${reason ?? "not measured"}.`;
  if (low === null || high === null)
    return `${name}, ${of}, is ${figure(estimate)}; it has no interval: ${reason ?? "not measured"}.`;
  const range = `${name}, ${of}, is ${figure(estimate)} [${figure(low)}, ${figure(high)}] (${percent(level)})`;
  if (low > 0) return `${range}: the first is higher.`;
  if (high < 0) return `${range}: the first is lower.`;
  return `${range}: no difference is shown, which is not that there is none.`;
}
