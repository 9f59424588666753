import type { Norm } from "../../phantom/growth.ts";

/** Weeks for which the drawings are modelled: the second-trimester scan. */
export const fetalWeeks = [18, 24] as const;

/** Norms of a head in its standard planes, by gestational age in weeks; mm. */
const norms = {
  /** Outer to inner edge of the skull. Source: Hadlock 1984, doi:10.1148/radiology.152.2.6739822. */
  biparietal: (week) => ({ mean: 10 * (-3.08 + 0.41 * week - 0.000061 * week ** 3), sd: 2.5 }),
  /** Inner skull to vermis. Source: 3862 fetuses, doi:10.1007/s00381-013-2298-y (the regression; standard deviation .93 at 18, 1.23 at 24 weeks). */
  cisternaMagna: (week) => ({ mean: 0.535 + 0.208 * week, sd: 0.93 + 0.05 * (week - 18) }),
  /** Source: 1236 fetuses, doi:10.1007/s40556-019-00223-9 (18.13 ± 2.16 at 18, 26.42 ± 1.91 mm at 24 weeks), linear between. */
  transcerebellar: (week) => ({ mean: 18.13 + 1.382 * (week - 18), sd: 2 }),
  /** Lateral ventricle at the atrium. Source: Cardoza 1988, 7.6 ± 0.6 mm at all ages. */
  atrium: () => ({ mean: 7.6, sd: 0.6 }),
  /** Cavum septi pellucidi. Source: 2 to 9 mm, growing (Falco 2000); the line between is our guess. */
  cavum: (week) => ({ mean: 3.6 + 0.3 * (week - 18), sd: 0.7 }),
} as const satisfies Record<string, (week: number) => Norm>;

export type FetalMeasure = keyof typeof norms;

/** Mean and standard deviation of a measure at a gestational age in weeks, mm. */
export function fetalNorm(measure: FetalMeasure, week: number): Norm {
  return norms[measure](week);
}

/** Biparietal over occipitofrontal diameter. Source: Hadlock 1981 (78.3 %, 316 fetuses); its spread is 4.4 %. */
export const cephalicIndex = { mean: 0.783, sd: 0.044 } as const satisfies Norm;
