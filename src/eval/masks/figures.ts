import { agreementMargins, agreementOf } from "../metrics/bland-altman.ts";
import { ofEmptyMasks } from "../metrics/dice.ts";
import { frocScore } from "../metrics/lesions.ts";
import type { Beside } from "../tables/estimate.ts";
import { besideShare } from "../tables/share.ts";
import type { Membership } from "./cases.ts";
import { type CaseFacts, frocThresholds, type LesionCounts } from "./measure-case.ts";
import type { MasksOptions } from "./options.ts";

/** What a figure is a mean over, or `pooled`: one number of all voxels or lesions together. A case is a stack, a volume or a lone slice. */
export const units = ["slice", "case", "patient", "pooled"] as const;
export type Unit = (typeof units)[number];

/** A case, measured. */
export interface MeasuredCase extends Membership {
  readonly id: string;
  readonly facts: CaseFacts;
}

/**
 * A figure as a function of sums over cases, so that a resample needs no more than the weights of the cases. The last of the sums counts what the
 * figure is of; cases that have none take no part.
 */
export interface Spec {
  readonly metric: string;
  /** As it is printed. */
  readonly name: string;
  readonly per: Unit;
  /** Reason where it is not defined. */
  readonly lacks: string;
  /** What each case adds to each sum. */
  readonly columns: (cases: readonly MeasuredCase[]) => readonly (readonly number[])[];
  /** NaN where undefined. */
  readonly value: (sums: readonly number[]) => number;
  /** The intervals that papers print of a figure that is defined. */
  readonly beside: (sums: readonly number[], level: number) => Beside[];
  /** Whether `n` is the last sum; else it is the number of cases that take part. */
  readonly counts: boolean;
}

/** Which figures there are for such options. @param lone - Whether the cases are lone slices. @param volumes - Whether ml are known. */
export function specsOf(options: MasksOptions, lone: boolean, volumes: boolean): Spec[] {
  const perCase = caseValues(options, volumes);
  return [
    ...(lone ? [] : (["dice", "dice_positive", "iou"] as const).map(sliceMean)),
    ...perCase.filter(({ metric }) => metric !== "volume_error_ml").map(caseMean),
    ...(volumes ? (["bias", "low", "high"] as const).map(agreement) : []),
    ...perCase.map(patientMean),
    ...pooledOverlap(options),
    ...lesionFigures(options, volumes),
    ...(options.threshold === null ? [] : [frocFigure()]),
  ];
}

type CaseValue = Pick<Spec, "metric" | "name" | "lacks"> & { readonly of: (facts: CaseFacts) => number };

const errorName = "Volume error (ml), bias";
const noCase = "no case has a lesion in either mask";
const noPair = "no case has a lesion in both masks";
const noLesion = "no lesion in the reference";

/** Figures of a single case. @returns NaN where a case has none. */
export function caseValues({ tolerances }: MasksOptions, volumes: boolean): CaseValue[] {
  const error = ({ predictedMl, referenceMl }: CaseFacts) => predictedMl - referenceMl;
  const ml: CaseValue[] = [
    { metric: "volume_error_ml", name: errorName, lacks: "no case", of: error },
    { metric: "volume_absolute_error_ml", name: "Volume error, absolute (ml)", lacks: "no case", of: (f) => Math.abs(error(f)) },
    {
      metric: "volume_relative_error",
      name: "Volume error / volume",
      lacks: noLesion,
      of: (f) => (f.referenceMl > 0 ? error(f) / f.referenceMl : Number.NaN),
    },
  ];
  return [
    ...(["dice", "dice_positive", "iou"] as const).map((metric) => ({ metric, ...overlapWords[metric], of: (f: CaseFacts) => f.overlap[metric] })),
    ...tolerances.map((mm, t) => ({ metric: `surface_dice_${mm}mm`, name: `Surface Dice at ${mm} mm`, lacks: noCase, of: (f: CaseFacts) => f.surfaceDice[t]! })),
    { metric: "hd_mm", name: "HD (mm)", lacks: noPair, of: (f) => f.distances.hd },
    { metric: "hd95_mm", name: "HD95 (mm)", lacks: noPair, of: (f) => f.distances.hd95 },
    { metric: "assd_mm", name: "ASSD (mm)", lacks: noPair, of: (f) => f.distances.assd },
    ...(volumes ? ml : []),
  ]; // biome-ignore format: a list
}

const overlapWords = {
  dice: { name: "Dice", lacks: noCase },
  dice_positive: { name: "Dice where there is a lesion", lacks: noLesion },
  iou: { name: "IoU", lacks: noCase },
} as const;

const ratio = ([top, bottom]: readonly number[]) => (bottom! > 0 ? top! / bottom! : Number.NaN);
const column = (of: (facts: CaseFacts) => number) => (cases: readonly MeasuredCase[]) => cases.map(({ facts }) => of(facts));
const columnsOf =
  (...all: ((facts: CaseFacts) => number)[]): Spec["columns"] =>
  (cases) =>
    all.map((of) => column(of)(cases));
const known = (value: number) => (Number.isNaN(value) ? 0 : value);
const isKnown = (value: number) => (Number.isNaN(value) ? 0 : 1);
const plain = { beside: () => [], counts: true } as const;

function sliceMean(metric: keyof typeof overlapWords): Spec {
  const columns = columnsOf((f) => f.slices![metric].sum, (f) => f.slices![metric].n); // biome-ignore format: short
  return { metric, ...overlapWords[metric], per: "slice", columns, value: ratio, ...plain };
}

function caseMean({ of, ...words }: CaseValue): Spec {
  return { ...words, per: "case", columns: columnsOf((f) => known(of(f)), (f) => isKnown(of(f))), value: ratio, ...plain }; // biome-ignore format: short
}

/** The mean over patients of the mean over their cases, by weights that sum to 1 for a patient, who is resampled as a whole. */
function patientMean({ of, ...words }: CaseValue): Spec {
  const columns: Spec["columns"] = (cases) => {
    const own = new Map<string, number>();
    for (const { patient, facts } of cases) own.set(patient, (own.get(patient) ?? 0) + isKnown(of(facts)));
    const weights = cases.map(({ patient, facts }) => (Number.isNaN(of(facts)) ? 0 : 1 / own.get(patient)!));
    return [cases.map(({ facts }, i) => known(of(facts)) * weights[i]!), weights];
  };
  return { ...words, per: "patient", columns, value: ratio, ...plain };
}

/** Bias and limits of agreement of the volumes, with the intervals of Bland and Altman beside. */
function agreement(which: "bias" | "low" | "high"): Spec {
  const error = ({ predictedMl, referenceMl }: CaseFacts) => predictedMl - referenceMl;
  const limit = `Limit of agreement, ${which === "low" ? "lower" : "upper"} (ml)`;
  return {
    metric: which === "bias" ? "volume_error_ml" : `volume_limit_${which}_ml`,
    name: which === "bias" ? errorName : limit,
    per: "case",
    lacks: "fewer than 2 cases",
    columns: columnsOf(error, (f) => error(f) ** 2, () => 1), // biome-ignore format: short
    value: ([sum, squares, n]) => agreementOf(n!, sum!, squares!)[which],
    beside: ([sum, squares, n], level) => {
      const found = agreementOf(n!, sum!, squares!);
      const margin = agreementMargins(n!, found.sd, level)[which === "bias" ? "bias" : "limit"];
      if (Number.isNaN(margin)) return [];
      const [low, high] = [found[which] - margin, found[which] + margin];
      return [{ method: "Bland-Altman", takesRowsAsIndependent: true, low, high, reason: null }];
    },
    counts: true,
  };
}

/** Of all voxels of all cases together; `smoothed` adds its voxel once. */
function pooledOverlap({ empty }: MasksOptions): Spec[] {
  const smooth = empty === "smoothed" ? 1 : 0;
  const value = ([top, bottom]: readonly number[]) => (bottom! > 0 ? (top! + smooth) / (bottom! + smooth) : ofEmptyMasks[empty]);
  const pooled = { per: "pooled", beside: () => [], counts: false, value, lacks: noCase } as const;
  const all = ({ counts: c }: CaseFacts) => c.both + c.predictedOnly + c.truthOnly;
  return [
    { metric: "dice", name: "Dice", ...pooled, columns: columnsOf((f) => 2 * f.counts.both, (f) => f.counts.both + all(f), () => 1) },
    { metric: "iou", name: "IoU", ...pooled, columns: columnsOf((f) => f.counts.both, all, () => 1) },
  ]; // biome-ignore format: a list
}

function lesionFigures({ sizes }: MasksOptions, volumes: boolean): Spec[] {
  const beside = ([hits, of]: readonly number[], level: number) => besideShare({ hits: hits!, of: of! }, level);
  const share = { per: "pooled", value: ratio, beside, counts: true } as const;
  const limits = volumes ? [0, ...sizes] : [];
  const [found, all] = [(f: CaseFacts) => f.lesions.detected, (f: CaseFacts) => f.lesions.references];
  const [right, called] = [(f: CaseFacts) => f.lesions.matched, (f: CaseFacts) => f.lesions.predicted];
  return [
    { metric: "lesion_recall", name: "Lesion sensitivity", lacks: noLesion, ...share, columns: columnsOf(found, all) },
    ...limits.map((from, b): Spec => ({
      metric: `lesion_recall_${sizeWords(from, limits[b + 1]).replaceAll(" ", "_")}`,
      name: `Lesion sensitivity, ${sizeWords(from, limits[b + 1])}`,
      lacks: "no lesion of this size in the reference",
      ...share,
      columns: columnsOf((f) => f.lesions.bins[b]!.detected, (f) => f.lesions.bins[b]!.references),
    })),
    { metric: "lesion_precision", name: "Lesion precision", lacks: "no lesion is predicted", ...share, columns: columnsOf(right, called) },
    {
      metric: "lesion_f1", name: "Lesion F1", per: "pooled", lacks: "no lesion in either mask", beside: () => [], counts: false,
      columns: columnsOf(found, all, right, called, () => 1),
      value: ([hits, lesions, matched, calls]) => lesionF1(hits!, lesions!, matched!, calls!),
    },
    { metric: "false_positives_per_case", name: "False positives per case", per: "pooled", lacks: "no case", ...plain, value: ratio, columns: columnsOf((f) => called(f) - right(f), () => 1) },
  ]; // biome-ignore format: a list
}

/** `below 0.1 ml`, `0.1 to 1 ml`, `from 1 ml`. */
export function sizeWords(from: number, to: number | undefined): string {
  return to === undefined ? `from ${from} ml` : from === 0 ? `below ${to} ml` : `${from} to ${to} ml`;
}

/** Harmonic mean of sensitivity and precision; 0 where nothing is right, NaN where there is nothing at all. */
function lesionF1(hits: number, lesions: number, matched: number, calls: number): number {
  if (lesions + calls === 0) return Number.NaN;
  if (hits === 0 || matched === 0) return 0;
  const [recall, precision] = [hits / lesions, matched / calls];
  return (2 * recall * precision) / (recall + precision);
}

/** Sums of a FROC curve: lesions found and false positives at each threshold, lesions, cases. */
export const frocColumns: Spec["columns"] = columnsOf(
  ...frocThresholds.flatMap((_, t) => [(f: CaseFacts) => f.froc[t]!.detected, (f: CaseFacts) => falsePositives(f.froc[t]!)]),
  (f) => f.lesions.references,
  () => 1,
);

const falsePositives = ({ predicted, matched }: LesionCounts) => predicted - matched;

function frocFigure(): Spec {
  const value = (sums: readonly number[]) => {
    const [lesions, cases] = sums.slice(-2) as [number, number];
    const points = frocThresholds.map((_, t) => ({
      sensitivity: ratio([sums[2 * t]!, lesions]),
      falsePositivesPerCase: ratio([sums[2 * t + 1]!, cases]),
    }));
    return frocScore(points);
  };
  return {
    metric: "froc_score",
    name: "FROC score",
    per: "pooled",
    lacks: noLesion,
    columns: frocColumns,
    value,
    beside: () => [],
    counts: false,
  };
}

/** Sums of a spec over cases that count `weights` times. */
export function sumsOf(columns: readonly (readonly number[])[], weights?: ArrayLike<number>): number[] {
  return columns.map((column) => {
    let sum = 0;
    for (let i = 0; i < column.length; i++) sum += column[i]! * (weights === undefined ? 1 : weights[i]!);
    return sum;
  });
}
