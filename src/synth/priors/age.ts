import { affineSpacing } from "../../core/affine.ts";
import { tissues } from "../../core/tissue.ts";
import type { LabelVolume } from "../../core/volume.ts";
import { type TissueVolume, tissueVolume, tissueVolumeSd } from "../phantom/growth.ts";

/** Gestational age as the priors use it. */
export interface AgeEstimate {
  /** Weeks. */
  readonly weeks: number;
  /** True if it was read from brain volume, false if it was given. */
  readonly estimated: boolean;
  /** Standard error of an estimated age, weeks; absent for one that was given. */
  readonly sd?: number;
}

/** Weeks that an estimate can have: what the priors know of. */
const weekRange = [20, 40] as const;

/**
 * Weeks by which the embedded tissue network's maps look older than true ones, as it takes a rim of fluid for cortex: on phantoms of 20 to 38 weeks
 * (`scripts/tissue-figures.ts --phantom`, docs/tissue.md).
 */
const networkWeeks = 0.8;

/**
 * How far apart sources of normal brains lie, weeks: root mean square error of the estimate from the own labels of CRL's atlas, weeks 21 to 37, whose
 * brains are larger for their age than those that the growth curves come from (docs/tissue.md).
 */
const betweenSourcesWeeks = 1.3;

/**
 * Gestational age from the volume of supratentorial brain tissue: the age at which white matter, cortex and deep grey normally hold as much, limited
 * to 20-40 weeks. Its standard error is what normal brains of one age differ by, and what sources of normal brains differ by; for normal brains alone.
 *
 * @param given - Weeks, if known; then it is returned as it is.
 * @param byNetwork - Whether a tissue network drew the labels: its bias is taken off.
 */
export function gestationalAgeOf(tissue: LabelVolume, given: number | null, byNetwork = false): AgeEstimate {
  if (given !== null) return { weeks: given, estimated: false };
  const raw = weeksOfVolume(tissueMl(tissue)) - (byNetwork ? networkWeeks : 0);
  const weeks = rounded(Math.max(weekRange[0], raw));
  return { weeks, estimated: true, sd: rounded(Math.hypot(normalSdWeeks(weeks), betweenSourcesWeeks)) };
}

const rounded = (weeks: number) => Math.round(10 * weeks) / 10;

const measured = ["whiteMatter", "cortex", "deepGrey"] as const satisfies readonly TissueVolume[];
const sumOf = (measure: (tissue: TissueVolume) => number) => measured.reduce((sum, tissue) => sum + measure(tissue), 0);
const normalMl = (weeks: number) => sumOf((tissue) => tissueVolume(tissue, weeks));

/** The age at which brain tissue normally has this volume, by halving. @param ml - Above 0. */
export function weeksOfVolume(ml: number): number {
  let [low, high]: [number, number] = [...weekRange];
  for (let i = 0; i < 20; i++) {
    const middle = (low + high) / 2;
    if (normalMl(middle) < ml) low = middle;
    else high = middle;
  }
  return rounded((low + high) / 2);
}

/** SD of brain volume in normal fetuses of one age, in weeks of growth; as if its tissues were large and small together. */
function normalSdWeeks(weeks: number): number {
  const mlPerWeek = normalMl(weeks + 0.5) - normalMl(weeks - 0.5);
  return sumOf((tissue) => tissueVolumeSd(tissue, weeks)) / mlPerWeek;
}

const counted = new Set<number>([
  tissues.cortex,
  tissues.whiteMatter,
  tissues.deepGrey,
  tissues.germinalMatrix,
  tissues.corpusCallosum,
]);

function tissueMl({ data, affine }: LabelVolume): number {
  let count = 0;
  for (const id of data) if (counted.has(id)) count++;
  const [x, y, z] = affineSpacing(affine);
  return Math.max(1, (count * x * y * z) / 1000);
}
