/**
 * Growth of the normal fetal brain, 20 to 38 weeks: what the phantom aims at and what its tests compare with.
 *
 * Source of the biometry curves: normal curves from 3-D reconstructions of fetal MRI, as coded by their authors; mean a·GA² + b·GA + c
 * and a standard deviation that is linear in GA (quadratic for the ventricular volume). They were fitted on 21 to 38 weeks; at 20 weeks we
 * go on with the formula.
 */

/** Mean and standard deviation of a measure at a gestational age, in the measure's unit (mm or ml). */
export interface Norm {
  readonly mean: number;
  readonly sd: number;
}

type Quadratic = readonly [a: number, b: number, c: number];

const biometryCurves = {
  /** mm, outer edge of one parietal bone to the inner edge of the other. */
  skullBiparietal: { mean: [-0.0527, 5.7605, -46.436], sd: [0, 0.0895, 0.1414] },
  /** mm, frontal to occipital bone. */
  skullOccipitofrontal: { mean: [-0.0984, 8.8526, -81.605], sd: [0, 0.1511, -1.3192] },
  /** mm, largest left-right extent of the cerebrum. */
  brainWidth: { mean: [0.016, 1.763, -0.9597], sd: [0, 0.1308, -1.32] },
  /** mm, width of one lateral ventricle at the atrium in an axial slice. */
  atrialWidth: { mean: [0.0078, -0.5216, 15.374], sd: [0, 0.0264, 0.5152] },
  /** mm, left-right width of the cavum septi pellucidi in an axial slice. */
  cavumWidth: { mean: [-0.0156, 0.9472, -6.6953], sd: [0, 0.053, -0.4388] },
  /** mm, left-right extent of the cerebellum. */
  transcerebellar: { mean: [0.0051, 1.5165, -14.584], sd: [0, 0.0343, 0.415] },
  /** ml, both lateral ventricles. */
  lateralVentricles: { mean: [-0.0033, 0.4438, -5.6119], sd: [-0.0039848, 0.2970984, -4.0358] },
} as const satisfies Record<string, { mean: Quadratic; sd: Quadratic }>;

export type Biometry = keyof typeof biometryCurves;

const evaluate = ([a, b, c]: Quadratic, age: number): number => (a * age + b) * age + c;

/** Normal mean and SD of a measure at a gestational age in weeks. */
export function biometryNorm(measure: Biometry, age: number): Norm {
  const { mean, sd } = biometryCurves[measure];
  return { mean: evaluate(mean, age), sd: evaluate(sd, age) };
}

const tableWeeks = [22, 24, 28, 32, 36] as const;

/** ml at {@link tableWeeks}; `early` is the relative growth a week that carries the curve below 22 weeks; `sd` a quadratic in GA, of the same authors. */
const volumeTables = {
  whiteMatter: { ml: [27, 44, 78, 113, 148], early: 0.1522, sd: [0.0098622, 0.1041, -3.9009446] },
  cortex: { ml: [10.5, 14.9, 31.1, 57, 92.7], early: 0.18, sd: [0.01647, -0.47701, 3.76905] },
  deepGrey: { ml: [2.7, 3.9, 6.8, 10.2, 14.1], early: 0.1522, sd: [-0.0005329, 0.0765574, -1.1757984] },
} as const;

export type TissueVolume = keyof typeof volumeTables;

/**
 * Mean volume of a tissue, ml, both sides.
 *
 * Between the published weeks 22 to 36 we interpolate linearly and above we go on with the last slope. Below 22 weeks a straight line would
 * shrink the white matter far faster than the measured brain width allows, so we go back with the published growth a week (supratentorial
 * 15.22 %, cortical plate 18.0 %, of 20.6 to 31.1 weeks, PMC3315847).
 */
export function tissueVolume(tissue: TissueVolume, age: number): number {
  const { ml, early } = volumeTables[tissue];
  if (age < tableWeeks[0]) return ml[0] / (1 + early) ** (tableWeeks[0] - age);
  return interpolate(tableWeeks, ml, age);
}

/** Standard deviation of a tissue's volume among normal fetuses of an age, ml. */
export function tissueVolumeSd(tissue: TissueVolume, age: number): number {
  return evaluate(volumeTables[tissue].sd, age);
}

/**
 * Width of the ganglionic eminence, mm: 2.5 until 24 weeks, 1.4 at 32, gone at 36.
 * Source: Ballabh 2004 (bionumbers 117108).
 */
export function germinalMatrixWidth(age: number): number {
  return Math.max(0, interpolate([24, 32, 36], [2.5, 1.4, 0], Math.max(24, Math.min(36, age))));
}

/** Piecewise linear through (x, y), going on with the first and last slope outside. `x` ascends and has at least two entries. */
export function interpolate(x: readonly number[], y: readonly number[], at: number): number {
  let i = 1;
  while (i < x.length - 1 && at > x[i]!) i++;
  const t = (at - x[i - 1]!) / (x[i]! - x[i - 1]!);
  return y[i - 1]! + t * (y[i]! - y[i - 1]!);
}

/** {@link interpolate}, held at the first and last value outside. */
export function interpolateHeld(x: readonly number[], y: readonly number[], at: number): number {
  return interpolate(x, y, Math.min(Math.max(at, x[0]!), x[x.length - 1]!));
}
