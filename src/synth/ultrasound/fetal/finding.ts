/**
 * What a drawn fetus has. The first is none; five are seen in the standard planes of the head; the last four are the anomalies of the
 * central nervous system that have pictures of their own.
 */
export const findings = [
  "normal",
  "ventriculomegaly",
  "absent-cavum",
  "dandy-walker",
  "mega-cisterna-magna",
  "small-cerebellum",
  "anencephaly",
  "encephalocele",
  "holoprosencephaly",
  "rachischisis",
] as const;
export type Finding = (typeof findings)[number];

export const abnormalFindings = [
  "ventriculomegaly",
  "absent-cavum",
  "dandy-walker",
  "mega-cisterna-magna",
  "small-cerebellum",
] as const;
export const anomalies = ["anencephaly", "encephalocele", "holoprosencephaly", "rachischisis"] as const;

/** The views that are drawn. `face` is a coronal cut through the orbits, `spine` a coronal cut along the back. */
export const fetalPlanes = ["transventricular", "transcerebellar", "face", "spine"] as const;
export type FetalPlane = (typeof fetalPlanes)[number];
