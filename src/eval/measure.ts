import type { Rng } from "../core/rng.ts";
import { romanGrade } from "../core/words.ts";
import { rankScores, weightedAuroc } from "./metrics/auroc.ts";
import { quantileSorted, type ResamplingPlan } from "./metrics/bootstrap.ts";
import {
  type Confusion,
  confusionAt,
  negativePredictiveValue,
  positivePredictiveValue,
  sensitivity,
  specificity,
} from "./metrics/confusion.ts";
import { diceOf } from "./metrics/dice.ts";
import { type RocPoint, rocCurve, sensitivityAtRates } from "./metrics/roc.ts";
import {
  type Choice,
  chooseMaskThreshold,
  chooseOperatingPoint,
  describeOperatingPoint,
  orNull,
  weightedMean,
} from "./operate.ts";
import type { EvalOptions } from "./options.ts";
import { inResamples, planOf, type Sample, sampleOf, toMetric } from "./resample.ts";
import type { Metric, Results } from "./results.ts";
import { type Level, levels } from "./scores.ts";
import type { Tables, Unit } from "./table.ts";
import { overlapAt } from "./tally.ts";

/** The ROC curve of one level, with a band of sensitivities at each false positive rate of {@link bandRates}. */
export interface RocPlot {
  readonly curve: readonly RocPoint[];
  /** Where the operating point came to lie; null where there is none. */
  readonly at: { readonly falsePositiveRate: number; readonly sensitivity: number } | null;
  /** null where there is no interval. */
  readonly band: { readonly low: Float64Array; readonly high: Float64Array } | null;
}

/** All figures of an evaluation. */
export interface Measured extends Pick<Results, "metrics" | "operatingPoints" | "mask"> {
  readonly roc: Readonly<Record<Level, RocPlot>>;
}

/** False positive rates at which a ROC band is drawn, ascending from 0 to 1. */
export const bandRates: readonly number[] = Array.from({ length: 101 }, (_, i) => i / 100);
/** Resamples that a band is made of, at most: it is for the eye. */
const bandResamples = 500;

/**
 * Every figure with its interval, over one resampling plan of the evaluated split's patients and, where thresholds are chosen
 * anew, one of the validation split's.
 *
 * @param validation - The same object as `evaluated` where thresholds are chosen on the split that is evaluated.
 * @param grid - Mask thresholds that the units' tallies are of, ascending.
 * @throws {RangeError} If `evaluated` has no unit.
 */
export function measure(
  evaluated: Tables,
  validation: Tables,
  grid: readonly number[],
  options: EvalOptions,
  rng: Rng,
): Measured {
  const { bootstrap } = options;
  const plan = planOf(rng.fork("evaluated"), evaluated.stack, bootstrap.resamples);
  if (plan === null) throw new RangeError("measure: nothing to evaluate");
  const other = validation === evaluated ? plan : planOf(rng.fork("validation"), validation.stack, bootstrap.resamples);
  const onValidation = (level: Level) => (other === null ? null : sampleOf(other, validation[level]));
  const choice = (level: Level) => chooseOperatingPoint(level, onValidation(level), options.threshold, bootstrap);
  const choices = { slice: choice("slice"), stack: choice("stack"), subject: choice("subject") };
  const mask = chooseMaskThreshold(onValidation("slice"), grid, options);
  const metrics = levels.flatMap((level) =>
    subsetsOf(evaluated[level]).flatMap((subset) => figuresOf(subset, level, plan, choices[level], mask, options)),
  );
  const describe = (level: Level) => describeOperatingPoint(choices[level], options.threshold, onValidation(level));
  const roc = (level: Level) => rocPlot(sampleOf(plan, evaluated[level]), choices[level].value, options);
  return {
    metrics: [...metrics, pooledDice(plan, evaluated.subject, mask, options)],
    operatingPoints: { slice: describe("slice"), stack: describe("stack"), subject: describe("subject") },
    mask: describeMask(mask, grid, onValidation("slice"), options),
    roc: { slice: roc("slice"), stack: roc("stack"), subject: roc("subject") },
  };
}

/** The figures of some units of a level. A grade has no healthy units, so only sensitivity and Dice make sense there. */
function figuresOf(
  { kind, name, units }: Subset,
  level: Level,
  plan: ResamplingPlan,
  choice: Choice,
  mask: Choice,
  options: EvalOptions,
): Metric[] {
  const sample = sampleOf(plan, units);
  const called = (metric: keyof typeof shares) => call(metric, sample, level, name, choice, options);
  const compared = () => [auroc(sample, level, name, options), called("specificity"), called("ppv"), called("npv")];
  const calls = [called("sensitivity"), ...(kind === "grade" ? [] : compared())];
  return [...calls, ...dices(sample, level, name, mask, options, kind === "all")];
}

interface Subset {
  readonly name: string;
  readonly kind: "all" | "grade" | "plane";
  readonly units: readonly Unit[];
}

/** Everything; each grade that occurs; each plane that occurs beside another. */
function subsetsOf(units: readonly Unit[]): Subset[] {
  const subset = (kind: Subset["kind"], name: string, test: (unit: Unit) => boolean): Subset => ({
    kind,
    name,
    units: units.filter(test),
  });
  const grades = [1, 2, 3, 4].map((g) => subset("grade", `grade ${romanGrade(g)}`, (unit) => unit.grade === g));
  const planes = (["axial", "coronal", "sagittal"] as const).map((plane) =>
    subset("plane", plane, (unit) => unit.plane === plane),
  );
  const there = ({ units: some }: Subset) => some.length > 0;
  const several = planes.filter(there).length > 1 ? planes.filter(there) : [];
  return [{ kind: "all", name: "all", units }, ...grades.filter(there), ...several];
}

function auroc(sample: Sample, per: Level, subset: string, options: EvalOptions): Metric {
  return toMetric(
    {
      ...{ metric: "auroc", per, subset, n: sample.units.length, patients: sample.patients },
      estimate: weightedAuroc(sample.ranked),
      values: inResamples(sample, (weights) => weightedAuroc(sample.ranked, weights)),
      undefinedBecause: "one class only",
      includesChoice: false,
    },
    options.bootstrap,
  );
}

/** Shares of a confusion matrix: how each is computed, which units it is of, and what is missing where it is undefined. */
const shares = {
  sensitivity: { of: sensitivity, hits: "truePositive", all: (u: Unit) => u.label === 1, lacks: "no unit with a lesion" },
  specificity: { of: specificity, hits: "trueNegative", all: (u: Unit) => u.label === 0, lacks: "no unit without a lesion" },
  ppv: {
    of: positivePredictiveValue,
    hits: "truePositive",
    all: (u: Unit, cut: number) => u.score >= cut,
    lacks: "no unit was called",
  },
  npv: {
    of: negativePredictiveValue,
    hits: "trueNegative",
    all: (u: Unit, cut: number) => u.score < cut,
    lacks: "every unit was called",
  },
} as const;

function call(
  metric: keyof typeof shares,
  sample: Sample,
  per: Level,
  subset: string,
  choice: Choice,
  options: EvalOptions,
): Metric {
  const share = shares[metric];
  const counted = sample.units.filter((unit) => share.all(unit, choice.value));
  const whole = confusionAt(sample.ranked, choice.value);
  const known = !Number.isNaN(choice.value);
  const value = (c: Confusion) => share.of(c);
  return toMetric(
    {
      ...{ metric, per, subset, n: known ? counted.length : 0, patients: new Set(counted.map((u) => u.subject)).size },
      estimate: value(whole),
      values: inResamples(sample, (weights, r) => value(confusionAt(sample.ranked, choice.resampled[r]!, weights))),
      undefinedBecause: known ? share.lacks : "no threshold: the validation split has one class only, or none was given",
      hits: known ? whole[share.hits] : 0,
      includesChoice: choice.includesChoice,
    },
    options.bootstrap,
  );
}

/** Dice over the units with a lesion, and where `withAll` over all units under the rule for empty masks. */
function dices(sample: Sample, per: Level, subset: string, mask: Choice, options: EvalOptions, withAll: boolean): Metric[] {
  const positives = { ...sample, units: sample.units.filter((unit) => unit.label === 1) };
  const own = positives.units.length === sample.units.length ? sample : sampleOf(sample.clustered.plan, positives.units);
  const first = meanDice("dice", own, per, subset, mask, options);
  return withAll && per !== "subject" ? [first, meanDice("diceAll", sample, per, subset, mask, options)] : [first];
}

function meanDice(
  metric: "dice" | "diceAll",
  sample: Sample,
  per: Level,
  subset: string,
  mask: Choice,
  options: EvalOptions,
): Metric {
  const thresholds = sample.units[0]?.tally.predicted.length ?? 0;
  const dice = sample.units.map((unit) =>
    Float64Array.from({ length: thresholds }, (_, g) => diceOf(overlapAt(unit.tally, g), options.emptyMask)),
  );
  const mean = (g: number, weights?: ArrayLike<number>): number => {
    let [sum, total] = [0, 0];
    for (let i = 0; i < dice.length; i++) {
      const value = Number.isNaN(g) ? Number.NaN : dice[i]![g]!;
      const weight = weights === undefined ? 1 : weights[i]!;
      if (weight === 0 || (Number.isNaN(value) && !Number.isNaN(g))) continue; // both empty, and the rule is skip
      sum += weight * value;
      total += weight;
    }
    return total > 0 ? sum / total : Number.NaN;
  };
  const n = dice.filter((d) => Number.isNaN(mask.value) || !Number.isNaN(d[mask.value]!)).length;
  return toMetric(
    {
      ...{ metric, per, subset, n, patients: sample.patients, estimate: mean(mask.value) },
      values: inResamples(sample, (weights, r) => mean(mask.resampled[r]!, weights)),
      undefinedBecause: noDice(mask),
      includesChoice: mask.includesChoice,
    },
    options.bootstrap,
  );
}

const noDice = (mask: Choice) =>
  Number.isNaN(mask.value) ? "no mask threshold: the validation split has no slice with a lesion" : "no unit with a lesion";

/** One Dice of all voxels of the split, in mm³, healthy stacks included: false positives anywhere count. */
function pooledDice(plan: ResamplingPlan, subjects: readonly Unit[], mask: Choice, options: EvalOptions): Metric {
  const sample = sampleOf(plan, subjects);
  const pooled = (g: number, weights?: ArrayLike<number>): number => {
    if (Number.isNaN(g)) return Number.NaN;
    const sums = { both: 0, predictedOnly: 0, truthOnly: 0 };
    subjects.forEach((unit, i) => {
      const weight = weights === undefined ? 1 : weights[i]!;
      const { both, predictedOnly, truthOnly } = overlapAt(unit.tally, g);
      sums.both += weight * both;
      sums.predictedOnly += weight * predictedOnly;
      sums.truthOnly += weight * truthOnly;
    });
    return diceOf(sums, "skip");
  };
  return toMetric(
    {
      ...{ metric: "dice", per: "pooled", subset: "all", n: subjects.length, patients: sample.patients },
      estimate: pooled(mask.value),
      values: inResamples(sample, (weights, r) => pooled(mask.resampled[r]!, weights)),
      undefinedBecause: noDice(mask),
      includesChoice: mask.includesChoice,
    },
    options.bootstrap,
  );
}

function describeMask(mask: Choice, grid: readonly number[], validation: Sample | null, options: EvalOptions): Results["mask"] {
  const fixed = options.mask.rule === "fixed";
  const g = mask.value;
  const dice = (unit: number) => diceOf(overlapAt(validation!.units[unit]!.tally, g), options.emptyMask);
  return {
    probability: Number.isNaN(g) ? null : grid[g]!,
    rule: fixed ? "given in the config" : "highest mean Dice over the validation slices with a lesion, on a grid of 0.05",
    validationDice: validation === null || Number.isNaN(g) ? null : orNull(weightedMean(validation, dice)),
  };
}

function rocPlot(sample: Sample, threshold: number, { bootstrap }: EvalOptions): RocPlot {
  const curve = rocCurve(rankScores(sample.units));
  const c = confusionAt(sample.ranked, threshold);
  const point = { falsePositiveRate: 1 - specificity(c), sensitivity: sensitivity(c) };
  const at = Number.isNaN(point.falsePositiveRate + point.sensitivity) ? null : point;
  if (curve.length === 0 || sample.patients < 2) return { curve, at, band: null };
  const rows: Float64Array[] = [];
  inResamples(sample, (weights, r) => {
    const one = r < bandResamples ? rocCurve(sample.ranked, weights) : [];
    if (one.length > 0) rows.push(sensitivityAtRates(one, bandRates));
    return 0;
  });
  if (rows.length < 2) return { curve, at, band: null };
  const tail = (1 - bootstrap.level) / 2;
  const columns = bandRates.map((_, i) => Float64Array.from(rows, (row) => row[i]!).sort());
  const edge = (p: number) => Float64Array.from(columns, (column) => quantileSorted(column, p));
  return { curve, at, band: { low: edge(tail), high: edge(1 - tail) } };
}
