import { sha256 } from "../../core/hash.ts";
import { rankScores, weightedAuroc } from "../metrics/auroc.ts";
import { clusterUnits, percentileInterval, type ResamplingPlan, resampleWeights } from "../metrics/bootstrap.ts";
import { bootstrapP } from "../metrics/bootstrap-p.ts";
import { holmAdjusted } from "../metrics/holm.ts";
import { orNull } from "../metrics/or-null.ts";
import { componentsOf } from "./components.ts";
import { type ComparedFigure, comparedFigures, type SettingFigure, type SweepComparison } from "./results.ts";
import type { SweptUnit } from "./units.ts";

/** A run that is done. */
export interface SweptRun {
  readonly setting: string;
  readonly seed: string;
  /** Sorted by id; subjects are those of the plan. */
  readonly units: readonly SweptUnit[];
}

/** A figure of one run, and in each resample; NaN where undefined. */
interface Replicated {
  readonly seed: string;
  readonly whole: number;
  readonly resampled: Float64Array;
  /** Hash over the ids of its units: what was tested. */
  readonly tested: string;
  readonly patients: ReadonlySet<string>;
}

/** Runs with their figures evaluated in every resample of one plan. */
export interface Replicates {
  readonly plan: ResamplingPlan;
  readonly level: number;
  /** By setting, then by place in `comparedFigures`. */
  readonly of: ReadonlyMap<string, readonly (readonly Replicated[])[]>;
}

/** Evaluates every figure of every run in every resample. @param level - Of the intervals, in (0, 1). */
export function replicateRuns(plan: ResamplingPlan, runs: readonly SweptRun[], level: number): Replicates {
  const of = new Map<string, Replicated[][]>();
  for (const { setting, seed, units } of runs) {
    const figures = of.get(setting) ?? comparedFigures.map(() => []);
    for (const [i, figure] of comparedFigures.entries()) figures[i]!.push({ seed, ...replicateFigure(plan, figure, units) });
    of.set(setting, figures);
  }
  return { plan, level, of };
}

function replicateFigure(
  plan: ResamplingPlan,
  { metric, per }: ComparedFigure,
  all: readonly SweptUnit[],
): Omit<Replicated, "seed"> {
  const units = all.filter(({ level }) => level === per);
  const subjects = units.map(({ subject }) => subject);
  const clustered = clusterUnits(plan, subjects);
  const weights = new Uint16Array(units.length);
  const statistic = statisticOf(metric, units);
  return {
    whole: statistic(),
    resampled: Float64Array.from({ length: plan.resamples }, (_, r) => statistic(resampleWeights(clustered, r, weights))),
    tested: testedOf(units),
    patients: new Set(metric === "auroc" ? subjects : units.filter(({ label }) => label === 1).map(({ subject }) => subject)),
  };
}

/** A figure of a run's units, and what it is of; NaN where undefined. */
export function figureOf({ metric, per }: ComparedFigure, all: readonly SweptUnit[]): { value: number; tested: string } {
  const units = all.filter(({ level }) => level === per);
  return { value: statisticOf(metric, units)(), tested: testedOf(units) };
}

function statisticOf(metric: ComparedFigure["metric"], units: readonly SweptUnit[]): (weights?: Uint16Array) => number {
  const ranked = rankScores(units);
  return (weights) => (metric === "auroc" ? weightedAuroc(ranked, weights) : meanDice(units, weights));
}

const testedOf = (units: readonly SweptUnit[]): string => sha256(units.map(({ id }) => id).join("\n"));

/** Mean over the units with a lesion, as in results.json; NaN without one. */
function meanDice(units: readonly SweptUnit[], weights?: Uint16Array): number {
  let [sum, total] = [0, 0];
  for (const [i, { label, dice }] of units.entries()) {
    const weight = label === 0 ? 0 : (weights?.[i] ?? 1);
    if (weight === 0) continue;
    sum += weight * dice;
    total += weight;
  }
  return total > 0 ? sum / total : Number.NaN;
}

/** The figures of each setting, those that no run has left out. */
export function settingFigures({ of, level, plan }: Replicates): { setting: string; figures: SettingFigure[] }[] {
  return [...of].map(([setting, all]) => {
    const figures = comparedFigures.flatMap((figure, i): SettingFigure[] => {
      const runs = all[i]!.filter(({ whole }) => !Number.isNaN(whole));
      if (runs.length === 0) return [];
      const patients = new Set(runs.flatMap((run) => [...run.patients]));
      const values = meanOf(runs.map(({ resampled }) => resampled), plan.resamples); // biome-ignore format: short
      const { low, high, reason } = percentileInterval(values, patients.size, level);
      const wholes = runs.map(({ whole }) => whole);
      const { mean, seedSd } = overSeeds(wholes);
      const spread = spreadOf(low, wholes, runs.map(({ resampled }) => resampled), values); // biome-ignore format: short
      return [{ ...figure, seeds: runs.length, mean, low, high, ...spread, seedSd, reason }];
    });
    return { setting, figures };
  });
}

/**
 * Each setting less the baseline, by each figure. Differences are taken seed by seed, in the same resamples of the same patients, so that what
 * all networks find hard or easy drops out; then their mean over the seeds. Case spread is what resampling patients does to that mean with the
 * networks as they are; seed spread is how far the differences of single seeds lie apart. The one does not hold the other.
 *
 * P values are of one family for each figure. The interval at a Holm level, 1 - alpha / (m - k) for the k-th smallest p of m from 0, is that of
 * its own step: it leaves out 0 where that step calls a difference; whether the steps before call theirs, `pHolm` tells. That of the first
 * step is Bonferroni's, and intervals of that level hold for all settings together.
 *
 * Source: Holm 1979, https://www.jstor.org/stable/4615733.
 */
export function compareSettings(replicates: Replicates, baseline: string): SweepComparison[] {
  const { of, level } = replicates;
  const base = of.get(baseline);
  if (base === undefined) return [];
  const others = [...of].filter(([setting]) => setting !== baseline);
  return comparedFigures.flatMap((figure, i) => {
    if (base[i]!.every(({ whole }) => Number.isNaN(whole))) return [];
    const family = others.map(([setting, all]) => pairUp(setting, figure, all[i]!, base[i]!, replicates));
    const adjusted = holmAdjusted(family.map(({ row }) => row.p));
    const ranks = family
      .flatMap(({ row: { p } }, k) => (p === null ? [] : [k]))
      .sort((a, b) => family[a]!.row.p! - family[b]!.row.p!);
    return family.map(({ row, values, patients }, k): SweepComparison => {
      if (row.p === null) return row;
      const levelHolm = 1 - (1 - level) / (ranks.length - ranks.indexOf(k));
      const { low, high } = percentileInterval(values, patients, levelHolm);
      return { ...row, pHolm: adjusted[k]!, levelHolm, lowHolm: low, highHolm: high };
    });
  });
}

interface Pair {
  readonly row: SweepComparison;
  /** The difference in each resample. */
  readonly values: Float64Array;
  readonly patients: number;
}

function pairUp(
  setting: string,
  figure: ComparedFigure,
  all: readonly Replicated[],
  base: readonly Replicated[],
  { plan, level }: Replicates,
): Pair {
  const pairs = all.flatMap((one) => base.filter(({ seed }) => seed === one.seed).map((other) => [one, other] as const));
  const patients = new Set(pairs.flatMap(([one]) => [...one.patients])).size;
  const empty = { difference: null, low: null, high: null, caseSd: null, seedSd: null, components: null };
  const none = { ...empty, p: null, pHolm: null, levelHolm: null, lowHolm: null, highHolm: null };
  const row = { setting, ...figure, seeds: pairs.length, patients, ...none };
  const refuse = (reason: string): Pair => ({ row: { ...row, reason }, values: new Float64Array(), patients });
  if (pairs.length === 0) return refuse("no seed that the baseline was trained with, too");
  if (pairs.some(([one, other]) => one.tested !== other.tested)) return refuse("tested on other cases than the baseline");
  const wholes = pairs.map(([one, other]) => one.whole - other.whole);
  if (wholes.some(Number.isNaN)) return refuse("not defined");
  const differences = pairs.map(([one, other]) => one.resampled.map((v, r) => v - other.resampled[r]!));
  const values = meanOf(differences, plan.resamples);
  const { low, high, reason } = percentileInterval(values, patients, level);
  const { mean, seedSd } = overSeeds(wholes);
  const p = low === null ? null : bootstrapP(values);
  const spread = spreadOf(low, wholes, differences, values);
  return { row: { ...row, difference: mean, low, high, ...spread, seedSd, p, reason }, values, patients };
}

/** How cases spread a figure, and what is theirs; null where there is no interval, as with one patient. @param values - The mean over seeds in each resample. */
function spreadOf(low: number | null, singles: readonly number[], resampled: readonly Float64Array[], values: Float64Array) {
  return low === null
    ? { caseSd: null, components: null }
    : { caseSd: deviation(values), components: componentsOf(singles, resampled) };
}

function meanOf(lists: readonly Float64Array[], length: number): Float64Array {
  return Float64Array.from({ length }, (_, r) => lists.reduce((sum, list) => sum + list[r]!, 0) / lists.length);
}

function overSeeds(values: readonly number[]): { mean: number | null; seedSd: number | null } {
  return { mean: orNull(values.reduce((a, b) => a + b, 0) / values.length), seedSd: deviation(Float64Array.from(values)) };
}

/** Standard deviation (n - 1) of the values that are numbers; null for fewer than two. */
function deviation(values: Float64Array): number | null {
  const known = values.filter((v) => !Number.isNaN(v));
  if (known.length < 2) return null;
  const mean = known.reduce((a, b) => a + b, 0) / known.length;
  return Math.sqrt(known.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (known.length - 1));
}
