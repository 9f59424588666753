/**
 * The tissues that hemosynth knows, and the ids that its own label maps use (scheme `hemosynth`).
 * Other schemes are translated into these by name; see data/label-schemes.ts.
 */
export const tissues = {
  background: 0, // outside the skull's inner table: scalp, uterus, mother, air
  csf: 1, // extra-axial cerebrospinal fluid
  cortex: 2,
  whiteMatter: 3, // subplate, intermediate zone and white matter
  lateralVentricle: 4, // lumen
  cerebellum: 5,
  deepGrey: 6, // caudate, putamen, thalamus
  brainstem: 7,
  germinalMatrix: 8, // ventricular zone and ganglionic eminence
  cavum: 9, // cavum septi pellucidi
  otherVentricle: 10, // third and fourth ventricle
  corpusCallosum: 11,
  otherBrain: 12, // inside the skull, of no kind above
} as const;

export type Tissue = keyof typeof tissues;
