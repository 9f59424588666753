/** What a pixel of a fetal drawing is: ids of the label picture that boxes and masks are measured from. */
export const structures = {
  outside: 0,
  fluid: 1, // amniotic
  skull: 2,
  csf: 3, // between brain and skull
  brain: 4,
  falx: 5,
  cavum: 6, // septi pellucidi, and what lies in its place
  frontalHorn: 7,
  nearVentricle: 8, // towards the probe
  farVentricle: 9,
  thalami: 10, // with the third ventricle between them
  cerebellum: 11, // hemispheres and vermis
  cisternaMagna: 12,
  peduncles: 13,
  sac: 14, // of an encephalocele
  face: 15, // orbits and jaws
  exposed: 16, // neural tissue that no skull or skin covers
  vertebra: 17,
  body: 18, // fetal soft tissue
} as const;

export type Structure = keyof typeof structures;
