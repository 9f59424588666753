import { type Tissue, tissues } from "../core/tissue.ts";

/**
 * What the channels of a lesion segmenter's output mean, in order, as logits.
 * `brain` is everything inside the skull's inner table; it gates lesions and finds the brain in a raw stack.
 */
export const lesionOutputs = ["lesion", "brain"] as const;

/** What a detector finds, class by class. */
export const hemorrhageOutputs = ["hemorrhage"] as const;

/** What the output of a classifier means, as a logit: the slice shows blood. */
export const bleedOutputs = ["bleed"] as const;

/** What a network of bags tells of each image: its own logit, and what decides its share of the bag. */
export const bagOutputs = ["bleed", "attention"] as const;

/** What a denoising autoencoder gives: the image without its noise, in the unit of the image. What it cannot give back is an anomaly. */
export const denoisedOutputs = ["denoised"] as const;

/** What pretraining by context restoration gives: the image as it was, in the unit of the image. */
export const restoredOutputs = ["restored"] as const;

/** What pretraining on weak labels of slices tells first: whether there is blood; of types, their names follow. */
export const weakOutputs = ["weak"] as const;

/** Whether what a network tells is of pretraining alone: nothing is predicted by it. */
export function isPretextOutput([first]: readonly string[]): boolean {
  return first === embeddingOutputs[0] || first === restoredOutputs[0] || first === weakOutputs[0];
}

/** What pretraining by views gives: features without a meaning of their own. */
export const embeddingOutputs = ["embedding"] as const;

/**
 * What the channels of a tissue network's output mean, in order: logits of one softmax. Coarser than the tissues that hemosynth knows,
 * by what a thick slice shows; the first is everything outside the skull's inner table.
 */
export const tissueOutputs = [
  "background",
  "csf",
  "cortex",
  "whiteMatter",
  "lateralVentricle",
  "otherVentricle",
  "deepGrey",
  "hindbrain",
] as const;
export type TissueOutput = (typeof tissueOutputs)[number];

/** Which output each tissue is part of. */
const outputOf: Readonly<Record<Tissue, TissueOutput>> = {
  background: "background",
  csf: "csf",
  cortex: "cortex",
  whiteMatter: "whiteMatter",
  lateralVentricle: "lateralVentricle",
  cerebellum: "hindbrain",
  deepGrey: "deepGrey",
  brainstem: "hindbrain",
  germinalMatrix: "deepGrey",
  cavum: "otherVentricle",
  otherVentricle: "otherVentricle",
  corpusCallosum: "whiteMatter",
  otherBrain: "whiteMatter",
};

/** Position in {@link tissueOutputs} of each tissue id of core/tissue.ts. */
export const outputOfTissue: Readonly<Uint8Array> = Uint8Array.from(
  (Object.keys(tissues) as Tissue[]).map((name) => tissueOutputs.indexOf(outputOf[name])),
);

/** The tissue that each output is called where only the output is known; the hindbrain counts as cerebellum. */
const tissueOf: Readonly<Record<TissueOutput, Tissue>> = {
  background: "background",
  csf: "csf",
  cortex: "cortex",
  whiteMatter: "whiteMatter",
  lateralVentricle: "lateralVentricle",
  otherVentricle: "otherVentricle",
  deepGrey: "deepGrey",
  hindbrain: "cerebellum",
};

/** Tissue id of core/tissue.ts of each position in {@link tissueOutputs}. */
export const tissueOfOutput: Readonly<Uint8Array> = Uint8Array.from(tissueOutputs, (name) => tissues[tissueOf[name]]);
