import type { Dataset, Modality } from "../dataset.ts";
import type { PublicOptions } from "./options.ts";

/** What can be learnt from a set of images: what is known of its cases, by name. */
export interface Holdings {
  /** Normal brains that bleeds are painted into: what is held is what a synthesis makes of them. */
  readonly painted?: true;
  /** Masks of blood, at least of some cases. */
  readonly lesionMasks: boolean;
  /** Masks or grades that say where, or whether, there is blood. */
  readonly lesions: boolean;
  /** Brain masks. */
  readonly insides: boolean;
  /** The class of each image is one of these; empty: it has none. */
  readonly classes: readonly string[];
  /** What boxes are of; empty: there are none; null: only the files tell. */
  readonly regions: readonly string[] | null;
  /** What lesion masks tell apart; empty: nothing. */
  readonly lesionTypes: readonly string[];
}

/** The same of a public set. */
export interface PublicHoldings extends Holdings {
  /** Null: not told. */
  readonly modality: Modality | null;
}

/** The six planes of FETAL_PLANES_DB. */
export const fetalPlanes = ["Fetal brain", "Fetal abdomen", "Fetal femur", "Fetal thorax", "Maternal cervix", "Other"] as const;
/** Classes of a head CT. */
export const ctClasses = ["normal", "hemorrhage"] as const;
/** The values 1 to 5 of the masks of BHSD. */
export const bhsdTypes = ["epidural", "intraparenchymal", "intraventricular", "subarachnoid", "subdural"] as const;
/** The nine structures of Fetus Framework. */
const structures = ["CM", "IT", "NT", "midbrain", "nasal bone", "nasal skin", "nasal tip", "palate", "thalami"] as const;

const nothing = { lesionMasks: false, lesions: false, insides: false, classes: [], regions: [], lesionTypes: [] } as const;
const scans = { ...nothing, modality: "CT", insides: true, classes: ctClasses } as const;
const masked = { ...scans, lesionMasks: true, lesions: true } as const;
const painted = { ...nothing, modality: "T2w", painted: true, lesionMasks: true, lesions: true, insides: true } as const;

/** What each public set holds. Told by its layout, before any file is looked at; `datasets.test.ts` compares it with what is read. */
export const publicHoldings: Readonly<Record<PublicOptions["layout"], PublicHoldings>> = {
  feta: painted,
  "dhcp-fetal": painted,
  crl: painted,
  "fetal-planes-db": { ...nothing, modality: "US", classes: fetalPlanes },
  hc18: { ...nothing, modality: "US", insides: true },
  "fetus-framework": { ...nothing, modality: "US", regions: structures },
  "rsna-ich": scans,
  cq500: scans,
  "seg-cq500": masked,
  "physionet-ct-ich": masked,
  bhsd: { ...masked, lesionTypes: bhsdTypes },
  instance22: masked,
  yolo: { ...nothing, modality: null, regions: null },
};

/** What a dataset holds that lies there already. */
export function datasetHoldings({ cases, classes = [], regions = [], lesionTypes = [] }: Dataset): Holdings {
  return {
    lesionMasks: cases.some(({ lesionMask }) => lesionMask !== null),
    lesions: cases.some(({ lesionMask, grade }) => lesionMask !== null || grade !== null),
    insides: cases.every(({ brainMask }) => brainMask !== null),
    classes,
    regions,
    lesionTypes,
  };
}
