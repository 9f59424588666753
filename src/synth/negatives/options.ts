import { z } from "zod";
import { range } from "../range.ts";

function rate(what: string, share: number) {
  return z.number().min(0).max(1).default(share).describe(`Share of ${what}, 0-1; 0 switches it off.`);
}

/**
 * What looks like blood and is none: painted in healthy and in bleeding scenes alike, and never labelled. Each has its own rate.
 * What they are: docs/synthesis.md; how often, how large and how dark are our guess unless a line says otherwise.
 */
export const negativeOptions = z.strictObject({
  /** Tuft in the atria and bodies of both ventricles; never in the frontal or occipital horns (PMC7982529, figure 3). */
  choroidPlexus: z
    .strictObject({
      rate: rate("scenes with a choroid plexus painted", 0.6),
      /** About as bright as other dense tissue, .47-.56 (inferred from the density of its cells), up to nearly fluid, or darker with flow and blood pool. */
      signal: range(0, 1.5).default([0.3, 0.8]).describe("Signal of the plexus, relative to the case's CSF, range."),
      /** Of the atrium's width: full before 24 weeks, seven tenths of it from 32 weeks on. */
      thickness: range(0, 1).default([0.3, 0.7]).describe("Thickness of the plexus as a share of the atrial width, range."),
    })
    .prefault({}),
  /** Darker band along the wall where the germinal matrix lies; none from 36 weeks on. */
  eminence: z
    .strictObject({
      rate: rate("scenes with a darker ganglionic eminence", 0.5),
      /** The ventricular zone measures .54-.60 in an average of many brains (CRL, 21-30 weeks); in single brains it is darker. */
      gain: range(0.3, 1).default([0.62, 0.88]).describe("Factor of the signal in the band, range."),
      /** Of the germinal matrix' width by age: the band that is seen holds more than the matrix. */
      thickness: range(0.2, 4)
        .default([0.8, 1.8])
        .describe("Thickness of the band as a share of the germinal matrix' width, range."),
    })
    .prefault({}),
  /** Dark patches in moving fluid: see `acquisition.flowVoid` for what they are. */
  flowVoid: z.strictObject({ rate: rate("stacks in which acquisition.flowVoid takes place", 1) }).prefault({}),
  /** Dark patches in moving amniotic fluid, most of them beside the skull: see `acquisition.amnioticVoid`. */
  amnioticVoid: z.strictObject({ rate: rate("stacks in which acquisition.amnioticVoid takes place", 0.7) }).prefault({}),
  /** Slices or bands that lose signal by motion: see `acquisition.signalDrop`. */
  signalDrop: z.strictObject({ rate: rate("stacks in which acquisition.signalDrop takes place", 1) }).prefault({}),
  /** Wide ventricles without blood in them: healthy scenes and those of grade I. */
  ventriculomegaly: z
    .strictObject({
      rate: rate("scenes without blood in the lumen that have wide ventricles", 0.12),
      /** Mild from 10 mm, moderate above 12, severe from 15 (Gaglioti 2005); drawn log-uniformly. */
      atrialWidthMm: range(10, 25).default([10, 18]).describe("Atrial width, mm, range within 10-25."),
      bothShare: z.number().min(0).max(1).default(0.6).describe("Share with both ventricles wide, 0-1."),
    })
    .prefault({}),
  /** Small dark foci, most of them near the ventricles; often subtle (PMC7027449, table 1). */
  calcification: z
    .strictObject({
      rate: rate("scenes with calcifications", 0.1),
      count: z
        .tuple([z.int().min(1).max(30), z.int().min(1).max(30)])
        .refine(([low, high]) => low <= high, { error: "a range is [low, high] with low <= high" })
        .default([1, 6])
        .describe("Number of foci, range."),
      /** Below the smallest germinal matrix bleed, 5 mm². */
      radiusMm: range(0.3, 3).default([0.5, 1.2]).describe("Radius of a focus, mm, range."),
      signal: range(0, 1).default([0.1, 0.4]).describe("Signal of a focus, relative to the case's CSF, range."),
    })
    .prefault({}),
  /** Dark strands across a ventricle or the cavum (PMC7027449, table 1). */
  septum: z
    .strictObject({
      rate: rate("scenes with septa in a ventricle or the cavum", 0.1),
      thicknessMm: range(0.2, 2).default([0.5, 1]).describe("Thickness of a septum, mm, range."),
      signal: range(0, 1).default([0.3, 0.55]).describe("Signal of a septum, relative to the case's CSF, range."),
    })
    .prefault({}),
});
export type NegativeOptions = z.output<typeof negativeOptions>;
