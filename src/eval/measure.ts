import type { Rng } from "../core/rng.ts";
import { romanGrade } from "../core/words.ts";
import { rankScores } from "./metrics/auroc.ts";
import { quantileSorted, type ResamplingPlan } from "./metrics/bootstrap.ts";
import { sensitivity, specificity } from "./metrics/confusion.ts";
import { diceOf } from "./metrics/dice.ts";
import { orNull } from "./metrics/or-null.ts";
import { type RocPoint, rocCurve, sensitivityAtRates } from "./metrics/roc.ts";
import { type Choice, chooseMaskThreshold, chooseOperatingPoint, describeOperatingPoint, weightedMean } from "./operate.ts";
import type { EvalOptions } from "./options.ts";
import {
  auroc,
  aurocWithin,
  averagePrecision,
  call,
  confusionOf,
  dices,
  type Piece,
  pooledDice,
  type shares,
} from "./pooling.ts";
import { inResamples, planOf, type Sample, sampleOf } from "./resample.ts";
import type { Metric, Results } from "./results.ts";
import { type Level, levels } from "./scores.ts";
import type { Tables, Unit } from "./table.ts";
import { overlapAt } from "./tally.ts";
import { type Applied, applyRules, transfers } from "./transfer.ts";

/** The ROC curve of one level, with a band of sensitivities at each false positive rate of {@link bandRates}. */
export interface RocPlot {
  readonly curve: readonly RocPoint[];
  /** Where the operating point came to lie; null where there is none. */
  readonly at: { readonly falsePositiveRate: number; readonly sensitivity: number } | null;
  /** null where there is no interval. */
  readonly band: { readonly low: Float64Array; readonly high: Float64Array } | null;
}

/** Units that one network scored, and those that its thresholds are chosen on. */
export interface Part {
  readonly evaluated: Tables;
  /** The same object as `evaluated` where thresholds are chosen on what is evaluated; empty where none is needed. */
  readonly validation: Tables;
}

/** What a part's calls and masks hang on. */
export type Operation = Pick<Results, "operatingPoints" | "mask">;

/** All figures of an evaluation. */
export interface Measured extends Pick<Results, "metrics" | "transfers"> {
  /** The resamples of the evaluated patients, for the figures of anything else that was found in them. */
  readonly plan: ResamplingPlan;
  /** One for each part. */
  readonly operations: readonly Operation[];
  readonly roc: Readonly<Record<Level, RocPlot>>;
}

/** False positive rates at which a ROC band is drawn, ascending from 0 to 1. */
export const bandRates: readonly number[] = Array.from({ length: 101 }, (_, i) => i / 100);
/** Resamples that a band is made of, at most: it is for the eye. */
const bandResamples = 500;

/**
 * Every figure with its interval, over one resampling plan of the evaluated patients and, where thresholds are chosen
 * anew, one of the validation patients of each part.
 *
 * Several parts, the folds of a cross-validation, are one table with several networks: each part is called, and its masks are
 * drawn, at the thresholds that were chosen for its own network; the calls and overlaps are pooled. Scores of different
 * networks are not on one scale; `auroc` compares them all the same, `aurocWithin` only those of one network.
 *
 * @param parts - One, or the folds of a cross-validation. No patient is evaluated in two.
 * @param grid - Mask thresholds that the units' tallies are of, ascending.
 * @throws {RangeError} If there is no unit to evaluate.
 */
export function measure(parts: readonly Part[], grid: readonly number[], options: EvalOptions, rng: Rng): Measured {
  const all = joinTables(parts.map(({ evaluated }) => evaluated));
  const plan = planOf(rng.fork("evaluated"), all.stack, options.bootstrap.resamples);
  if (plan === null) throw new RangeError("measure: nothing to evaluate");
  const validation = rng.fork("validation");
  const own = parts.map((part, i) =>
    choose(part, plan, grid, options, parts.length === 1 ? validation : validation.fork(i), parts.length > 1),
  );
  const metrics = levels.flatMap((level) =>
    subsetsOf(all[level]).flatMap((subset) => subsetFigures(piecesOf(own, level, subset, plan), subset, level, plan, options)),
  );
  const roc = (level: Level) => rocPlot(sampleOf(plan, all[level]), piecesOf(own, level, everything, plan), options);
  return {
    plan,
    ...(own[0]!.applied.length > 0 ? { transfers: transfers(own, plan, options) } : {}),
    metrics: [...metrics, pooledDice(plan, piecesOf(own, "subject", everything, plan), options)],
    operations: own.map(({ operation }) => operation),
    roc: { slice: roc("slice"), stack: roc("stack"), subject: roc("subject") },
  };
}

/** The units of several tables in one. */
export function joinTables(tables: readonly Tables[]): Tables {
  const all = (level: Level) => tables.flatMap((one) => one[level]);
  return { slice: all("slice"), stack: all("stack"), subject: all("subject") };
}

/** A part with the choices that were made for it. */
interface Chosen {
  readonly evaluated: Tables;
  readonly choices: Readonly<Record<Level, Choice>>;
  readonly mask: Choice;
  readonly operation: Operation;
  /** Every rule, on what it was chosen on; empty for a single part with a single rule. */
  readonly applied: readonly Applied[];
}

function choose(
  { evaluated, validation }: Part,
  plan: ResamplingPlan,
  grid: readonly number[],
  options: EvalOptions,
  rng: Rng,
  several: boolean,
): Chosen {
  const { bootstrap, threshold } = options;
  const other = validation === evaluated ? plan : planOf(rng, validation.stack, bootstrap.resamples);
  const onValidation = (level: Level) => (other === null ? null : sampleOf(other, validation[level]));
  const choice = (level: Level) => chooseOperatingPoint(level, onValidation(level), threshold, bootstrap);
  const choices = { slice: choice("slice"), stack: choice("stack"), subject: choice("subject") };
  const mask = chooseMaskThreshold(onValidation("slice"), grid, options);
  const describe = (level: Level) => describeOperatingPoint(choices[level], threshold, onValidation(level));
  const operatingPoints = { slice: describe("slice"), stack: describe("stack"), subject: describe("subject") };
  return {
    evaluated,
    choices,
    mask,
    operation: { operatingPoints, mask: describeMask(mask, grid, onValidation("slice"), options) },
    applied: several || options.alsoThresholds.length > 0 ? applyRules(onValidation, options) : [],
  };
}

function piecesOf(own: readonly Chosen[], level: Level, { test }: Pick<Subset, "test">, plan: ResamplingPlan): Piece[] {
  const pieces = own.map(({ evaluated, choices, mask }) => ({
    sample: sampleOf(plan, evaluated[level].filter(test)),
    choice: choices[level],
    mask,
  }));
  return pieces.length === 1 ? pieces : pieces.filter(({ sample }) => sample.units.length > 0);
}

/** The figures of some units of a level. A grade has no healthy units, so only sensitivity and Dice make sense there. */
function subsetFigures(
  pieces: readonly Piece[],
  { kind, name, units }: Subset,
  level: Level,
  plan: ResamplingPlan,
  options: EvalOptions,
): Metric[] {
  const asked = { per: level, subset: name, plan, options };
  const called = (metric: keyof typeof shares) => call(metric, pieces, asked);
  const compared = () => [
    auroc(sampleOf(plan, units), asked),
    averagePrecision(sampleOf(plan, units), asked),
    ...(pieces.length > 1 ? [aurocWithin(pieces, asked)] : []),
    called("specificity"),
    called("ppv"),
    called("npv"),
  ];
  const calls = [called("sensitivity"), ...(kind === "grade" ? [] : compared())];
  return [...calls, ...dices(pieces, asked, kind === "all")];
}

interface Subset {
  readonly name: string;
  readonly kind: "all" | "grade" | "plane";
  readonly test: (unit: Unit) => boolean;
  readonly units: readonly Unit[];
}

const everything = { test: () => true };

/** Everything; each grade that occurs; each plane that occurs beside another. */
function subsetsOf(units: readonly Unit[]): Subset[] {
  const subset = (kind: Subset["kind"], name: string, test: (unit: Unit) => boolean): Subset => ({
    kind,
    name,
    test,
    units: units.filter(test),
  });
  const grades = [1, 2, 3, 4].map((g) => subset("grade", `grade ${romanGrade(g)}`, (unit) => unit.grade === g));
  const planes = (["axial", "coronal", "sagittal"] as const).map((plane) =>
    subset("plane", plane, (unit) => unit.plane === plane),
  );
  const there = ({ units: some }: Subset) => some.length > 0;
  const several = planes.filter(there).length > 1 ? planes.filter(there) : [];
  return [subset("all", "all", everything.test), ...grades.filter(there), ...several];
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

function rocPlot(sample: Sample, pieces: readonly Piece[], { bootstrap }: EvalOptions): RocPlot {
  const curve = rocCurve(rankScores(sample.units));
  const c = confusionOf(pieces.filter(({ choice }) => !Number.isNaN(choice.value)));
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
