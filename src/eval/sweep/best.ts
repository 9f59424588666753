import { type ComparedFigure, comparedFigures, type SweepBest } from "./results.ts";

/** A run that is done, with its figures on the validation split. */
export interface Validated {
  readonly name: string;
  readonly setting: string;
  /** By place in {@link comparedFigures}; NaN where undefined. */
  readonly figures: readonly number[];
  /** Hash over what the figures are of: they are compared where it is the same. */
  readonly tested: readonly string[];
}

/**
 * The best run, and the best setting by the mean over its seeds, chosen on the validation split: their test figures are then not those of a choice by
 * test figures. By the first figure that all runs have on the same validation cases.
 *
 * @returns Null where there is no such figure, or fewer than two runs.
 */
export function bestOf(runs: readonly Validated[]): SweepBest | null {
  const by = comparedFigures.findIndex((_, i) => isComparable(runs, i));
  if (by < 0 || runs.length < 2) return null;
  const { metric, per }: ComparedFigure = comparedFigures[by]!;
  const settings = new Map<string, number[]>();
  for (const { setting, figures } of runs) settings.set(setting, [...(settings.get(setting) ?? []), figures[by]!]);
  const means = [...settings].map(([name, values]) => ({
    name,
    seeds: values.length,
    value: values.reduce((a, b) => a + b, 0) / values.length,
  }));
  const run = highest(runs.map(({ name, figures }) => ({ name, value: figures[by]! })));
  const setting = highest(means);
  return {
    metric,
    per,
    run: { name: run.name, validation: run.value },
    setting: { name: setting.name, seeds: setting.seeds, validation: setting.value },
  };
}

/** The first of the highest. */
function highest<T extends { readonly value: number }>(all: readonly T[]): T {
  return all.reduce((best, one) => (one.value > best.value ? one : best));
}

function isComparable(runs: readonly Validated[], figure: number): boolean {
  return runs.every(({ figures, tested }) => !Number.isNaN(figures[figure]) && tested[figure] === runs[0]!.tested[figure]);
}
