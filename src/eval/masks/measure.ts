import type { Rng } from "../../core/rng.ts";
import { drawPlan, type ResamplingPlan } from "../metrics/bootstrap.ts";
import type { Overlap } from "../metrics/dice.ts";
import { withHolm } from "../metrics/holm.ts";
import { orNull } from "../metrics/or-null.ts";
import { exchangeTest, type PermutationTest } from "../metrics/permutation.ts";
import { difference, estimate, valueAt } from "../tables/estimate.ts";
import { type Replicates, replicate } from "../tables/replicate.ts";
import { frocColumns, type MeasuredCase, type Spec, sizeWords, specsOf, sumsOf } from "./figures.ts";
import { frocThresholds } from "./measure-case.ts";
import type { MasksOptions } from "./options.ts";
import type { Content, FrocRow, MaskComparison, MaskFigure } from "./results.ts";

/** One label of all cases, by each prediction: the first and those compared with it, the same cases in the same order. */
export interface MeasuredLabel {
  readonly label: number | null;
  readonly predictions: readonly (readonly MeasuredCase[])[];
}

/** What {@link measureMasks} finds out. */
export interface MeasuredMasks {
  readonly content: Content[];
  readonly figures: MaskFigure[];
  readonly froc: FrocRow[];
  readonly comparisons: Omit<MaskComparison, "predictions">[];
}

/** Columns of every spec over a sample, with the values that they give. */
interface Table {
  readonly cases: readonly MeasuredCase[];
  readonly columns: readonly (readonly (readonly number[])[])[];
}

/**
 * Every figure with its interval, over one plan of resamples of patients: all cases of a patient or none.
 *
 * @param lone - Whether the cases are lone slices. @param volumes - Whether their volumes are known.
 */
export function measureMasks(
  labels: readonly MeasuredLabel[],
  lone: boolean,
  volumes: boolean,
  options: MasksOptions,
  rng: Rng,
): MeasuredMasks {
  const specs = specsOf(options, lone, volumes);
  const patients = labels[0]!.predictions[0]!.map(({ patient }) => patient);
  const plan = drawPlan(rng.fork("evaluated"), patients, options.resamples);
  const all = labels.map(({ label, predictions }) => {
    const tables = predictions.map((cases) => tableOf(specs, cases));
    return { label, tables, values: tables.map((table) => replicateTable(plan, specs, table, options)) };
  });
  const others = labels[0]!.predictions.slice(1);
  const comparisons = others.map((_, o) => {
    const parts = all.map(({ label, tables, values }) => {
      const test = exchange(specs, tables[0]!, tables[o + 1]!, options.permutations, rng.fork("exchanged"));
      return { label, test, both: [values[0]!, values[o + 1]!] as const, table: tables[0]!, other: tables[o + 1]! };
    });
    const differences = parts.flatMap((part) => differencesOf(specs, part, options));
    const { permutations, exact } = parts[0]!.test;
    return { permutations, exact, differences };
  });
  return {
    content: labels.map(contentOf),
    figures: all.flatMap(({ label, tables, values }) => [
      ...describe(specs, label, "all", tables[0]!, values[0]!, options),
      ...subgroupsOf(tables[0]!.cases, options).flatMap(([name, cases]) => {
        const table = tableOf(specs, cases);
        return describe(specs, label, name, table, replicateTable(plan, specs, table, options), options);
      }),
    ]),
    froc:
      options.threshold === null
        ? []
        : all.flatMap(({ label, tables }) => frocOf(plan, label, tables[0]!.cases, volumes, options)),
    comparisons: withHolm(comparisons),
  };
}

const tableOf = (specs: readonly Spec[], cases: readonly MeasuredCase[]): Table => ({
  cases,
  columns: specs.map((spec) => spec.columns(cases)),
});

function replicateTable(plan: ResamplingPlan, specs: readonly Spec[], { cases, columns }: Table, { interval }: MasksOptions) {
  const patients = cases.map(({ patient }) => patient);
  return replicate(plan, patients, interval === "bca", (weights) =>
    specs.map((spec, s) => spec.value(sumsOf(columns[s]!, weights))),
  );
}

function describe(
  specs: readonly Spec[],
  label: number | null,
  subset: string,
  { cases, columns }: Table,
  values: Replicates<number[]>,
  options: MasksOptions,
): MaskFigure[] {
  return specs.map((spec, s) => {
    const sums = sumsOf(columns[s]!);
    const part = partakers(cases, columns[s]!);
    const clusters = new Set(part.map(({ patient }) => patient)).size;
    const estimated = estimate(valueAt(values, s), clusters, spec.lacks, options);
    return {
      label,
      per: spec.per,
      metric: spec.metric,
      ...estimated,
      subset,
      n: spec.counts ? Math.round(sums.at(-1)!) : part.length,
      clusters,
      chance: null,
      beside: estimated.estimate === null ? [] : spec.beside(sums, options.level),
    };
  });
}

/** Cases that a figure is of. */
function partakers(cases: readonly MeasuredCase[], columns: readonly (readonly number[])[]): MeasuredCase[] {
  return cases.filter((_, i) => columns.at(-1)![i]! > 0);
}

function subgroupsOf(cases: readonly MeasuredCase[], { columns }: MasksOptions): [string, MeasuredCase[]][] {
  if (columns.subgroup === null) return [];
  const values = [...new Set(cases.map(({ subgroup }) => subgroup))].sort();
  return values.map((value) => [`${columns.subgroup}=${value}`, cases.filter(({ subgroup }) => subgroup === value)]);
}

function contentOf({ label, predictions }: MeasuredLabel): Content {
  const facts = predictions[0]!.map((one) => one.facts);
  const empty = (voxels: (counts: Overlap) => number) => facts.filter(({ counts }) => voxels(counts) === 0).length;
  return {
    label,
    cases: facts.length,
    emptyReference: empty(({ both, truthOnly }) => both + truthOnly),
    emptyPrediction: empty(({ both, predictedOnly }) => both + predictedOnly),
    bothEmpty: empty(({ both, predictedOnly, truthOnly }) => both + predictedOnly + truthOnly),
    lesions: facts.reduce((sum, { lesions }) => sum + lesions.references, 0),
    predictedLesions: facts.reduce((sum, { lesions }) => sum + lesions.predicted, 0),
  };
}

function frocOf(
  plan: ResamplingPlan,
  label: number | null,
  cases: readonly MeasuredCase[],
  volumes: boolean,
  options: MasksOptions,
): FrocRow[] {
  const columns = frocColumns(cases);
  const patients = cases.map(({ patient }) => patient);
  const share = (hits: number, of: number) => (of > 0 ? hits / of : Number.NaN);
  const values = replicate(plan, patients, options.interval === "bca", (weights) => {
    const sums = sumsOf(columns, weights);
    return frocThresholds.map((_, t) => share(sums[2 * t]!, sums.at(-2)!));
  });
  const sums = sumsOf(columns);
  const clusters = new Set(cases.filter(({ facts }) => facts.lesions.references > 0).map(({ patient }) => patient)).size;
  const limits = volumes ? [0, ...options.sizes] : [];
  return frocThresholds.map((threshold, t) => ({
    label,
    threshold,
    falsePositivesPerCase: orNull(share(sums[2 * t + 1]!, cases.length)),
    sensitivity: estimate(valueAt(values, t), clusters, "no lesion in the reference", options),
    bySize: limits.map((from, b) => {
      const total = (of: "references" | "detected") => cases.reduce((sum, { facts }) => sum + facts.froc[t]!.bins[b]![of], 0);
      const lesions = total("references");
      return { size: sizeWords(from, limits[b + 1]), lesions, sensitivity: orNull(share(total("detected"), lesions)) };
    }),
  }));
}

/** Whether two predictions differ, by exchanging them in whole patients. */
function exchange(specs: readonly Spec[], first: Table, other: Table, most: number, rng: Rng): PermutationTest {
  if (most === 0) return { p: specs.map(() => null), permutations: 0, exact: false };
  const patients = [...new Set(first.cases.map(({ patient }) => patient))].sort();
  const place = new Map(patients.map((patient, p) => [patient, p]));
  const placeOf = first.cases.map(({ patient }) => place.get(patient)!);
  return exchangeTest(rng, patients.length, most, (exchanged) => {
    const stays = placeOf.map((p) => 1 - exchanged[p]!);
    const goes = placeOf.map((p) => exchanged[p]!);
    return specs.map((spec, s) => {
      const plus = (a: readonly number[], b: readonly number[]) => a.map((v, k) => v + b[k]!);
      const [a, b] = [first.columns[s]!, other.columns[s]!];
      return spec.value(plus(sumsOf(a, stays), sumsOf(b, goes))) - spec.value(plus(sumsOf(b, stays), sumsOf(a, goes)));
    });
  });
}

function differencesOf(
  specs: readonly Spec[],
  part: {
    readonly label: number | null;
    readonly test: PermutationTest;
    readonly both: readonly [Replicates<number[]>, Replicates<number[]>];
    readonly table: Table;
    readonly other: Table;
  },
  options: MasksOptions,
): MaskComparison["differences"] {
  const { label, test, both, table, other } = part;
  return specs.map((spec, s) => {
    const partaking = [table, other].flatMap((one) => partakers(one.cases, one.columns[s]!));
    const clusters = new Set(partaking.map(({ patient }) => patient)).size;
    const replicates = difference(valueAt(both[0], s), valueAt(both[1], s));
    return {
      label,
      per: spec.per,
      metric: spec.metric,
      ...estimate(replicates, clusters, spec.lacks, options),
      p: test.p[s]!,
      pHolm: null,
    };
  });
}
