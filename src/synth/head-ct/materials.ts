/**
 * What a voxel of the head is made of. The ids are our own; in a sidecar they name the attenuation that was drawn for each.
 */
export const materials = {
  air: 0,
  csf: 1,
  ventricle: 2,
  grey: 3,
  white: 4,
  cerebellum: 5,
  brainstem: 6,
  dura: 7,
  sinus: 8,
  calcification: 9,
  table: 10,
  diploe: 11,
  denseBone: 12,
  softTissue: 13,
  fat: 14,
  muscle: 15,
  eye: 16,
} as const;
export type Material = (typeof materials)[keyof typeof materials];

/** Attenuation range of a material over patients, Hounsfield units. */
export type HuRange = readonly [low: number, high: number];

/**
 * Attenuation of each material at about 120 kVp, HU: the range that a patient's value is drawn from.
 *
 * Sources: water 0 and air -1000 by definition; textbook ranges of grey matter 37 to 41, white matter 20 to 30, cerebrospinal fluid 0 to 15,
 * fat -100 to -50, muscle 35 to 55, cancellous bone 300 to 800, cortical bone above 1000; venous blood rises with the haematocrit (New & Aronow
 * 1976, Radiology 121:635). Where within them, and dura, calcifications, eye and petrous bone, is our guess.
 */
export const materialHu: Readonly<Record<Material, HuRange>> = {
  [materials.air]: [-1000, -1000],
  [materials.csf]: [4, 10],
  [materials.ventricle]: [3, 8],
  [materials.grey]: [36, 40],
  [materials.white]: [26, 30],
  [materials.cerebellum]: [34, 38],
  [materials.brainstem]: [29, 33],
  [materials.dura]: [44, 55],
  [materials.sinus]: [48, 62],
  [materials.calcification]: [100, 220],
  [materials.table]: [1100, 1500],
  [materials.diploe]: [350, 700],
  [materials.denseBone]: [1300, 1800],
  [materials.softTissue]: [30, 50],
  [materials.fat]: [-105, -80],
  [materials.muscle]: [45, 60],
  [materials.eye]: [5, 12],
};

/** The five kinds of bleeding, by what they lie in; value 1 in a lesion mask is the first, and so on. */
export const bleedTypes = ["epidural", "subdural", "subarachnoid", "intraparenchymal", "intraventricular"] as const;
export type BleedType = (typeof bleedTypes)[number];

/** The value of a kind of bleeding in a lesion mask, 1 to 5. */
export function bleedId(type: BleedType): number {
  return 1 + bleedTypes.indexOf(type);
}
