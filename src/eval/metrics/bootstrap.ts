import type { Rng } from "../../core/rng.ts";

/**
 * Which patients make each resample, drawn once and shared by all metrics of a table, so that their intervals and differences
 * belong together. Slices and stacks of one patient are alike, so a patient comes as a whole or not at all.
 */
export interface ResamplingPlan {
  /** Distinct patients in ascending order, so that the order of a table does not matter; of a nested plan the innermost clusters. */
  readonly patients: readonly string[];
  readonly resamples: number;
  /** How often patient p is in resample r: `counts[r * patients.length + p]`. */
  readonly counts: Uint16Array;
  /** Number, from 0, of the outermost cluster that each of `patients` lies in; its own place unless the plan is nested. */
  readonly outermost: Uint32Array;
}

/**
 * Draws a plan: each resample takes as many patients as there are, with replacement.
 *
 * @param patients - Ids, repeats allowed; only the distinct ones count.
 * @param stratum - Group of a patient; resamples keep the size of each group. Without it all patients are one group.
 * @throws {RangeError} If there is no patient, or more than 65,535.
 *
 * Source: Efron & Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13; clusters as Davison & Hinkley 1997, 3.8.
 */
export function drawPlan(
  rng: Rng,
  patients: Iterable<string>,
  resamples: number,
  stratum?: (patient: string) => string,
): ResamplingPlan {
  return drawNestedPlan(rng, Array.from(patients, (patient) => [patient]), resamples, stratum); // biome-ignore format: short
}

/**
 * Draws a plan of clusters within clusters: as many outermost clusters as there are, with replacement; in each one drawn, as many of its own inner
 * clusters as it has, with replacement; and so on. What lies within an innermost cluster comes as a whole. With one level it is {@link drawPlan}.
 *
 * @param paths - Of each unit, its clusters from the outermost to the innermost; repeats allowed.
 * @param stratum - Group of an outermost cluster; resamples keep the number of clusters in each.
 * @throws {RangeError} If there is no path, more than 65,535 innermost clusters, or paths differ in length.
 *
 * Source: Davison & Hinkley, Bootstrap Methods and their Application, 1997, 3.8, strategy 2: both levels with replacement.
 */
export function drawNestedPlan(
  rng: Rng,
  paths: Iterable<readonly string[]>,
  resamples: number,
  stratum: (outermost: string) => string = () => "",
): ResamplingPlan {
  const distinct = [...new Map(Array.from(paths, (path) => [clusterId(path), path]))].sort(([a], [b]) => (a < b ? -1 : 1));
  const n = distinct.length;
  if (n === 0 || n > 65_535) throw new RangeError(`drawPlan: need 1 to 65535 innermost clusters; got ${n}`);
  if (distinct.some(([, path]) => path.length !== distinct[0]![1].length))
    throw new RangeError("drawNestedPlan: paths must be of one length");
  const leaves = distinct.map(([, path], leaf): Leaf => ({ path, leaf }));
  const trees = [...groupsOf(leaves, ({ path }) => path[0]!)].map(([id, own]) => ({ id, own, tree: treeOf(own, 1) }));
  const groups = [...groupsOf(trees, ({ id }) => stratum(id)).values()].map((group) => group.map(({ tree }) => tree));
  const counts = new Uint16Array(resamples * n);
  for (let r = 0; r < resamples; r++) for (const group of groups) drawInto(rng, group, counts, r * n);
  const outermost = new Uint32Array(n);
  for (const [number, { own }] of trees.entries()) for (const { leaf } of own) outermost[leaf] = number;
  return { patients: distinct.map(([id]) => id), resamples, counts, outermost };
}

/** Distinct outermost clusters of a plan. */
export const clusterCount = ({ outermost }: ResamplingPlan): number => outermost.reduce((most, c) => Math.max(most, c + 1), 0);

/** The innermost cluster of a path, by a name that no other path has. */
export const clusterId = (path: readonly string[]): string => (path.length === 1 ? path[0]! : JSON.stringify(path));

interface Leaf {
  readonly path: readonly string[];
  readonly leaf: number;
}

/** A cluster as the list of those in it; an innermost one as its place in the plan. Lists of plain numbers are what makes drawing quick. */
type Tree = number | readonly Tree[];

/** The cluster of paths that agree in their first `depth` steps. */
function treeOf(leaves: readonly Leaf[], depth: number): Tree {
  if (leaves[0]!.path.length === depth) return leaves[0]!.leaf;
  return [...groupsOf(leaves, ({ path }) => path[depth]!).values()].map((own) => treeOf(own, depth + 1));
}

function groupsOf<T>(items: readonly T[], nameOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(nameOf(item));
    if (group === undefined) groups.set(nameOf(item), [item]);
    else group.push(item);
  }
  return groups;
}

function drawInto(rng: Rng, trees: readonly Tree[], counts: Uint16Array, base: number): void {
  const n = trees.length;
  for (let k = 0; k < n; k++) {
    const tree = trees[Math.floor(rng.uniform() * n)]!; // rng.below(n), of which there are millions, without its check
    if (typeof tree === "number") counts[base + tree]!++;
    else drawInto(rng, tree, counts, base);
  }
}

/** The units of a table with their patients' places in a plan. Made by {@link clusterUnits}. */
export interface ClusteredUnits {
  readonly plan: ResamplingPlan;
  /** Place in `plan.patients` of each unit's patient. */
  readonly patientOf: Uint32Array;
}

/** @throws {RangeError} If a unit's patient is not in the plan. */
export function clusterUnits(plan: ResamplingPlan, patients: readonly string[]): ClusteredUnits {
  const place = new Map(plan.patients.map((patient, p) => [patient, p]));
  const patientOf = Uint32Array.from(patients, (patient) => {
    const p = place.get(patient);
    if (p === undefined) throw new RangeError(`clusterUnits: patient ${patient} is not in the plan`);
    return p;
  });
  return { plan, patientOf };
}

/** Writes into `out` how often each unit is in resample `r`. */
export function resampleWeights({ plan, patientOf }: ClusteredUnits, r: number, out: Uint16Array): Uint16Array {
  const counts = plan.counts.subarray(r * plan.patients.length, (r + 1) * plan.patients.length);
  for (let i = 0; i < patientOf.length; i++) out[i] = counts[patientOf[i]!]!;
  return out;
}

/** An interval, or why there is none. */
export interface Interval {
  readonly low: number | null;
  readonly high: number | null;
  /** Resamples in which the statistic is not defined, such as AUROC with one class; the interval is of the others. */
  readonly undefinedResamples: number;
  /** Why `low` and `high` are null; null when they are numbers. */
  readonly reason: string | null;
}

/**
 * Percentile interval of a statistic's values in the resamples.
 *
 * There is none, and `reason` says why, with fewer than two patients, when no resample gives a value, and when all give the
 * same: such an "interval" of width 0 (15 of 15 found: [1, 1]) would claim certainty. Wilson's stands beside it then.
 *
 * @param values - One a resample; NaN where the statistic is undefined.
 * @param patients - Distinct patients among the units that the statistic is of.
 * @param who - What these are, for the reason: `positive patients`.
 */
export function percentileInterval(values: Float64Array, patients: number, level = 0.95, who = "patients"): Interval {
  const sorted = values.filter((v) => !Number.isNaN(v)).sort();
  const undefinedResamples = values.length - sorted.length;
  const none = (reason: string): Interval => ({ low: null, high: null, undefinedResamples, reason });
  if (patients < 2) return none(`resampling needs at least 2 ${who}; there ${patients === 1 ? "is 1" : "are none"}`);
  if (sorted.length === 0) return none("not defined in any resample");
  if (sorted[0] === sorted[sorted.length - 1]) return none("the same value in every resample");
  const tail = (1 - level) / 2;
  return { low: quantileSorted(sorted, tail), high: quantileSorted(sorted, 1 - tail), undefinedResamples, reason: null };
}

/**
 * Quantile of ascending values, interpolated (type 7 of Hyndman & Fan 1996, doi:10.2307/2684934; NumPy's default).
 * @throws {RangeError} If there is no value.
 */
export function quantileSorted(sorted: ArrayLike<number>, p: number): number {
  if (sorted.length === 0) throw new RangeError("quantileSorted: no values");
  const at = p * (sorted.length - 1);
  const k = Math.min(Math.floor(at), sorted.length - 1);
  const low = sorted[k]!;
  const high = sorted[Math.min(k + 1, sorted.length - 1)]!;
  return high === low ? low : low + (at - k) * (high - low);
}
